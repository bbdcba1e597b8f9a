/**
 * The members that no other one beats: is as good in every cost, and better in one. Of equals the first stays.
 *
 * @param costs what to keep low, not negative
 * @param slack per cost the relative difference that counts as none, so that a front is not crowded
 *   by members that trade something for next to nothing; 0 by default
 * @returns the front, by rising first cost, then by rising second …
 */
export function paretoFront<T>(
  members: readonly T[],
  costs: (member: T) => readonly number[],
  slack: readonly number[] = [],
): T[] {
  const rated = members.map((member) => ({ member, cost: costs(member) }));
  rated.sort((a, b) => compare(a.cost, b.cost));
  const asGood = (a: readonly number[], b: readonly number[]) =>
    a.every((each, i) => each <= b[i]! * (1 + (slack[i] ?? 0)));
  const beats = (first: number, second: number) => {
    const [a, b] = [rated[first]!.cost, rated[second]!.cost];
    return asGood(a, b) && (first < second || !asGood(b, a));
  };
  return rated
    .filter((_, index) => !rated.some((_, other) => other !== index && beats(other, index)))
    .map(({ member }) => member);
}

function compare(a: readonly number[], b: readonly number[]): number {
  const first = a.findIndex((each, i) => each !== b[i]);
  return first < 0 ? 0 : a[first]! - b[first]!;
}
