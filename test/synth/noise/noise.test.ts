import { Fraction } from 'fraction.js';
import { describe, expect, it } from 'vitest';
import type { Transform } from '../../../synth/core/transform.js';
import { InputError, scaleRows, synthesize } from '../../../synth/index.js';
import { forwardErrorBound } from '../../../synth/noise/bound.js';
import { layerErrorRatio, noiseGain } from '../../../synth/noise/gain.js';
import { expectedLayerError } from '../../../synth/noise/layer.js';
import { compile } from '../../../synth/program/compile.js';
import { simulate } from '../simulation.js';

const transform = (outputs: number, taps: number, moduli: string) => synthesize({ outputs, taps, moduli });
const f23 = transform(2, 3, '0, ±1, inf');
const f43 = transform(4, 3, '0, ±1, ±2, inf');

describe('noise gain', () => {
  it('is that of the definition', () => {
    // By hand for F(2, 3): products 0 and inf weigh 1·2·1, ±1 each 1·2·3/4, and both outputs see 0 or inf and ±1.
    expect(noiseGain(f23)).toBeCloseTo(Math.sqrt(2 + 2 * 1.5), 12);
    // numerics of Lavin's F(4, 3): (Q/G)² = 3.59.
    expect(layerErrorRatio([f43, f43])).toBeCloseTo(3.5909, 4);
  });

  it('does not change when rows are scaled', () => {
    const factors = f43.B.map((_, t) => ({
      a: new Fraction(t + 1, 3),
      b: new Fraction(3, 7),
      c: new Fraction(7, t + 1),
    }));
    expect(noiseGain(scaleRows(f43, factors))).toBeCloseTo(noiseGain(f43), 12);
  });

  it('is sqrt(G) when nothing is saved', () => {
    expect(noiseGain(transform(1, 5, 'x^5'))).toBeCloseTo(Math.sqrt(5), 12);
    expect(noiseGain(transform(4, 1, 'x^4'))).toBeCloseTo(1, 12);
  });
});

interface Case {
  readonly transforms: readonly Transform[];
  readonly channels: number;
  readonly sumBlock: number;
  readonly tiles: number;
}

const quadratic = transform(6, 3, '±1, ±2/5, ±5/2, x^2+1@(0 2 -2)');
const real8 = transform(8, 3, '0, inf, ±7/3, ±5/4, ±13/16, ±5/12');
const quadratic10 = transform(10, 3, '0, inf, ±1, ±3/5, ±5/3, x^2-3/4*x+1, x^2+3/4*x+1');
const fiveTaps = transform(4, 5, '0, inf, ±3/2, ±2/3, x^2+1@(0 2 -2)');

const cases: readonly Case[] = [
  ...[f23, f43, quadratic, real8, quadratic10, fiveTaps].flatMap((each) => [
    { transforms: [each], channels: 64, sumBlock: 0, tiles: Math.ceil(800 / each.outputs) },
    { transforms: [each, each], channels: 64, sumBlock: 16, tiles: Math.ceil(1000 / each.outputs ** 2) },
  ]),
  { transforms: [quadratic], channels: 512, sumBlock: 0, tiles: 40 },
  { transforms: [f43, quadratic], channels: 256, sumBlock: 0, tiles: 24 },
  { transforms: [f23, f43, f43], channels: 64, sumBlock: 0, tiles: 20 },
  { transforms: [quadratic, f23, f23], channels: 96, sumBlock: 40, tiles: 20 },
];

const title = ({ transforms, channels, sumBlock }: Case) =>
  `${transforms.map(({ outputs, taps, products }) => `F(${outputs},${taps}) T=${products}`).join(' × ')}, ` +
  `${channels} channels${sumBlock ? ` in blocks of ${sumBlock}` : ''}`;

describe('expected error of a layer', () => {
  it.each(cases.map((each) => [title(each), each] as const))('%s', (_, each) => {
    const measured = simulate({ ...each, seed: 5 });
    const { transforms, channels, sumBlock } = each;
    const predicted = expectedLayerError(transforms, { channels, sumBlock });
    // The scatter of a mean over some hundred outputs is a few per cent; the model is to be within 30 %.
    for (const [model, simulation] of [
      [predicted.absolute, measured.winograd],
      [predicted.direct, measured.direct],
    ] as const) {
      expect(model / simulation).toBeGreaterThan(1 / 1.3);
      expect(model / simulation).toBeLessThan(1.3);
    }
  });

  it('tends to (Q/G)^N, but for the mean modulus of the running sums', () => {
    const { ratio } = expectedLayerError([quadratic, quadratic], { channels: 1e6 });
    const limit = layerErrorRatio([quadratic, quadratic]);
    expect(ratio / limit).toBeGreaterThan(1);
    expect(ratio / limit).toBeLessThan(1 / 0.88);
  });

  it('falls when sums are cut into blocks, and rises with a kernel transform in single precision', () => {
    const at = (options: object) => expectedLayerError([f43, f43], { channels: 128, ...options }).ratio;
    expect(at({ sumBlock: 32 })).toBeLessThan(0.8 * at({}));
    expect(at({ kernelTransform: 'single' })).toBeGreaterThan(at({}));
    expect(at({ fused: false })).toBeGreaterThan(at({}));
  });

  it('takes programs into account', () => {
    const programs = { input: compile(f43.B), output: compile(f43.A) };
    const plain = expectedLayerError([f43, f43], { channels: 1 }).absolute;
    const shared = expectedLayerError(
      [
        { transform: f43, programs },
        { transform: f43, programs },
      ],
      { channels: 1 },
    );
    expect(shared.absolute).not.toBe(plain);
    expect(shared.absolute / plain).toBeGreaterThan(0.7);
    expect(shared.absolute / plain).toBeLessThan(1.3);
  });

  it.each([
    [[], { channels: 1 }, 'axes'],
    [[f23], { channels: 0 }, 'channels'],
    [[f23], { channels: 1.5 }, 'channels'],
    [[f23], { channels: 4, sumBlock: -1 }, 'sumBlock'],
  ] as const)('refuses %#', (axes, arithmetic, name) => {
    expect(() => expectedLayerError(axes, arithmetic)).toThrow(InputError);
    expect(() => expectedLayerError(axes, arithmetic)).toThrow(name);
  });
});

describe('forward bound', () => {
  it.each([
    [[f43], 64, 0],
    [[quadratic, quadratic], 32, 8],
  ] as const)('holds %#', (transforms, channels, sumBlock) => {
    const bound = forwardErrorBound(transforms, { channels, sumBlock });
    const { winograd } = simulate({ transforms, channels, sumBlock, tiles: 4, seed: 2 });
    expect(winograd).toBeLessThan(bound.absolute);
  });

  it('counts the roundings of a sum of products', () => {
    // F(1, 1) multiplies: one rounding of the kernel, n fused products, and the first partial sum goes to memory.
    const product = transform(1, 1, '0');
    const bound = forwardErrorBound([product], { channels: 10 });
    expect(bound.amplification).toBe(10);
    expect(bound.roundings).toBe(12);
    expect(bound.absolute).toBeCloseTo(10 * 12 * 2 ** -24, 10);
  });

  it('counts what cancels inside a program', () => {
    const shared = { transform: f43, programs: { input: compile(f43.B), output: compile(f43.A) } };
    expect(forwardErrorBound([shared], { channels: 1 }).amplification).toBeGreaterThanOrEqual(
      forwardErrorBound([f43], { channels: 1 }).amplification,
    );
  });

  it('refuses sums without a bound', () => {
    expect(() => forwardErrorBound([f23], { channels: 2 ** 24 })).toThrow('channels');
  });
});
