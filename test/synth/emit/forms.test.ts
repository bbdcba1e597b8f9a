import { Fraction } from 'fraction.js';
import { describe, expect, test } from 'vitest';
import { printLatex, printText, synthesize, VerificationError } from '../../../synth/index.js';
import { texts } from '../exact.js';

const f23 = synthesize({ outputs: 2, taps: 3 });
const quadratic = synthesize({ outputs: 5, taps: 4, moduli: '0, ±3/2, x^2-3/2*x+1, x^2+2, inf' });
const wrong = { ...f23, C: f23.C.map((row) => row.map((entry) => entry.mul(2))) };

describe('printText', () => {
  test('shows the matrices and the proof', () => {
    expect(
      printText(f23),
    ).toBe(`F(2, 3): 2 outputs, 3 taps, 4 inputs; 4 products where direct convolution takes 6 (1.50×)
Moduli: 0, 1, -1, inf
Expected error against direct convolution, many channels: 0.75× (1-D), 0.56× (2-D), 0.41× (3-D)

y = A[(C g) ⊙ (B d)]

A: output transform, 2 × 4
  1  1   1   ·
  ·  1  -1  -1

B: input transform, 4 × 4
  1   ·  -1   ·
  ·   1   1   ·
  ·  -1   1   ·
  ·   1   ·  -1

C: kernel transform, 4 × 3
    1     ·    ·
  1/2   1/2  1/2
  1/2  -1/2  1/2
    ·     ·    1

Proof, multiplied out over ℚ: 24 coefficients, all exact
  y0 = d0 g0 + d1 g1 + d2 g2
  y1 = d1 g0 + d2 g1 + d3 g2
`);
  });

  test('holds every entry, aligned', () => {
    const lines = printText(quadratic).split('\n');
    const start = lines.findIndex((line) => line.startsWith('B:')) + 1;
    const printed = lines.slice(start, start + quadratic.products);
    expect(printed.map((line) => line.trim().replaceAll('·', '0').split(/ +/).join(' '))).toEqual(
      texts(quadratic.B),
    );
    expect(new Set(printed.map((line) => line.length)).size).toBe(1);
  });

  test('prints no proof of what is wrong', () => {
    expect(() => printText(wrong)).toThrow(VerificationError);
  });
});

describe('printLatex', () => {
  /** Reads a matrix back from its LaTeX. */
  function matrixIn(latex: string, name: string): string[] {
    const body = latex.split(`${name} = \\begin{bmatrix}\n`)[1]!.split('\n\\end{bmatrix}')[0]!;
    return texts(
      body
        .split(' \\\\\n')
        .map((row) =>
          row
            .split('&')
            .map((entry) => new Fraction(entry.trim().replace(/\\frac\{(\d+)\}\{(\d+)\}/, '$1/$2'))),
        ),
    );
  }

  test('holds every entry', () => {
    const latex = printLatex(quadratic);
    for (const name of ['A', 'B', 'C'] as const)
      expect(matrixIn(latex, name)).toEqual(texts(quadratic[name]));
  });

  test('names the moduli', () => {
    expect(printLatex(quadratic)).toContain(
      'm(x) = (x)\\,(x-\\frac{3}{2})\\,(x+\\frac{3}{2})\\,(x^{2}-\\frac{3}{2}x+1)\\,(x^{2}+2),\\ \\infty',
    );
    expect(printLatex({ ...f23, moduli: [] })).not.toContain('m(x)');
  });

  test('lifts the limit of amsmath on columns where a matrix is wider', () => {
    expect(printLatex(f23)).not.toContain('MaxMatrixCols');
    expect(printLatex(synthesize({ outputs: 8, taps: 5 }))).toContain('\\setcounter{MaxMatrixCols}{14}');
  });

  test('refuses what is wrong', () => {
    expect(() => printLatex(wrong)).toThrow(VerificationError);
  });
});
