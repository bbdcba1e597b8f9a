import { expected, modulusDegree, parseModuli, synthesize, type Transform, verify } from '../synth/index.js';
import { type AxisAlgorithm, axisAlgorithm } from './axis.js';
import type { Axes } from './native.js';
import { axes, axisNames, type Layer, lift, type PerAxis, perAxis } from './problem.js';

/** Wishes for the tiles of a layer; without any, the planner chooses among F(S, G) of many sizes. */
export interface TileOptions {
  /** Outputs S of a tile: one number for every convolved axis, or one each. */
  readonly tile?: PerAxis;
  /**
   * Algorithms of your own, one for every convolved axis or one each: transforms, which are proved before use, or
   * moduli such as `'0, ±1, x^2+1, inf'`, whose degrees give S. Axes with a kernel of one need none.
   */
  readonly transforms?: PerAxis<Transform | string>;
}

/** Outputs per tile that the planner considers along an axis, as long as D stays within {@link MAX_INPUTS_AUTO}. */
const tileSizes = [1, 2, 3, 4, 5, 6, 7, 8] as const;

/** Beyond it, rounding errors of real points grow past any use. */
const MAX_INPUTS_AUTO = 16;

/** Most inputs D of a tile that the engine takes. */
export const MAX_INPUTS = 64;

/**
 * The algorithms a layer may use along each axis.
 *
 * @throws InputError when the wishes contradict the layer or each other; VerificationError when a transform of the
 *   caller's own is wrong
 */
export function candidatesOf(layer: Layer, options: TileOptions): Axes<readonly AxisAlgorithm[]> {
  const { rank } = layer;
  if (options.tile !== undefined && options.transforms !== undefined)
    throw expected('tile', 'left out when transforms are given', options.tile);
  const tile = options.tile === undefined ? undefined : lift(perAxis('tile', options.tile, rank, 1), 1);
  const own =
    options.transforms === undefined ? undefined : lift(ownTransforms(options.transforms, rank), undefined);
  return axes((axis) => {
    const taps = layer.kernel[axis];
    if (taps === 1) return [defaultAlgorithm(1, 1)];
    if (own?.[axis] !== undefined) return [ownAlgorithm(own[axis], taps, axisNames[axis])];
    if (tile !== undefined) {
      if (tile[axis] + taps - 1 > MAX_INPUTS)
        throw expected(`the tile along ${axisNames[axis]}`, `at most ${MAX_INPUTS - taps + 1}`, tile[axis]);
      return [defaultAlgorithm(tile[axis], taps)];
    }
    return tileSizes
      .filter((size) => size + taps - 1 <= (size === 1 ? MAX_INPUTS : MAX_INPUTS_AUTO))
      .map((size) => defaultAlgorithm(size, taps));
  });
}

const synthesized = new Map<string, AxisAlgorithm>();

/** F(S, G) with its default moduli, synthesized and proved at first use. */
function defaultAlgorithm(outputs: number, taps: number): AxisAlgorithm {
  const key = `${outputs},${taps}`;
  const algorithm = synthesized.get(key) ?? axisAlgorithm(synthesize({ outputs, taps }));
  synthesized.set(key, algorithm);
  return algorithm;
}

function ownTransforms(value: PerAxis<Transform | string>, rank: number): readonly (Transform | string)[] {
  const values: readonly unknown[] = Array.isArray(value) ? value : Array<unknown>(rank).fill(value);
  const valid = values.every(
    (each) => typeof each === 'string' || (typeof each === 'object' && each !== null),
  );
  if (values.length !== rank || !valid)
    throw expected('transforms', `a transform or moduli, or an array of ${rank} such`, value);
  return values as readonly (Transform | string)[];
}

const proved = new WeakSet<Transform>();

function ownAlgorithm(own: Transform | string, taps: number, axis: string): AxisAlgorithm {
  const transform = typeof own === 'string' ? fromModuli(own, taps) : own;
  if (transform.taps !== taps)
    throw expected(
      `the transform along ${axis}`,
      `one for ${taps} taps`,
      `F(${transform.outputs}, ${transform.taps})`,
    );
  if (!proved.has(transform)) {
    verify(transform);
    proved.add(transform);
  }
  const size = Math.max(transform.outputs + taps - 1, transform.products);
  if (size > MAX_INPUTS)
    throw expected(`the transform along ${axis}`, `one of at most ${MAX_INPUTS} inputs and products`, size);
  return axisAlgorithm(transform);
}

/** The degrees of the moduli add up to D = S + G − 1, which gives S. */
function fromModuli(moduli: string, taps: number): Transform {
  const total = parseModuli(moduli).reduce((sum, modulus) => sum + modulusDegree(modulus), 0);
  if (total < taps)
    throw expected('moduli', `of degrees that add up to ${taps} or more for ${taps} taps`, moduli);
  return synthesize({ outputs: total - taps + 1, taps, moduli });
}
