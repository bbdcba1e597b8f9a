import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromJSON, InputError, printJson, synthesize, toJSON } from '../../../synth/index.js';

const f43 = synthesize({ outputs: 4, taps: 3 });

describe('JSON', () => {
  test('is read back as it was written', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 }), (outputs, taps) => {
        const transform = synthesize({ outputs, taps });
        expect(fromJSON(JSON.parse(printJson(toJSON(transform))))).toEqual(transform);
      }),
      { numRuns: 20 },
    );
  });

  test('holds exact entries as text', () => {
    expect(toJSON(f43).B[5]).toEqual(['225/256', '0', '-169/64', '0', '1', '0']);
    expect(toJSON(f43)).toMatchObject({ outputs: 4, taps: 3, products: 6, moduli: f43.moduli });
  });

  test('may carry further fields, integers as numbers, and no moduli', () => {
    const { moduli, ...rest } = toJSON(f43);
    expect(moduli).toHaveLength(6);
    const foreign = {
      ...rest,
      A: rest.A.map((row) => row.map((v) => (v === '1' ? 1 : v))),
      author: 'somebody',
    };
    expect(fromJSON(foreign)).toEqual({ ...f43, moduli: [] });
  });

  const json = toJSON(f43);
  test.each([
    [null, /a transform .* received null/],
    [[json], /a transform/],
    [{ ...json, outputs: '4' }, /outputs .* received "4"/],
    [{ ...json, taps: 0 }, /taps .* received 0/],
    [{ ...json, products: 2.5 }, /products .* received 2.5/],
    [{ ...json, moduli: 'inf' }, /moduli .* received "inf"/],
    [{ ...json, A: undefined }, /A to be an array of 4 rows but received undefined/],
    [{ ...json, B: json.B.slice(1) }, /B to have 6 rows but received 5/],
    [{ ...json, C: [...json.C.slice(1), 3] }, /row 5 of C .* received 3/],
    [{ ...json, C: json.C.map((row) => row.slice(1)) }, /row 0 of C to have 3 entries but received 2/],
    [{ ...json, A: json.A.map((row) => row.map(() => 'x')) }, /A\[0\]\[0\] .* received "x"/],
    [{ ...json, A: json.A.map((row) => row.map(() => '1/0')) }, /A\[0\]\[0\] .* received "1\/0"/],
    [{ ...json, A: json.A.map((row) => row.map(() => 0.5)) }, /A\[0\]\[0\] .* received 0.5/],
  ])('is refused when malformed: %#', (value, message) => {
    expect(() => fromJSON(value)).toThrow(message);
    expect(() => fromJSON(value)).toThrow(InputError);
  });
});

describe('printJson', () => {
  test('prints what JSON.parse reads, matrices row by row', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(printJson([value]))).toEqual(JSON.parse(JSON.stringify([value])));
      }),
    );
    expect(printJson({ a: [['1', '2'], ['3']], b: undefined, c: [], d: {} })).toBe(
      '{\n  "a": [\n    ["1", "2"],\n    ["3"]\n  ],\n  "c": [],\n  "d": {}\n}\n',
    );
  });
});
