/**
 * The members that no other one beats or equals in every cost; of equals the first stays.
 *
 * @param costs what to keep low
 * @param slack per cost the relative difference that counts as none, so that a front is not crowded
 *   by members that trade something for next to nothing; 0 by default
 */
export function paretoFront<T>(
  members: readonly T[],
  costs: (member: T) => readonly number[],
  slack: readonly number[] = [],
): T[] {
  const rated = members.map((member) => ({ member, cost: costs(member) }));
  // Sorted, every member can only be beaten by earlier ones or by those that equal it within the slack.
  rated.sort((a, b) => compare(a.cost, b.cost));
  const front: typeof rated = [];
  for (const candidate of rated) {
    const beaten = front.some(({ cost }) =>
      cost.every((each, i) => each <= candidate.cost[i]! * (1 + (slack[i] ?? 0))),
    );
    if (!beaten) front.push(candidate);
  }
  return front.map(({ member }) => member);
}

function compare(a: readonly number[], b: readonly number[]): number {
  const first = a.findIndex((each, i) => each !== b[i]);
  return first < 0 ? 0 : a[first]! - b[first]!;
}
