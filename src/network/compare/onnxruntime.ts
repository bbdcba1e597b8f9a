/** onnxruntime-node as a contender of `winograd compare`, called as its users call it. */
import { requireOnnxruntime, sessionOptions } from '../onnxruntime.js';
import { contend } from './contend.js';

await contend(async ({ model, shapes, options: { threads = 1 } }) => {
  const { ort, version } = requireOnnxruntime();
  const session = await ort.InferenceSession.create(model, sessionOptions(threads));
  return {
    ...{ library: `onnxruntime-node ${version}`, threads },
    inputs: Object.entries(shapes).map(([name, shape]) => ({ name, shape })),
    run(inputs) {
      const feeds = Object.entries(inputs).map(
        ([name, { data, shape }]) => [name, new ort.Tensor('float32', data, shape)] as const,
      );
      return session.run(Object.fromEntries(feeds));
    },
  };
});
