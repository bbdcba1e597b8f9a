import type { Factor, Point } from '../core/squared-gain.js';
import { linear } from '../core/squared-gain.js';

/** A coefficient or a point of a structure: fixed, or ± one of its parameters. */
export type Term = { readonly fixed: Point } | { readonly parameter: number; readonly sign: 1 | -1 };

/** One modulus of a structure: monic, or linear with its root as the only point. */
export interface FactorTerms {
  readonly degree: number;
  /** The coefficients below the leading one, constant first; empty for degree 1. */
  readonly coefficients: readonly Term[];
  readonly points: readonly Term[];
}

/** What a parameter is: a point of the projective line, as the angle atan(x), or a coefficient. */
export type ParameterKind = 'point' | 'coefficient';

/**
 * The shape of a set of moduli with its numbers left open: how many of which degree, and which of them
 * mirror each other under x → −x. Mirrored moduli make rows in pairs (u + v, u − v), which cost half.
 */
export interface Structure {
  /** Such as `0 inf ±p ±p x^2+c:0`. */
  readonly name: string;
  /** Whether x → −x maps the moduli to themselves. */
  readonly symmetric: boolean;
  readonly factors: readonly FactorTerms[];
  readonly parameters: readonly ParameterKind[];
}

const ZERO: Point = [1, 0];
const INFINITY: Point = [0, 1];
const FIXED_ZERO: Term = { fixed: ZERO };

/** A set of moduli that x → −x maps to itself, as small as can be; or one modulus that it maps elsewhere. */
interface Orbit {
  readonly name: string;
  /** How many moduli of which degree. */
  readonly degree: number;
  readonly count: number;
  /** How often one structure may hold it. */
  readonly most: number;
  readonly build: (points: number, next: (kind: ParameterKind) => number) => FactorTerms[];
}

const variable = (parameter: number, sign: 1 | -1 = 1): Term => ({ parameter, sign });
const times = (count: number) => Array.from({ length: count }, (_, index) => index);

/** m(x) = ±m(−x): every other coefficient vanishes, and the evaluation points are the centre and ± pairs. */
function mirroredItself(degree: number, centre: Point): Orbit {
  return {
    name: `${['', '', 'x^2+c', 'x^3+cx', 'x^4+bx^2+c'][degree]}:${centre[0] === 0 ? 'inf' : '0'}`,
    degree,
    count: 1,
    most: degree === 2 ? Number.POSITIVE_INFINITY : 1,
    build: (count, next) => {
      const coefficients = times(degree).map((power) =>
        (degree - power) % 2 === 0 ? variable(next('coefficient')) : FIXED_ZERO,
      );
      const pairs = times(Math.floor(count / 2)).map(() => next('point'));
      const points = pairs.flatMap((p) => [variable(p), variable(p, -1)]);
      if (count % 2 === 1) points.unshift({ fixed: centre });
      return [{ degree, coefficients, points }];
    },
  };
}

/** A modulus that is not its own mirror image, with that image when `paired`. */
function general(degree: number, paired: boolean): Orbit {
  const images: readonly (1 | -1)[] = paired ? [1, -1] : [1];
  return {
    name: `${paired ? '±' : ''}${degree === 1 ? 'p' : `m${degree}`}`,
    degree,
    count: images.length,
    most: degree <= 2 ? Number.POSITIVE_INFINITY : 1,
    build: (count, next) => {
      const coefficients = times(degree === 1 ? 0 : degree).map(() => next('coefficient'));
      const points = times(count).map(() => next('point'));
      return images.map((sign) => ({
        degree,
        // m(−x) up to its leading sign: coefficient i turns by (−1)^(degree−i).
        coefficients: coefficients.map((each, i) => variable(each, (degree - i) % 2 === 0 ? 1 : sign)),
        points: points.map((each) => variable(each, sign)),
      }));
    },
  };
}

function single(name: string, point: Point): Orbit {
  const factor = { degree: 1, coefficients: [], points: [{ fixed: point }] };
  return { name, degree: 1, count: 1, most: 1, build: () => [factor] };
}

const SYMMETRIC: readonly Orbit[] = [
  single('0', ZERO),
  single('inf', INFINITY),
  general(1, true),
  mirroredItself(2, ZERO),
  mirroredItself(2, INFINITY),
  general(2, true),
  mirroredItself(3, ZERO),
  mirroredItself(3, INFINITY),
  general(3, true),
  mirroredItself(4, ZERO),
  mirroredItself(4, INFINITY),
  general(4, true),
];

const FREE: readonly Orbit[] = [general(1, false), general(2, false), general(3, false), general(4, false)];

/**
 * All structures of moduli of degree ≤ 4 for F(S, G) with T products: those that x → −x maps to
 * themselves, and those without any symmetry. At most one orbit each of degree 3 and 4.
 */
