import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readClip } from '../../../examples/motion/input.js';

const limits = { maxFrames: 48, maxSize: 320 };
const present = spawnSync('ffmpeg', ['-version']).status === 0;

describe.skipIf(!present)('readClip through ffmpeg', () => {
  let folder: string;
  const at = (name: string) => join(folder, name);
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'winograd-ffmpeg-'));
    // biome-ignore format: an option and its value belong on one line
    const made = spawnSync('ffmpeg', [
      '-v', 'error',
      '-f', 'lavfi', '-i', 'testsrc=size=64x48:rate=10:duration=2',
      '-f', 'lavfi', '-i', 'sine=duration=2',
      '-c:v', 'mpeg4', at('clip.mkv'),
    ]);
    expect(made.stderr.toString()).toBe('');
  });
  afterAll(() => rm(folder, { recursive: true }));

  test('decodes a video with sound to grey frames', async () => {
    const clip = await readClip(at('clip.mkv'), limits);
    expect(clip).toMatchObject({ name: 'clip.mkv', frames: 20, height: 48, width: 64, notes: [] });
    expect(Math.max(...clip.luma) - Math.min(...clip.luma)).toBeGreaterThan(150);
  });

  test('stops early and says so', async () => {
    const clip = await readClip(at('clip.mkv'), { maxFrames: 7, maxSize: 32 });
    expect(clip).toMatchObject({ frames: 7, height: 24, width: 32 });
    expect(clip.notes).toHaveLength(2);
  });

  test("passes on ffmpeg's reason when it cannot decode", async () => {
    await writeFile(at('text.mp4'), 'hello');
    await expect(readClip(at('text.mp4'), limits)).rejects.toThrow(
      /to be a video that ffmpeg can decode but it says: .*Invalid data/,
    );
  });

  test('takes a path for a file, whatever it looks like', async () => {
    await expect(readClip('http://localhost/clip.mp4', limits)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
