import { Fraction } from 'fraction.js';
import type { Point } from '../core/squared-gain.js';
import { expected } from '../errors.js';
import { MAX_DIMS } from '../noise/layer.js';
import { checkOptions } from '../options.js';
import { randomNumbers } from '../random.js';
import { type Minimum, minimise } from '../search/minimise.js';
import { paretoFront } from '../search/pareto.js';
import { simplestBetween } from '../search/rationals.js';
import { snap, toPoint } from '../search/snap.js';
import type { ParameterKind } from '../search/structure.js';
import type { SplitOptions, SplitPoint } from './axis.js';
import type { Gaussian } from './gaussian.js';
import { idealSquaredGain } from './ideal-gain.js';
import { splitNoiseGain } from './split.js';
import type { Complex } from './sums.js';

/** What to search for and how hard. */
export interface SplitSearchOptions {
  readonly outputs: number;
  readonly taps: number;
  /** N, 2 or more: in one dimension there is nothing to split. */
  readonly dims: number;
  /** Random starts for each shape of points; 3 by default. */
  readonly starts?: number;
  /** The same seed gives the same front. 1 by default. */
  readonly seed?: number;
  readonly onProgress?: (share: number) => void;
}

/** One algorithm of the front; `splitTransform` builds its matrices. */
export interface SplitMember extends SplitOptions {
  /** T, of all axes together. */
  readonly products: number;
  /** T/Sᴺ. */
  readonly productsPerOutput: number;
  /** Q of all axes together. */
  readonly noiseGain: number;
  /** Q/Gᴺ: expected error of a layer with many channels as a multiple of direct convolution's. */
  readonly layerError: number;
}

/** Points of one axis that x → −x maps to themselves: how many are 0 or ∞, ± pairs, ± pairs on the imaginary axis … */
interface Shape {
  readonly ends: readonly SplitPoint[];
  readonly pairs: number;
  readonly imaginary: number;
  /** Fours ±u ± v·i. */
  readonly fours: number;
}

const ALLOWANCES = [0.01, 0.1];
const SLACK = 0.005;

/**
 * Searches the Pareto front of `splitTransform` over products and expected error, for points that are symmetric under
 * x → −x: the noise is minimised over the reals, then the points are turned into small rationals.
 *
 * @returns the front by rising number of products
 * @throws InputError when a size is not positive, or there are fewer than two dimensions
 */
export function searchSplit(options: SplitSearchOptions): SplitMember[] {
  checkOptions('searchSplit', options, {
    ...{ outputs: true, taps: true, dims: true, starts: true, seed: true, onProgress: true },
  });
  const { outputs, taps, dims, starts = 3, seed = 1, onProgress } = options;
  for (const [name, value] of Object.entries({ outputs, taps, starts }))
    if (!Number.isInteger(value) || value < 1) throw expected(name, 'a positive integer', value);
  if (!Number.isInteger(dims) || dims < 2 || dims > MAX_DIMS)
    throw expected('dims', `an integer from 2 to ${MAX_DIMS}`, dims);
  const all = shapes(outputs + taps - 1);
  const found = all.flatMap((shape, index) => {
    onProgress?.(index / all.length);
    return pointsFor(shape, outputs, taps, dims, starts, seed + 104729 * index);
  });
  // What has more products and more noise need not be built.
  const promising = paretoFront(found, ({ products, gain }) => [products, gain], [0, SLACK]);
  return promising.map(({ points, products }) => {
    const noiseGain = splitNoiseGain({ outputs, taps, dims, points });
    return {
      ...{ outputs, taps, dims, points, products },
      productsPerOutput: products / outputs ** dims,
      noiseGain,
      layerError: noiseGain / taps ** dims,
    };
  });
}

function shapes(size: number): Shape[] {
  const list: Shape[] = [];
  const zero: SplitPoint = gaussian([1, 0], [1, 0]);
  for (const ends of size % 2 === 0 ? [[], [zero, 'inf' as const]] : [['inf' as const]])
    for (let imaginary = 0; imaginary <= 2; imaginary++)
      for (let fours = 0; fours <= size / 4; fours++) {
        const pairs = (size - ends.length - 2 * imaginary - 4 * fours) / 2;
        if (pairs >= 0 && imaginary + fours > 0) list.push({ ends, pairs, imaginary, fours });
      }
  return list;
}

