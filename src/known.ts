import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { axisFamily } from '../synth/forms/family.js';
import { paddedTransform } from '../synth/forms/padded.js';
import { fromJSON, InputError, synthesize } from '../synth/index.js';
import {
  type AxisAlgorithm,
  familyAlgorithm,
  foldedAlgorithm,
  paddedAlgorithm,
  plainAlgorithm,
} from './axis.js';
import { packageRoot } from './package.js';
import type { Problem } from './problem.js';

/** Sizes of tiles that share an axis; 14 = 4 + 4 + 4 + 2, 7 = 2 + 2 + 2 + 1. */
export const FAMILIES = [
  [4, 2],
  [2, 1],
  [4, 2, 1],
] as const;

/** Longer axes gain little from an algorithm of their own. */
export const MAX_WHOLE_AXIS = 4;

/** Most inputs of a tile that the planner considers: beyond it, rounding errors and weights grow past any use. */
const MAX_INPUTS = 16;

/** F(S, G) with its default moduli, synthesized and proved at first use. */
export const defaultAlgorithm = memoized((outputs: number, taps: number) =>
  plainAlgorithm(synthesize({ outputs, taps })),
);

/** What the planner chooses from for kernels of so many taps: single tiles, shipped or trivial, then families of them. */
export const knownAlgorithms = memoized((taps: number): readonly AxisAlgorithm[] => {
  if (taps > MAX_TAPS) return [];
  return [defaultAlgorithm(1, taps), ...best(shippedAlgorithms(taps)), ...families(taps)];
});

/** The engine's limit on products, which F(1, G) has G of. */
const MAX_TAPS = 64;

/** Taps as channels: for any axis but the last. */
export const foldedAlgorithms = memoized((taps: number, axis: 0 | 1 | 2) =>
  axis < 2 && taps > 1 ? [foldedAlgorithm(taps)] : [],
);

/** Algorithms for the whole of a short padded axis, which is then one tile. */
export function wholeAxisAlgorithms(
  { input, padBegin, padEnd, kernel }: Problem,
  axis: 0 | 1 | 2,
): AxisAlgorithm[] {
  const [inputs, begin, end, taps] = [input[axis], padBegin[axis], padEnd[axis], kernel[axis]];
  const pays = inputs <= MAX_WHOLE_AXIS && begin + end > 0 && begin < taps && end < taps;
  return pays && taps <= MAX_INPUTS ? [wholeAxisAlgorithm(inputs, begin, end, taps)] : [];
}

const wholeAxisAlgorithm = memoized((inputs: number, begin: number, end: number, taps: number) =>
  paddedAlgorithm(paddedTransform({ inputs, padding: [begin, end], taps })),
);

/** Transforms of the transforms/ folder, whose names begin with `f04x03` for F(4, 3); each was proved when made. */
function shippedAlgorithms(taps: number): AxisAlgorithm[] {
  const folder = join(packageRoot(), 'transforms');
  const pattern = new RegExp(`^f\\d+x${String(taps).padStart(2, '0')}_`);
  const names = readdirSync(folder).filter((name) => pattern.test(name));
  return names
    .sort()
    .map((name) => fromJSON(JSON.parse(readFileSync(join(folder, name), 'utf8'))))
    .filter(({ outputs }) => outputs + taps - 1 <= MAX_INPUTS)
    .map(plainAlgorithm);
}

/** Without those that another of the same tile size beats, or equals before them, in both products and noise. */
function best(algorithms: readonly AxisAlgorithm[]): AxisAlgorithm[] {
  const outputsOf = ({ forms }: AxisAlgorithm) => forms[0]!.native.outputs;
  return algorithms.filter((each, i) =>
    algorithms.every((other, j) => {
      if (i === j || outputsOf(each) !== outputsOf(other)) return true;
      const [products, noise] = [other.kernel.products - each.kernel.products, other.noise - each.noise];
      return products > 0 || noise > 0 || (products === 0 && noise === 0 && i < j);
    }),
  );
}

function families(taps: number): AxisAlgorithm[] {
  return FAMILIES.flatMap((outputs) => {
    try {
      return outputs[0] + taps - 1 <= MAX_INPUTS ? [familyAlgorithm(axisFamily({ outputs, taps }))] : [];
    } catch (error) {
      if (error instanceof InputError) return []; // no subset of the moduli fits the small tile
      throw error;
    }
  });
}

/** Remembers the results of a pure function of numbers and texts. */
export function memoized<A extends readonly (number | string)[], R>(
  of: (...args: A) => R,
): (...args: A) => R {
  const results = new Map<string, R>();
  return (...args) => {
    const key = args.join('|');
    const result = results.has(key) ? (results.get(key) as R) : of(...args);
    results.set(key, result);
    return result;
  };
}
