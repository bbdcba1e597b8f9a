import { Fraction } from 'fraction.js';
import { describe, expect, it } from 'vitest';
import { apply } from '../../../synth/algebra/matrix.js';
import { bitGrowth, integerModuli, integerTransform } from '../../../synth/forms/integer.js';
import { formatModulus, synthesize } from '../../../synth/index.js';

const of = (outputs: number, moduli?: string) => integerTransform(synthesize({ outputs, taps: 3, moduli }));

describe('integerTransform', () => {
  it('is integer throughout and divides without rest', () => {
    const { A, transform, divisor } = of(4, '0, ±1, x^2+1, inf');
    const integers = (values: readonly number[]) => values.map((value) => new Fraction(value));
    const [left, right] = [
      apply(transform.C, integers([-128, 127, -3])),
      apply(transform.B, integers([127, -128, 5, 77, -1, -128])),
    ];
    const sums = apply(
      A,
      left.map((value, t) => value.mul(right[t]!)),
    );
    for (const value of [...A.flat(), ...left, ...right, ...sums]) expect(value.d).toBe(1n);
    expect(sums.map((value) => value.n % divisor)).toEqual([0n, 0n, 0n, 0n]);
    expect(Number(sums[0]) / Number(divisor)).toBe(-128 * 127 + 127 * -128 - 3 * 5);
  });

  it('takes coprime rows', () => {
    expect(of(4, '0, ±1, ±2, inf').transform.C.map((row) => row.join(' '))).toEqual([
      '1 0 0',
      '1 1 1',
      '1 -1 1',
      '1 2 4',
      '1 -2 4',
      '0 0 1',
    ]);
  });
});

describe('integerModuli', () => {
  it.each([
    [2, 2, '0, 1, inf'],
    [2, 3, '0, 1, -1, inf'],
    [3, 3, '0, 1, -1, 2, inf'],
    [4, 3, '0, 1, -1, 2, -2, inf'],
    [6, 3, '0, 1, -1, 2, -2, 1/2, -1/2, inf'],
    [8, 5, '0, 1, -1, 2, -2, 1/2, -1/2, 3, -3, 1/3, -1/3, inf'],
    [12, 5, '0, 1, -1, 2, -2, 1/2, -1/2, 3, -3, 1/3, -1/3, 3/2, -3/2, 2/3, -2/3, inf'],
    [1, 3, 'x^3'],
  ])('of F(%i, %i) are %s', (outputs, taps, moduli) => {
    expect(integerModuli(outputs, taps).map(formatModulus).join(', ')).toBe(moduli);
  });

  it('are where an integer algorithm starts unless moduli are named', () => {
    expect(integerTransform({ outputs: 4, taps: 3 })).toEqual(of(4, '0, ±1, ±2, inf'));
    expect(integerTransform({ taps: 3, moduli: '0, ±1, x^2+1, inf' })).toEqual(of(4, '0, ±1, x^2+1, inf'));
    const entries = Object.values(integerTransform({ outputs: 4, taps: 3 }).transform).flat(2);
    for (const entry of entries)
      if (entry instanceof Fraction) expect(Math.abs(Number(entry))).toBeLessThan(6);
  });

  it('grow less than the default moduli do', () => {
    for (const outputs of [2, 3, 4, 5, 6, 7]) {
      const [own, other] = [integerTransform({ outputs, taps: 3 }), of(outputs)].map((each) =>
        bitGrowth(each, 2),
      );
      expect(own!.product.bits).toBeLessThanOrEqual(other!.product.bits);
    }
  });

  it('refuse options that nobody would read', () => {
    const misspelt = { output: 4, taps: 3 } as unknown as { taps: number };
    expect(() => integerTransform(misspelt)).toThrow('Expected an option of integerTransform to be outputs');
  });

  it('refuse sizes without an answer', () => {
    expect(() => integerTransform({ outputs: 40, taps: 3 })).toThrow('Expected moduli for F(40, 3)');
    expect(() => integerTransform({ outputs: 0, taps: 3 })).toThrow('Expected outputs to be');
  });
});

describe('bitGrowth', () => {
  // Published in 2-D for int8: bits of B d and C g with sign, those of the product without and from the largest rows
  // of either side, which need not meet in one product.
  it.each([
    [2, '0, ±1, inf', 10.0, 11.2, 19.2],
    [4, '0, ±1, ±2, inf', 14.6, 13.6, 26.3],
    [4, '0, ±1, x^2+1, inf', 12.0, 11.2, 21.2],
    [6, '0, ±1, x^2+x+1@(0 1 inf), x^2-x+1@(0 -1 inf), inf', 14.0, 12.0, 24.0],
  ])('of F(%i, 3) on %s agrees with published figures', (outputs, moduli, data, kernel, product) => {
    const growth = bitGrowth(of(outputs, moduli), 2);
    expect(growth.data.bits).toBeCloseTo(data, 1);
    expect(growth.kernel.bits).toBeCloseTo(kernel, 1);
    expect(growth.data.bits + growth.kernel.bits - 2).toBeCloseTo(product, 1);
    expect(growth.product.bits - 1).toBeLessThanOrEqual(product + 0.05);
  });

  it('certifies F(4, 3) with x²+1 for int16, and refuses F(6, 3) on real points', () => {
    expect(bitGrowth(of(4, '0, ±1, x^2+1, inf'), 2)).toMatchObject({
      data: { magnitude: 2048n, type: 'int16' },
      kernel: { magnitude: 1152n, type: 'int16' },
      product: { magnitude: 2359296n, type: 'int32' },
      channels: 910,
    });
    expect(bitGrowth(of(6), 2).data.type).toBe('int32');
  });

  it('beats the published F(6, 3): evaluation at other points keeps the kernels smaller', () => {
    const growth = bitGrowth(of(6, '0, ±1, x^2±x+1, inf'), 2);
    expect(growth.data.bits).toBeCloseTo(14, 1);
    expect(growth.kernel.bits).toBeLessThan(11.3);
    expect(growth.product.bits - 1).toBeLessThan(22.5);
  });

  it('multiplies over axes', () => {
    const integer = of(2, '0, ±1, inf');
    const growths = [1, 2, 3].map((dims) => bitGrowth(integer, dims));
    expect(growths.map(({ data }) => data.magnitude)).toEqual([256n, 512n, 1024n]);
    expect(growths.map(({ kernel }) => kernel.magnitude)).toEqual([384n, 1152n, 3456n]);
    expect(growths.map(({ product }) => product.magnitude)).toEqual([6n, 36n, 216n].map((n) => n * 16384n));
  });

  it('is never exceeded by the worst data', () => {
    const { transform } = of(4, '0, ±1, x^2+1, inf');
    const { data } = bitGrowth({ transform, A: [], divisor: 1n }, 1);
    const worst = transform.B.map((row) =>
      row.reduce((sum, entry) => sum + Number(entry) * (Number(entry) > 0 ? 127 : -128), 0),
    );
    expect(Math.max(...worst)).toBeLessThanOrEqual(Number(data.magnitude));
    expect(Math.max(...worst)).toBeGreaterThan(0.99 * Number(data.magnitude));
  });

  it.each([
    [0, 8, 'Expected dims to be an integer from 1 to 4 but received 0'],
    [2, 1, 'Expected bits to be an integer from 2 to 32 but received 1'],
  ])('refuses %i axes of %i bits', (dims, bits, message) => {
    expect(() => bitGrowth(of(2), dims, bits)).toThrow(message);
  });
});
