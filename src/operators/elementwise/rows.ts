/** The table of elementwise operators, by their names in graphs: inputs, attributes and the formula that each stands for. */
import { choice, number } from '../attributes.js';
import type { Attributes } from '../operator.js';
import {
  type Formula,
  type FormulaOperand,
  type FormulaStep,
  formulaOf,
  validateFormula,
} from './formula.js';

/** Most inputs of one kernel. */
export const MAX_INPUTS = 16;

/** An elementwise operator of a graph. */
export interface Row {
  readonly name: string;
  /** Least and most inputs; those between may be left out. */
  readonly inputs: readonly [least: number, most: number];
  /** @param given whether each input is there */
  formula(attributes: Attributes, given: readonly boolean[]): Formula;
}

const input = (index: number): FormulaOperand => ({ input: index });

/** The function of the operator's own name, or another, of its inputs and then of its attributes, with their defaults. */
function row(
  name: string,
  inputs: number,
  parameters: Readonly<Record<string, number>> = {},
  functionName = name,
): Row {
  return {
    name,
    inputs: [inputs, inputs],
    formula: (attributes) =>
      formulaOf(
        functionName,
        [
          ...Array.from({ length: inputs }, (_, i) => input(i)),
          ...Object.entries(parameters).map(([key, fallback]) => ({
            constant: number(attributes, key, fallback),
          })),
        ],
        inputs,
      ),
  };
}

/** Any number of inputs, two at a time; maybe divided by their number. */
function variadic(name: string, functionName = name, mean = false): Row {
  return {
    name,
    inputs: [1, MAX_INPUTS],
    formula(_attributes, given) {
      const count = given.length;
      const steps: FormulaStep[] = count === 1 ? [{ function: 'Identity', operands: [input(0)] }] : [];
      for (let i = 1; i < count; i++)
        steps.push({
          function: functionName,
          operands: [i === 1 ? input(0) : { result: i - 2 }, input(i)],
        });
      if (mean)
        steps.push({ function: 'Div', operands: [{ result: steps.length - 1 }, { constant: count }] });
      return { inputs: count, steps };
    },
  };
}

const SELU = { alpha: 1.6732631921768188, gamma: 1.0507010221481323 };

const rows: readonly Row[] = [
  ...['Abs', 'Neg', 'Reciprocal', 'Sign', 'Floor', 'Ceil', 'Round', 'Sqrt', 'Exp', 'Log', 'Erf', 'Not'],
  ...['Relu', 'Sigmoid', 'HardSwish', 'Silu', 'Mish', 'Tanh', 'Softplus', 'Softsign'],
].map((name) => row(name, 1));

/** All of them. */
export const table: readonly Row[] = [
  ...rows,
  ...['Add', 'Sub', 'Mul', 'Div', 'Pow', 'And', 'Or', 'Xor'].map((name) => row(name, 2)),
  ...['Equal', 'Greater', 'GreaterOrEqual', 'Less', 'LessOrEqual'].map((name) => row(name, 2)),
  row('Where', 3),
  row('PRelu', 2, {}, 'LeakyRelu'),
  row('LeakyRelu', 1, { alpha: 0.01 }),
  row('Elu', 1, { alpha: 1 }),
  row('Celu', 1, { alpha: 1 }),
  row('Selu', 1, SELU),
  row('ThresholdedRelu', 1, { alpha: 1 }),
  row('HardSigmoid', 1, { alpha: 0.2, beta: 0.5 }),
  variadic('Min'),
  variadic('Max'),
  variadic('Sum', 'Add'),
  variadic('Mean', 'Add', true),
  {
    name: 'Gelu',
    inputs: [1, 1],
    formula: (attributes) =>
      formulaOf(
        choice(attributes, 'approximate', ['none', 'tanh'], 'none') === 'tanh' ? 'GeluTanh' : 'Gelu',
        [input(0)],
      ),
  },
  {
    name: 'Swish',
    inputs: [1, 1],
    formula(attributes) {
      const alpha = number(attributes, 'alpha', 1);
      if (alpha === 1) return formulaOf('Silu', [input(0)]);
      return {
        inputs: 1,
        steps: [
          { function: 'Mul', operands: [input(0), { constant: alpha }] },
          { function: 'Sigmoid', operands: [{ result: 0 }] },
          { function: 'Mul', operands: [input(0), { result: 1 }] },
        ],
      };
    },
  },
  {
    // Either limit may be left out.
    name: 'Clip',
    inputs: [1, 3],
    formula(_attributes, given) {
      const limit = (index: number, none: number): FormulaOperand =>
        given[index] === true ? input(index) : { constant: none };
      const operands = [input(0), limit(1, Number.NEGATIVE_INFINITY), limit(2, Number.POSITIVE_INFINITY)];
      return formulaOf('Clip', operands, given.length);
    },
  },
  {
    // A chain of others; the attribute `formula` is one.
    name: 'Fused',
    inputs: [1, MAX_INPUTS],
    formula: ({ formula }) => validateFormula(formula),
  },
];
