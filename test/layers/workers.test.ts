import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { Conv3d, Tensor } from '../../src/index.js';
import { packageRoot } from '../../src/support/package.js';

/*
 * Layers in worker threads, which load the compiled library: each has an engine object of its own over one set of
 * threads and memory pools.
 */

const library = pathToFileURL(join(packageRoot(), 'dist/src/index.js')).href;

/** Runs a layer `passes` times, posts the last result, and in between counts the passes done. */
const program = `
const { parentPort, workerData } = require('node:worker_threads');
import(${JSON.stringify(library)}).then(async ({ Conv3d, Tensor }) => {
  const { options, seed, passes } = workerData;
  const conv = new Conv3d(options, { weight: Tensor.random([8, 8, 3, 3, 3], { seed: 1 }) });
  const x = Tensor.random([1, 8, 6, 20, 20], { seed });
  let y;
  for (let pass = 0; pass < passes; pass++) {
    parentPort.postMessage('begun');
    y = await conv.forward(x);
  }
  parentPort.postMessage(y.data.slice());
});`;

const options = { inChannels: 8, outChannels: 8, kernelSize: 3, padding: 1, threads: 2, tile: 4 } as const;

function start(seed: number, passes: number): Worker {
  return new Worker(program, { eval: true, workerData: { options, seed, passes } });
}

describe('layers in worker threads', () => {
  it('give the same results as in the main thread, several at once', async () => {
    const conv = new Conv3d(options, { weight: Tensor.random([8, 8, 3, 3, 3], { seed: 1 }) });
    const inputs = [1, 2, 3].map((seed) => Tensor.random([1, 8, 6, 20, 20], { seed }));
    const wanted = inputs.map((x) => conv.forwardSync(x).data);
    const answers = [1, 2].map(
      (seed) =>
        new Promise<Float32Array>((resolve, reject) => {
          start(seed, 50)
            .on('message', (message) => message instanceof Float32Array && resolve(message))
            .on('error', reject);
        }),
    );
    for (let i = 0; i < 50; i++) expect((await conv.forward(inputs[2]!)).data).toEqual(wanted[2]);
    expect(await Promise.all(answers)).toEqual(wanted.slice(0, 2));
  });

  it('take tensors as messages and give them back', async () => {
    const program = `
      const { parentPort, workerData } = require('node:worker_threads');
      import(${JSON.stringify(library)}).then(async ({ Conv3d, Tensor }) => {
        const { options, weight, x } = workerData;
        const conv = new Conv3d(options, { weight: Tensor.fromMessage(weight) });
        parentPort.postMessage(await conv.forward(Tensor.fromMessage(x)));
      });`;
    const weight = Tensor.random([8, 8, 3, 3, 3], { seed: 1 });
    const x = Tensor.random([1, 8, 6, 20, 20]);
    const worker = new Worker(program, { eval: true, workerData: { options, weight, x } });
    const message = await new Promise((resolve, reject) => worker.on('message', resolve).on('error', reject));
    expect(message).not.toBeInstanceOf(Tensor);
    const y = Tensor.fromMessage(message);
    expect(y).toEqual(new Conv3d(options, { weight }).forwardSync(x));
    expect(() => new Conv3d(options, { weight }).forwardSync(message as Tensor)).toThrow(
      'Tensor.fromMessage makes of it',
    );
  });

  it('may be terminated in the middle of a pass', async () => {
    for (let round = 0; round < 10; round++) {
      const worker = start(round, 1e9);
      await new Promise((resolve, reject) => worker.on('message', resolve).on('error', reject));
      await worker.terminate();
    }
  });

  it('let the process end while passes run', () => {
    // Whenever it ends: between passes, within one, or while its promise is settled.
    for (let delay = 4; delay <= 40; delay += 3) {
      const main = `
        const { Worker } = require('node:worker_threads');
        const worker = new Worker(${JSON.stringify(program)}, { eval: true, workerData: ${JSON.stringify({ options, seed: 1, passes: 1e9 })} });
        worker.once('message', () => setTimeout(() => process.exit(7), ${delay}));`;
      const { status, signal, stderr } = spawnSync(process.execPath, ['-e', main], { encoding: 'utf8' });
      expect({ delay, status, signal, stderr }).toEqual({ delay, status: 7, signal: null, stderr: '' });
    }
  });
});
