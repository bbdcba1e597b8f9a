/** onnxruntime-node as a contender of `winograd compare`, called as its users call it. */
import { requireOnnxruntime } from '../onnxruntime.js';
import { contend } from './contend.js';

await contend(async ({ model, shapes, options: { threads = 1 } }) => {
  const { ort, version } = requireOnnxruntime();
  const session = await ort.InferenceSession.create(model, {
    ...{ intraOpNumThreads: threads, interOpNumThreads: 1, executionMode: 'sequential' },
    graphOptimizationLevel: 'all',
  });
  return {
    ...{ library: `onnxruntime-node ${version}`, threads },
    inputs: Object.entries(shapes).map(([name, shape]) => ({ name, shape })),
    async run(inputs) {
      const feeds = Object.entries(inputs).map(
        ([name, { data, shape }]) => [name, new ort.Tensor('float32', data, shape)] as const,
      );
      const results = Object.entries(await session.run(Object.fromEntries(feeds)));
      return Object.fromEntries(results.map(([name, { data }]) => [name, { data: data as Float32Array }]));
    },
  };
});
