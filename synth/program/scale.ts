import { type RationalId, Rationals } from './rationals.js';
import type { Sums } from './sums.js';

/** A factor for each temporary; rows and inputs have none. */
export type Scales = ReadonlyMap<number, RationalId>;

/**
 * Chooses the scale of each temporary. A sum needs no product of its own when one of its coefficients is ±1, as
 * the others go into fused multiply-adds: scales are chosen so that as many sums as possible have such a term.
 * Among equals, sums should begin with a positive term (not every machine can negate for nothing), then
 * constants should be exact in single precision, then few.
 *
 * Coordinate descent: one temporary at a time, until none can be improved.
 *
 * @returns the scales and how many sums are left without a unit coefficient, one product each
 */
export function chooseScales(sums: Sums): { scales: Scales; products: number } {
  const scales = new Map<number, RationalId>(sums.temporaries.map((value) => [value, Rationals.one]));
  const affected = new Map([...scales.keys()].map((value) => [value, [value, ...sums.uses(value)]]));
  const cost = (temporary: number) =>
    affected.get(temporary)!.reduce((total, value) => total + penalty(sums, scales, value), 0);
  for (let improved = true; improved; ) {
    improved = false;
    for (const temporary of scales.keys()) {
      let best = cost(temporary);
      for (const candidate of candidates(sums, scales, temporary)) {
        const before = scales.get(temporary)!;
        scales.set(temporary, candidate);
        const reached = cost(temporary);
        if (reached < best) {
          best = reached;
          improved = true;
        } else scales.set(temporary, before);
      }
    }
  }
  const products = sums.values.filter((value) => penalty(sums, scales, value) >= PRODUCT).length;
  return { scales, products };
}

/** The coefficient of a term once the sum and the value in it are scaled. */
export function scaledCoefficient(
  { rationals }: Sums,
  scales: Scales,
  sum: number,
  value: number,
  coefficient: RationalId,
): RationalId {
  const scaled = rationals.product(coefficient, scales.get(sum) ?? Rationals.one);
  return rationals.quotient(scaled, scales.get(value) ?? Rationals.one);
}

/** The scales that make a coefficient 1 or −1, either in the temporary's own sum or in a sum that uses it. */
function candidates(sums: Sums, scales: Scales, temporary: number): Set<RationalId> {
  const { rationals } = sums;
  const own = scales.get(temporary)!;
  const found = new Set<RationalId>();
  const offer = (id: RationalId) => found.add(id).add(rationals.product(id, Rationals.minusOne));
  for (const [value, coefficient] of sums.sum(temporary))
    offer(rationals.quotient(own, scaledCoefficient(sums, scales, temporary, value, coefficient)));
  for (const user of sums.uses(temporary)) {
    const coefficient = sums.sum(user).get(temporary)!;
    offer(rationals.product(own, scaledCoefficient(sums, scales, user, temporary, coefficient)));
  }
  return found;
}

/** Weights of the four wishes; each outweighs all terms of a sum that the next one can concern. */
const PRODUCT = 2 ** 30;
const NEGATIVE = 2 ** 20;
const INEXACT = 2 ** 10;

function penalty(sums: Sums, scales: Scales, value: number): number {
  let units = 0;
  let positive = 0;
  let total = 0;
  for (const [term, coefficient] of sums.sum(value)) {
    const id = scaledCoefficient(sums, scales, value, term, coefficient);
    if (sums.rationals.isUnit(id)) {
      units++;
      if (id === Rationals.one) positive++;
    } else total += sums.rationals.isSingle(id) ? 1 : INEXACT;
  }
  if (sums.sum(value).size === 0) return 0;
  if (units === 0) return total + PRODUCT;
  return positive === 0 ? total + NEGATIVE : total;
}
