/**
 * Arithmetic on numbers that are known when a graph is compiled, mostly sizes and indices: elementwise functions with
 * broadcasting, in doubles, which hold integers up to 2⁵³ exactly.
 */
import { expected } from '../../synth/errors.js';
import { elementCount } from '../tensor/shape.js';
import type { Constant, ElementType, Operator, TensorType } from './operator.js';

/** float16, bfloat16 and float64 are computed as they are held: in doubles. */
const floating: readonly ElementType[] = ['float32', 'float64', 'float16', 'bfloat16'];

/** A function of elements; integers are divided towards zero. */
interface Elementwise {
  readonly of: (a: number, b: number, c: number) => number;
  /** Of integers, where that is another one. */
  readonly ofIntegers?: (a: number, b: number) => number;
  /** Type of the result; by default that of the first input. */
  readonly result?: ElementType;
}

const truth = (of: (a: number, b: number) => boolean): Elementwise => ({
  of: (a, b) => Number(of(a, b)),
  result: 'bool',
});

const functions: Readonly<Record<string, Elementwise>> = {
  Abs: { of: Math.abs },
  Add: { of: (a, b) => a + b },
  And: truth((a, b) => a !== 0 && b !== 0),
  Ceil: { of: Math.ceil },
  Div: { of: (a, b) => a / b, ofIntegers: quotient },
  Equal: truth((a, b) => a === b),
  Floor: { of: Math.floor },
  Greater: truth((a, b) => a > b),
  GreaterOrEqual: truth((a, b) => a >= b),
  Less: truth((a, b) => a < b),
  LessOrEqual: truth((a, b) => a <= b),
  Max: { of: Math.max },
  Min: { of: Math.min },
  Mod: { of: (a, b) => a % b, ofIntegers: remainder },
  Mul: { of: (a, b) => a * b },
  Neg: { of: (a) => -a },
  Not: truth((a) => a === 0),
  Or: truth((a, b) => a !== 0 || b !== 0),
  Pow: { of: (a, b) => a ** b },
  Sign: { of: Math.sign },
  Sqrt: { of: Math.sqrt },
  Sub: { of: (a, b) => a - b },
  Where: { of: (condition, a, b) => (condition !== 0 ? a : b) },
};

/** Whether {@link evaluateElementwise} knows an operator. */
export function isEvaluable(operator: string): boolean {
  return Object.hasOwn(functions, operator);
}

/**
 * The result of an elementwise operator on known numbers, with broadcasting.
 *
 * @throws InputError for an operator that is not here, shapes that do not go together, or a division of integers by 0
 */
export function evaluateElementwise(operator: string, inputs: readonly Constant[]): Constant {
  const row = isEvaluable(operator) ? functions[operator]! : undefined;
  if (row === undefined) throw expected('operator', `one of ${Object.keys(functions).join(', ')}`, operator);
  // Max and Min take any number of inputs, two at a time.
  if (inputs.length > 2 && operator !== 'Where') {
    const [first, second, ...others] = inputs as [Constant, Constant, ...Constant[]];
    return evaluateElementwise(operator, [evaluateElementwise(operator, [first, second]), ...others]);
  }
  const shape = broadcastShape(inputs);
  const operand = inputs[operator === 'Where' ? 1 : 0]!;
  const of = floating.includes(operand.type) ? row.of : (row.ofIntegers ?? row.of);
  const at = inputs.map((input) => elementsAt(input.shape, shape));
  const data = numbersOf(row.result ?? operand.type, elementCount(shape));
  for (let i = 0; i < data.length; i++) {
    const [a = 0, b = 0, c = 0] = inputs.map((input, k) => input.data[at[k]!(i)]!);
    data[i] = of(a, b, c);
  }
  return { type: row.result ?? operand.type, shape, data };
}

/**
 * The shape of elementwise results: axes of one element are stretched.
 *
 * @throws InputError naming the shapes that do not go together
 */
export function broadcastShape(inputs: readonly TensorType[]): readonly number[] {
  const rank = Math.max(...inputs.map(({ shape }) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    const sizes = inputs.map(({ shape }) => shape[axis - rank + shape.length] ?? 1);
    const size = sizes.find((each) => each !== 1) ?? 1;
    if (!sizes.every((each) => each === 1 || each === size))
      throw expected(
        'inputs',
        'of shapes that go together',
        inputs.map(({ shape }) => shape.join(' × ')),
      );
    return size;
  });
}

/** Zeros, in the array that holds such elements. */
export function numbersOf(type: ElementType, count: number): Float32Array | Float64Array {
  return type === 'float32' ? new Float32Array(count) : new Float64Array(count);
}

/** Rows of operators that exist when the graph is compiled only, as they are about truth. */
export const truths: readonly Operator[] = Object.keys(functions)
  .filter((name) => functions[name]!.result === 'bool' || name === 'Where')
  .map((name) => ({
    name,
    infer(_attributes, inputs) {
      const given = inputs.filter((input) => input !== undefined);
      const type = functions[name]!.result ?? given[1]?.type ?? 'float32';
      return [{ type, shape: broadcastShape(given) }];
    },
    evaluate: (_attributes, inputs) => [
      evaluateElementwise(
        name,
        inputs.filter((input) => input !== undefined),
      ),
    ],
  }));

/** For each element of a result the one of an input that is stretched to it. */
function elementsAt(from: readonly number[], to: readonly number[]): (index: number) => number {
  const count = elementCount(from);
  if (count === elementCount(to)) return (index) => index;
  if (count === 1) return () => 0;
  const lead = to.length - from.length;
  return (index) => {
    let at = 0;
    let step = 1;
    for (let axis = to.length - 1; axis >= lead; axis--) {
      const size = from[axis - lead]!;
      if (size !== 1) at += (index % to[axis]!) * step;
      step *= size;
      index = Math.floor(index / to[axis]!);
    }
    return at;
  };
}

function quotient(a: number, b: number): number {
  if (b === 0) throw expected('a divisor', 'an integer that is not zero', b);
  return Math.trunc(a / b);
}

/** With the divisor's sign, as in Python. */
function remainder(a: number, b: number): number {
  if (b === 0) throw expected('a divisor', 'an integer that is not zero', b);
  return a - b * Math.floor(a / b);
}
