import type { Fraction } from 'fraction.js';
import { format, type Notation } from '../algebra/polynomial.js';
import { INFINITY, parseModuli } from '../core/moduli.js';
import { proveTransform } from '../core/prove.js';
import type { Matrix, Transform } from '../core/transform.js';

/**
 * A transform as LaTeX: display formulas for amsmath, matrices as `bmatrix`, to be pasted into a paper.
 *
 * @throws VerificationError when the algorithm is wrong
 */
export function printLatex(transform: Transform): string {
  proveTransform(transform);
  const { outputs, taps, products, moduli } = transform;
  const columns = Math.max(products, outputs + taps - 1);
  return [
    `% F(${outputs},${taps}) with ${products} products, proved over the rationals. Needs amsmath.`,
    // amsmath stops at ten columns unless told.
    ...(columns > 10 ? [`\\setcounter{MaxMatrixCols}{${columns}}`] : []),
    '\\begin{gather*}',
    [
      `y = A\\bigl[(C g) \\odot (B d)\\bigr]${moduli.length > 0 ? `, \\qquad m(x) = ${product(moduli)}` : ''}`,
      `A = ${matrix(transform.A)}`,
      `B = ${matrix(transform.B)}`,
      `C = ${matrix(transform.C)}`,
    ].join(' \\\\\n'),
    '\\end{gather*}',
    '',
  ].join('\n');
}

function matrix(rows: Matrix): string {
  const lines = rows.map((row) => `  ${row.map(number).join(' & ')}`);
  return `\\begin{bmatrix}\n${lines.join(' \\\\\n')}\n\\end{bmatrix}`;
}

function number(value: Fraction): string {
  return value.toLatex();
}

const notation: Notation = { number, times: '', power: (exponent) => `x^{${exponent}}` };

/** m(x) as the product of its moduli, which shows the points too; infinity is named beside it. */
function product(moduli: readonly string[]): string {
  const parsed = parseModuli(moduli);
  const factors = parsed
    .filter((modulus) => modulus !== INFINITY)
    .map(({ polynomial }) => `(${format(polynomial, notation)})`);
  return (factors.join('\\,') || '1') + (parsed.includes(INFINITY) ? ',\\ \\infty' : '');
}
