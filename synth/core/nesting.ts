import { expected } from '../errors.js';
import { resolvePoints } from './defaults.js';
import {
  compareModuli,
  formatModulus,
  INFINITY,
  type Modulus,
  modulusDegree,
  modulusProducts,
  type Point,
  validateModuli,
} from './moduli.js';
import { type Factor, linear, squaredGain } from './squared-gain.js';

/** A size of tiles. */
export interface TileSize {
  /** S. */
  readonly outputs: number;
  /** T of one tile. */
  readonly products: number;
}

/** Moduli in an order of which beginnings make smaller tiles. */
export interface NestedModuli {
  /** G. */
  readonly taps: number;
  readonly moduli: readonly Modulus[];
  /** Of the tiles, biggest first: all the moduli, and beginnings down to half of the outputs. */
  readonly sizes: readonly TileSize[];
}

/**
 * The canonical order of moduli, and so of products: as many tiles as possible nest, since C evaluates the kernel at the
 * moduli whatever S is, and a tile on the first of them has the first rows of C. Moduli of the highest degree are last,
 * for they cost more products than their degree; of each degree those are last without which the others have the least
 * noise gain; and among equals those of `compareModuli`.
 *
 * @param moduli pairwise coprime, of degrees that add up to S + G − 1
 * @param taps G
 * @throws InputError when the moduli are unusable for so many taps
 */
export function nestModuli(moduli: readonly Modulus[], taps: number): NestedModuli {
  let beginning = moduli.toSorted(compareModuli);
  const biggest = degreeOf(moduli) - taps + 1;
  if (!(biggest > 0)) {
    const names = moduli.map(formatModulus).join(', ');
    throw expected('moduli', `of degrees that add up to ${taps} or more for ${taps} taps`, names);
  }
  validateModuli(moduli, biggest + taps - 1);
  const sizes: TileSize[] = [{ outputs: biggest, products: productsOf(moduli, biggest, taps) }];
  const end: Modulus[] = [];
  while (beginning.length > 0) {
    const degree = Math.max(...beginning.map(modulusDegree));
    const outputs = degreeOf(beginning) - degree - taps + 1;
    if (2 * outputs < biggest || outputs < 1) break;
    const dropped = beginning.filter((modulus) => modulusDegree(modulus) === degree).reverse();
    const shorter = dropped.map((modulus) => beginning.filter((each) => each !== modulus));
    const best = shorter.indexOf(quietest(shorter, outputs, taps));
    end.unshift(dropped[best]!);
    beginning = shorter[best]!;
    const nests = beginning.every((modulus) => sharesProducts(modulus, biggest, outputs));
    if (nests) sizes.push({ outputs, products: productsOf(beginning, outputs, taps) });
  }
  return { taps, moduli: [...beginning, ...end], sizes };
}

/** How many of the moduli, counted from the first, have degrees that add up to a tile's inputs; −1 if none do. */
export function nestedCount(moduli: readonly Modulus[], inputs: number): number {
  return [...moduli.keys(), moduli.length].findIndex((count) => degreeOf(moduli.slice(0, count)) === inputs);
}

/**
 * Whether a modulus has as many products in a smaller tile as in a bigger one: their number falls with S below the
 * degree, and then the rows of C differ.
 */
export function sharesProducts(modulus: Modulus, bigger: number, smaller: number): boolean {
  const degree = modulusDegree(modulus);
  return Math.min(smaller, degree) === Math.min(bigger, degree);
}

/** Gains that differ by less are equal, but for rounding: those of points p and 1/p are, say. */
const TIE = 1 + 1e-9;

/** Of lists of moduli that make an F(outputs, taps), the first with the least noise gain. */
export function quietest<M extends readonly Modulus[]>(
  lists: readonly M[],
  outputs: number,
  taps: number,
): M {
  const gains = lists.map((list) =>
    squaredGain(
      outputs,
      taps,
      list.map((modulus) => factorOf(resolvePoints(modulus, outputs, taps))),
    ),
  );
  const least = Math.min(...gains);
  return lists[gains.findIndex((gain) => gain <= least * TIE)]!;
}

/** The degrees of moduli, added up. */
export function degreeOf(moduli: readonly Modulus[]): number {
  return moduli.reduce((degree, modulus) => degree + modulusDegree(modulus), 0);
}

function productsOf(moduli: readonly Modulus[], outputs: number, taps: number): number {
  return moduli.reduce((count, modulus) => count + modulusProducts(modulus, outputs, taps), 0);
}

function factorOf(modulus: Modulus): Factor {
  if (modulus === INFINITY) return linear([0, 1]);
  const polynomial = modulus.polynomial.map((coefficient) => coefficient.valueOf());
  if (polynomial.length === 2) return linear([1, -polynomial[0]!]);
  return { polynomial, points: (modulus.points ?? []).map(projective) };
}

function projective(point: Point): [number, number] {
  return point === INFINITY ? [0, 1] : [1, point.valueOf()];
}
