import type { Fraction } from 'fraction.js';
import { layerErrorRatio } from '../noise.js';
import type { Matrix, Transform } from '../transform.js';
import { expand, verify } from '../verify.js';

/**
 * A transform for people: the matrices as aligned tables, and under them the proof, which is the algorithm multiplied
 * out over ℚ, as wincnn prints it.
 *
 * @throws VerificationError when the algorithm is wrong: there is no proof to print
 */
export function printText(transform: Transform): string {
  const { outputs, taps, products, moduli } = transform;
  const inputs = outputs + taps - 1;
  const saving = ((outputs * taps) / products).toFixed(2);
  return [
    `F(${outputs}, ${taps}): ${count(outputs, 'output')}, ${count(taps, 'tap')}, ${count(inputs, 'input')}; ` +
      `${count(products, 'product')} where direct convolution takes ${outputs * taps} (${saving}×)`,
    ...(moduli.length > 0 ? [`Moduli: ${moduli.join(', ')}`] : []),
    `Rounding error in a layer of many channels against direct convolution's, expected: ${errors(transform)}`,
    '',
    'y = A[(C g) ⊙ (B d)]',
    '',
    ...section(`A: output transform, ${outputs} × ${products}`, transform.A),
    ...section(`B: input transform, ${products} × ${inputs}`, transform.B),
    ...section(`C: kernel transform, ${products} × ${taps}`, transform.C),
    ...proof(transform),
    '',
  ].join('\n');
}

function errors(transform: Transform): string {
  return [1, 2, 3]
    .map((dims) => `${layerErrorRatio(Array(dims).fill(transform)).toPrecision(2)}× in ${dims}-D`)
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

function proof(transform: Transform): string[] {
  const { equations } = verify(transform);
  const sums = transform.A.map((): string[] => []);
  for (const { output, tap, input, value } of expand(transform)) {
    if (value.n !== 0n) sums[output]!.push(`${factor(value)}d${input} g${tap}`);
  }
  return [
    `Proof, multiplied out over ℚ: ${count(equations, 'coefficient')}, all exact`,
    ...sums.map((terms, output) => `  y${output} = ${terms.join(' + ')}`),
  ];
}

function factor(value: Fraction): string {
  return value.equals(1) ? '' : `${value.toFraction()} `;
}
