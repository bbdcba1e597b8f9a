import { nestModuli } from '../../synth/core/nesting.js';
import {
  expected,
  formatModulus,
  InputError,
  MAX_DEFAULT_INPUTS,
  parseModuli,
  proveTransform,
  synthesize,
  type Transform,
} from '../../synth/index.js';
import type { Axes } from '../native/addon.js';
import {
  axes,
  axisNames,
  type Layer,
  lift,
  onEach,
  type PerAxis,
  type Problem,
  perAxis,
  type Rank,
} from '../problem/problem.js';
import { type AxisAlgorithm, plainAlgorithm } from './axis-algorithm.js';
import {
  defaultAlgorithm,
  familyAlgorithms,
  foldedAlgorithms,
  knownAlgorithms,
  memoized,
  wholeAxisAlgorithms,
} from './catalogue.js';

/** Wishes for the tiles of a layer; without any, the planner chooses among F(S, G) of many sizes. */
export interface TileOptions {
  /**
   * Outputs S of a tile: one number for every convolved axis, or one each; 'fold' (for any axis but the last) for no
   * tiles there: its taps are summed like channels, which suits first layers.
   */
  readonly tile?: PerAxis<number | 'fold'>;
  /**
   * Algorithms of your own, one for every convolved axis or one each: transforms, which are proved before use, or
   * moduli such as `'0, ±1, x^2+1, inf'`, whose degrees give S. Axes with a kernel of one need none.
   */
  readonly transforms?: PerAxis<Transform | string>;
}

/** Most inputs of a tile, and most products, that the engine takes along an axis. */
export const MAX_SIZE = 64;

/**
 * The algorithms a layer may use along each axis: those of its wishes, or all that the library knows.
 *
 * @param layer with an input, if algorithms that fit only that one are to be among them
 * @throws InputError when the wishes contradict the layer or each other; VerificationError when a transform of the
 *   caller's own is wrong
 */
export function candidatesOf(layer: Layer | Problem, options: TileOptions): Axes<readonly AxisAlgorithm[]> {
  const { rank } = layer;
  if (options.tile !== undefined && options.transforms !== undefined)
    throw expected('tile', 'left out when transforms are given', options.tile);
  const tile =
    options.tile === undefined ? undefined : lift<number | 'fold'>(tileSizes(options.tile, rank), 1);
  const own =
    options.transforms === undefined ? undefined : lift(ownTransforms(options.transforms, rank), undefined);
  return axes((axis) => {
    const taps = layer.kernel[axis];
    const stride = layer.stride[axis];
    if (taps === 1) return [defaultAlgorithm(1, 1)];
    if (own?.[axis] !== undefined)
      return stride === 1 ? [ownAlgorithm(own[axis], taps, axisNames[axis])] : [];
    if (tile === undefined)
      return [
        // First, so that among equals the slowest axis is folded, whose tiles would lie farthest apart.
        ...foldedAlgorithms(taps, axis),
        ...knownAlgorithms(taps, stride),
        ...('input' in layer ? familyAlgorithms(taps, stride, layer.output[axis]) : []),
        ...('input' in layer && stride === 1 ? wholeAxisAlgorithms(layer, axis) : []),
      ];
    const size = tile[axis];
    if (size === 'fold') {
      if (axis === 2) throw expected(`the tile along ${axisNames[axis]}`, 'a number', size);
      return foldedAlgorithms(taps, axis);
    }
    if (taps > MAX_SIZE) return [];
    if (stride > 1)
      return knownAlgorithms(taps, stride).filter(({ forms }) => forms[0]!.native.outputs === size);
    // Beyond the moduli that the library knows, only transforms of the caller's own go on.
    if (size > 1 && size + taps - 1 > MAX_DEFAULT_INPUTS)
      throw expected(`the tile along ${axisNames[axis]}`, largestTile(taps), size);
    return [defaultAlgorithm(size, taps)];
  });
}

function largestTile(taps: number): string {
  const most = Math.max(1, MAX_DEFAULT_INPUTS - taps + 1);
  return `at most ${most} for ${taps} taps`;
}

function tileSizes(value: NonNullable<TileOptions['tile']>, rank: Rank): readonly (number | 'fold')[] {
  const values = onEach(value, rank) as readonly (number | 'fold')[];
  const folded = values.includes('fold');
  // What is folded is no number; the others are checked as ever.
  perAxis('tile', folded ? values.map((each) => (each === 'fold' ? 1 : each)) : value, rank, 1);
  return values;
}

function ownTransforms(value: PerAxis<Transform | string>, rank: number): readonly (Transform | string)[] {
  const values = onEach(value, rank);
  const valid = values.every(
    (each) => typeof each === 'string' || (typeof each === 'object' && each !== null),
  );
  if (values.length !== rank || !valid)
    throw expected('transforms', `a transform or moduli, or an array of ${rank} such`, value);
  return values as readonly (Transform | string)[];
}

const proved = new WeakMap<Transform, AxisAlgorithm>();

function ownAlgorithm(own: Transform | string, taps: number, axis: string): AxisAlgorithm {
  const transform = typeof own === 'string' ? fromModuli(own, taps) : own;
  const known = proved.get(transform);
  if (transform.taps !== taps)
    throw expected(
      `the transform along ${axis}`,
      `one for ${taps} taps`,
      `F(${transform.outputs}, ${transform.taps})`,
    );
  if (known !== undefined) return known;
  proveTransform(transform);
  const size = Math.max(transform.outputs + taps - 1, transform.products);
  if (size > MAX_SIZE)
    throw expected(`the transform along ${axis}`, `one of at most ${MAX_SIZE} inputs and products`, size);
  const algorithm = plainAlgorithm(inCanonicalOrder(transform));
  proved.set(transform, algorithm);
  return algorithm;
}

/**
 * The same products in the canonical order, in which shipped transforms have their codelets; as given where the moduli
 * make other products.
 */
function inCanonicalOrder(own: Transform): Transform {
  const { moduli, taps } = own;
  if (moduli.length === 0) return own;
  let canonical: Transform;
  try {
    canonical = fromModuli(moduli.join(', '), taps);
  } catch (error) {
    // What the moduli say does not matter here: the algorithm is proved.
    if (error instanceof InputError) return own;
    throw error;
  }
  const [products, wanted] = [own, canonical].map((each) => productTexts(each).sort().join('\n'));
  return products === wanted ? canonical : own;
}

/** Every product, a column of A and rows of B and C, as a text. */
function productTexts({ A, B, C }: Transform): string[] {
  return B.map((row, t) =>
    [A.map((line) => line[t]!), row, C[t]!]
      .map((vector) => vector.map((value) => value.toFraction()).join(' '))
      .join('; '),
  );
}

/**
 * The degrees of the moduli add up to D = S + G − 1, which gives S. In the canonical order, whichever was given, so that
 * shipped transforms run on their codelets.
 */
const fromModuli = memoized((moduli: string, taps: number): Transform => {
  const nested = nestModuli(parseModuli(moduli), taps);
  const outputs = nested.sizes[0]!.outputs;
  return synthesize({ outputs, taps, moduli: nested.moduli.map(formatModulus) });
});
