import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { winograd } from './run.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'winograd-cli-demo-'));
  // A bright bar that moves a pixel to the right each frame.
  const frames = Array.from({ length: 8 }, (_, frame) => {
    const luma = Buffer.alloc(24 * 16, 30);
    for (let y = 0; y < 16; y++) luma.fill(220, y * 24 + frame + 6, y * 24 + frame + 9);
    return Buffer.concat([Buffer.from('FRAME\n'), luma]);
  });
  await writeFile(
    join(folder, 'bar.y4m'),
    Buffer.concat([Buffer.from('YUV4MPEG2 W24 H16 Cmono\n'), ...frames]),
  );
});
afterAll(() => rm(folder, { recursive: true }));

const demo = (...args: string[]) => winograd(['demo', ...args], { cwd: folder });

describe('winograd demo', () => {
  test('renders its own clip by default and finds at least 95 % of its directions', async () => {
    const { code, stdout, stderr } = await demo('--json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const report = JSON.parse(stdout);
    expect(report.score.accuracy).toBeGreaterThanOrEqual(0.95);
    expect(report.page).toBe(join('winograd-demo', 'index.html'));
    expect(await readdir(join(folder, 'winograd-demo'))).toContain('index.html');
  });

  test('reads a clip and says in words what came out', async () => {
    const { code, stdout, stderr } = await demo('--input', 'bar.y4m', '--out', 'bar', '--threads', '1');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^clip +bar\.y4m: 8 frames of 24×16$/m);
    expect(stdout).toMatch(/^machine .* 1 thread$/m);
    expect(stdout).toMatch(/^winograd +[\d.]+ ms +[\d.]+ /m);
    expect(stdout).toMatch(/^direct +[\d.]+ ms +[\d.]+ /m);
    expect(stdout).toMatch(/^page +bar\/index\.html$/m);
    expect(stdout).not.toMatch(/^direction/m);
  });

  test.each([
    [['--input', 'none.y4m'], /^winograd: ENOENT/],
    [
      ['--input', 'bar.y4m', '--max-frames', '6'],
      /at least 7 frames of 9×9 pixels .* but received "6 frames of 24×16"/,
    ],
    [
      ['--input', 'bar.y4m', '--max-size', '0'],
      /Expected --max-size to be a positive integer but received "0"/,
    ],
    [['--threads', 'two'], /Expected --threads to be a positive integer but received "two"/],
    [['--out', 'bar.y4m/out'], /ENOTDIR/],
    [['--out', 'no/such/folder'], /ENOENT/],
    [['--out', '.'], /Expected --out to be a new folder/],
    [['--colour'], /unknown option '--colour'/],
  ])('refuses %j with exit code 2 and leaves nothing behind', async (args, message) => {
    const before = await readdir(folder);
    const { code, stdout, stderr } = await demo('--out', 'refused', ...args);
    expect(stderr).toMatch(message);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).not.toContain('    at ');
    expect(await readdir(folder)).toEqual(before);
  });
});
