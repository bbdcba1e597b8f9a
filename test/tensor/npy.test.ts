import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InputError, readNpy, Tensor, writeNpy } from '../../src/index.js';
import { native } from '../../src/native/addon.js';

let folder: string;
const file = (name: string) => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'winograd-npy-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A file by hand: header text, payload, and optionally a version. */
function handmade(name: string, header: string, payload: Uint8Array, version = 1): string {
  const length = Buffer.alloc(version === 1 ? 2 : 4);
  length.writeUIntLE(header.length, 0, length.length);
  const magic = Buffer.from(`\x93NUMPY${String.fromCharCode(version)}\0`, 'latin1');
  writeFileSync(file(name), Buffer.concat([magic, length, Buffer.from(header, 'latin1'), payload]));
  return file(name);
}

function headerOf(descr: string, shape: string, order = 'False'): string {
  return `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': ${shape}, }\n`;
}

const twoFloats = Buffer.from(Float32Array.of(1.5, -2).buffer);

describe('readNpy', () => {
  it('reads any version, spacing, order of keys, and Python 2 sizes, at any offset', async () => {
    for (const version of [1, 2, 3]) {
      const path = handmade('v.npy', headerOf('<f4', '(2,)'), twoFloats, version);
      expect((await readNpy(path)).toArray()).toEqual([1.5, -2]);
    }
    const odd = handmade('odd.npy', `{"shape":(1L , 2L),'fortran_order':False,  "descr":"<f4"}`, twoFloats);
    expect((await readNpy(odd)).toArray()).toEqual([[1.5, -2]]);
  });

  it.each([
    ['between its fields', `{'descr':${' '.repeat(1e6)}'<f4', 'fortran_order': False, 'shape': (2,)}`],
    ['after an open shape', `{'descr': '<f4', 'fortran_order': False, 'shape': (${' '.repeat(1e6)}`],
    ['of digits', `{'descr': '<f4', 'fortran_order': False, 'shape': (${'1'.repeat(1e6)}`],
    ['of sizes', `{'descr': '<f4', 'fortran_order': False, 'shape': (${'1, '.repeat(3e5)}`],
    ['of shapes', `{'descr': '<f4', 'fortran_order': False, ${"'shape': (1,".repeat(8e4)}`],
  ])('takes no time over a megabyte %s', async (_, header) => {
    const start = performance.now();
    const answer = await readNpy(handmade('long.npy', header, twoFloats, 2)).catch((error) => error);
    expect(performance.now() - start).toBeLessThan(1000);
    if (answer instanceof InputError) expect(answer.message.length).toBeLessThan(1000);
    else expect(answer.toArray()).toEqual([1.5, -2]);
  });

  it('rounds integers of 64 bits once', async () => {
    // 2^60 + 2^36 lies half-way between two floats, and one more or less is lost in a double.
    const half = 2n ** 60n + 2n ** 36n;
    const values = [half - 1n, half, half + 1n, -half - 1n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n), 3n];
    const signed = await readNpy(
      handmade(
        'i8.npy',
        headerOf('<i8', `(${values.length},)`),
        Buffer.from(BigInt64Array.from(values).buffer),
      ),
    );
    const [low, high] = [2 ** 60, 2 ** 60 + 2 ** 37];
    expect([...signed.data]).toEqual([low, low, high, -high, 2 ** 53, 2 ** 63, -(2 ** 63), 3]);
    const most = BigUint64Array.from([2n ** 64n - 1n, 2n ** 63n + 2n ** 39n + 1n, 2n ** 63n + 2n ** 39n]);
    const unsigned = await readNpy(handmade('u8.npy', headerOf('<u8', '(3,)'), Buffer.from(most.buffer)));
    expect([...unsigned.data]).toEqual([2 ** 64, 2 ** 63 + 2 ** 40, 2 ** 63]);
  });

  it('reads scalars, empty arrays and what follows an array', async () => {
    expect((await readNpy(handmade('s.npy', headerOf('<f4', '()'), twoFloats))).toArray()).toBe(1.5);
    const empty = await readNpy(handmade('e.npy', headerOf('<f4', '(3, 0, 2)'), Buffer.alloc(0)));
    expect([empty.shape, empty.size]).toEqual([[3, 0, 2], 0]);
  });

  it('puts elements into memory of the engine', async () => {
    const tensor = await readNpy(handmade('own.npy', headerOf('<f4', '(2,)'), twoFloats));
    expect(native().owns(tensor.data)).toBe(true);
  });

  const cut = 'but it ends before';
  it.each([
    ['an empty file', '', 'to be a .npy file but it is empty'],
    ['another file', 'PK\x03\x04 some zip archive', 'to be a .npy file but it begins otherwise'],
    ['a cut magic', '\x93NUM', 'to be a .npy file but it begins otherwise'],
    ['a cut length', '\x93NUMPY\x01\0\x10', `to hold its header ${cut}`],
    ['a cut header', '\x93NUMPY\x01\0\x76\0{', `to hold its header ${cut}`],
    ['an unknown version', '\x93NUMPY\x04\0\x00\0\0\0', 'to be 1, 2 or 3 but received 4'],
    [
      'an absurd header',
      '\x93NUMPY\x02\0\xff\xff\xff\xff',
      'to be at most 1048576 bytes but received 4294967295',
    ],
    ['a header of noise', '\x93NUMPY\x01\0\x03\0abc', "one with a plain 'descr'"],
  ])('refuses %s', async (_, bytes, message) => {
    writeFileSync(file('bad.npy'), Buffer.from(bytes, 'latin1'));
    await expectRefusal(file('bad.npy'), message);
  });

  it.each([
    ['(3,)', '<f4', `to hold 3 elements of type float32 ${cut}`],
    ['(2,)', '<f8', `to hold 2 elements of type float64 ${cut}`],
    ['(99999, 9999)', '<f4', `to hold 99999 × 9999 elements of type float32 ${cut}`],
    ['(99999, 99999)', '<f4', 'to be at most 1073741824 elements (4 GiB)'],
    ['(-2,)', '<f4', "one with a plain 'shape'"],
    ['(2.5,)', '<f4', "one with a plain 'shape'"],
    ['(1 2)', '<f4', "one with a plain 'shape'"],
    ['2', '<f4', "one with a plain 'shape'"],
    ['(2,)', '<c8', 'a boolean, integer or real one'],
    ['(2,)', '<U3', 'a boolean, integer or real one'],
    ['(2,)', '|O', 'a boolean, integer or real one'],
    ['(2,)', '<f16', 'a boolean, integer or real one'],
    ['(2,)', 'constructor', 'a boolean, integer or real one'],
  ])('refuses shape %s of %s in a short file', async (shape, descr, message) => {
    await expectRefusal(handmade('bad.npy', headerOf(descr, shape), twoFloats), message);
  });

  it('refuses record types and other truth values', async () => {
    const record = `{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (2,), }\n`;
    await expectRefusal(handmade('bad.npy', record, twoFloats), "one with a plain 'descr'");
    await expectRefusal(
      handmade('bad.npy', headerOf('<f4', '(2,)', '0'), twoFloats),
      "a plain 'fortran_order'",
    );
  });

  it('passes the system’s errors on', async () => {
    await expect(readNpy(file('missing.npy'))).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(readNpy(folder)).rejects.toMatchObject({ code: 'EISDIR' });
  });
});

