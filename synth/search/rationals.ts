import type { Point } from '../core/squared-gain.js';

/**
 * The simplest rational between two numbers, that is the one highest in the Stern–Brocot tree, as a point
 * [denominator, numerator].
 *
 * @param low finite, ≤ high
 */
export function simplestBetween(low: number, high: number): Point {
  if (low <= 0 && high >= 0) return [1, 0];
  if (high < 0) {
    const [denominator, numerator] = simplestBetween(-high, -low);
    return [denominator, -numerator];
  }
  const whole = Math.ceil(low);
  if (whole <= high) return [1, whole];
  // Between two integers: the continued fraction goes on with the reciprocal of the rest.
  const floor = Math.floor(low);
  const [numerator, denominator] = simplestBetween(1 / (high - floor), 1 / (low - floor));
  return [denominator, floor * denominator + numerator];
}

/**
 * The number between two others whose denominator is the least power of two, and of these the one of least modulus: its
 * powers are exact in floating point.
 *
 * @param low finite, ≤ high
 */
export function dyadicBetween(low: number, high: number): Point {
  if (low <= 0 && high >= 0) return [1, 0];
  for (let denominator = 1; ; denominator *= 2) {
    const numerator = low > 0 ? Math.ceil(low * denominator) : Math.floor(high * denominator);
    if (numerator >= low * denominator && numerator <= high * denominator) return [denominator, numerator];
  }
}

/** Which number of an interval to take. */
export type Choice = (low: number, high: number) => Point;

/**
 * The chosen point of an arc of the projective line, given by angles φ with x = tan φ; where the arc holds zero or
 * infinity these are taken, zero first.
 *
 * @param low ≤ high, less than π apart
 */
export function chosenOnArc(low: number, high: number, choice: Choice): Point {
  const turns = Math.round((low + high) / 2 / Math.PI);
  const [from, to] = [low - turns * Math.PI, high - turns * Math.PI];
  if (from <= 0 && to >= 0) return [1, 0];
  if (from <= -Math.PI / 2 || to >= Math.PI / 2) return [0, 1];
  return choice(Math.tan(from), Math.tan(to));
}

/** How much a rational costs a reader and a register: |numerator| + denominator; 1 for 0 and ∞, 2 for ±1. */
export function height([denominator, numerator]: Point): number {
  return denominator + Math.abs(numerator);
}

/** Every rational of at most this height within a distance on the angle scale, nearest first not promised. */
export function rationalsNear(angle: number, distance: number, most: number): Point[] {
  const points: Point[] = [];
  const near = (u: number, w: number) => {
    const turn = Math.abs(Math.atan2(w, u) - angle) % Math.PI;
    return Math.min(turn, Math.PI - turn) <= distance;
  };
  for (let u = 0; u <= most; u++)
    for (let w = u - most; w <= most - u; w++) {
      if (gcd(u, Math.abs(w)) !== 1 || (u === 0 && w < 0)) continue;
      if (near(u, w)) points.push([u, w]);
    }
  return points;
}

/** `3/4`, `-2` or `inf`, as the moduli notation has it. */
export function formatPoint([denominator, numerator]: Point): string {
  if (denominator === 0) return 'inf';
  return denominator === 1 ? `${numerator}` : `${numerator}/${denominator}`;
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}
