import { Fraction } from 'fraction.js';
import { describe, expect, it } from 'vitest';
import { proved } from '../../../synth/forms/form.js';
import { paddedTransform } from '../../../synth/forms/padded.js';
import { VerificationError } from '../../../synth/index.js';

describe('proved', () => {
  const right = paddedTransform({ inputs: 2, padding: [1, 1], taps: 3 });

  it('hands back what it has proved', () => {
    expect(proved(right, (s, t) => s + t - 1)).toBe(right);
  });

  it('refutes a wrong entry and a wrong sum', () => {
    const B = right.B.with(0, [new Fraction(1), new Fraction(2)]);
    expect(() => proved({ ...right, B }, (s, t) => s + t - 1)).toThrow(VerificationError);
    expect(() => proved(right, (s, t) => s + t)).toThrow(VerificationError);
  });
});
