import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode } from 'fast-png';
import jpeg from 'jpeg-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Graph, readDataset, Tensor, writeNpy, writeNpz } from '../../src/index.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'winograd-data-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const at = (...parts: string[]) => join(folder, ...parts);
const input = (...shape: (number | string)[]): Graph['inputs'] => [{ name: 'x', type: 'float32', shape }];
const colours = input('n', 3, 32, 32);

/** Records of CIFAR-10: the class, then red, green and blue. */
function records(classes: readonly number[], value: (record: number, i: number) => number): Uint8Array {
  const bytes = new Uint8Array(classes.length * 3073);
  for (const [r, label] of classes.entries()) {
    bytes[r * 3073] = label;
    for (let i = 0; i < 3072; i++) bytes[r * 3073 + 1 + i] = value(r, i);
  }
  return bytes;
}

describe('a dataset', () => {
  it('is an archive, or a folder of arrays', async () => {
    const x = Tensor.random([4, 2, 5], { seed: 1 });
    const target = new Tensor(Float32Array.of(1, 0, 2, 1), [4]);
    await writeNpz(at('all.npz'), { x, target });
    await writeNpy(at('x.npy'), x);
    await writeNpy(at('target.npy'), target);
    for (const path of [at('all.npz'), folder]) {
      const found = await readDataset(path, input('n', 2, 5));
      expect(found.inputs.x!.data).toEqual(x.data);
      expect(found.target.data).toEqual(target.data);
    }
  });

  it('is CIFAR-10 in its binary format, a file or all its batches', async () => {
    writeFileSync(
      at('data_batch_1.bin'),
      records([3, 9], (r, i) => (r * 100 + i) % 256),
    );
    writeFileSync(
      at('data_batch_2.bin'),
      records([0], () => 255),
    );
    writeFileSync(
      at('test_batch.bin'),
      records([7], () => 0),
    );
    const { inputs, target } = await readDataset(folder, colours);
    expect(inputs.x!.shape).toEqual([3, 3, 32, 32]);
    expect([...target.data]).toEqual([3, 9, 0]);
    expect(inputs.x!.data[0]).toBe(-1);
    expect(inputs.x!.data[3072 + 5]).toBeCloseTo(105 / 127.5 - 1, 6);
    expect(inputs.x!.data.at(-1)).toBe(1);
    const test = await readDataset(at('test_batch.bin'), colours);
    expect([...test.target.data]).toEqual([7]);
    writeFileSync(at('test_batch.bin'), records([7], () => 0).subarray(1));
    await expect(readDataset(at('test_batch.bin'), colours)).rejects.toThrow(/records of 3073 bytes/);
    writeFileSync(
      at('test_batch.bin'),
      records([10], () => 0),
    );
    await expect(readDataset(at('test_batch.bin'), colours)).rejects.toThrow(/below 10 but received 10/);
  });

  it('is a folder of images for each class', async () => {
    for (const name of ['cat', 'dog']) mkdirSync(at(name));
    writeFileSync(at('cat', 'notes.txt'), 'left alone');
    const grey = Uint8Array.of(0, 51, 255, 102, 153, 204);
    writeFileSync(at('cat', 'a.png'), encode({ width: 3, height: 2, channels: 1, data: grey }));
    const deep = Uint16Array.from(grey, (value) => 257 * value);
    writeFileSync(at('cat', 'b.png'), encode({ width: 3, height: 2, channels: 1, depth: 16, data: deep }));
    const colour = Uint8Array.from({ length: 24 }, (_, i) => (i % 4 === 3 ? 255 : 10 * i));
    writeFileSync(at('dog', 'c.png'), encode({ width: 3, height: 2, channels: 4, data: colour }));
    const flat = Buffer.alloc(24, 128);
    writeFileSync(at('dog', 'd.JPG'), jpeg.encode({ width: 3, height: 2, data: flat }, 100).data);
    const { inputs, target } = await readDataset(folder, input('n', 3, 2, 3));
    expect([...target.data]).toEqual([0, 0, 1, 1]);
    const [a, b, c, d] = [0, 1, 2, 3].map((i) => inputs.x!.data.subarray(i * 18, (i + 1) * 18));
    for (const plane of [0, 6, 12])
      expect(a!.subarray(plane, plane + 6)).toEqual(Float32Array.from(grey, (g) => g / 127.5 - 1));
    expect(b).toEqual(a);
    expect(c![6 + 2]).toBeCloseTo(90 / 127.5 - 1, 6);
    for (const value of d!) expect(value).toBeCloseTo(128 / 127.5 - 1, 1);
    // The eye's brightness where the network takes one channel.
    const one = await readDataset(folder, input('n', 1, 2, 3));
    expect(one.inputs.x!.data[12]).toBeCloseTo((0.587 * 10 + 0.114 * 20) / 127.5 - 1, 5);
    await expect(readDataset(folder, colours)).rejects.toThrow(
      /a\.png to be of shape 3 × 32 × 32 but received "3 × 2 × 3"/,
    );
    await expect(readDataset(folder, input('n', 2, 2, 3))).rejects.toThrow(/1 or 3 channels/);
    writeFileSync(at('dog', 'e.png'), 'no image');
    await expect(readDataset(folder, input('n', 3, 2, 3))).rejects.toThrow(/e\.png to be an image/);
  });

  it('is a folder of clips for each class', async () => {
    for (const [i, name] of ['left', 'right'].entries()) {
      mkdirSync(at(name));
      await writeNpy(at(name, '1.npy'), Tensor.random([1, 4, 6, 6], { seed: i }));
    }
    const { inputs, target } = await readDataset(folder, input('n', 1, 4, 6, 6));
    expect(inputs.x!.shape).toEqual([2, 1, 4, 6, 6]);
    expect(inputs.x!.data.subarray(144)).toEqual(Tensor.random([1, 4, 6, 6], { seed: 1 }).data);
    expect([...target.data]).toEqual([0, 1]);
    await writeNpy(at('right', '2.npy'), Tensor.zeros([1, 4, 6, 5]));
    await expect(readDataset(folder, input('n', 1, 4, 6, 'w'))).rejects.toThrow(/2\.npy to be of shape/);
  });

  it('is refused where there is none', async () => {
    await expect(readDataset(folder, colours)).rejects.toThrow(/Expected a dataset to be a .npz file/);
    await expect(readDataset(at('none.npz'), colours)).rejects.toThrow(/ENOENT/);
    mkdirSync(at('empty'));
    await expect(readDataset(folder, colours)).rejects.toThrow(/one for each class/);
    const two = [...colours, { name: 'y', type: 'float32' as const, shape: ['n', 3] }];
    await expect(readDataset(folder, two)).rejects.toThrow(/a single input/);
  });
});
