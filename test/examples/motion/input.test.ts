import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { readClip } from '../../../examples/motion/input.js';
import { writeNpy } from '../../../src/tensor/npy.js';
import { Tensor } from '../../../src/tensor/tensor.js';

const limits = { maxFrames: 48, maxSize: 320 };

let folder: string;
const at = (name: string) => join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'winograd-input-'));
});
afterAll(() => rm(folder, { recursive: true }));
afterEach(() => vi.unstubAllEnvs());

/** A Cmono stream of 4×2 frames, all bytes of a frame the same: 10, 20, … */
async function writeY4m(name: string, frames: number): Promise<string> {
  const parts = Array.from({ length: frames }, (_, frame) =>
    Buffer.concat([Buffer.from('FRAME\n'), Buffer.alloc(8, 10 * (frame + 1))]),
  );
  await writeFile(at(name), Buffer.concat([Buffer.from('YUV4MPEG2 W4 H2 F25:1 Cmono\n'), ...parts]));
  return at(name);
}

async function writeArray(
  name: string,
  values: readonly number[],
  shape: readonly number[],
): Promise<string> {
  await writeNpy(at(name), new Tensor(Float32Array.from(values), shape));
  return at(name);
}

describe('readClip', () => {
  test('reads y4m whatever its name, and says what it left out', async () => {
    const path = await writeY4m('clip.bin', 5);
    const clip = await readClip(path, { ...limits, maxFrames: 3 });
    expect(clip).toMatchObject({ name: 'clip.bin', frames: 3, height: 2, width: 4 });
    expect([...clip.luma]).toEqual([10, 20, 30].flatMap((value) => Array(8).fill(value)));
    expect(clip.notes).toEqual(['Only the first 3 frames were used (--max-frames).']);
    expect((await readClip(path, limits)).notes).toEqual([]);
  });

  test('averages large frames down, and says so', async () => {
    const clip = await readClip(await writeY4m('large.y4m', 2), { ...limits, maxSize: 2 });
    expect(clip).toMatchObject({ height: 1, width: 2 });
    expect([...clip.luma]).toEqual([10, 10, 20, 20]);
    expect(clip.notes).toEqual(['Frames of 4×2 were averaged down to 2×1 (--max-size).']);
  });

  test.each([
    ['0 to 255 as it is', [0, 100, 200, 255], [0, 100, 200, 255]],
    ['0 to 1 as a share of white', [0, 0.2, 0.4, 1], [0, 51, 102, 255]],
    ['anything else stretched', [-100, 0, 100, 410], [0, 50, 100, 255]],
    ['one value everywhere', [-7, -7, -7, -7], [0, 0, 0, 0]],
  ])('takes an array of %s', async (_, values, luma) => {
    const clip = await readClip(await writeArray('a.npy', values, [2, 1, 2]), limits);
    expect(clip).toMatchObject({ frames: 2, height: 1, width: 2 });
    [...clip.luma].forEach((value, i) => {
      expect(value).toBeCloseTo(luma[i]!, 3);
    });
  });

  test.each([
    ['rank 2', [1, 2], [1, 2], /to be frames × height × width/],
    ['no frames', [], [0, 2, 2], /to be frames × height × width/],
    ['NaN', [1, Number.NaN], [2, 1, 1], /to hold finite numbers but received NaN/],
    ['infinity', [1, Infinity], [2, 1, 1], /to hold finite numbers but received Infinity/],
  ])('refuses an array of %s', async (_, values, shape, message) => {
    await expect(readClip(await writeArray('bad.npy', values, shape), limits)).rejects.toThrow(message);
  });

  test('refuses what is no clip at all', async () => {
    await writeFile(at('empty'), '');
    await expect(readClip(at('empty'), limits)).rejects.toThrow(/to be a clip but received "an empty file"/);
    await expect(readClip(folder, limits)).rejects.toThrow(/to be a clip but received "a folder"/);
    await expect(readClip(at('missing'), limits)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('asks for ffmpeg when another format comes and it is not there', async () => {
    await writeFile(at('video.mp4'), 'not really a video');
    vi.stubEnv('PATH', '');
    await expect(readClip(at('video.mp4'), limits)).rejects.toThrow(/any video once ffmpeg is installed/);
  });
});
