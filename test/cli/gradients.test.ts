import { describe, expect, test } from 'vitest';
import { backwardWeights, figuresOf, synthesize, trainingAccuracy } from '../../synth/index.js';
import { winograd } from './run.js';

describe('winograd gradients', () => {
  test('prints a table', async () => {
    const { code, stdout } = await winograd(['gradients', '--taps', '3']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/\nG {2}S {3}T {2}products {2}forward {2}data {2}weights +A +B +C +A +B +C *\n/);
    const transform = synthesize({ outputs: 4, taps: 3 });
    const { forward, backwardWeights: weights } = trainingAccuracy(transform);
    const errors = [forward, forward, weights].map((error) => error.toFixed(2));
    const counts = [transform, backwardWeights(transform)].flatMap((each) => {
      const { A, B, C } = figuresOf(each).operations;
      return [A, B, C];
    });
    const figures = [3, 4, 6, '2.25', ...errors, ...counts].join(' +');
    expect(stdout).toMatch(new RegExp(`\n${figures}  0, 5/8, -5/8, 3/2, -3/2, inf\n`));
  });

  test('prints JSON, in as many dimensions as asked', async () => {
    const { stdout } = await winograd(['gradients', '--taps', '3,23', '--dims', '3', '--json']);
    const rows = JSON.parse(stdout);
    expect(rows.map(({ outputs, taps }: { outputs: number; taps: number }) => [outputs, taps])).toEqual([
      ...[2, 3, 4, 5, 6, 7, 8].map((outputs) => [outputs, 3]),
      [2, 23],
    ]);
    expect(rows[0]).toMatchObject({
      products: 4,
      productsPerOutput: 8,
      operations: { forward: { A: 4, B: 4, C: 4 }, backwardWeights: { A: 5, B: 4, C: 3 } },
      moduli: ['0', '1', '-1', 'inf'],
      ...trainingAccuracy(synthesize({ outputs: 2, taps: 3 }), { dims: 3 }),
    });
  });

  test('refuses nonsense', async () => {
    const { code, stderr } = await winograd(['gradients', '--dims', '0']);
    expect(code).toBe(2);
    expect(stderr).toContain('Expected --dims to be a positive integer but received "0"');
  });
});
