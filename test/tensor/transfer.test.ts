import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/support/package.js';
import { missingMajors, nodes } from '../nodes.js';

/*
 * Tensors' memory on its way between threads, on every Node that is there: it outlives the thread that made it.
 */

const library = pathToFileURL(join(packageRoot(), 'dist/src/index.js')).href;

const ways = {
  postMessage: 'buffer',
  'ArrayBuffer.transfer': 'buffer.transfer ? buffer.transfer() : buffer',
  structuredClone: 'structuredClone(buffer, { transfer: [buffer] })',
};

/** Posts a tensor's memory from a worker that ends, lets others use memory, and prints what it finds in it. */
function program(way: string): string {
  const worker = `
    const { parentPort } = require('node:worker_threads');
    import(${JSON.stringify(library)}).then(({ Tensor }) => {
      const tensor = Tensor.zeros([4e6]);
      tensor.data.fill(7);
      const buffer = tensor.data.buffer;
      const moved = ${way};
      parentPort.postMessage(moved, [moved]);
      if (tensor.data.length !== 0 && process.env.WINOGRAD_BUFFERS === undefined)
        throw new Error('Expected the tensor to be left without memory');
    });`;
  return `
    const { Worker } = require('node:worker_threads');
    import(${JSON.stringify(library)}).then(async ({ Tensor, memoryPool }) => {
      const worker = new Worker(${JSON.stringify(worker)}, { eval: true });
      const ended = new Promise((resolve, reject) => worker.on('exit', resolve).on('error', reject));
      const buffer = await new Promise((resolve, reject) => worker.on('message', resolve).on('error', reject));
      await ended;
      memoryPool.release();
      const others = Array.from({ length: 4 }, () => Tensor.zeros([4e6]));
      for (const other of others) other.data.fill(1);
      const tensor = new Tensor(new Float32Array(buffer), [4e6]);
      console.log(tensor.data.every((value) => value === 7));
      tensor.dispose();
    });`;
}

describe.each(nodes)('memory of tensors on Node $version', ({ path }) => {
  it.each(Object.entries(ways))('moves to another thread by %s, and outlives its own', (_, way) => {
    const { status, stdout, stderr } = spawnSync(path, ['-e', program(way)], { encoding: 'utf8' });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: 'true\n', stderr: '' });
  });

  it('is safe without the functions of V8 that later versions may lack', () => {
    const env = { ...process.env, WINOGRAD_BUFFERS: 'portable' };
    const { status, stdout } = spawnSync(path, ['-e', program(ways['ArrayBuffer.transfer'])], {
      encoding: 'utf8',
      env,
    });
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'true\n' });
  });

  it('comes back within a loop that never waits, and within one that only awaits', () => {
    const loops = `
      import(${JSON.stringify(library)}).then(async ({ Conv2d, Tensor, memoryPool }) => {
        const conv = new Conv2d({ inChannels: 1, outChannels: 16, kernelSize: 1, threads: 1 }, { weight: Tensor.zeros([16, 1, 1, 1]) });
        const x = Tensor.zeros([1, 1, 256, 256]);
        for (let i = 0; i < 100; i++) conv.forwardSync(x);
        const before = process.memoryUsage.rss();
        for (let i = 0; i < 400; i++) conv.forwardSync(x);
        for (let i = 0; i < 400; i++) await conv.forward(x);
        console.log((process.memoryUsage.rss() - before) / 2 ** 20 < 400);
      });`;
    const { status, stdout, stderr } = spawnSync(path, ['-e', loops], { encoding: 'utf8' });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: 'true\n', stderr: '' });
  });
});

it.each(missingMajors)('Node %i is not named by WINOGRAD_NODES', { skip: true }, () => {});
