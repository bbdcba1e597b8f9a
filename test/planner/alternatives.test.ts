import { describe, expect, it } from 'vitest';
import { bestAt, undominated } from '../../src/planner/alternatives.js';

const all = [
  { cost: 5, amount: 10 },
  { cost: 1, amount: 100 },
  { cost: 2, amount: 120 },
  { cost: 9, amount: 10 },
  { cost: 3, amount: 40 },
];

describe('alternatives', () => {
  it('are those that nothing is better than in both', () => {
    expect(undominated(all)).toEqual([
      { cost: 1, amount: 100 },
      { cost: 3, amount: 40 },
      { cost: 5, amount: 10 },
    ]);
  });

  it.each([
    [0, 100],
    [0.03, 100],
    [2 / 60, 40],
    [0.05, 40],
    [2 / 30, 10],
    [Number.POSITIVE_INFINITY, 10],
  ])('at a price of %f take %i', (price, amount) => {
    const beyond = (1 + 1e-9) * price;
    expect(bestAt(undominated(all), beyond).amount).toBe(amount);
  });
});
