import { createRequire } from 'node:module';
import { Fraction } from 'fraction.js';
import type { MathNode } from 'mathjs';
import { expected, type InputError } from '../errors.js';
import {
  add,
  degree,
  divide,
  multiply,
  type Polynomial,
  polynomial,
  power,
  subtract,
  UNIT,
} from './polynomial.js';
import { scale } from './rational.js';

const RATIONAL = /^[+-]?(\d+(\/\d+)?|\d*\.\d+)$/;
const TERM = /^([+-]?)(?:(\d+(?:\/\d+)?|\d*\.\d+)\*?)?(x(?:\^(\d+))?)?$/;
const MAX_DEGREE = 64;
const MAX_POWER = 256;

/** The rational that a text such as `-5/8`, `2` or `0.625` stands for; undefined when it is none. */
export function parseRational(text: string): Fraction | undefined {
  const compact = text.replace(/\s+/g, '').replace(/^\+/, '');
  return RATIONAL.test(compact) && !/\/0+$/.test(compact) ? new Fraction(compact) : undefined;
}

/**
 * The polynomial in x that a text stands for. A plain sum of terms (`x^2-3/2*x+1`) is read here; any other
 * expression (`(x-1)^2+3`) is left to the parser of mathjs, which takes a second to load and so is loaded only then.
 *
 * @throws InputError when the text is no polynomial in x with rational coefficients
 */
export function parsePolynomial(text: string): Polynomial {
  return sumOfTerms(text) ?? expression(text);
}

function sumOfTerms(text: string): Polynomial | undefined {
  const terms = text.replace(/\s+/g, '').match(/[+-]?[^+-]+/g) ?? [];
  if (terms.join('') !== text.replace(/\s+/g, '')) return undefined;
  let sum: Polynomial = [];
  for (const term of terms) {
    const [whole, sign, coefficient, variable, exponent] = TERM.exec(term) ?? [];
    if (!whole || (coefficient === undefined && variable === undefined)) return undefined;
    const value = parseRational(coefficient ?? '1');
    const n = variable === undefined ? 0 : Number(exponent ?? 1);
    if (value === undefined || n > MAX_DEGREE) return undefined;
    sum = add(sum, scale(power(n), sign === '-' ? value.neg() : value));
  }
  return terms.length > 0 ? sum : undefined;
}

let parser: ((text: string) => MathNode) | undefined;

function expression(text: string): Polynomial {
  parser ??= loadParser();
  let node: MathNode;
  try {
    node = parser(text);
  } catch {
    throw notPolynomial(text);
  }
  return toPolynomial(node, text);
}

function loadParser(): (text: string) => MathNode {
  // A require, since synthesis is synchronous and an import cannot be both late and synchronous.
  const mathjs = createRequire(import.meta.url)('mathjs') as typeof import('mathjs');
  const { parse } = mathjs.create(mathjs.parseDependencies!, { number: 'Fraction' });
  return parse as (text: string) => MathNode;
}

const operators: Record<string, (p: Polynomial, q: Polynomial) => Polynomial | undefined> = {
  add,
  subtract,
  multiply,
  unaryMinus: (p) => subtract([], p),
  unaryPlus: (p) => p,
  divide: (p, q) => (degree(q) === 0 ? divide(p, q).quotient : undefined),
  pow: (p, q) => {
    const exponent = degree(q) > 0 ? Number.NaN : (q[0]?.valueOf() ?? 0);
    if (!Number.isInteger(exponent) || exponent < 0 || exponent * p.length > MAX_POWER) return undefined;
    return Array.from({ length: exponent }).reduce<Polynomial>((product) => multiply(product, p), UNIT);
  },
};

function toPolynomial(node: MathNode, text: string): Polynomial {
  const parts = node as unknown as {
    content: MathNode;
    value: unknown;
    name: string;
    fn: string;
    args: MathNode[];
  };
  switch (node.type) {
    case 'ParenthesisNode':
      return toPolynomial(parts.content, text);
    case 'ConstantNode':
      if (!isFraction(parts.value)) break;
      // Another copy of the class, as required modules are not imported ones.
      return polynomial([new Fraction(parts.value.s * parts.value.n, parts.value.d)]);
    case 'SymbolNode':
      if (parts.name !== 'x') break;
      return power(1);
    case 'OperatorNode': {
      const [p, q] = parts.args.map((argument) => toPolynomial(argument, text));
      const result = operators[parts.fn]?.(p!, q ?? []);
      if (result) return result;
    }
  }
  throw notPolynomial(text);
}

function isFraction(value: unknown): value is Fraction {
  return typeof (value as Partial<Fraction> | null)?.n === 'bigint';
}

function notPolynomial(text: string): InputError {
  return expected('modulus', 'a rational, inf, or a polynomial in x such as x^2+1', text);
}
