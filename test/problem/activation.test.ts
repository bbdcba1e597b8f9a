import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/index.js';
import { type Activation, activationOf } from '../../src/problem/activation.js';

describe('activationOf', () => {
  it.each([
    ['none', [-3, 0, 9], [-3, 0, 9]],
    ['relu', [-3, 0, 9], [0, 0, 9]],
    ['relu6', [-3, 0, 9], [0, 0, 6]],
    [{ leakyRelu: 0.25 }, [-4, 0, 9], [-1, 0, 9]],
    [{ clip: [-1, 2] }, [-4, 0, 9], [-1, 0, 2]],
  ] as [Activation, number[], number[]][])('%j means what it says', (activation, values, wanted) => {
    const { slope, low, high } = activationOf(activation);
    const apply = (v: number) => Math.min(Math.max(v < 0 ? v * slope : v, low), high) + 0;
    expect(values.map(apply)).toEqual(wanted);
  });

  it.each([
    'gelu',
    'toString',
    undefined,
    null,
    1,
    {},
    { leakyRelu: Number.NaN },
    { leakyRelu: '1' },
    { clip: [1] },
    { clip: [2, 1] },
    { clip: [0, Number.NaN] },
  ])('refuses %j', (activation) => {
    expect(() => activationOf(activation as Activation)).toThrow(InputError);
  });
});
