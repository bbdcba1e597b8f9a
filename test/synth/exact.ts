import { Fraction } from 'fraction.js';
import type { Transform } from '../../synth/index.js';

/** A matrix from rows of text: `'1 0 -5/2'`. */
export function rows(...lines: string[]): Fraction[][] {
  return lines.map((line) =>
    line
      .trim()
      .split(/\s+/)
      .map((entry) => new Fraction(entry)),
  );
}

/** The entries as text, so that a failure shows both matrices. */
export function texts(matrix: readonly (readonly Fraction[])[]): string[] {
  return matrix.map((row) => row.map((entry) => entry.toFraction()).join(' '));
}

/** The oracle: y[s] = Σ_g g[g] d[s+g], from the definition. */
export function correlate(g: readonly Fraction[], d: readonly Fraction[]): Fraction[] {
  return Array.from({ length: d.length - g.length + 1 }, (_, s) =>
    g.reduce((sum, tap, i) => sum.add(tap.mul(d[s + i]!)), new Fraction(0)),
  );
}

/** y = A[(C g) ⊙ (B d)], step by step. */
export function run({ A, B, C }: Transform, g: readonly Fraction[], d: readonly Fraction[]): Fraction[] {
  const [u, v] = [times(C, g), times(B, d)];
  return times(
    A,
    u.map((value, t) => value.mul(v[t]!)),
  );
}

function times(matrix: readonly (readonly Fraction[])[], vector: readonly Fraction[]): Fraction[] {
  return matrix.map((row) => row.reduce((sum, entry, i) => sum.add(entry.mul(vector[i]!)), new Fraction(0)));
}

/** True when the row is a multiple of the other, and not zero. */
export function isProportional(row: readonly Fraction[], other: readonly Fraction[]): boolean {
  const at = other.findIndex((entry) => !entry.equals(0));
  if (at < 0 || row[at]!.equals(0)) return false;
  const ratio = row[at]!.div(other[at]!);
  return row.every((entry, i) => entry.equals(other[i]!.mul(ratio)));
}