export function structures(outputs: number, taps: number, products: number): Structure[] {
  const cost = (degree: number) => residueProducts(outputs, taps, degree);
  return [SYMMETRIC, FREE].flatMap((orbits) =>
    choose(
      // A modulus that costs no more than its degree reduces nothing: its points would do as linear moduli.
      orbits.filter(({ degree }) => degree === 1 || cost(degree) > degree),
      cost,
      outputs + taps - 1,
      products,
    )
      // x → 1/x reverses every polynomial and keeps the gain: 0 without ∞ repeats ∞ without 0.
      .filter(
        (chosen) => chosen.some(({ name }) => name === 'inf') || !chosen.some(({ name }) => name === '0'),
      )
      .map((chosen) => assemble(chosen, orbits === SYMMETRIC, cost)),
  );
}

/** Products of two residues modulo a polynomial of degree n, which are shorter where S or G is. */
function residueProducts(outputs: number, taps: number, degree: number): number {
  return Math.min(outputs, degree) + Math.min(taps, degree) - 1;
}

type Cost = (degree: number) => number;

function choose(orbits: readonly Orbit[], cost: Cost, size: number, products: number): Orbit[][] {
  if (size === 0 && products === 0) return [[]];
  const [orbit, ...rest] = orbits;
  if (orbit === undefined || size <= 0 || products <= 0) return [];
  const chosen: Orbit[][] = [];
  for (let times = 0; times <= orbit.most && times * orbit.count * orbit.degree <= size; times++) {
    const moduli = times * orbit.count;
    const tails = choose(rest, cost, size - moduli * orbit.degree, products - moduli * cost(orbit.degree));
    chosen.push(...tails.map((tail) => [...Array<Orbit>(times).fill(orbit), ...tail]));
  }
  return chosen;
}

function assemble(orbits: readonly Orbit[], symmetric: boolean, cost: Cost): Structure {
  const parameters: ParameterKind[] = [];
  const next = (kind: ParameterKind) => parameters.push(kind) - 1;
  const factors = orbits.flatMap((orbit) => orbit.build(cost(orbit.degree), next));
  return { name: orbits.map(({ name }) => name).join(' '), symmetric, factors, parameters };
}

/** A value for each parameter: a point for points, [1, c] for a coefficient c. */
export type Values = readonly Point[];

/** The moduli of a structure with its parameters filled in. */
export function instantiate({ factors }: Structure, values: Values): Factor[] {
  const at = (term: Term): Point => {
    if ('fixed' in term) return term.fixed;
    const [u, w] = values[term.parameter]!;
    return [u, term.sign * w];
  };
  return factors.map(({ degree, coefficients, points }) => {
    if (degree === 1) return linear(at(points[0]!));
    const below = coefficients.map(at).map(([u, w]) => w / u);
    return { polynomial: [...below, 1], points: points.map(at) };
  });
}

/** A random start: linear points all over the circle, and moduli with roots near the unit circle. */
export function randomStart({ factors, parameters }: Structure, random: () => number): number[] {
  const start = parameters.map(() => (random() - 0.5) * Math.PI);
  for (const { degree, coefficients, points } of factors) {
    if (degree === 1) continue;
    const polynomial = randomPolynomial(degree, random);
    coefficients.forEach((term, i) => {
      if ('parameter' in term) start[term.parameter] = polynomial[i]!;
    });
    const angles = spreadAngles(points, random);
    points.forEach((term, k) => {
      if ('parameter' in term) start[term.parameter] = angles[k]!;
    });
  }
  return start;
}

/** Evaluation points spread evenly over the circle, as they are best for a modulus near xⁿ ± 1. */
function spreadAngles(points: readonly Term[], random: () => number): number[] {
  const spacing = Math.PI / points.length;
  const jitter = () => 0.1 * (random() - 0.5);
  const [first] = points;
  if (first === undefined || !('fixed' in first)) {
    const turn = random() * Math.PI;
    return points.map((_, k) => turn + k * spacing + jitter());
  }
  const centre = Math.atan2(first.fixed[1], first.fixed[0]);
  return points.map((_, k) => centre + Math.ceil(k / 2) * spacing + jitter());
}

/** A monic product of x² + bx + c with roots of modulus about 1, and of x − r for odd degree. */
function randomPolynomial(degree: number, random: () => number): number[] {
  let product = [1];
  const factor = (other: readonly number[]) => {
    const next = Array<number>(product.length + other.length - 1).fill(0);
    for (const [i, a] of product.entries()) for (const [j, b] of other.entries()) next[i + j]! += a * b;
    product = next;
  };
  for (let left = degree; left >= 2; left -= 2) {
    const radius = Math.exp(random() - 0.5);
    factor([radius * radius, 2 * radius * Math.cos(Math.PI * random()), 1]);
  }
  if (degree % 2 === 1) factor([2 * random() - 1, 1]);
  return product;
}
