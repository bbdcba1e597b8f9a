import { operandsOf, type Program } from './program.js';

/**
 * Variance of one rounding, relative to the result: an error uniform within ± 2⁻²⁴/m for a mantissa m in [1, 2),
 * thus 1/(3m²), whose mean for mantissas spread evenly over the logarithm is 1/(8 ln 2).
 */
export const ROUNDING_VARIANCE = 1 / (8 * Math.LN2);

/** What the inputs are like and which outputs matter. */
export interface ErrorWeights {
  /** Standard deviation of each input, by default all one. */
  readonly sizes?: readonly number[] | undefined;
  /** Weight of each output's squared error, by default the inverse of its power: relative errors count alike. */
  readonly weights?: readonly number[] | undefined;
}

/**
 * Expected rounding error of a program in single precision: the root mean square over its outputs of the error's
 * standard deviation, relative to the outputs' own, for independent inputs, in units of half an ulp (2⁻²⁴).
 * Each operation rounds once; constants that single precision cannot hold add their own error.
 */
export function roundingOf(program: Program, { sizes, weights }: ErrorWeights = {}): number {
  const images = forward(program, sizes);
  const power = images.map((image) => image.reduce((sum, entry) => sum + entry * entry, 0));
  let error = 0;
  let whole = 0;
  program.outputs.forEach((output, row) => {
    if (output === undefined) return;
    const weight = weights?.[row] ?? 1 / power[output]!;
    error += weight * varianceOf(program, power, output);
    whole += weight * power[output]!;
  });
  return whole === 0 ? 0 : Math.sqrt(error / whole);
}

function varianceOf(program: Program, power: readonly number[], output: number): number {
  const gains = backward(program, output);
  let variance = 0;
  program.operations.forEach((each, index) => {
    const made = program.inputs + index;
    const gain = gains[made]! ** 2;
    const factor = each.factor.valueOf();
    if (!isExact(each.right, factor)) variance += gain * power[made]! * ROUNDING_VARIANCE;
    const constantError = (Math.fround(factor) - factor) * 2 ** 24;
    variance += gain * constantError ** 2 * power[each.left]!;
  });
  return variance;
}

/** A product by a power of two does not round. */
function isExact(right: number | undefined, factor: number): boolean {
  return right === undefined && Number.isInteger(Math.log2(Math.abs(factor)));
}

function forward({ inputs, operations }: Program, sizes?: readonly number[]): number[][] {
  const images = Array.from({ length: inputs }, (_, input) =>
    Array.from({ length: inputs }, (_, k) => (k === input ? (sizes?.[k] ?? 1) : 0)),
  );
  for (const { factor, left, sign, right } of operations) {
    const scale = factor.valueOf();
    const other = right === undefined ? undefined : images[right]!;
    images.push(images[left]!.map((entry, k) => scale * entry + (other ? sign * other[k]! : 0)));
  }
  return images;
}

/** How much each value weighs in one output: the derivative of the output. */
function backward({ inputs, operations }: Program, output: number): number[] {
  const gains: number[] = Array(inputs + operations.length).fill(0);
  gains[output] = 1;
  for (let index = operations.length - 1; index >= 0; index--) {
    const each = operations[index]!;
    const gain = gains[inputs + index]!;
    if (gain === 0) continue;
    for (const operand of operandsOf(each)) {
      const isLeft = operand === each.left;
      const isRight = operand === each.right;
      gains[operand]! += gain * ((isLeft ? each.factor.valueOf() : 0) + (isRight ? each.sign : 0));
    }
  }
  return gains;
}
