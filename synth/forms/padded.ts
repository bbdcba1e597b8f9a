import type { Fraction } from 'fraction.js';
import { content, isZero, scale, ZERO } from '../algebra/rational.js';
import { convolution, type Product } from '../core/convolution.js';
import { defaultModuli, resolvePoints } from '../core/defaults.js';
import { formatModulus, type ModuliInput, parseModuli, validateModuli } from '../core/moduli.js';
import type { Matrix } from '../core/transform.js';
import { expected } from '../errors.js';
import { noiseGain } from '../noise/gain.js';
import { checkOptions } from '../options.js';
import { BALANCED_LENGTHS, balancedPoints, balancedProducts } from './balanced.js';
import { type Form, proved } from './form.js';

/** A whole axis with its padding. */
export interface PaddedOptions {
  /** L: inputs that are there. */
  readonly inputs: number;
  /** Zeros before and after them. */
  readonly padding: readonly [begin: number, end: number];
  /** G: taps of the kernel. */
  readonly taps: number;
  /** Moduli of the product of the two shortest among outputs, taps and inputs; by default the best known algorithm. */
  readonly moduli?: ModuliInput | undefined;
}

/**
 * An algorithm for a whole short axis, y[s] = Σ_g g[g] d[s+g−begin] over the inputs that are there: the zeros of the
 * padding are neither read nor multiplied. S = L + begin + end − G + 1.
 */
export interface PaddedTransform extends Form {
  readonly padding: readonly [begin: number, end: number];
  /** The moduli of the polynomial product, or the points of a balanced one. */
  readonly moduli: readonly string[];
  /** No bilinear algorithm has fewer products: as many outputs, taps or inputs are independent. */
  readonly leastProducts: number;
}

/** The three index sets of the problem, in the order of preference for the two that are multiplied. */
const SIDES = ['outputs', 'taps', 'inputs'] as const;
type Side = (typeof SIDES)[number];

/** The indices of one side that take part in any product: the others belong to padding alone. */
interface Range {
  readonly side: Side;
  readonly first: number;
  readonly length: number;
}

/** Rows over the used indices of each side, one for each product. */
interface Candidate {
  readonly rows: readonly Readonly<Record<Side, readonly Fraction[]>>[];
  readonly moduli: readonly string[];
}

/**
 * Synthesizes and proves an algorithm for an axis of given length, padding and taps.
 *
 * With the inputs counted backwards, d′ = L−1−d, the sum runs over s + g + d′ = N, N = L−1+begin: the trilinear form is
 * the coefficient of xᴺ in a product of three polynomials of lengths S, G and L. Any two of them may be multiplied fast
 * (Theorem 1 of Budden et al. 2017) and the third read off as the transpose, so the two shortest are taken: P + Q − 1
 * products. Without padding these are S and G, which is F(S, G) with its D products; with 2 inputs, padding 1 and 3 taps
 * they are the 2 outputs and the 2 inputs: 3 products. Where all three sides are about as long and N lies where
 * `balancedProducts` wants it, that takes no more and is quieter: 3 inputs, padding 1 and 3 taps take 4 products.
 *
 * @throws InputError when the sizes leave no output or no input under it, or the moduli are unusable
 */
export function paddedTransform(options: PaddedOptions): PaddedTransform {
  checkOptions('paddedTransform', options, { inputs: true, padding: true, taps: true, moduli: true });
  const { inputs, padding, taps } = checkSizes(options);
  const outputs = inputs + padding[0] + padding[1] - taps + 1;
  const lengths = { outputs, taps, inputs };
  const ranges = usedRanges(lengths, inputs - 1 + padding[0]);
  const total = inputs - 1 + padding[0] - ranges.reduce((sum, { first }) => sum + first, 0);
  const candidates = [
    byMultiplication(ranges, total, options.moduli),
    ...(options.moduli === undefined ? balanced(ranges, total) : []),
  ];
  return candidates
    .map((candidate) => transformOf(candidate, { inputs, padding, taps }, ranges))
    .reduce((best, each) => (isBetter(each, best) ? each : best));
}

function isBetter(each: PaddedTransform, than: PaddedTransform): boolean {
  if (each.products !== than.products) return each.products < than.products;
  return noiseGain(each) < noiseGain(than);
}

function transformOf(
  { rows, moduli }: Candidate,
  { inputs, padding: [begin, end], taps }: PaddedOptions,
  ranges: readonly Range[],
): PaddedTransform {
  const outputs = inputs + begin + end - taps + 1;
  const lengths = { outputs, taps, inputs };
  const [a, c, b] = ranges.map((range) =>
    rows.map((row) => embed(row[range.side], range, lengths[range.side])),
  ) as [Matrix, Matrix, Matrix];
  const transform: PaddedTransform = {
    name: `${inputs} inputs padded by ${begin} and ${end}, ${taps} taps`,
    formula: `y[s] = Σ g[t] d[s + t${begin === 0 ? '' : ` − ${begin}`}]`,
    ...{ inputs, padding: [begin, end], taps, outputs, products: rows.length, moduli },
    leastProducts: Math.max(...ranges.map(({ length }) => length)),
    A: Array.from({ length: outputs }, (_, s) => a.map((column) => column[s]!)),
    B: b.map((row) => row.toReversed()),
    C: c,
  };
  return proved(transform, (s, t) => s + t - begin);
}

