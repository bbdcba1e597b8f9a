import { type RationalId, Rationals } from './rationals.js';
import type { Sums } from './sums.js';

/** A factor for each temporary; rows and inputs have none. */
export type Scales = ReadonlyMap<number, RationalId>;

/**
 * Chooses the scale of each temporary. A sum needs no product of its own when one of its coefficients is ±1, as
 * the others go into fused multiply-adds: scales are chosen so that as many sums as possible have such a term.
 * Among equals, constants that are exact in single precision win, then few different constants (they occupy
 * registers).
 *
 * @returns the scales and how many sums are left without a unit coefficient, one product each
 */
export function chooseScales(sums: Sums): { scales: Scales; products: number } {
  const scales = new Map<number, RationalId>(sums.temporaries.map((value) => [value, Rationals.one]));
  let best = judge(sums, scales);
  for (let improved = true; improved; ) {
    improved = false;
    for (const temporary of scales.keys()) {
      for (const candidate of candidates(sums, scales, temporary)) {
        const before = scales.get(temporary)!;
        if (candidate === before) continue;
        scales.set(temporary, candidate);
        const judged = judge(sums, scales);
        if (judged.penalty < best.penalty) {
          best = judged;
          improved = true;
        } else scales.set(temporary, before);
      }
    }
  }
  return { scales, products: best.products };
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

function judge(sums: Sums, scales: Scales): { products: number; penalty: number } {
  const constants = new Set<number>();
  let products = 0;
  let inexact = 0;
  let negative = 0;
  for (const value of sums.values) {
    const coefficients = [...sums.sum(value)].map(([term, coefficient]) =>
      scaledCoefficient(sums, scales, value, term, coefficient),
    );
    if (coefficients.length > 0 && !coefficients.some((id) => sums.rationals.isUnit(id))) products++;
    const numbers = coefficients.map((id) => sums.rationals.value(id).valueOf());
    for (const number of numbers) constants.add(Math.abs(number));
    inexact += numbers.filter((number) => Math.fround(number) !== number).length;
    if (numbers.every((number) => number < 0)) negative++;
  }
  return { products, penalty: ((products * 64 + negative) * 256 + inexact) * 256 + constants.size };
}
