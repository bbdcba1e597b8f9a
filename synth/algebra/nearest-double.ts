import type { Fraction } from 'fraction.js';

/** Integers below it are doubles. */
const EXACT = 2n ** 53n;

/** The double nearest to a rational, ties to even; plain division of large integers would round three times. */
export function nearestDouble({ s, n, d }: Fraction): number {
  const sign = Number(s);
  if (n < EXACT && d < EXACT) return (sign * Number(n)) / Number(d);
  // A quotient of 64 bits or more whose last bit says whether anything was cut off rounds as the rational does.
  const shift = Math.max(0, 64 + bitLength(d) - bitLength(n));
  const scaled = n << BigInt(shift);
  const sticky = scaled % d === 0n ? 0n : 1n;
  return (sign * Number((scaled / d) | sticky)) / 2 ** shift;
}

function bitLength(value: bigint): number {
  return value.toString(2).length;
}
