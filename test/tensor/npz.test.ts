import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InputError, readNpz, Tensor, writeNpy, writeNpz } from '../../src/index.js';
import { randomNumbers } from '../../synth/random.js';

let folder: string;
const file = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'winograd-npz-'));
  await writeNpy(file('array.npy'), Tensor.from([[1.5, -2, 3]]));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Entry {
  readonly name: string;
  readonly bytes: Buffer;
  readonly deflated?: boolean;
  /** What the archive claims instead of the truth. */
  readonly size?: number;
  /** Where its bytes lie already. */
  readonly at?: number;
}

/** An archive by hand, from PKWARE's APPNOTE.TXT. */
function zip(entries: readonly Entry[]): string {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, bytes, deflated = false, size = bytes.length, at = offset } of entries) {
    const packed = deflated ? deflateRawSync(bytes) : bytes;
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(deflated ? 8 : 0, 4);
    common.writeUInt32LE(crc32(bytes), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(size, 18);
    common.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), common, Buffer.from(name), packed]);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(at, 10);
    directory.push(Buffer.from('PK\x01\x02\x14\x00', 'latin1'), common, place, Buffer.from(name));
    if (at === offset) parts.push(local);
    offset = Buffer.concat(parts).length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(entries.length, 4);
  end.writeUInt16LE(entries.length, 6);
  end.writeUInt32LE(central.length, 8);
  end.writeUInt32LE(offset, 12);
  writeFileSync(
    file('by-hand.npz'),
    Buffer.concat([...parts, central, Buffer.from('PK\x05\x06', 'latin1'), end]),
  );
  return file('by-hand.npz');
}

const array = () => readFileSync(file('array.npy'));

