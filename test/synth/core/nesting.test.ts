import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nestedCount, nestModuli, quietest } from '../../../synth/core/nesting.js';
import { defaultModuli, formatModulus, parseModuli, synthesize } from '../../../synth/index.js';
import { noiseGain } from '../../../synth/noise/gain.js';

const nest = (moduli: string, taps: number) => nestModuli(parseModuli(moduli), taps);
const order = (moduli: string, taps: number) => nest(moduli, taps).moduli.map(formatModulus).join(', ');

describe('nestModuli', () => {
  it.each([
    ['0, ±5/8, ±3/2, inf', 3, ['4: 6', '3: 5', '2: 4']],
    // A quadratic goes first, for it costs a product more than its degree.
    ['0, ±1/2, ±1, ±7/4, x^2+1, inf', 3, ['8: 11', '6: 8', '5: 7', '4: 6']],
    ['0, ±1, inf', 3, ['2: 4', '1: 3']],
    ['x^3', 3, ['1: 3']],
    // Residues of x² ± x + 1 are pairs, of which a single output would need two products instead of three.
    ['x^2±x+1, inf', 4, ['2: 7']],
  ] as const)('finds the tiles of %s under %i taps', (moduli, taps, sizes) => {
    expect(nest(moduli, taps).sizes.map(({ outputs, products }) => `${outputs}: ${products}`)).toEqual(sizes);
  });

  it.each([
    // Without 0 or without infinity the rest is equally quiet, and so it is without either point of a pair.
    ['0, ±1, inf', 3, '0, 1, -1, inf'],
    ['inf, ±1, 0', 3, '0, 1, -1, inf'],
    ['±1/4, ±7/8, ±7/4, inf', 6, '1/4, 7/8, -7/8, 7/4, -7/4, inf, -1/4'],
    ['x^2+1, 0, ±1, inf', 3, '0, 1, -1, inf, x^2+1'],
  ])('orders %s under %i taps', (moduli, taps, expected) => {
    expect(order(moduli, taps)).toBe(expected);
  });

  it('does not depend on the order given', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 12 }),
        fc.integer({ min: 2, max: 8 }),
        fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
        (outputs, taps, random) => {
          const moduli = defaultModuli(outputs, taps);
          const keys = new Map(moduli.map((modulus) => [modulus, random.next().value]));
          const shuffled = moduli.toSorted((a, b) => keys.get(a)! - keys.get(b)!);
          expect(nestModuli(shuffled, taps)).toEqual(nestModuli(moduli, taps));
        },
      ),
      { numRuns: 40, seed: 3 },
    );
  });

  it('refuses moduli that make no tile', () => {
    expect(() => nest('0, 1', 3)).toThrow(
      'Expected moduli to be of degrees that add up to 3 or more for 3 taps but received "0, 1"',
    );
    expect(() => nest('0, 0, 1, inf', 3)).toThrow(
      'Expected moduli to be pairwise coprime but 0 is given twice',
    );
  });
});

describe('nestedCount', () => {
  it('counts the first moduli whose degrees add up', () => {
    const moduli = parseModuli('0, ±1, x^2+1, inf');
    expect([0, 1, 3, 4, 5, 6, 7].map((inputs) => nestedCount(moduli, inputs))).toEqual([
      0, 1, 3, -1, 4, 5, -1,
    ]);
  });
});

describe('quietest', () => {
  it('takes the least noise gain, as the matrices have it', () => {
    const lists = ['0, ±1, ±2, inf', '0, ±5/8, ±3/2, inf', '0, ±1, ±3, inf'];
    const gains = lists.map((moduli) => noiseGain(synthesize({ outputs: 4, taps: 3, moduli })));
    expect(gains.indexOf(Math.min(...gains))).toBe(1);
    expect(quietest(lists.map(parseModuli), 4, 3)).toEqual(parseModuli(lists[1]!));
  });
});
