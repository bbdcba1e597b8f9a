import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decode } from 'fast-png';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runDemo } from '../../../examples/motion/demo.js';
import type { DemoReport } from '../../../examples/motion/report.js';
import { readNpy } from '../../../src/tensor/npy.js';

const limits = { maxFrames: 48, maxSize: 320 };

describe('runDemo on a small scene', () => {
  let parent: string;
  let report: DemoReport;
  const taps = () => report.bank.kernel.reduce((product, size) => product * size, 1);
  const stages = new Map<string, number>();
  beforeAll(async () => {
    parent = await mkdtemp(join(tmpdir(), 'winograd-demo-'));
    report = await runDemo(
      { ...limits, folder: join(parent, 'out'), threads: 1, scene: { frames: 9, size: 150 } },
      (stage, done, all) => stages.set(stage, done / all),
    );
  });
  afterAll(() => rm(parent, { recursive: true }));

  test('finds the direction of at least 95 % of the moving pixels', () => {
    expect(report.score!.accuracy).toBeGreaterThanOrEqual(0.95);
    expect(report.score!.stillness).toBeGreaterThan(0.8);
  });

  test('compares both algorithms on the same layer', () => {
    const { comparison, machine } = report;
    const { winograd, direct } = comparison;
    expect(machine.threads).toBe(1);
    expect(winograd.plan).toMatch(/Winograd .*F\(/);
    expect(direct.plan).not.toContain('Winograd');
    expect(comparison.directFlops).toBe(2 * report.bank.filters * 3 * 150 * 150 * taps());
    for (const { milliseconds, effectiveGflops, range } of [winograd, direct]) {
      expect(effectiveGflops).toBeCloseTo(comparison.directFlops / milliseconds / 1e6, 6);
      expect(range[0]).toBeLessThanOrEqual(milliseconds);
      expect(range[1]).toBeGreaterThanOrEqual(milliseconds);
    }
  });

  test('errors are those of float32: above nothing, below n · 2⁻²⁴ relative to the answers for direct', () => {
    const { winograd, direct } = report.comparison;
    for (const { error } of [winograd, direct]) {
      expect(error.rms).toBeGreaterThan(0);
      expect(error.largest).toBeGreaterThanOrEqual(error.rms);
    }
    expect(direct.error.rms).toBeLessThan(taps() * 2 ** -24);
    expect(report.comparison.difference).toBeLessThan(report.comparison.tolerance);
  });

  test('tells of every stage to its end', () => {
    expect(Object.fromEntries(stages)).toEqual({ clip: 1, timing: 1, motion: 1, pictures: 1 });
  });

  test('writes page, figures and pictures, and nothing beside them', async () => {
    expect(await readdir(parent)).toEqual(['out']);
    expect((await readdir(join(parent, 'out'))).toSorted()).toEqual([
      'confidence.npy',
      'frames',
      'index.html',
      'velocity.npy',
      'winograd-demo.json',
    ]);
    const written = JSON.parse(await readFile(join(parent, 'out/winograd-demo.json'), 'utf8'));
    expect(written).toEqual(JSON.parse(JSON.stringify(report)));
    const frames = await readdir(join(parent, 'out/frames'));
    expect(frames.toSorted()).toEqual([
      ...[4, 5, 6].map((frame) => `clip-000${frame}.png`),
      ...[4, 5, 6].map((frame) => `motion-000${frame}.png`),
      'truth.png',
    ]);
    const picture = decode(await readFile(join(parent, 'out/frames/motion-0004.png')));
    expect(picture).toMatchObject({ width: 150, height: 150, channels: 3 });
  });

  test('writes right and up of every pixel, and the confidence, for NumPy', async () => {
    const velocity = await readNpy(join(parent, 'out/velocity.npy'));
    const confidence = await readNpy(join(parent, 'out/confidence.npy'));
    expect(velocity.shape).toEqual([2, 3, 150, 150]);
    expect(confidence.shape).toEqual([1, 3, 150, 150]);
    // In the middle of the disc at the right: to the right, at about the speed it was rendered with.
    const at = 75 * 150 + 125;
    expect(velocity.data[at]).toBeGreaterThan(0.5);
    expect(Math.abs(velocity.data[3 * 150 * 150 + at]!)).toBeLessThan(0.4);
    expect(confidence.data[at]).toBeGreaterThan(0.5);
  });

  test('the page is whole and needs nothing else', async () => {
    const page = await readFile(join(parent, 'out/index.html'), 'utf8');
    expect(page).toMatch(/^<!doctype html>[\s\S]*<\/html>\n$/);
    expect(page).not.toMatch(/(src|href)="(?!data:)/);
    expect(page).not.toMatch(/https?:/);
    // Pictures apart, whose letters may spell anything.
    expect(page.replaceAll(/base64,[A-Za-z0-9+/=]+/g, '')).not.toMatch(/undefined|NaN|\[object/);
    const json = /<script type="application\/json" id="frames">([\s\S]*?)<\/script>/.exec(page)![1]!;
    const frames = JSON.parse(json);
    expect(frames.map(({ number }: { number: number }) => number)).toEqual([4, 5, 6]);
    for (const frame of frames)
      expect(frame.arrows).toMatch(/^(M[\d. -]+L[\d. -]+M[\d. -]+L[\d. -]+L[\d. -]+)+$/);
    // Every element that is opened is closed.
    for (const tag of ['div', 'figure', 'table', 'tr', 'p', 'span', 'script', 'style', 'details', 'svg'])
      expect(page.match(new RegExp(`<${tag}[ >]`, 'g'))?.length).toBe(
        page.match(new RegExp(`</${tag}>`, 'g'))?.length,
      );
  });
});

test('refuses a folder that cannot be written before it works, and leaves nothing', async () => {
  const stages: string[] = [];
  const running = runDemo({ ...limits, folder: '/dev/null/out' }, (stage) => stages.push(stage));
  await expect(running).rejects.toMatchObject({ code: 'ENOTDIR' });
  expect(stages).toEqual([]);
});
