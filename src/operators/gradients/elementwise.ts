/** Gradients of elementwise operators: a table of derivatives, in terms of operands and result. */
import { choice, number } from '../attributes.js';
import { type FormulaOperand, FormulaWriter } from '../elementwise/formula.js';
import type { Attributes } from '../operator.js';
import { type GradientRule, unstretched } from './rule.js';

/** What a derivative may be written with. */
interface Terms {
  readonly operands: readonly FormulaOperand[];
  /** Which of them are not left out. */
  readonly given: readonly boolean[];
  readonly result: FormulaOperand;
  /** Of the result. */
  readonly gradient: FormulaOperand;
  readonly attributes: Attributes;
  /** A function of the table of elementwise functions, of these operands. */
  readonly of: FormulaWriter['of'];
}

/** The gradient of each operand, before what was stretched is summed; undefined for those that have none. */
type Derivative = (terms: Terms) => readonly (FormulaOperand | undefined)[];

/** Of a function of one operand: the factor of the result's gradient. */
const factor =
  (write: (terms: Terms, x: FormulaOperand, y: FormulaOperand) => FormulaOperand): Derivative =>
  (terms) => [terms.of('Mul', terms.gradient, write(terms, terms.operands[0]!, terms.result))];

const none: Derivative = () => [];

/** The operand that a minimum or maximum has taken; the first of equals. */
const extreme: Derivative = ({ operands, result, gradient, of }) => {
  // The place is still open where no operand before has had the result.
  let open: FormulaOperand | undefined;
  return operands.map((operand, i) => {
    if (i === operands.length - 1 && open === undefined) return gradient;
    const taken = of('Where', of('Equal', operand, result), 1, 0);
    const own = open === undefined ? taken : of('Mul', open, taken);
    open = of('Sub', open ?? 1, own);
    return of('Mul', gradient, own);
  });
};

/** (1 + erf(x/√2)) / 2 + x · e^(−x²/2) / √(2π) */
function gelu({ of }: Terms, x: FormulaOperand): FormulaOperand {
  const half = of('Mul', of('Add', of('Erf', of('Mul', x, Math.SQRT1_2)), 1), 0.5);
  const bell = of('Exp', of('Mul', of('Mul', x, x), -0.5));
  return of('Add', half, of('Mul', of('Mul', x, bell), 1 / Math.sqrt(2 * Math.PI)));
}

/** Of x · (1 + tanh u) / 2 with u = √(2/π) (x + 0.044715 x³). */
function geluTanh({ of }: Terms, x: FormulaOperand): FormulaOperand {
  const square = of('Mul', x, x);
  const root = Math.sqrt(2 / Math.PI);
  const t = of('Tanh', of('Mul', of('Mul', x, of('Add', of('Mul', square, 0.044715), 1)), root));
  const inner = of('Mul', of('Add', of('Mul', square, 3 * 0.044715), 1), root);
  const sloped = of('Mul', of('Mul', x, of('Sub', 1, of('Mul', t, t))), inner);
  return of('Mul', of('Add', of('Add', t, 1), sloped), 0.5);
}

/** s + x s (1 − s) = s (1 + x − y) with y = x s, for a sigmoid s of scale · x. */
function swish({ of }: Terms, x: FormulaOperand, scale: number): FormulaOperand {
  const s = of('Sigmoid', of('Mul', x, scale));
  return of('Mul', s, of('Add', of('Mul', of('Mul', x, scale), of('Sub', 1, s)), 1));
}

/** 1 where x lies between two limits, else 0. */
function between(
  { of }: Terms,
  x: FormulaOperand,
  low: FormulaOperand | number,
  high: FormulaOperand | number,
): FormulaOperand {
  return of('Where', of('And', of('Greater', x, low), of('Less', x, high)), 1, 0);
}

