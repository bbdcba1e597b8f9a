import { checkBilinear } from '../core/check.js';
import type { Transform } from '../core/transform.js';
import { expected } from '../errors.js';
import { checkOptions } from '../options.js';
import type { Program } from '../program/program.js';
import { type AxisArithmetic, plainProgram, transformOf } from './axis.js';
import { arithmeticNames, HALF_ULP, type LayerArithmetic } from './layer.js';

/** A bound on the rounding error of every output of a layer, for any data. */
export interface ForwardBound {
  /** |computed − exact| ≤ absolute · max|data| · max|kernel|, barring overflow and underflow. */
  readonly absolute: number;
  /** n: the most roundings that one term of an output meets on its way. */
  readonly roundings: number;
  /** Σ |A|(|C|·1 ⊙ |B|·1) over channels, at the worst output: what {@link relativeBound} multiplies. */
  readonly amplification: number;
}

const HALF_ULP_DOUBLE = 2 ** -53;

/**
 * What n roundings to single precision change a term by at most, relative to it, for one more rounding of weights that
 * are stored in a narrower format.
 */
export function relativeBound(
  roundings: number,
  { weightFormat = 'float32' }: Pick<LayerArithmetic, 'weightFormat'>,
) {
  const single = (roundings * HALF_ULP.float32) / (1 - roundings * HALF_ULP.float32);
  const stored = weightFormat === 'float32' ? 0 : HALF_ULP[weightFormat];
  // (1 + a)(1 + b) − 1, without the rounding of 1 + a.
  return single + stored + single * stored;
}

/**
 * A rigorous forward bound in single precision. Each rounding multiplies a term by 1 + δ with |δ| ≤ u = 2⁻²⁴, and n of
 * them change it by at most n·u/(1 − n·u) (Higham, Accuracy and Stability of Numerical Algorithms, lemma 3.1). Terms
 * are followed through the programs with absolute values, so that shared sub-expressions that cancel are counted.
 *
 * @param axes one per convolved axis
 * @throws InputError when there is no axis, an axis is no transform, or so many roundings that no bound holds
 */
export function forwardErrorBound(
  axes: readonly (Transform | AxisArithmetic)[],
  arithmetic: LayerArithmetic,
): ForwardBound {
  checkOptions('forwardErrorBound', arithmetic, arithmeticNames);
  const { channels, sumBlock = 0, kernelTransform = 'double' } = arithmetic;
  if (!Array.isArray(axes) || axes.length === 0) throw expected('axes', 'one transform per axis', axes);
  for (const axis of axes) checkBilinear(transformOf(axis));
  if (!Number.isInteger(channels) || channels < 1) throw expected('channels', 'a positive integer', channels);
  const reach = axes.map((axis) => axisReach('transform' in axis ? axis : { transform: axis }));
  const block = sumBlock === 0 ? channels : Math.min(sumBlock, channels);
  const transforms = reach.reduce((sum, { input, output }) => sum + input + output, 0);
  const kernelDepth = reach.reduce((sum, { kernel }) => sum + kernel, 0);
  const kernel =
    kernelTransform === 'single' ? kernelDepth : 1 + (kernelDepth * HALF_ULP_DOUBLE) / HALF_ULP.float32;
  // A product rounds once, alone or within its fused addition, and then once per further addition.
  const roundings = transforms + kernel + block + Math.ceil(channels / block);
  if (roundings * HALF_ULP.float32 >= 1)
    throw expected('channels', 'so few that their sum has fewer than 2^24 roundings', channels);
  const amplification = channels * reach.reduce((product, axis) => product * axis.amplification, 1);
  return {
    absolute: amplification * relativeBound(roundings, arithmetic),
    roundings,
    amplification,
  };
}

interface Reach {
  /** Roundings on the longest path through each transform. */
  readonly input: number;
  readonly kernel: number;
  readonly output: number;
  /** max over s of Σ_t |A_st| |C_t|·1 |B_t|·1. */
  readonly amplification: number;
}

function axisReach({ transform, programs = {} }: AxisArithmetic): Reach {
  const input = magnitudes(programs.input ?? plainProgram(transform.B));
  const kernel = magnitudes(programs.kernel ?? plainProgram(transform.C));
  const output = magnitudes(programs.output ?? plainProgram(transform.A));
  const products = input.rows.map((row, t) => total(row) * total(kernel.rows[t]!));
  return {
    input: input.depth,
    kernel: kernel.depth,
    output: output.depth,
    amplification: Math.max(
      ...output.rows.map((row) => row.reduce((sum, each, t) => sum + each * products[t]!, 0)),
    ),
  };
}

/** Every row of a program with all terms taken as positive, and the most roundings a term meets. */
function magnitudes({ inputs, operations, outputs }: Program): { rows: number[][]; depth: number } {
  const rows: number[][] = Array.from({ length: inputs }, (_, i) =>
    Array.from({ length: inputs }, (_, k) => (k === i ? 1 : 0)),
  );
  const depths: number[] = Array(inputs).fill(0);
  for (const { factor, left, right } of operations) {
    const scale = Math.abs(factor.valueOf());
    rows.push(rows[left]!.map((each, k) => scale * each + (right === undefined ? 0 : rows[right]![k]!)));
    // A constant that single precision cannot hold is one rounding more.
    const constant = Math.fround(scale) === scale ? 0 : 1;
    depths.push(1 + Math.max(depths[left]! + constant, right === undefined ? 0 : depths[right]!));
  }
  const made = outputs.flatMap((value) => (value === undefined ? [] : [value]));
  return {
    rows: outputs.map((value) => (value === undefined ? Array<number>(inputs).fill(0) : rows[value]!)),
    depth: Math.max(0, ...made.map((value) => depths[value]!)),
  };
}

function total(row: readonly number[]): number {
  return row.reduce((sum, each) => sum + each, 0);
}