describe('readNpz', () => {
  it.each([false, true])('reads arrays (deflated: %s), and only what is wanted', async (deflated) => {
    const text = { name: 'read.me', bytes: Buffer.from('no array') };
    const path = zip([
      { name: 'a.npy', bytes: array(), deflated },
      text,
      { name: 'dir/b.npy', bytes: array(), deflated },
    ]);
    const all = await readNpz(path);
    expect([...all].map(([name, tensor]) => [name, tensor.toArray()])).toEqual([
      ['a', [[1.5, -2, 3]]],
      ['dir/b', [[1.5, -2, 3]]],
    ]);
    expect([...(await readNpz(path, ['dir/b'])).keys()]).toEqual(['dir/b']);
    await expect(readNpz(path, ['c'])).rejects.toThrow('to be one of the name c');
  });

  it.each<[string, () => Entry[], string]>([
    [
      'two arrays of one name',
      () => [
        { name: 'a.npy', bytes: array() },
        { name: 'a.npy', bytes: array() },
      ],
      'two entries',
    ],
    ['paths that leave the archive', () => [{ name: '../a.npy', bytes: array() }], 'a .npz archive'],
    ['what is no array', () => [{ name: 'a.npy', bytes: Buffer.from('no array') }], 'a.npy of'],
    [
      'an array that is cut short',
      () => [{ name: 'a.npy', bytes: array().subarray(0, -1) }],
      'but it ends before',
    ],
    ['stored entries of two sizes', () => [{ name: 'a.npy', bytes: array(), size: 5 }], 'a .npz archive'],
    [
      'deflated entries that unpack to more',
      () => [
        {
          name: 'a.npy',
          bytes: Buffer.concat([array(), Buffer.alloc(9999)]),
          deflated: true,
          size: array().length - 4,
        },
      ],
      'too many bytes',
    ],
    [
      'deflated entries that unpack to less',
      () => [{ name: 'a.npy', bytes: array().subarray(0, -4), deflated: true, size: array().length }],
      'a .npz archive',
    ],
    [
      'entries that cannot unpack to so much',
      () => [{ name: 'a.npy', bytes: array(), deflated: true, size: 2 ** 31 }],
      'cannot unpack to',
    ],
    [
      'entries that share their bytes',
      () =>
        ['a', 'b', 'c'].map((name, i) => ({ name: `${name}.npy`, bytes: array(), ...(i > 0 && { at: 0 }) })),
      'its entries are longer than the archive',
    ],
  ])('refuses %s', async (_, entries, message) => {
    const path = zip(entries());
    const error = await readNpz(path).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(InputError);
    expect((error as Error).message).toContain(message);
    expect((error as Error).message).toContain(path);
  });

  it('refuses to unpack more than is allowed, before it does', async () => {
    const zeros = Tensor.zeros([1 << 20]);
    await writeNpy(file('zeros.npy'), zeros);
    const path = zip([{ name: 'zeros.npy', bytes: readFileSync(file('zeros.npy')), deflated: true }]);
    expect((await readNpz(path)).get('zeros')!.size).toBe(1 << 20);
    await expect(readNpz(path, undefined, { maxBytes: 1 << 20 })).rejects.toThrow('at most 1048576 bytes');
  });

  it('refuses other files, and passes the system’s errors on', async () => {
    await expect(readNpz(file('array.npy'))).rejects.toThrow(InputError);
    await expect(readNpz(folder)).rejects.toThrow('Expected the archive to be a regular file');
    await expect(readNpz(file('missing'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('refuses or reads whatever becomes of an archive', async () => {
    const seed = Date.now() % 2 ** 31;
    const numbers = randomNumbers(seed);
    const next = (below: number) => Math.floor(numbers() * below);
    const whole = readFileSync(
      zip([
        { name: 'a.npy', bytes: array() },
        { name: 'b.npy', bytes: array(), deflated: true },
      ]),
    );
    for (let i = 0; i < 500; i++) {
      const mutant = Buffer.from(whole.subarray(0, i % 5 === 0 ? next(whole.length) : whole.length));
      for (let flips = next(4); flips > 0 && mutant.length > 0; flips--)
        mutant[next(mutant.length)]! ^= 1 << next(8);
      writeFileSync(file('mutant'), mutant);
      const error = await readNpz(file('mutant')).catch((reason: unknown) => reason);
      if (!(error instanceof Map))
        expect(error, `seed ${seed}, mutant ${i}: ${(error as Error).stack}`).toBeInstanceOf(InputError);
    }
  });
});

describe('writeNpz', () => {
  it('gives back what it wrote, the same bytes each time', async () => {
    const tensors = {
      'layer1.weight': Tensor.random([300, 1000]),
      scalar: Tensor.random([]),
      none: Tensor.zeros([0]),
    };
    await writeNpz(file('back.npz'), tensors);
    const first = readFileSync(file('back.npz'));
    const back = await readNpz(file('back.npz'));
    expect([...back.keys()]).toEqual(Object.keys(tensors));
    for (const [name, { data, shape }] of Object.entries(tensors)) {
      expect(back.get(name)!.shape).toEqual(shape);
      expect(back.get(name)!.data).toEqual(data);
    }
    await writeNpz(file('back.npz'), tensors);
    expect(readFileSync(file('back.npz')).equals(first)).toBe(true);
  });

  it.each(['', '../a', '/a', 'a\\b'])('refuses the name %j and leaves nothing behind', async (name) => {
    await expect(writeNpz(file('bad.npz'), { [name]: Tensor.zeros([1]) })).rejects.toThrow(
      'Expected the name of an array to be a relative path',
    );
    expect(readdirSync(folder)).not.toContain('bad.npz');
  });

  const numpy = spawnSync('python3', ['-c', 'import numpy']).status === 0;
  it.skipIf(!numpy)(
    `agrees with NumPy${numpy ? '' : ' (skipped: python3 with numpy is not installed)'}`,
    async () => {
      await writeNpz(file('ours.npz'), { a: Tensor.from([[1, 2.5]]) });
      const code = `
import numpy as np
a = np.load('ours.npz')['a']
print(a.dtype, a.tolist())
np.savez('theirs.npz', x=np.arange(6).reshape(2, 3), y=np.float16(0.5))
np.savez_compressed('packed.npz', x=np.arange(6).reshape(2, 3))`;
      const answer = execFileSync('python3', ['-c', code], { cwd: folder, encoding: 'utf8' });
      expect(answer.trim()).toBe('float32 [[1.0, 2.5]]');
      const theirs = await readNpz(file('theirs.npz'));
      expect([theirs.get('x')!.toArray(), theirs.get('y')!.toArray()]).toEqual([
        [
          [0, 1, 2],
          [3, 4, 5],
        ],
        0.5,
      ]);
      expect((await readNpz(file('packed.npz'))).get('x')!.toArray()).toEqual([
        [0, 1, 2],
        [3, 4, 5],
      ]);
    },
  );
});