const derivatives: Readonly<Record<string, Derivative>> = {
  Add: ({ gradient }) => [gradient, gradient],
  Sub: ({ gradient, of }) => [gradient, of('Neg', gradient)],
  Mul: ({ operands: [a, b], gradient, of }) => [of('Mul', gradient, b!), of('Mul', gradient, a!)],
  Div: ({ operands: [, b], result, gradient, of }) => [
    of('Div', gradient, b!),
    of('Neg', of('Div', of('Mul', gradient, result), b!)),
  ],
  Pow: ({ operands: [a, b], result, gradient, of }) => [
    of('Mul', gradient, of('Mul', b!, of('Pow', a!, of('Sub', b!, 1)))),
    of('Mul', gradient, of('Mul', result, of('Log', a!))),
  ],
  Sum: ({ operands, gradient }) => operands.map(() => gradient),
  Mean: ({ operands, gradient, of }) => operands.map(() => of('Div', gradient, operands.length)),
  Min: extreme,
  Max: extreme,
  Where: ({ operands: [condition], gradient, of }) => [
    undefined,
    of('Where', condition!, gradient, 0),
    of('Where', condition!, 0, gradient),
  ],
  Neg: ({ gradient, of }) => [of('Neg', gradient)],
  Abs: factor(({ of }, x) => of('Sign', x)),
  Reciprocal: factor(({ of }, _, y) => of('Neg', of('Mul', y, y))),
  Sqrt: factor(({ of }, _, y) => of('Div', 0.5, y)),
  Exp: factor((_, __, y) => y),
  Log: factor(({ of }, x) => of('Reciprocal', x)),
  Erf: factor(({ of }, x) => of('Mul', of('Exp', of('Neg', of('Mul', x, x))), 2 / Math.sqrt(Math.PI))),
  Tanh: factor(({ of }, _, y) => of('Sub', 1, of('Mul', y, y))),
  Sigmoid: factor(({ of }, _, y) => of('Mul', y, of('Sub', 1, y))),
  Softplus: factor(({ of }, x) => of('Sigmoid', x)),
  Softsign: factor(({ of }, x) => of('Pow', of('Add', of('Abs', x), 1), -2)),
  Relu: factor(({ of }, _, y) => of('Where', of('Greater', y, 0), 1, 0)),
  Silu: factor((terms, x) => swish(terms, x, 1)),
  Swish: factor((terms, x) => swish(terms, x, number(terms.attributes, 'alpha', 1))),
  Mish: factor((terms, x) => {
    const { of } = terms;
    const t = of('Tanh', of('Softplus', x));
    return of('Add', t, of('Mul', of('Mul', x, of('Sigmoid', x)), of('Sub', 1, of('Mul', t, t))));
  }),
  Gelu: factor((terms, x) => {
    const exact = choice(terms.attributes, 'approximate', ['none', 'tanh'], 'none') === 'none';
    return exact ? gelu(terms, x) : geluTanh(terms, x);
  }),
  HardSwish: factor((terms, x) => {
    const { of } = terms;
    const sloped = of('Add', of('Mul', x, 1 / 3), 0.5);
    return of('Where', of('Less', x, -3), 0, of('Where', of('Greater', x, 3), 1, sloped));
  }),
  HardSigmoid: factor((terms, _, y) => {
    const slope = number(terms.attributes, 'alpha', 0.2);
    return terms.of('Mul', between(terms, y, 0, 1), slope);
  }),
  LeakyRelu: factor(({ of, attributes }, x) =>
    of('Where', of('Less', x, 0), number(attributes, 'alpha', 0.01), 1),
  ),
  PRelu: ({ operands: [x, slope], gradient, of }) => {
    const negative = of('Less', x!, 0);
    return [
      of('Mul', gradient, of('Where', negative, slope!, 1)),
      of('Mul', gradient, of('Where', negative, x!, 0)),
    ];
  },
  Elu: factor(({ of, attributes }, x, y) =>
    of('Where', of('Less', x, 0), of('Add', y, number(attributes, 'alpha', 1)), 1),
  ),
  Celu: factor(({ of, attributes }, x) =>
    of('Where', of('Less', x, 0), of('Exp', of('Div', x, number(attributes, 'alpha', 1))), 1),
  ),
  Selu: factor(({ of, attributes }, x, y) => {
    const [alpha, gamma] = [
      number(attributes, 'alpha', 1.6732631921768188),
      number(attributes, 'gamma', 1.0507010221481323),
    ];
    return of('Where', of('Less', x, 0), of('Add', y, alpha * gamma), gamma);
  }),
  ThresholdedRelu: factor(({ of, attributes }, x) =>
    of('Where', of('Greater', x, number(attributes, 'alpha', 1)), 1, 0),
  ),
  Clip: (terms) => {
    const [x, low, high] = terms.operands;
    const limit = (index: number, operand: FormulaOperand | undefined, none: number) =>
      terms.given[index] === true ? operand! : none;
    const [least, most] = [limit(1, low, Number.NEGATIVE_INFINITY), limit(2, high, Number.POSITIVE_INFINITY)];
    const inside = between(terms, x!, least, most);
    return [terms.of('Mul', terms.gradient, inside)];
  },
  // Steps, and truths: flat wherever they have a slope.
  ...Object.fromEntries(
    ['Sign', 'Floor', 'Ceil', 'Round', 'Not', 'And', 'Or', 'Xor'].map((name) => [name, none]),
  ),
  ...Object.fromEntries(
    ['Equal', 'Greater', 'GreaterOrEqual', 'Less', 'LessOrEqual'].map((name) => [name, none]),
  ),
};

/** The rule of the elementwise operator of that name; undefined where there is no derivative. */
export function elementwiseGradient(name: string): GradientRule | undefined {
  const derivative = Object.hasOwn(derivatives, name) ? derivatives[name] : undefined;
  if (derivative === undefined) return undefined;
  return ({ attributes, inputs, outputs, gradients, wanted }, tape) => {
    const names = [...inputs, outputs[0]!, gradients[0]!];
    const writer = new FormulaWriter();
    const terms: Terms = {
      operands: inputs.map((_, i) => ({ input: i })),
      given: inputs.map((input) => input !== ''),
      ...{ result: { input: inputs.length }, gradient: { input: inputs.length + 1 }, attributes },
      of: writer.of,
    };
    return derivative(terms).map((each, i) => {
      if (each === undefined || wanted[i] !== true) return undefined;
      if ('input' in each) return unstretched(names[each.input]!, inputs[i]!, tape);
      const { formula, used } = writer.formula(each);
      const made = tape.node(
        'Fused',
        used.map((input) => names[input]!),
        { formula },
      );
      return unstretched(made, inputs[i]!, tape);
    });
  };
}
