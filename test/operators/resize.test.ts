import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { operatorOf } from '../../src/operators/index.js';
import { mix, type Numbers, take } from './reference.js';
import { type Input, indices, numbers, places, runOperator, tensor } from './run.js';

const RUNS = Number(process.env.WINOGRAD_TEST_RUNS ?? 40);

/** Scales of which every position is exact in single precision, so that ties are ties. */
const scales = fc.constantFrom(1, 0.5, 0.25, 2, 4);
const modes = ['half_pixel', 'half_pixel_symmetric', 'pytorch_half_pixel', 'align_corners', 'asymmetric'];

function positionOf(mode: string, x: number, input: number, output: number, scale: number): number {
  if (mode === 'asymmetric') return x / scale;
  if (mode === 'align_corners') return output === 1 ? 0 : (x * (input - 1)) / (output - 1);
  if (mode === 'pytorch_half_pixel' && output === 1) return 0;
  const middle = (x + 0.5) / scale - 0.5;
  return mode === 'half_pixel_symmetric' ? (input / 2) * (1 - output / (scale * input)) + middle : middle;
}

const cases = fc.integer({ min: 1, max: 3 }).chain((rank) =>
  fc.record({
    input: fc.array(fc.integer({ min: 1, max: rank === 3 ? 6 : 13 }), { minLength: rank, maxLength: rank }),
    factors: fc.array(scales, { minLength: rank, maxLength: rank }),
    channels: fc.integer({ min: 1, max: 18 }),
    mode: fc.constantFrom(...modes),
  }),
);

describe('resizing', () => {
  it.each(['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil'])(
    'nearest neighbours: %s',
    (rounding) => {
      const roundings: Record<string, (at: number) => number> = {
        round_prefer_floor: (at) => (at - Math.floor(at) <= 0.5 ? Math.floor(at) : Math.ceil(at)),
        round_prefer_ceil: (at) => (at - Math.floor(at) < 0.5 ? Math.floor(at) : Math.ceil(at)),
        ...{ floor: Math.floor, ceil: Math.ceil },
      };
      const whole = (size: number, scale: number) => Number.isInteger(size * scale);
      const exact = cases.filter(({ mode, input, factors }) =>
        mode === 'half_pixel_symmetric'
          ? input.every((size, a) => whole(size, factors[a]!))
          : mode !== 'align_corners',
      );
      fc.assert(
        fc.property(exact, places(), ({ input, factors, channels, mode }, where) => {
          const given = factors.map((scale, a) => (input[a]! * scale < 1 ? 1 : scale));
          const x = numbers([1, channels, ...input]);
          let wanted: Numbers = x;
          for (const [a, scale] of given.entries()) {
            const output = Math.floor(input[a]! * scale);
            const list = Array.from({ length: output }, (_, i) => {
              const place = roundings[rounding]!(positionOf(mode, i, input[a]!, output, scale));
              return Math.min(Math.max(place, 0), input[a]! - 1);
            });
            wanted = take(wanted, a + 2, list);
          }
          const attributes = {
            mode: 'nearest',
            nearest_mode: rounding,
            coordinate_transformation_mode: mode,
          };
          const known: Input = { ...tensor([given.length + 2], [1, 1, ...given]), known: true };
          const [y] = runOperator('Resize', attributes, [x, undefined, known], where);
          expect(y!.shape).toEqual(wanted.shape);
          expect(Array.from(y!.data)).toEqual(Array.from(wanted.data));
        }),
        { numRuns: RUNS },
      );
    },
  );

  it.each(['linear', 'cubic'])('interpolates: %s', (kind) => {
    fc.assert(
      fc.property(cases, places(), fc.boolean(), ({ input, factors, channels, mode }, where, excludes) => {
        const sizes = factors.map((scale, a) => Math.max(1, Math.floor(input[a]! * scale)));
        const x = numbers([2, channels, ...input]);
        let wanted: Numbers = x;
        for (const [a, output] of sizes.entries()) {
          const weights = Array.from({ length: output }, (_, i) => {
            const at = positionOf(mode, i, input[a]!, output, output / input[a]!);
            return kind === 'linear' ? tent(at, input[a]!) : keys(at, input[a]!, excludes);
          });
          wanted = mix(wanted, a + 2, weights);
        }
        const attributes = {
          ...{ mode: kind, coordinate_transformation_mode: mode, exclude_outside: Number(excludes) },
          axes: sizes.map((_, a) => a - sizes.length),
        };
        const [y] = runOperator('Resize', attributes, [x, undefined, undefined, indices(...sizes)], where);
        expect(y!.shape).toEqual(wanted.shape);
        // Positions are rounded to single precision (at most 64, so by 2⁻¹⁸), and neighbours differ by 16 at the most;
        // cubic weights move a few times as fast.
        for (const [i, value] of y!.data.entries())
          expect(Math.abs(value - wanted.data[i]!)).toBeLessThan(3 * 8 * 16 * 2 ** -18);
      }),
      { numRuns: RUNS },
    );
  });

  it('Upsample is by corners', () => {
    const known: Input = { ...tensor([3], [1, 1, 2]), known: true };
    const where = { isa: 'portable', width: 4, threads: 1, layout: 'planar' as const };
    const x = tensor([1, 1, 3], [1, 2, 4]);
    const run = (mode: string) => Array.from(runOperator('Upsample', { mode }, [x, known], where)[0]!.data);
    expect(run('nearest')).toEqual([1, 1, 2, 2, 4, 4]);
    expect(run('linear')).toEqual([1, 1.5, 2, 3, 4, 4]);
  });

  it.each([
    [{ mode: 'linear', antialias: 1 }, 'antialias'],
    [{ mode: 'bilinear' }, 'mode'],
    [{ coordinate_transformation_mode: 'tf_crop_and_resize' }, 'coordinate_transformation_mode'],
    [{ keep_aspect_ratio_policy: 'not_larger' }, 'keep_aspect_ratio_policy'],
  ])('refuses %o by the name of %s', (attributes, name) => {
    const x = { type: 'float32' as const, shape: [1, 1, 8] };
    const sizes = indices(1, 1, 16);
    const inputs = [x, undefined, undefined, sizes];
    expect(() =>
      operatorOf('Resize').infer(attributes, inputs, [undefined, undefined, undefined, sizes]),
    ).toThrow(name);
  });
});

/** 1 at the position, falling to 0 at a distance of 1; the edge goes on beyond itself. */
function tent(position: number, input: number): Map<number, number> {
  const at = Math.min(Math.max(position, 0), input - 1);
  const weights = new Map<number, number>();
  for (let i = 0; i < input; i++) if (Math.abs(i - at) < 1) weights.set(i, 1 - Math.abs(i - at));
  return weights;
}

/** Keys' kernel with a = −3/4, as a function of the distance. */
function keys(position: number, input: number, excludes: boolean): Map<number, number> {
  const a = -0.75;
  const kernel = (d: number) => {
    const t = Math.abs(d);
    if (t <= 1) return (a + 2) * t ** 3 - (a + 3) * t ** 2 + 1;
    return t < 2 ? a * t ** 3 - 5 * a * t ** 2 + 8 * a * t - 4 * a : 0;
  };
  const weights = new Map<number, number>();
  let sum = 0;
  for (let i = Math.floor(position) - 2; i <= position + 3; i++) {
    if (excludes && (i < 0 || i >= input)) continue;
    const place = Math.min(Math.max(i, 0), input - 1);
    weights.set(place, (weights.get(place) ?? 0) + kernel(i - position));
    sum += kernel(i - position);
  }
  for (const [place, weight] of weights) weights.set(place, weight / sum);
  return weights;
}
