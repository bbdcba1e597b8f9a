/** onnxruntime-node as a contender of `winograd compare`, called as its users call it. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { InputError } from '../../../synth/errors.js';
import { packageRoot } from '../../support/package.js';
import { contend } from './contend.js';

interface OrtTensor {
  readonly data: Float32Array;
}
interface Ort {
  readonly Tensor: new (type: string, data: Float32Array, dims: readonly number[]) => OrtTensor;
  readonly InferenceSession: {
    create(
      path: string,
      options: object,
    ): Promise<{
      run(feeds: Readonly<Record<string, OrtTensor>>): Promise<Readonly<Record<string, OrtTensor>>>;
    }>;
  };
}

await contend(async ({ model, shapes, options: { threads = 1 } }) => {
  const { ort, version } = loadOnnxruntime();
  const session = await ort.InferenceSession.create(model, {
    ...{ intraOpNumThreads: threads, interOpNumThreads: 1, executionMode: 'sequential' },
    graphOptimizationLevel: 'all',
  });
  return {
    ...{ library: `onnxruntime-node ${version}`, threads },
    inputs: Object.entries(shapes).map(([name, shape]) => ({ name, shape })),
    run: (inputs) =>
      session.run(
        Object.fromEntries(
          Object.entries(inputs).map(([name, { data, shape }]) => [
            name,
            new ort.Tensor('float32', data, shape),
          ]),
        ),
      ),
  };
});

/** Beside the program that runs, beside this package, or where its benchmark has it. */
function loadOnnxruntime(): { ort: Ort; version: string } {
  const places = [process.cwd(), packageRoot(), join(packageRoot(), 'bench/peers/onnxruntime')];
  for (const place of places)
    try {
      const require = createRequire(join(place, 'package.json'));
      const ort = require('onnxruntime-node') as Ort;
      return { ort, version: require('onnxruntime-node/package.json').version };
    } catch {
      // The next place may have it.
    }
  throw new InputError(
    'Expected onnxruntime-node to be installed but found none; npm install onnxruntime-node puts it there',
  );
}
