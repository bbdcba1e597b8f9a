import { describe, expect, it } from 'vitest';
import { matrix } from '../../../synth/algebra/matrix.js';
import { codeletName } from '../../../synth/emit/codelet-name.js';

describe('codeletName', () => {
  const name = codeletName(
    'input',
    matrix([
      ['1/2', 0, -1],
      [0, 3, 2],
    ]),
  );

  it('says side, rows, columns and the digest of the exact entries', () => {
    // sha256 of "1/2 0 -1\n0 3 2".
    expect(name).toBe('input_2x3_3d690a3169a9');
  });

  it('depends on nothing but these', () => {
    expect(
      codeletName(
        'input',
        matrix([
          ['2/4', 0, '-1'],
          ['0/5', '3.0', 2],
        ]),
      ),
    ).toBe(name);
    const others = [
      codeletName(
        'output',
        matrix([
          ['1/2', 0, -1],
          [0, 3, 2],
        ]),
      ),
      codeletName(
        'input',
        matrix([
          ['1/2', 0, 1],
          [0, 3, 2],
        ]),
      ),
      codeletName(
        'input',
        matrix([
          ['1/2', 0],
          [-1, 0],
          [3, 2],
        ]),
      ),
      codeletName(
        'input',
        matrix([
          ['1/2', 0, -1],
          [0, 3, 20],
        ]),
      ),
      // Another rational with the same nearest double.
      codeletName(
        'input',
        matrix([
          ['1/2', 0, -1],
          [0, 3, '36028797018963969/18014398509481984'],
        ]),
      ),
    ];
    expect(new Set([name, ...others]).size).toBe(6);
  });
});
