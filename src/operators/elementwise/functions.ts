/**
 * The table of elementwise functions, by the names of their kernels (native/kernels/micro/functions.h): how many operands
 * they take, parameters included, and what they are on numbers that are known. To add one: a row here and one there.
 */
export interface ElementFunction {
  readonly operands: 1 | 2 | 3 | 4;
  value(a: number, b: number, c: number, d: number): number;
  /** The result is 1 or 0 for true or false. */
  readonly truth?: true;
}

const unary = (value: (a: number) => number): ElementFunction => ({ operands: 1, value });
const binary = (value: (a: number, b: number) => number): ElementFunction => ({ operands: 2, value });
const truth = (operands: 1 | 2, value: (a: number, b: number) => boolean): ElementFunction => ({
  ...{ operands, truth: true },
  value: (a, b) => Number(value(a, b)),
});

const functions: Readonly<Record<string, ElementFunction>> = {
  Identity: unary((x) => x),
  Add: binary((a, b) => a + b),
  Sub: binary((a, b) => a - b),
  Mul: binary((a, b) => a * b),
  Div: binary((a, b) => a / b),
  Min: binary((a, b) => Math.min(a, b)),
  Max: binary((a, b) => Math.max(a, b)),
  Pow: binary((a, b) => a ** b),
  MultiplyAdd: { operands: 3, value: (a, b, c) => a * b + c },
  Normalize: { operands: 4, value: (x, mean, scale, shift) => (x - mean) * scale + shift },
  Abs: unary(Math.abs),
  Neg: unary((x) => -x),
  Reciprocal: unary((x) => 1 / x),
  Sign: unary(Math.sign),
  Floor: unary(Math.floor),
  Ceil: unary(Math.ceil),
  Round: unary(roundToEven),
  Sqrt: unary(Math.sqrt),
  Exp: unary(Math.exp),
  Log: unary(Math.log),
  Erf: unary(erf),
  Tanh: unary(Math.tanh),
  Sigmoid: unary(sigmoid),
  HardSigmoid: { operands: 3, value: hardSigmoid },
  HardSwish: unary((x) => weighted(x, hardSigmoid(x, 1 / 6, 0.5))),
  Silu: unary((x) => weighted(x, sigmoid(x))),
  Mish: unary((x) => weighted(x, Math.tanh(softplus(x)))),
  Gelu: unary((x) => weighted(x, (1 + erf(x / Math.SQRT2)) / 2)),
  GeluTanh: unary((x) => weighted(x, (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))) / 2)),
  Softplus: unary(softplus),
  Softsign: unary((x) => (Math.abs(x) === Infinity ? Math.sign(x) : x / (1 + Math.abs(x)))),
  Relu: unary((x) => Math.max(x, 0)),
  LeakyRelu: binary((x, slope) => (x < 0 ? slope * x : x)),
  Elu: binary(elu),
  Selu: { operands: 3, value: (x, alpha, gamma) => gamma * elu(x, alpha) },
  Celu: binary((x, alpha) => (x < 0 ? alpha * Math.expm1(x / alpha) : x)),
  ThresholdedRelu: binary((x, threshold) => (x <= threshold ? 0 : x)),
  Clip: { operands: 3, value: clip },
  Equal: truth(2, (a, b) => a === b),
  Greater: truth(2, (a, b) => a > b),
  GreaterOrEqual: truth(2, (a, b) => a >= b),
  Less: truth(2, (a, b) => a < b),
  LessOrEqual: truth(2, (a, b) => a <= b),
  And: truth(2, (a, b) => a !== 0 && b !== 0),
  Or: truth(2, (a, b) => a !== 0 || b !== 0),
  Xor: truth(2, (a, b) => (a !== 0) !== (b !== 0)),
  Not: truth(1, (a) => a === 0),
  Where: { operands: 3, value: (condition, a, b) => (condition !== 0 ? a : b) },
};

/** The function of that name, if there is one. */
export function elementFunction(name: string): ElementFunction | undefined {
  return Object.hasOwn(functions, name) ? functions[name] : undefined;
}

/** Zero, not NaN, at −∞, where the factor vanishes faster than any x grows. */
function weighted(x: number, factor: number): number {
  return Math.max(x, -1000) * factor;
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

function elu(x: number, alpha: number): number {
  return x < 0 ? alpha * Math.expm1(x) : x;
}

/** The upper limit wins. */
function clip(x: number, low: number, high: number): number {
  return Math.min(Math.max(x, low), high);
}

function hardSigmoid(x: number, alpha: number, beta: number): number {
  return clip(alpha * x + beta, 0, 1);
}

function roundToEven(x: number): number {
  const down = Math.floor(x);
  const tie = x - down === 0.5;
  return tie ? 2 * Math.round(down / 2) : Math.round(x);
}

/** erf x = 2/√π · e^(−x²) · Σ 2ⁿ x^(2n+1) / (1 · 3 · … · (2n + 1)): no term cancels another. From 6 on it is 1. */
function erf(x: number): number {
  if (Math.abs(x) >= 6) return Math.sign(x);
  let sum = 0;
  let term = x;
  for (let n = 1; sum + term !== sum; n++) {
    sum += term;
    term *= (2 * x * x) / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}
