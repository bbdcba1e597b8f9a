/** Formulas: elementwise functions of tensors, each of inputs, numbers and earlier results, as one kernel runs them. */
import { expected } from '../../../synth/errors.js';
import { elementFunction } from './functions.js';

/** What a function of a formula takes. */
export type FormulaOperand =
  | { readonly input: number }
  | { readonly constant: number }
  /** Of an earlier step. */
  | { readonly result: number };

export interface FormulaStep {
  /** A name of the table in `functions.ts`. */
  readonly function: string;
  readonly operands: readonly FormulaOperand[];
}

/** The result of the last step is the formula's. */
export interface Formula {
  readonly inputs: number;
  readonly steps: readonly FormulaStep[];
}

/** A formula of one function. */
export function formulaOf(
  name: string,
  operands: readonly FormulaOperand[],
  inputs = operands.filter((each) => 'input' in each).length,
): Formula {
  return { inputs, steps: [{ function: name, operands }] };
}

/**
 * @param value an attribute from outside
 * @throws InputError unless it is a formula whose operands exist
 */
export function validateFormula(value: unknown, name = 'attribute formula'): Formula {
  const formula = value as Formula;
  const fits =
    typeof formula === 'object' &&
    formula !== null &&
    Number.isInteger(formula.inputs) &&
    Array.isArray(formula.steps) &&
    formula.steps.length > 0 &&
    formula.steps.every((step, index) => isStep(step, index, formula.inputs));
  if (!fits) throw expected(name, 'a formula of elementwise functions', value);
  return formula;
}

function isStep(step: FormulaStep, index: number, inputs: number): boolean {
  const within = (at: unknown, count: number) =>
    Number.isInteger(at) && 0 <= (at as number) && (at as number) < count;
  return (
    Array.isArray(step?.operands) &&
    step.operands.length === elementFunction(step.function)?.operands &&
    step.operands.every((operand) => {
      if ('input' in operand) return within(operand.input, inputs);
      if ('result' in operand) return within(operand.result, index);
      return typeof operand.constant === 'number';
    })
  );
}

/** The same with other operands. */
export function mapOperands(
  { inputs, steps }: Formula,
  map: (operand: FormulaOperand) => FormulaOperand,
  newInputs = inputs,
): Formula {
  return {
    inputs: newInputs,
    steps: steps.map((step) => ({ ...step, operands: step.operands.map(map) })),
  };
}

/** A formula and the tensors that are its inputs, by name. */
export interface FormulaOfTensors {
  readonly formula: Formula;
  readonly inputs: readonly string[];
}

/**
 * Joins a chain: the consumer reads the producer's result, by this name, and both are one formula then. A tensor that both
 * read is one input. Whether that pays is for the caller to know: the result may have been needed elsewhere, or be
 * smaller than what is made of it.
 */
export function fuseFormulas(
  producer: FormulaOfTensors,
  result: string,
  consumer: FormulaOfTensors,
): FormulaOfTensors {
  const inputs = [...new Set([...producer.inputs, ...consumer.inputs.filter((name) => name !== result)])];
  const before = mapOperands(producer.formula, (operand) =>
    'input' in operand ? { input: inputs.indexOf(producer.inputs[operand.input]!) } : operand,
  ).steps;
  const after = mapOperands(consumer.formula, (operand) => {
    if ('result' in operand) return { result: operand.result + before.length };
    if ('constant' in operand) return operand;
    const name = consumer.inputs[operand.input]!;
    return name === result ? { result: before.length - 1 } : { input: inputs.indexOf(name) };
  }).steps;
  return { formula: { inputs: inputs.length, steps: [...before, ...after] }, inputs };
}

/** Computes a formula of numbers in double precision. */
export function evaluateFormula({ steps }: Formula, inputs: readonly number[]): number {
  const results: number[] = [];
  for (const { function: name, operands } of steps) {
    const [a = 0, b = 0, c = 0, d = 0] = operands.map((operand) => {
      if ('input' in operand) return inputs[operand.input]!;
      return 'result' in operand ? results[operand.result]! : operand.constant;
    });
    results.push(elementFunction(name)!.value(a, b, c, d));
  }
  return results.at(-1)!;
}

/** Powers that cost less as products and roots. */
const POWERS: Readonly<Record<number, (base: FormulaOperand) => FormulaStep>> = {
  [-1]: (base) => ({ function: 'Reciprocal', operands: [base] }),
  0.5: (base) => ({ function: 'Sqrt', operands: [base] }),
  1: (base) => ({ function: 'Identity', operands: [base] }),
  2: (base) => ({ function: 'Mul', operands: [base, base] }),
};

/** The formula as kernels take it: operands counted, inputs first, then constants, then results. */
export function describeFormula(formula: Formula): object {
  const steps = formula.steps.map((step) => {
    const [base, exponent] = step.operands;
    if (step.function !== 'Pow' || !('constant' in exponent!)) return step;
    return POWERS[exponent.constant]?.(base!) ?? step;
  });
  const numbers = steps
    .flatMap(({ operands }) => operands)
    .flatMap((each) => ('constant' in each ? each.constant : []));
  const constants = [...new Set(numbers)];
  const place = (operand: FormulaOperand) => {
    if ('input' in operand) return operand.input;
    if ('result' in operand) return formula.inputs + constants.length + operand.result;
    return (
      formula.inputs +
      constants.findIndex((each) => Object.is(each, operand.constant) || each === operand.constant)
    );
  };
  return {
    constants: Float32Array.from(constants),
    functions: steps.map((step) => ({
      name: step.function,
      operands: Int32Array.from(step.operands, place),
    })),
  };
}

/** `Add, Relu`, for people. */
export function titleOf({ steps }: Formula): string {
  return steps.map((step) => step.function).join(', ');
}

/** Writes formulas that share their steps. */
export class FormulaWriter {
  readonly #steps: FormulaStep[] = [];

  /** Adds a function of these operands. @returns its result */
  readonly of = (name: string, ...operands: (FormulaOperand | number)[]): FormulaOperand => {
    const own = operands.map((each) => (typeof each === 'number' ? { constant: each } : each));
    return { result: this.#steps.push({ function: name, operands: own }) - 1 };
  };

  /** The formula of a result with no more than it needs, and which of all inputs that reads, in its order. */
  formula(result: FormulaOperand): { readonly formula: Formula; readonly used: readonly number[] } {
    const used: number[] = [];
    const own: FormulaStep[] = [];
    const places = new Map<number, number>();
    const bring = (each: FormulaOperand): FormulaOperand => {
      if ('input' in each) {
        if (!used.includes(each.input)) used.push(each.input);
        return { input: used.indexOf(each.input) };
      }
      if (!('result' in each)) return each;
      const known = places.get(each.result);
      if (known !== undefined) return { result: known };
      const { function: name, operands } = this.#steps[each.result]!;
      const place = own.push({ function: name, operands: operands.map(bring) }) - 1;
      places.set(each.result, place);
      return { result: place };
    };
    bring(result);
    return { formula: { inputs: used.length, steps: own }, used };
  }
}
