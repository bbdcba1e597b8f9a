import type { Fraction } from 'fraction.js';
import { expand, proveTransform } from '../core/prove.js';
import type { Bilinear, Matrix, Transform } from '../core/transform.js';
import type { Form } from '../forms/form.js';
import { layerErrorRatio } from '../noise/gain.js';

/**
 * A transform for people: the matrices as aligned tables, and under them the proof, which is the algorithm multiplied
 * out over ℚ, as wincnn prints it.
 *
 * @throws InputError when it is no transform
 * @throws VerificationError when the algorithm is wrong: there is no proof to print
 */
export function printText(transform: Transform): string {
  const { equations } = proveTransform(transform);
  const { outputs, taps, products, moduli } = transform;
  const inputs = outputs + taps - 1;
  const saving = ((outputs * taps) / products).toFixed(2);
  return [
    `F(${outputs}, ${taps}): ${count(outputs, 'output')}, ${count(taps, 'tap')}, ${count(inputs, 'input')}; ` +
      `${count(products, 'product')} where direct convolution takes ${outputs * taps} (${saving}×)`,
    ...(moduli.length > 0 ? [`Moduli: ${moduli.join(', ')}`] : []),
    `Expected error against direct convolution, many channels: ${errors(transform)}`,
    '',
    ...body(transform, equations),
  ].join('\n');
}

/** A form for people: what it computes and what it saves, its matrices, and the form multiplied out over ℚ. */
export function printForm(form: Form): string {
  const { name, formula, outputs, taps, inputs, products } = form;
  const direct = [...expand(form)].filter(({ value }) => value.n !== 0n).length;
  return [
    `${name}: ${count(outputs, 'output')}, ${count(taps, 'tap')}, ${count(inputs, 'input')}; ` +
      `${count(products, 'product')} where the sums take ${direct} (${(direct / products).toFixed(2)}×)`,
    `Computes ${formula}`,
    '',
    ...body(form, outputs * taps * inputs),
  ].join('\n');
}

/** The matrices and the proof. */
function body(algorithm: Bilinear, equations: number): string[] {
  const { A, B, C } = algorithm;
  const size = (matrix: Matrix) => `${matrix.length} × ${matrix[0]!.length}`;
  return [
    'y = A[(C g) ⊙ (B d)]',
    '',
    ...section(`A: output transform, ${size(A)}`, A),
    ...section(`B: input transform, ${size(B)}`, B),
    ...section(`C: kernel transform, ${size(C)}`, C),
    ...proof(algorithm, equations),
    '',
  ];
}

function errors(transform: Transform): string {
  return [1, 2, 3]
    .map((dims) => `${layerErrorRatio(Array(dims).fill(transform)).toPrecision(2)}× (${dims}-D)`)
    .join(', ');
}

/** `1 tap`, `3 taps`. */
function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

function section(title: string, matrix: Matrix): string[] {
  return [title, ...tableOf(matrix).map((line) => `  ${line}`), ''];
}

/** Columns aligned at the right, zeros as dots so that the structure shows. */
function tableOf(matrix: Matrix): string[] {
  const cells = matrix.map((row) => row.map((entry) => (entry.n === 0n ? '·' : entry.toFraction())));
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  return cells.map((row) => row.map((cell, column) => cell.padStart(widths[column]!)).join('  '));
}

function proof(algorithm: Bilinear, equations: number): string[] {
  const sums = algorithm.A.map((): string[] => []);
  for (const { output, tap, input, value } of expand(algorithm)) {
    if (value.n !== 0n) sums[output]!.push(`${factor(value)}d${input} g${tap}`);
  }
  return [
    `Proof, multiplied out over ℚ: ${count(equations, 'coefficient')}, all exact`,
    ...sums.map((terms, output) => `  y${output} = ${terms.join(' + ') || '0'}`),
  ];
}

function factor(value: Fraction): string {
  return value.equals(1) ? '' : `${value.toFraction()} `;
}