async function expectRefusal(path: string, message: string): Promise<void> {
  const error = await readNpy(path).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(InputError);
  expect((error as Error).message).toContain(path);
  expect((error as Error).message).toContain(message);
}

describe('writeNpy', () => {
  it('gives back what it wrote', async () => {
    for (const shape of [[], [0], [1], [2, 3], [1, 2, 3, 4, 5]]) {
      const tensor = Tensor.random(shape);
      await writeNpy(file('back.npy'), tensor);
      const back = await readNpy(file('back.npy'));
      expect(back.shape).toEqual(shape);
      expect(back.data).toEqual(tensor.data);
    }
  });

  it('starts the elements at a multiple of 64', async () => {
    await writeNpy(file('aligned.npy'), Tensor.zeros([12345, 1]));
    const bytes = readFileSync(file('aligned.npy'));
    expect((10 + bytes.readUInt16LE(8)) % 64).toBe(0);
    expect(bytes.length).toBe(10 + bytes.readUInt16LE(8) + 4 * 12345);
  });

  it('refuses a detached tensor and leaves nothing behind', async () => {
    const data = new Float32Array(6);
    const tensor = new Tensor(data, [6]);
    structuredClone(data.buffer, { transfer: [data.buffer] });
    await expect(writeNpy(file('detached.npy'), tensor)).rejects.toThrow('its buffer is detached');
    expect(readdirSync(folder)).not.toContain('detached.npy');
  });
});

