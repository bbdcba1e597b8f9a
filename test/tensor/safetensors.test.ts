import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InputError, readSafetensors, Tensor, writeSafetensors } from '../../src/index.js';
import { randomNumbers } from '../../synth/random.js';

let folder: string;
const file = (name: string) => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'winograd-safetensors-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A file by hand: its header as JSON or text, its elements, and the length that it claims for the header. */
function handmade(header: unknown, elements: Uint8Array, claimed?: bigint): string {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(claimed ?? BigInt(text.length));
  writeFileSync(file('by-hand.safetensors'), Buffer.concat([length, text, elements]));
  return file('by-hand.safetensors');
}

const bytes = (array: ArrayBufferView) => new Uint8Array(array.buffer);
const entry = (dtype: string, shape: unknown, ...data_offsets: unknown[]) => ({ dtype, shape, data_offsets });

describe('readSafetensors', () => {
  it.each<[string, ArrayBufferView, number[]]>([
    ['BOOL', Uint8Array.of(0, 3), [0, 1]],
    ['I8', Int8Array.of(-128, 5), [-128, 5]],
    ['U8', Uint8Array.of(255, 5), [255, 5]],
    ['I16', Int16Array.of(-32768, 5), [-32768, 5]],
    ['U16', Uint16Array.of(65535, 5), [65535, 5]],
    ['I32', Int32Array.of(-7, 5), [-7, 5]],
    ['U32', Uint32Array.of(2 ** 31, 5), [2 ** 31, 5]],
    ['I64', BigInt64Array.of(-7n, 5n), [-7, 5]],
    ['U64', BigUint64Array.of(2n ** 63n, 5n), [2 ** 63, 5]],
    ['F16', Uint16Array.of(0x3555, 0x0001), [0.333251953125, 2 ** -24]],
    ['BF16', Uint16Array.of(0x3eab, 0xff80), [0.333984375, -Infinity]],
    ['F32', Float32Array.of(1.5, -2), [1.5, -2]],
    ['F64', Float64Array.of(1 / 3, -2), [Math.fround(1 / 3), -2]],
  ])('reads %s as float32', async (dtype, elements, values) => {
    const path = handmade(
      { __metadata__: { a: 'b' }, t: entry(dtype, [2, 1], 0, elements.byteLength) },
      bytes(elements),
    );
    const tensor = (await readSafetensors(path)).get('t')!;
    expect(tensor.shape).toEqual([2, 1]);
    expect([...tensor.data]).toEqual(values);
  });

  it('reads scalars, empty tensors, any order of names, and only what is wanted', async () => {
    const header = {
      b: entry('F32', [], 4, 8),
      empty: entry('F32', [0, 3], 8, 8),
      a: entry('F32', [1], 0, 4),
    };
    const path = handmade(header, bytes(Float32Array.of(1, 2)));
    const all = await readSafetensors(path);
    expect([...all.keys()]).toEqual(['a', 'b', 'empty']);
    expect([all.get('a')!.toArray(), all.get('b')!.toArray(), all.get('empty')!.shape]).toEqual([
      [1],
      2,
      [0, 3],
    ]);
    expect([...(await readSafetensors(path, ['b'])).keys()]).toEqual(['b']);
    await expect(readSafetensors(path, ['a', 'c'])).rejects.toThrow('to be one of the name c');
  });

  const two = bytes(Float32Array.of(1, 2));
  it.each<[string, unknown, bigint | undefined, string]>([
    ['a header longer than the file', {}, 1000n, 'the header of'],
    ['an absurd header', {}, 2n ** 63n, 'the header of'],
    ['no JSON', '{"a": ', undefined, 'to be JSON'],
    ['deep JSON', '['.repeat(100_000), undefined, 'to be JSON'],
    ['a list', [1], undefined, 'to be an object'],
    ['null', 'null', undefined, 'to be an object'],
    ['an entry of null', { t: null }, undefined, 'the element type of tensor t'],
    ['another type', { t: entry('F8_E4M3', [8], 0, 8) }, undefined, 'the element type of tensor t'],
    [
      'a type of the language',
      { t: entry('constructor', [8], 0, 8) },
      undefined,
      'the element type of tensor t',
    ],
    ['a negative size', { t: entry('F32', [-2], 0, 8) }, undefined, 'the shape of tensor t'],
    ['a size that is no number', { t: entry('F32', ['2'], 0, 8) }, undefined, 'the shape of tensor t'],
    ['an absurd shape', { t: entry('F32', [2 ** 40], 0, 8) }, undefined, 'the shape of tensor t'],
    [
      'a shape that does not fit',
      { t: entry('F32', [3], 0, 8) },
      undefined,
      '3 elements of type F32 but received "8 bytes"',
    ],
    ['a negative place', { t: entry('F32', [2], -8, 0) }, undefined, 'the place of tensor t'],
    ['no place', { t: entry('F32', [2]) }, undefined, 'the place of tensor t'],
    ['a gap', { t: entry('F32', [1], 4, 8) }, undefined, 'tensor t'],
    ['an overlap', { a: entry('F32', [2], 0, 8), b: entry('F32', [1], 4, 8) }, undefined, 'tensor b'],
    ['elements beyond the end', { t: entry('F32', [4], 0, 16) }, undefined, 'to be 16 bytes but received 8'],
    ['elements of nobody', { t: entry('F32', [1], 0, 4) }, undefined, 'to be 4 bytes but received 8'],
  ])('refuses %s', async (_, header, claimed, message) => {
    const path = handmade(header, two, claimed);
    const error = await readSafetensors(path).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(InputError);
    expect((error as Error).message).toContain(message);
    expect((error as Error).message).toContain(path);
  });

  it('refuses empty files, and passes the system’s errors on', async () => {
    writeFileSync(file('empty'), '');
    await expect(readSafetensors(file('empty'))).rejects.toThrow('it ends before');
    await expect(readSafetensors(file('missing'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('refuses or reads whatever becomes of a file', async () => {
    const seed = Date.now() % 2 ** 31;
    const numbers = randomNumbers(seed);
    const next = (below: number) => Math.floor(numbers() * below);
    await writeSafetensors(file('whole'), { a: Tensor.random([3, 2]), b: Tensor.random([5]) }, { c: 'd' });
    const whole = readFileSync(file('whole'));
    for (let i = 0; i < 500; i++) {
      const mutant = Buffer.from(whole.subarray(0, i % 3 === 0 ? next(whole.length) : whole.length));
      for (let flips = next(4); flips > 0 && mutant.length > 0; flips--)
        mutant[next(mutant.length)]! ^= 1 << next(8);
      writeFileSync(file('mutant'), mutant);
      const error = await readSafetensors(file('mutant')).catch((reason: unknown) => reason);
      if (!(error instanceof Map))
        expect(error, `seed ${seed}, mutant ${i}: ${(error as Error).stack}`).toBeInstanceOf(InputError);
    }
  });
});

describe('writeSafetensors', () => {
  it('gives back what it wrote, elements at a multiple of 8', async () => {
    const tensors = {
      'layer1.0.weight': Tensor.random([2, 3, 1]),
      scalar: Tensor.random([]),
      none: Tensor.zeros([0]),
    };
    await writeSafetensors(file('back'), new Map(Object.entries(tensors)), { format: 'pt', odd: '"é' });
    const back = await readSafetensors(file('back'));
    for (const [name, tensor] of Object.entries(tensors)) expect(back.get(name)).toEqual(tensor);
    expect((8 + Number(readFileSync(file('back')).readBigUInt64LE())) % 8).toBe(0);
  });

  it('refuses what it cannot write, and leaves nothing behind', async () => {
    const tensor = Tensor.zeros([1]);
    await expect(writeSafetensors(file('bad'), { __metadata__: tensor })).rejects.toThrow(InputError);
    await expect(writeSafetensors(file('bad'), { a: 1 as never })).rejects.toThrow(
      'Expected tensor a to be a Tensor',
    );
    await expect(writeSafetensors(file('bad'), 1 as never)).rejects.toThrow(InputError);
    expect(readdirSync(folder)).not.toContain('bad');
  });

  const python = spawnSync('python3', ['-c', 'import safetensors.numpy']).status === 0;
  it.skipIf(!python)(
    `is read by the format's own library${python ? '' : ' (skipped: not installed)'}`,
    async () => {
      await writeSafetensors(file('ours'), { a: Tensor.from([[1, 2.5]]) });
      const code = `import safetensors.numpy as s; a = s.load_file('ours')['a']; print(a.dtype, a.tolist())`;
      const { stdout } = spawnSync('python3', ['-c', code], { cwd: folder, encoding: 'utf8' });
      expect(stdout.trim()).toBe('float32 [[1.0, 2.5]]');
    },
  );
});
