import { describe, expect, test } from 'vitest';
import { formatModulus, InputError, modulusDegree, parseModuli } from '../../../synth/index.js';

const canonical = (input: Parameters<typeof parseModuli>[0]) => parseModuli(input).map(formatModulus);

describe('parseModuli', () => {
  test.each([
    ['0, 5/8, -5/8, inf', ['0', '5/8', '-5/8', 'inf']],
    ['±3/2', ['3/2', '-3/2']],
    ['+-3/2, +/-2', ['3/2', '-3/2', '2', '-2']],
    ['−1, 0.625, .5, 6/4', ['-1', '5/8', '1/2', '3/2']],
    ['∞, Infinity, INF', ['inf', 'inf', 'inf']],
    ['x-2, 2x+1, x', ['2', '-1/2', '0']],
    ['x^2+1, 2*x^2 + 4', ['x^2+1', 'x^2+2']],
    ['x^2±x+1', ['x^2+x+1', 'x^2-x+1']],
    ['x^2 ± 3/4*x + 1', ['x^2+3/4*x+1', 'x^2-3/4*x+1']],
    ['1+x^2-3/2x', ['x^2-3/2*x+1']],
    ['(x-1)^2, (x+1)*(x^2+1), (2x-1)(x+3)', ['x^2-2*x+1', 'x^3+x^2+x+1', 'x^2+5/2*x-3/2']],
    ['(x^2+1)/2', ['x^2+1']],
    ['x^2+1@(0 1 inf), 2', ['x^2+1@(0 1 inf)', '2']],
    ['x^2+1@(0, ±1)', ['x^2+1@(0 1 -1)']],
    ['x^2+1@0,1/2,inf', ['x^2+1@(0 1/2 inf)']],
    ['x^2±x+1@(1 -1 inf)', ['x^2+x+1@(1 -1 inf)', 'x^2-x+1@(1 -1 inf)']],
  ])('reads %s', (text, moduli) => {
    expect(canonical(text)).toEqual(moduli);
  });

  test('reads arrays, numbers included, element by element', () => {
    expect(canonical(['0', '±1', 'x^2+1@(0 1 inf)', 'inf'])).toEqual([
      '0',
      '1',
      '-1',
      'x^2+1@(0 1 inf)',
      'inf',
    ]);
    expect(canonical([0, -0.5, 2, Number.POSITIVE_INFINITY])).toEqual(['0', '-1/2', '2', 'inf']);
  });

  test('counts degrees, infinity as one', () => {
    expect(parseModuli('1/2, inf, x^3-2').map(modulusDegree)).toEqual([1, 1, 3]);
  });

  test.each([
    ['', /separated by commas but received ""/],
    ['0,,1', /separated by commas but received "0,,1"/],
    ['1/0', /received "1\/0"/],
    ['abc', /received "abc"/],
    ['y^2+1', /received "y\^2\+1"/],
    ['sqrt(x)', /received "sqrt\(x\)"/],
    ['x^(1/2)', /received "x\^\(1\/2\)"/],
    ['1/x', /received "1\/x"/],
    ['x^1000000', /received "x\^1000000"/],
    ['(x+1)^1000000', /received "\(x\+1\)\^1000000"/],
    ['x^2+', /received "x\^2\+"/],
    ['x+1-x', /degree 1 or more but received "x\+1-x"/],
    ['(2-1)', /degree 1 or more/],
    ['0*x^2', /degree 1 or more/],
    ['x^2±x±1', /at most one ±/],
    ['x^2+1@(0 0 1)', /distinct points for x\^2\+1 but 0 is given twice/],
    ['x^2+1@(0 1/2 0.5)', /1\/2 is given twice/],
    ['x^2+1@(a b c)', /point of x\^2\+1 .* received "a"/],
    ['x^2+1@()', /point of x\^2\+1 .* received ""/],
    ['x^2+1@(0 1)@(2)', /at most one list of points/],
  ])('refuses %j', (text, message) => {
    expect(() => parseModuli(text)).toThrow(message);
    expect(() => parseModuli(text)).toThrow(InputError);
  });

  test('refuses what is neither text nor a list', () => {
    expect(() => parseModuli(5 as never)).toThrow(/Expected moduli .* but received 5/);
    expect(() => parseModuli([null as never])).toThrow(InputError);
    expect(() => parseModuli([Number.NaN])).toThrow(/"NaN"/);
  });
});