/** Multiplies the two shortest sides; the third takes from each product what meets it in xᴺ. */
function byMultiplication(
  ranges: readonly Range[],
  total: number,
  moduli: ModuliInput | undefined,
): Candidate {
  const [left, right] = factorsOf(ranges);
  const third = ranges.find((range) => range !== left && range !== right)!;
  const chosen = moduli === undefined ? defaultModuli(left.length, right.length) : parseModuli(moduli);
  validateModuli(chosen, left.length + right.length - 1);
  const resolved = chosen.map((modulus) => resolvePoints(modulus, left.length, right.length));
  const rows = convolution(left.length, right.length, resolved).map((product) => {
    const { left: x, right: y, back } = right.side === 'taps' ? product : withoutContent(product);
    const z = Array.from({ length: third.length }, (_, k) => back[total - k] ?? ZERO);
    return { [left.side]: x, [right.side]: y, [third.side]: z } as Candidate['rows'][number];
  });
  return { rows, moduli: resolved.map(formatModulus) };
}

/**
 * The ways to see the sides as parts of three of length n whose indices add up to 2n − 3, or to n when all are counted
 * backwards. The taps come third, where the denominators are.
 */
function balanced(ranges: readonly Range[], total: number): Candidate[] {
  const [outputs, taps, inputs] = ranges.map(({ length }) => length) as [number, number, number];
  return BALANCED_LENGTHS.flatMap((n) => {
    const products = balancedProducts(n);
    const moduli = balancedPoints(n).map((point) => point.toFraction());
    const found: Candidate[] = [];
    for (const [sum, backwards] of [
      [2 * n - 3, false],
      [n, true],
    ] as const) {
      for (let a = 0; a <= n - outputs; a += 1) {
        for (let b = 0; b <= n - inputs; b += 1) {
          const c = sum - total - a - b;
          if (c < 0 || c > n - taps) continue;
          const part = (row: readonly Fraction[], first: number, length: number) =>
            (backwards ? row.toReversed() : row).slice(first, first + length);
          const rows = products.map(([x, y, z]) => ({
            outputs: part(x, a, outputs),
            inputs: part(y, b, inputs),
            taps: part(z, c, taps),
          }));
          found.push({
            rows: rows.filter((row) => !Object.values(row).some((each) => each.every(isZero))),
            moduli,
          });
        }
      }
    }
    return found;
  });
}

function checkSizes({ inputs, padding, taps }: PaddedOptions): PaddedOptions {
  for (const [name, value] of Object.entries({ inputs, taps })) {
    if (!Number.isInteger(value) || value < 1) throw expected(name, 'a positive integer', value);
  }
  const valid =
    Array.isArray(padding) &&
    padding.length === 2 &&
    padding.every((size) => Number.isInteger(size) && size >= 0);
  if (!valid) throw expected('padding', 'a pair of non-negative integers', padding);
  const outputs = inputs + padding[0] + padding[1] - taps + 1;
  if (outputs < 1)
    throw expected('taps', `at most ${outputs + taps - 1}, the inputs with their padding`, taps);
  return { inputs, padding, taps };
}

/** Of 0 ≤ i < lengths[side] the indices for which the other two sides have indices that complete the sum to N. */
function usedRanges(lengths: Readonly<Record<Side, number>>, total: number): readonly Range[] {
  const reach = SIDES.reduce((sum, side) => sum + lengths[side] - 1, 0);
  return SIDES.map((side) => {
    const first = Math.max(0, total - (reach - (lengths[side] - 1)));
    const last = Math.min(lengths[side] - 1, total);
    return { side, first, length: last - first + 1 };
  });
}

/** The two shortest sides; among equals outputs before taps before inputs. Taps come second, where content goes. */
function factorsOf(ranges: readonly Range[]): readonly [Range, Range] {
  const [first, second] = [...ranges].sort((a, b) => a.length - b.length) as [Range, Range];
  return first.side === 'taps' ? [second, first] : [first, second];
}

/** Moves the content of the second factor to the third side: the kernel's, which is transformed once. */
function withoutContent({ left, right, back }: Product): Product {
  const factor = content(right);
  return { left, right: scale(right, factor.inverse()), back: scale(back, factor) };
}

/** A row over the used indices of a side as one over all of them; what lies beyond the row's end is zero. */
function embed(row: readonly Fraction[], { first, length }: Range, total: number): Fraction[] {
  return Array.from({ length: total }, (_, i) =>
    i >= first && i < first + length ? (row[i - first] ?? ZERO) : ZERO,
  );
}
