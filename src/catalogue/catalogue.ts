import { ONE, ZERO } from '../../synth/algebra/rational.js';
import { combinations } from '../../synth/combinations.js';
import { paddedTransform } from '../../synth/forms/padded.js';
import { phaseTaps, type StridedFamily, stridedFamily } from '../../synth/forms/strided.js';
import { synthesize, type Transform } from '../../synth/index.js';
import { noiseGain } from '../../synth/noise/gain.js';
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
export const knownAlgorithms = memoized((taps: number, stride: number): readonly AxisAlgorithm[] => {
  if (taps > MAX_TAPS) return [];
  const shipped = families(taps, stride).map(({ biggest }) => biggest);
  const others = shipped.length > 0 || stride > 1 ? shipped : defaultAlgorithms(taps);
  return [defaultAlgorithm(1, taps), ...others];
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
export const familyAlgorithms = memoized(
  (taps: number, stride: number, extent: number): readonly AxisAlgorithm[] =>
    families(taps, stride).flatMap(({ sizes, biggest, of }) => {
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

/** A family of tiles as algorithms. */
interface Family extends Pick<ShippedFamily, 'sizes'> {
  readonly biggest: AxisAlgorithm;
  /** Tiles of the biggest size and others, `5,4`. */
  readonly of: (sizes: string) => AxisAlgorithm;
}

function familyOf(sizes: Family['sizes'], of: (used: readonly number[]) => AxisAlgorithm): Family {
  const known = memoized((used: string) => of(used.split(',').map(Number)));
  return { sizes, of: known, biggest: known(`${sizes[0]!.outputs}`) };
}

const families = memoized((taps: number, stride: number): readonly Family[] =>
  stride === 1
    ? best(plainFamilies(taps), ({ sizes, biggest }) => ({
        outputs: sizes[0]!.outputs,
        products: biggest.kernel.products,
        noise: biggest.noise,
      }))
    : stridedFamilies(taps, stride).map(familyOfStrided),
);

function plainFamilies(taps: number): Family[] {
  return shippedFamilies(taps)
    .filter(({ sizes }) => sizes[0]!.outputs + taps - 1 <= MAX_INPUTS)
    .map(({ sizes, member }) =>
      familyOf(sizes, (used) => {
        const members = used.map(member);
        return familyAlgorithm({ ...members[0]!, members });
      }),
    );
}

function familyOfStrided(family: StridedFamily): Family {
  return familyOf(family.members, (used) =>
    familyAlgorithm({ ...family, members: family.members.filter(({ outputs }) => used.includes(outputs)) }),
  );
}

/**
 * Strided tiles from the shipped families of their phases, those that save products. Phases of one tap have none to save:
 * they are the inputs themselves.
 */
export const stridedFamilies = memoized((taps: number, stride: number): readonly StridedFamily[] => {
  if (taps < stride || taps > MAX_TAPS) return [];
  const most = Math.floor((MAX_INPUTS - taps) / stride) + 1;
  const all = Array.from({ length: Math.max(0, most - 1) }, (_, i) => i + 2).flatMap((outputs) =>
    combinations(phaseTaps(taps, stride).map((own) => tilesFor(own, outputs))).flatMap((chosen) => {
      const shared = chosen[0]!
        .map((each) => each.outputs)
        .filter((size) => chosen.every((tiles) => tiles.some((each) => each.outputs === size)));
      const family = stridedFamily(
        taps,
        chosen.map((tiles) => tiles.filter((each) => shared.includes(each.outputs))),
      );
      return family.products < outputs * taps ? [family] : [];
    }),
  );
  return best(all, ({ products, members: [biggest] }) => ({
    outputs: biggest!.outputs,
    products,
    noise: noiseGain(biggest!),
  }));
});

/** Families of plain tiles with a biggest one of so many outputs, as their members, biggest first. */
function tilesFor(taps: number, outputs: number): readonly (readonly Transform[])[] {
  if (taps === 1) return [Array.from({ length: outputs }, (_, i) => trivialTile(outputs - i))];
  return shippedFamilies(taps)
    .filter(({ sizes }) => sizes[0]!.outputs === outputs)
    .map(({ sizes, member }) => sizes.map((each) => member(each.outputs)));
}

/** F(S, 1): a product for each output, in order, so that smaller tiles are beginnings of larger ones. */
const trivialTile = memoized((outputs: number): Transform => {
  const identity = Array.from({ length: outputs }, (_, i) =>
    Array.from({ length: outputs }, (__, j) => (i === j ? ONE : ZERO)),
  );
  const transform = { outputs, taps: 1, products: outputs, moduli: [] };
  return { ...transform, A: identity, B: identity, C: identity.map(() => [ONE]) };
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

/** What tiles of one size are compared by. */
interface Merits {
  readonly outputs: number;
  readonly products: number;
  readonly noise: number;
}

/** Without those that another of the same tile size beats, or equals before them, in both products and noise. */
function best<T>(all: readonly T[], meritsOf: (each: T) => Merits): T[] {
  const merits = all.map(meritsOf);
  return all.filter((_, i) => {
    const own = merits[i]!;
    return merits.every((other, j) => {
      if (i === j || own.outputs !== other.outputs) return true;
      const [products, noise] = [other.products - own.products, other.noise - own.noise];
      return products > 0 || noise > 0 || (products === 0 && noise === 0 && i < j);
    });
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
