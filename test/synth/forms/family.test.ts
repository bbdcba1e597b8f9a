import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nestModuli } from '../../../synth/core/nesting.js';
import { axisFamily, nestedFamily } from '../../../synth/forms/family.js';
import { defaultModuli, parseModuli, synthesize, verify } from '../../../synth/index.js';
import { noiseGain } from '../../../synth/noise/gain.js';

const text = (matrix: readonly (readonly { toFraction(): string }[])[]) =>
  matrix.map((row) => row.map((value) => value.toFraction()).join(' '));

describe('axisFamily', () => {
  it('gives the biggest member of its own moduli, only reordered', () => {
    const { members, products, moduli } = axisFamily({ outputs: [2, 4], taps: 3, moduli: '0, ±1, ±2, inf' });
    const alone = synthesize({ outputs: 4, taps: 3, moduli: '0, ±1, ±2, inf' });
    expect(members.map(({ outputs }) => outputs)).toEqual([4, 2]);
    expect(products).toBe(6);
    expect([...moduli].sort()).toEqual([...alone.moduli].sort());
    expect(noiseGain(members[0]!)).toBeCloseTo(noiseGain(alone), 12);
  });

  it('takes Winograd’s own points from F(4, 3) for F(2, 3)', () => {
    const { members } = axisFamily({ outputs: [4, 2], taps: 3, moduli: '±2, 0, ±1, inf' });
    expect([...members[1]!.moduli]).toEqual(['0', '1', '-1', 'inf']);
  });

  it('takes the quietest of all subsets', () => {
    const points = ['0', '5/8', '-5/8', '3/2', '-3/2', 'inf'];
    const [, small] = axisFamily({ outputs: [4, 2], taps: 3, moduli: points }).members;
    const gains = points.flatMap((a, i) =>
      points
        .slice(i + 1)
        .map((b) =>
          noiseGain(
            synthesize({ outputs: 2, taps: 3, moduli: points.filter((each) => each !== a && each !== b) }),
          ),
        ),
    );
    expect(gains).toHaveLength(15);
    expect(noiseGain(small!)).toBeCloseTo(Math.min(...gains), 12);
  });

  it('takes all products of a quadratic or none', () => {
    const { members } = axisFamily({ outputs: [7, 4, 1], taps: 3 });
    expect(members.map(({ products }) => products)).toEqual([10, 7, 3]);
    expect(members[1]!.moduli.filter((modulus) => modulus.includes('x^2'))).toHaveLength(1);
    expect(members[2]!.moduli.filter((modulus) => modulus.includes('x^2'))).toHaveLength(0);
  });

  it('proves every member of any chain, on one kernel transform', () => {
    const chains = fc.tuple(
      fc.uniqueArray(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 2, max: 5 }),
    );
    fc.assert(
      fc.property(chains, ([outputs, taps]) => {
        const { C, members } = axisFamily({ outputs, taps });
        expect(members.map((each) => each.outputs)).toEqual([...outputs].sort((a, b) => b - a));
        for (const each of members) {
          expect(verify(each).ok).toBe(true);
          expect(text(each.C)).toEqual(text(C).slice(0, each.products));
        }
      }),
      { numRuns: 40, seed: 4 },
    );
  });

  it.each([
    [
      { outputs: [], taps: 3 },
      'Expected outputs to be an array of one or more distinct sizes but received []',
    ],
    [{ outputs: [4, 4], taps: 3 }, 'Expected outputs to be an array of one or more distinct sizes'],
    [{ outputs: [4, 2], taps: 3, moduli: '0, ±1, inf' }, 'add up to 6'],
    [{ outputs: [4, 3], taps: 3, moduli: 'x^2+1, x^2±x+1' }, 'that makes F(3, 3)'],
  ])('refuses %j', (options, message) => {
    expect(() => axisFamily(options)).toThrow(message);
  });
});

describe('nestedFamily', () => {
  it('lets every choice of tiles share the kernel transform, proved', () => {
    const nest = nestModuli(parseModuli('±3/8, ±7/8, ±13/8, x^2+1, inf'), 3);
    const all = nestedFamily(nest);
    for (const [i, each] of all.members.entries()) {
      expect({ outputs: each.outputs, products: each.products }).toEqual(nest.sizes[i]);
      expect(verify(each).ok).toBe(true);
      expect(text(each.C)).toEqual(text(all.C).slice(0, each.products));
    }
    expect(text(nestedFamily(nest, [7, 4]).C)).toEqual(text(all.C));
    expect(text(nestedFamily(nest, [5]).C)).toEqual(text(all.C));
  });

  it('has the default algorithm as its biggest member', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 6 }), (outputs, taps) => {
        const [biggest] = nestedFamily(nestModuli(defaultModuli(outputs, taps), taps)).members;
        expect(biggest).toEqual(synthesize({ outputs, taps }));
      }),
      { numRuns: 30, seed: 6 },
    );
  });
});
