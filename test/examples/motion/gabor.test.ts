import { describe, expect, test } from 'vitest';
import { directionAngle, directionCount, gaborBank } from '../../../examples/motion/gabor.js';

const kernel = [7, 9, 9] as const;
const frequency = 0.18;
const bank = gaborBank({ kernel, frequency, speeds: [1, 2] });
const taps = kernel[0] * kernel[1] * kernel[2];
const filters = bank.pairs.flatMap((pair, index) =>
  [0, 1].map((phase) => ({
    pair,
    phase,
    weight: bank.weight.subarray((2 * index + phase) * taps, (2 * index + phase + 1) * taps),
  })),
);

/** Answer of a filter to a grating of any phase that travels in a direction at a speed. */
function answer(weight: Float32Array, angle: number, speed: number, phase: number): number {
  let sum = 0;
  for (let tap = 0; tap < taps; tap++) {
    const t = Math.floor(tap / 81) - 3;
    const y = (Math.floor(tap / 9) % 9) - 4;
    const x = (tap % 9) - 4;
    const along = x * Math.cos(angle) - y * Math.sin(angle) - speed * t;
    sum += weight[tap]! * Math.cos(2 * Math.PI * frequency * along + phase);
  }
  return sum;
}

/** Motion energy of a pair: even² + odd². */
function energy(pair: number, angle: number, speed: number, phase: number): number {
  const [even, odd] = [filters[2 * pair]!, filters[2 * pair + 1]!];
  return answer(even.weight, angle, speed, phase) ** 2 + answer(odd.weight, angle, speed, phase) ** 2;
}

describe('gaborBank', () => {
  test('has every direction at every speed, and half of them standing still', () => {
    expect(bank.pairs).toHaveLength(directionCount / 2 + 2 * directionCount);
    expect(new Set(bank.pairs.map(({ direction, speed }) => `${direction} ${speed}`)).size).toBe(
      bank.pairs.length,
    );
    expect(bank.weight).toHaveLength(2 * bank.pairs.length * taps);
  });

  test('filters have mean zero and unit norm', () => {
    for (const { weight } of filters) {
      // float32 rounds each of the taps, whose norm is 1, by at most 2⁻²⁴ of itself.
      expect(Math.abs(weight.reduce((a, b) => a + b, 0))).toBeLessThan(Math.sqrt(taps) * 2 ** -24);
      expect(weight.reduce((sum, value) => sum + value * value, 0)).toBeCloseTo(1, 6);
    }
  });

  test('the even filter of a pair is symmetric, the odd one antisymmetric', () => {
    for (const { weight, phase } of filters)
      for (let tap = 0; tap < taps; tap++)
        expect(weight[taps - 1 - tap]).toBeCloseTo(phase === 0 ? weight[tap]! : -weight[tap]!, 6);
  });

  test('energy hardly depends on the phase of the pattern (quadrature)', () => {
    bank.pairs.forEach(({ direction, speed }, pair) => {
      const energies = Array.from({ length: 12 }, (_, k) =>
        energy(pair, directionAngle(direction), speed, (2 * Math.PI * k) / 12),
      );
      // Where the window is short against the wave the pair is in quadrature only nearly; single answers squared vary by 100 %.
      expect(Math.max(...energies) / Math.min(...energies)).toBeLessThan(1.1);
    });
  });

  test('each pair answers most to its own direction and speed', () => {
    const speeds = [0, 1, 2];
    bank.pairs.forEach((own, pair) => {
      const best = energy(pair, directionAngle(own.direction), own.speed, 0.3);
      for (let direction = 0; direction < directionCount; direction++)
        for (const speed of speeds) {
          const same = speed === own.speed && (direction - own.direction) % (speed === 0 ? 4 : 8) === 0;
          if (!same) expect(energy(pair, directionAngle(direction), speed, 0.3)).toBeLessThan(0.8 * best);
        }
    });
  });
});
