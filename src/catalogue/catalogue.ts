import { paddedTransform } from '../../synth/forms/padded.js';
import { synthesize } from '../../synth/index.js';
import type { Problem } from '../problem/problem.js';
import {
  type AxisAlgorithm,
  familyAlgorithm,
  foldedAlgorithm,
  paddedAlgorithm,
  plainAlgorithm,
} from './axis-algorithm.js';
import { fewestProducts } from './cover.js';
import { type ShippedFamily, shippedFamilies } from './families.js';

/** Longer axes gain little from an algorithm of their own. */
export const MAX_WHOLE_AXIS = 4;

/** Most inputs of a tile that the planner considers: beyond it, rounding errors and weights grow past any use. */
const MAX_INPUTS = 16;

/** F(S, G) with its default moduli, synthesized and proved at first use. */
export const defaultAlgorithm = memoized((outputs: number, taps: number) =>
  plainAlgorithm(synthesize({ outputs, taps })),
);

/** Tiles of one size that the planner chooses from for kernels of so many taps: trivial, and shipped or default ones. */
export const knownAlgorithms = memoized((taps: number): readonly AxisAlgorithm[] => {
  if (taps > MAX_TAPS) return [];
  const shipped = families(taps).map(({ biggest }) => biggest);
  return [defaultAlgorithm(1, taps), ...(shipped.length > 0 ? shipped : defaultAlgorithms(taps))];
});

/** For longer kernels than have transforms shipped, which are synthesized at first use. */
function defaultAlgorithms(taps: number): readonly AxisAlgorithm[] {
  const count = Math.max(0, MAX_INPUTS - taps);
  return Array.from({ length: count }, (_, i) => defaultAlgorithm(i + 2, taps));
}

/**
 * Tiles of several sizes, 14 = 5 + 5 + 4, where they cover an axis with clearly fewer products than tiles of the biggest
 * size alone, which overhang. The weights are the same.
 *
 * @param extent outputs along the axis
 */
export const familyAlgorithms = memoized((taps: number, extent: number): readonly AxisAlgorithm[] =>
  families(taps).flatMap(({ sizes, biggest, of }) => {
    const counts = fewestProducts(sizes, extent);
    const products = sizes.reduce((sum, each, i) => sum + counts[i]! * each.products, 0);
    const alone = Math.ceil(extent / sizes[0]!.outputs) * biggest.kernel.products;
    const used = sizes.flatMap(({ outputs }, i) => (counts[i]! > 0 ? [outputs] : []));
    // Without the biggest tile it would be a family of fewer moduli.
    return counts[0]! > 0 && products <= WORTHWHILE * alone ? [of(used.join())] : [];
  }),
);

/** Several kinds of tiles cost some time to keep apart. */
const WORTHWHILE = 0.98;

/** A shipped family as algorithms. */
interface Family extends Pick<ShippedFamily, 'sizes'> {
  readonly biggest: AxisAlgorithm;
  /** Tiles of the biggest size and others, `5,4`. */
  readonly of: (sizes: string) => AxisAlgorithm;
}

const families = memoized((taps: number): readonly Family[] => {
  const all = shippedFamilies(taps)
    .filter(({ sizes }) => sizes[0]!.outputs + taps - 1 <= MAX_INPUTS)
    .map(({ sizes, member }): Family => {
      const of = memoized((used: string) => {
        const members = used.split(',').map((size) => member(Number(size)));
        return familyAlgorithm({ ...members[0]!, members });
      });
      return { sizes, of, biggest: of(`${sizes[0]!.outputs}`) };
    });
  return best(all);
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

/** Without those that another of the same tile size beats, or equals before them, in both products and noise. */
function best(all: readonly Family[]): Family[] {
  return all.filter(({ sizes, biggest }, i) =>
    all.every((other, j) => {
      if (i === j || sizes[0]!.outputs !== other.sizes[0]!.outputs) return true;
      const [products, noise] = [
        other.biggest.kernel.products - biggest.kernel.products,
        other.biggest.noise - biggest.noise,
      ];
      return products > 0 || noise > 0 || (products === 0 && noise === 0 && i < j);
    }),
  );
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
