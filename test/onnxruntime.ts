import { Tensor } from '../src/index.js';
import { findOnnxruntime } from '../src/network/onnxruntime.js';

/*
 * onnxruntime-node as an oracle. It takes 300 MB and is no dependency of the project: tests use it where it is
 * installed, beside the project or for its benchmark (`npm run bench -- --peers`, or
 * `ONNXRUNTIME_NODE_INSTALL=skip npm ci` in bench/peers/onnxruntime), and say where it is not.
 */

const ort = findOnnxruntime()?.ort;

/** Whether there is one to compare with. */
export const hasOnnxruntime = ort !== undefined;

/** For the title of what is skipped without it. */
export const ifOnnxruntime = hasOnnxruntime ? '' : ' (skipped: onnxruntime-node is not installed)';

/**
 * Runs a model once.
 *
 * @param model path or bytes
 * @param optimise whether it may rewrite the graph, default true
 */
export async function runOnnxruntime(
  model: string | Uint8Array,
  inputs: Readonly<Record<string, Tensor>>,
  optimise = true,
): Promise<Record<string, Tensor>> {
  const session = await ort!.InferenceSession.create(model, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    graphOptimizationLevel: optimise ? 'all' : 'disabled',
    logSeverityLevel: 3,
  });
  try {
    const feeds = Object.entries(inputs).map(([name, { data, shape }]) => [
      name,
      new ort!.Tensor('float32', data, shape),
    ]);
    const results = await session.run(Object.fromEntries(feeds));
    return Object.fromEntries(
      Object.entries(results).map(([name, { data, dims }]) => [
        name,
        new Tensor(Float32Array.from(data, Number), dims),
      ]),
    );
  } finally {
    await session.release();
  }
}
