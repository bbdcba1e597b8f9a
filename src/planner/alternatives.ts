/** A way to run a node, of which more time can save something scarce. */
export interface Alternative {
  /** Estimated time, in flops at one core's peak (see `Rates`). */
  readonly cost: number;
  /** Of what is scarce: bytes of constants made ready, or variance of rounding errors. */
  readonly amount: number;
}

/** Those that no other is better than in both, the fastest first. */
export function undominated<T extends Alternative>(alternatives: readonly T[]): readonly T[] {
  const sorted = [...alternatives].sort((a, b) => a.cost - b.cost || a.amount - b.amount);
  let least = Number.POSITIVE_INFINITY;
  return sorted.filter(({ amount }) => {
    const better = amount < least;
    least = Math.min(least, amount);
    return better;
  });
}

/**
 * The best where what is scarce costs so much; less of it among equals.
 *
 * @param alternatives undominated, the fastest first; at least one
 * @param price in flops at one core's peak for one of the amount; Infinity for the least amount
 */
export function bestAt<T extends Alternative>(alternatives: readonly T[], price: number): T {
  if (price === Number.POSITIVE_INFINITY) return alternatives.at(-1)!;
  const total = ({ cost, amount }: Alternative) => cost + price * amount;
  return alternatives.reduce((best, each) => (total(each) <= total(best) ? each : best));
}

/** What all nodes take together where each is the best at a price, or a little beyond it. */
export function amountAt(nodes: readonly (readonly Alternative[])[], price: number): number {
  const beyond = (1 + 1e-9) * price;
  return nodes.reduce((sum, alternatives) => sum + bestAt(alternatives, beyond).amount, 0);
}

/**
 * The least price at which all nodes together take no more than there is. All exchanging at one price, no other choice that
 * takes as little is estimated to be faster but for what is left over (Everett 1963, generalized Lagrange multipliers).
 */
export function priceFor(nodes: readonly (readonly Alternative[])[], most: number): number {
  const prices = nodes.flatMap((alternatives) =>
    alternatives.flatMap((a) =>
      alternatives
        .filter((b) => b.amount < a.amount && b.cost > a.cost)
        .map((b) => (b.cost - a.cost) / (a.amount - b.amount)),
    ),
  );
  prices.sort((a, b) => a - b);
  let [low, high] = [0, prices.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (amountAt(nodes, prices[middle]!) <= most) high = middle;
    else low = middle + 1;
  }
  // A little more, so that who is as good with less takes it whatever the sums round to.
  return (1 + 1e-9) * (prices[low] ?? Number.POSITIVE_INFINITY);
}
