import { describe, expect, it } from 'vitest';
import { compare } from '../../src/accuracy/compare.js';
import { type Experiment, measure } from '../../src/accuracy/experiment.js';
import { plotSvg } from '../../src/accuracy/plot.js';
import { frontTransforms, usualPoints } from '../../src/accuracy/subjects.js';
import { synthesize, type Transform } from '../../synth/index.js';

const transform = (outputs: number, taps: number, moduli: string) => synthesize({ outputs, taps, moduli });
const f23 = transform(2, 3, '0, ±1, inf');
const f43 = transform(4, 3, '0, ±5/8, ±3/2, inf');
const f63 = transform(6, 3, '±1, ±2/5, ±5/2, x^2+1@(0 2 -2)');
const f83 = transform(8, 3, '0, ±9/16, ±1, ±7/4, x^2+1@(0 2 -2), inf');
const f103 = transform(10, 3, '0, ±1, ±3/5, ±5/3, x^2-3/4*x+1@(0 1 inf), x^2+3/4*x+1@(0 -1 inf), inf');
const f45 = transform(4, 5, '0, ±2/3, ±3/2, x^2+1@(0 2 -2), inf');

const experiment = (transforms: readonly Transform[], options: Partial<Experiment> = {}): Experiment => ({
  ...{ transforms, channels: 64, sumBlock: 0, arithmetic: 'engine', runs: 512, seed: 11 },
  ...options,
});

describe('predicted error', () => {
  const cases: readonly [string, Experiment][] = [
    ['F(2, 3), 1-D', experiment([f23], { runs: 4096 })],
    ['F(10, 3), 1-D, 512 channels', experiment([f103], { channels: 512 })],
    ['F(2, 3), 2-D', experiment([f23, f23], { runs: 2048 })],
    ['F(4, 3), 2-D', experiment([f43, f43])],
    ['F(6, 3), 2-D, 256 channels', experiment([f63, f63], { channels: 256 })],
    ['F(8, 3), 2-D', experiment([f83, f83])],
    ['F(10, 3), 2-D, in blocks of 16', experiment([f103, f103], { sumBlock: 16 })],
    ['F(4, 5), 2-D, plain', experiment([f45, f45], { arithmetic: 'plain' })],
    ['F(2, 3) × F(4, 3) × F(6, 3)', experiment([f23, f43, f63])],
    ['F(4, 3), 3-D', experiment([f43, f43, f43])],
    ['F(6, 3), 2-D, one channel', experiment([f63, f63], { channels: 1, runs: 2048 })],
    [
      'F(6, 3), 2-D, one channel, plain',
      experiment([f63, f63], { channels: 1, arithmetic: 'plain', runs: 2048 }),
    ],
  ];
  it.each(cases)('%s: within 30 per cent of the measured one', (_, each) => {
    const { predicted, measured } = compare(each);
    expect(predicted / measured).toBeGreaterThan(1 / 1.3);
    expect(predicted / measured).toBeLessThan(1.3);
  });
});

describe('protocol', () => {
  it("gives the error of direct convolution that the paper's authors measured", () => {
    // Barabasz et al. 2018: 1.75e-8 in 1-D and 4.65e-8 in 2-D for three taps; the scatter of 5000 runs is a few per cent.
    const direct = (axes: readonly Transform[]) =>
      measure(experiment(axes, { channels: 1, runs: 5000 })).direct;
    expect(direct([f43]) / 1.75e-8).toBeCloseTo(1, 1);
    expect(direct([f43, f43]) / 4.65e-8).toBeCloseTo(1, 1);
  });

  it('is the same for the same seed', () => {
    const once = experiment([f43, f43], { channels: 8 });
    expect(measure(once)).toEqual(measure(once));
    expect(measure({ ...once, seed: 12 }).winograd).not.toBe(measure(once).winograd);
  });

  it('has three axes at most', () => {
    expect(() => measure(experiment([]))).toThrow('Expected transforms to be one for each of 1 to 3 axes');
    expect(() => measure(experiment([f23, f23, f23, f23]))).toThrow('received 4');
  });
});

describe('subjects', () => {
  it('are the usual points, and the front', () => {
    expect(usualPoints(4, 3).moduli).toEqual(['0', '1', '-1', '2', '-2', 'inf']);
    const products = frontTransforms(6, 3).map((each) => each.products);
    expect(products).toEqual([...products].sort((a, b) => a - b));
    expect(new Set(products).size).toBeGreaterThan(2);
  });
});

describe('plot', () => {
  it('draws every mark', async () => {
    const svg = await plotSvg('title of the plot', [
      { productsPerOutput: 2, error: 1.5, kind: 'measured', series: 'many channels' },
      { productsPerOutput: 2, error: 1.4, kind: 'predicted', series: 'many channels' },
    ]);
    expect(svg).toMatch(/^<svg/);
    for (const text of ['title of the plot', 'many channels', 'products per output', 'predicted'])
      expect(svg).toContain(text);
  });
});
