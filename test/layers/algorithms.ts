import {
  type AxisAlgorithm,
  familyAlgorithm,
  paddedAlgorithm,
  plainAlgorithm,
} from '../../src/catalogue/axis-algorithm.js';
import {
  familyAlgorithms,
  foldedAlgorithms,
  knownAlgorithms,
  memoized,
  wholeAxisAlgorithms,
} from '../../src/catalogue/catalogue.js';
import { type Cover, cover } from '../../src/catalogue/cover.js';
import type { Problem } from '../../src/problem/problem.js';
import { axisFamily } from '../../synth/forms/family.js';
import { paddedTransform } from '../../synth/forms/padded.js';
import { stridedFamily } from '../../synth/forms/strided.js';
import { synthesize } from '../../synth/index.js';
import type { TiledAxis } from '../bounds.js';
import type { Case } from './cases.js';

/**
 * Algorithms by taps whose A and B hold only dyadic numbers, so that integers pass through them exactly: outputs of
 * the tiles that share the axis, and moduli.
 */
const dyadic: Readonly<Record<number, readonly (readonly [outputs: readonly number[], moduli: string])[]>> = {
  2: [
    [[2], '0, 1, inf'],
    [[3], '0, ±1, inf'],
    [[4], '0, ±1, x^2+1'],
    [[3, 1], '0, ±1, inf'],
  ],
  3: [
    [[2], '0, ±1, inf'],
    [[4], '0, ±1, ±2, inf'],
    [[6], '0, ±1, ±2, ±1/2, inf'],
    [[4], '0, ±1, x^2+1, inf'],
    [[1], 'x^3'],
    [[2, 1], '0, ±1, inf'],
    [[4, 2], '0, ±1, ±2, inf'],
    [[4, 3, 2, 1], '0, ±1, ±2, inf'],
    [[4, 2], '0, ±1, x^2+1, inf'],
  ],
  4: [
    [[3], '0, ±1, ±2, inf'],
    [[2], '0, ±1, 2, inf'],
    [[3], '0, ±1, x^2+1, inf'],
    [[3, 1], '0, ±1, ±2, inf'],
  ],
  5: [
    [[2], '0, ±1, ±2, inf'],
    [[2], '0, ±1, x^2+1, inf'],
    [[4], '0, ±1, ±2, ±1/2, inf'],
    [[4, 2, 1], '0, ±1, ±2, ±1/2, inf'],
  ],
};

/** The same at a stride: tiles of two sizes, from dyadic ones of the phases. */
const dyadicStrided = memoized((taps: number, stride: number): readonly AxisAlgorithm[] => {
  const single = knownAlgorithms(taps, stride).slice(0, 1);
  if (taps < stride) return single;
  const phases = Array.from({ length: stride }, (_, b) => Math.ceil((taps - b) / stride));
  const moduli: Readonly<Record<number, string>> = { 1: '0, inf', 2: '0, 1, inf', 3: '0, ±1, inf' };
  const tiles = phases.map((own) => axisFamily({ outputs: [2, 1], taps: own, moduli: moduli[own]! }).members);
  const family = stridedFamily(taps, tiles);
  const alone = { ...family, members: family.members.slice(0, 1) };
  return [...single, familyAlgorithm(family), familyAlgorithm(alone)];
});

const made = new Map<string, AxisAlgorithm>();

function dyadicAlgorithm(taps: number, outputs: readonly number[], moduli: string): AxisAlgorithm {
  const key = `${taps} ${outputs} ${moduli}`;
  if (!made.has(key)) {
    const [only] = outputs;
    const algorithm =
      outputs.length === 1
        ? plainAlgorithm(synthesize({ outputs: only!, taps, moduli }))
        : familyAlgorithm(axisFamily({ outputs, taps, moduli }));
    made.set(key, algorithm);
  }
  return made.get(key)!;
}

/** Covers by dyadic algorithms; a short padded axis may be one tile. */
export function dyadicCovers(c: Case, problem: Problem): Cover[] {
  return coversOf(c, problem, (taps, stride, axis) => {
    const [inputs, begin, end] = [problem.input[axis], problem.padBegin[axis], problem.padEnd[axis]];
    if (stride > 1) return [...dyadicStrided(taps, stride), ...foldedAlgorithms(taps, axis)];
    const list = dyadic[taps]!.map(([outputs, moduli]) => dyadicAlgorithm(taps, outputs, moduli));
    const folded = foldedAlgorithms(taps, axis);
    const short = inputs === 2 && begin === 1 && end === 1 && taps === 3;
    return short
      ? [paddedAlgorithm(paddedTransform({ inputs, padding: [1, 1], taps, moduli: '±1, inf' }))]
      : [...list, ...folded];
  });
}

/** Covers by whatever the planner would consider. */
export function plannedCovers(c: Case, problem: Problem): Cover[] {
  return coversOf(c, problem, (taps, stride, axis) => [
    ...knownAlgorithms(taps, stride),
    ...familyAlgorithms(taps, stride, problem.output[axis]),
    ...(stride === 1 ? wholeAxisAlgorithms(problem, axis) : []),
  ]);
}

function coversOf(
  c: Case,
  problem: Problem,
  algorithms: (taps: number, stride: number, axis: 0 | 1 | 2) => readonly AxisAlgorithm[],
): Cover[] {
  return c.axes.map(({ kernel, stride, pick }, i) => {
    const axis = (3 - c.axes.length + i) as 0 | 1 | 2;
    const list = kernel === 1 ? knownAlgorithms(1, 1).slice(0, 1) : algorithms(kernel, stride, axis);
    return cover(list[pick % list.length]!, problem.output[axis], stride);
  });
}

/**
 * The same for the computation of bounds. A folded axis has a tile of F(1, G) by x^G for each output: all products of
 * data and taps, summed.
 */
export function tiledAxes(c: Case, covers: readonly Cover[]): TiledAxis[] {
  return covers.map(({ algorithm, runs, extent }, a) => {
    const { padding, stride } = c.axes[a]!;
    const [begin] = padding;
    if (algorithm.folded > 1) {
      const transform = synthesize({ outputs: 1, taps: algorithm.folded });
      const tiles = Array.from({ length: extent }, (_, start) => ({
        transform,
        start,
        input: start * stride - begin,
      }));
      return { C: transform.C, tiles };
    }
    let start = 0;
    const tiles = runs.flatMap(({ form, tiles: count }) =>
      Array.from({ length: count }, () => {
        const tile = { transform: form.transform, start, input: start * stride + form.native.offset - begin };
        start += form.native.outputs;
        return tile;
      }),
    );
    return { C: algorithm.forms[0]!.transform.C, tiles };
  });
}