interface Found {
  readonly points: readonly SplitPoint[];
  readonly products: number;
  readonly gain: number;
}

function pointsFor(
  shape: Shape,
  outputs: number,
  taps: number,
  dims: number,
  starts: number,
  seed: number,
): Found[] {
  const kinds = parameterKinds(shape);
  const objective = (values: readonly Point[]) => {
    const points = numbersOf(shape, values);
    return Math.log(idealSquaredGain({ outputs, taps, dims, ...points }));
  };
  const f = (x: readonly number[]) => objective(x.map((each, i) => toPoint(kinds[i]!, each)));
  const random = randomNumbers(seed);
  let best: Minimum = { x: [], value: Number.POSITIVE_INFINITY };
  for (let start = 0; start < starts; start++) {
    const minimum = minimise(f, randomStart(shape, random));
    if (minimum.value < best.value) best = minimum;
  }
  const size = outputs + taps - 1;
  const real = shape.ends.length + 2 * shape.pairs;
  const products = real ** dims + 1.5 * (size ** dims - real ** dims);
  const kind = { choose: simplestBetween, includes: () => true };
  return ALLOWANCES.flatMap((allowance) => {
    const snapped = snap({ parameters: kinds }, objective, best, allowance, kind);
    if (snapped === undefined) return [];
    return { points: pointsOf(shape, snapped.values), products, gain: Math.exp(snapped.value / 2) };
  });
}

function parameterKinds({ pairs, imaginary, fours }: Shape): ParameterKind[] {
  return [
    ...Array<'point'>(pairs).fill('point'),
    ...Array<'coefficient'>(imaginary + 2 * fours).fill('coefficient'),
  ];
}

function randomStart({ pairs, imaginary, fours }: Shape, random: () => number): number[] {
  const angles = Array.from({ length: pairs }, () => (random() * Math.PI) / 2);
  const radii = Array.from({ length: imaginary }, () => 0.7 + 0.6 * random());
  const circle = Array.from({ length: fours }, () => (random() * Math.PI) / 2);
  return [...angles, ...radii, ...circle.flatMap((angle) => [Math.cos(angle), Math.sin(angle)])];
}

/** The points of a shape in double precision; of two conjugate ones that with the positive imaginary part. */
function numbersOf({ ends, pairs, imaginary, fours }: Shape, values: readonly Point[]) {
  const at = (index: number) => values[index]![1] / values[index]![0];
  const real: Point[] = ends.map((end) => (end === 'inf' ? [0, 1] : [1, 0]));
  const complex: Complex[] = [];
  for (let k = 0; k < pairs; k++) {
    const [u, w] = values[k]!;
    real.push([u, w], [u, -w]);
  }
  for (let k = pairs; k < pairs + imaginary; k++) complex.push([0, at(k)]);
  for (let k = pairs + imaginary; k < pairs + imaginary + 2 * fours; k += 2)
    complex.push([at(k), at(k + 1)], [-at(k), at(k + 1)]);
  return { real, complex };
}

/** The same as exact points. None of a pair is rounded to 0 or ∞: there the two would meet, and the noise has no bound. */
function pointsOf({ ends, pairs, imaginary, fours }: Shape, values: readonly Point[]): SplitPoint[] {
  const zero: Point = [1, 0];
  const both = ([u, w]: Point, imaginaryPart: Point): SplitPoint[] =>
    [Math.abs(w), -Math.abs(w)].map((each) => gaussian([u, each], imaginaryPart));
  const points: SplitPoint[] = ends.filter((end) => end !== 'inf');
  for (const value of values.slice(0, pairs)) points.push(...both(value, zero));
  for (const value of values.slice(pairs, pairs + imaginary)) points.push(gaussian(zero, value));
  for (let k = pairs + imaginary; k < pairs + imaginary + 2 * fours; k += 2)
    points.push(...both(values[k]!, values[k + 1]!));
  return [...points, ...ends.filter((end) => end === 'inf')];
}

function gaussian([u, w]: Point, [v, x]: Point): Gaussian {
  return { re: new Fraction(w, u), im: new Fraction(Math.abs(x), v) };
}