const numpy = spawnSync('python3', ['-c', 'import numpy']).status === 0;

describe.skipIf(!numpy)(
  `against NumPy itself${numpy ? '' : ' (skipped: python3 with numpy is not installed)'}`,
  () => {
    const python = (code: string) =>
      execFileSync('python3', ['-c', `import numpy as np\n${code}`], { cwd: folder });
    const types = ['?', 'i1', 'u1', 'i2', 'u2', 'i4', 'u4', 'i8', 'u8', 'f2', 'f4', 'f8'];
    const orders = ['C', 'F'];

    it('reads every element type in either byte order and either memory order as astype(float32)', async () => {
      python(`
specials = {'f': [np.nan, np.inf, -np.inf, 6e-8, 1e-5, -65504, 1.0009765625, 1/3], 'i': [-1, -100], 'u': [200], 'b': []}
for t in '${types.join(' ')}'.split():
  for e in '<>':
    for o in 'CF':
      kind = np.dtype(t).kind
      a = np.concatenate([np.arange(24) % 7, np.array(specials[kind])])[-24:].astype(t).astype(e + t).reshape(2, 3, 4)
      if np.dtype(t).kind in 'iu' and np.dtype(t).itemsize > 1: a[0, 0, :2] = [np.iinfo(t).min, np.iinfo(t).max]
      name = f"{'b' if t == '?' else t}{'big' if e == '>' else 'little'}{o}"
      a = np.asfortranarray(a) if o == 'F' else a
      np.save(name + '.npy', a)
      np.save(name + '.expected.npy', np.ascontiguousarray(a.astype('<f4')))`);
      for (const type of types)
        for (const ending of ['big', 'little'])
          for (const order of orders) {
            const name = `${type === '?' ? 'b' : type}${ending}${order}`;
            const [actual, wanted] = [
              await readNpy(file(`${name}.npy`)),
              await readNpy(file(`${name}.expected.npy`)),
            ];
            expect(actual.shape, name).toEqual([2, 3, 4]);
            expect(actual.data, name).toEqual(wanted.data);
            expect(
              actual.data.some((value) => value !== 0),
              name,
            ).toBe(true);
          }
    });

    it('reads more than one chunk', async () => {
      python(`np.save('long.npy', np.asfortranarray(np.arange(3000001 * 2, dtype='>i4').reshape(2, -1)))`);
      const long = await readNpy(file('long.npy'));
      expect(long.shape).toEqual([2, 3000001]);
      expect([0, 1, 3000000, 3000001, 6000001].map((i) => long.data[i])).toEqual([
        0, 1, 3000000, 3000001, 6000001,
      ]);
    });

    it('writes what NumPy reads as C-ordered little-endian float32', async () => {
      const tensor = Tensor.random([2, 1, 5]);
      await writeNpy(file('ours.npy'), tensor);
      const answer = python(`
a = np.load('ours.npy')
print(a.dtype.str, a.shape, a.flags['C_CONTIGUOUS'])
print(*a.ravel().tolist())`).toString();
      const [description, values] = answer.trim().split('\n') as [string, string];
      expect(description).toBe('<f4 (2, 1, 5) True');
      expect(values.split(' ').map(Number)).toEqual([...tensor.data]);
    });
  },
);
