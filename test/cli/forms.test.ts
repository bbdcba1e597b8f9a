import { describe, expect, test } from 'vitest';
import { axisFamily, backwardWeights, fromJSON, printText, synthesize, verify } from '../../synth/index.js';
import { winograd } from './run.js';

const synth = (...args: string[]) => winograd(['synth', ...args]);

describe('winograd synth --form', () => {
  test('prints a form with its proof', async () => {
    const { code, stdout } = await synth('2', '3', '--form', 'padded:1,1');
    expect(code).toBe(0);
    expect(
      stdout,
    ).toBe(`2 inputs padded by 1 and 1, 3 taps: 2 outputs, 3 taps, 2 inputs; 3 products where the sums take 4 (1.33×)
Computes y[s] = Σ g[t] d[s + t − 1]

y = A[(C g) ⊙ (B d)]

A: output transform, 2 × 3
  1   1  ·
  1  -1  1

B: input transform, 3 × 2
  1   1
  1  -1
  1   ·

C: kernel transform, 3 × 3
  ·  1/2   1/2
  ·  1/2  -1/2
  1    ·    -1

Proof, multiplied out over ℚ: 12 coefficients, all exact
  y0 = d0 g1 + d1 g2
  y1 = d0 g0 + d1 g1
`);
  });

  test.each([
    ['transposed', 6, 3, 4, 6],
    ['backward-data', 4, 3, 6, 6],
    ['padded:1,2', 4, 3, 3, 5],
    ['stride:2', 4, 3, 9, 9],
    ['dilation:2', 4, 3, 8, 8],
    ['pieces:2', 4, 3, 6, 9],
    ['nested:2', 4, 3, 6, 8],
  ])('prints %s as JSON', async (form, outputs, taps, inputs, products) => {
    const { code, stdout } = await synth('4', '3', '--form', form, '--format', 'json');
    expect(code).toBe(0);
    const json = JSON.parse(stdout);
    expect(json).toMatchObject({ outputs, taps, inputs, products });
    expect([json.A, json.B, json.C].map((rows) => [rows.length, rows[0].length])).toEqual([
      [outputs, products],
      [products, inputs],
      [products, taps],
    ]);
  });

  test('prints F(G, S) for the gradients of the weights', async () => {
    const forward = synthesize({ outputs: 4, taps: 3, moduli: '0, ±1, ±2, inf' });
    const { stdout } = await synth('4', '3', '-m', '0, ±1, ±2, inf', '--form', 'backward-weights');
    expect(stdout).toBe(printText(backwardWeights(forward)));
  });

  test('prints a family whose members pass for transforms', async () => {
    const { stdout } = await synth('4', '3', '--form', 'family:2,1', '-f', 'json');
    const { members } = JSON.parse(stdout);
    const family = axisFamily({ outputs: [4, 2, 1], taps: 3 });
    expect(members.map((each: unknown) => verify(fromJSON(each)).products)).toEqual([6, 4, 3]);
    expect(members.map((each: { C: string[][] }) => each.C.map((row) => row.join(' ')))).toEqual(
      family.members.map(({ C }) => C.map((row) => row.map((value) => value.toFraction()).join(' '))),
    );
  });

  test('certifies the bits of an integer algorithm', async () => {
    const args = ['4', '3', '-m', '0, ±1, x^2+1, inf', '--form', 'integer'];
    const { stdout } = await synth(...args);
    expect(stdout).toMatch(/2-D {2}12\.0 \(int16\) {2}11\.2 \(int16\) {2}22\.2 \(int32\) +910 +16\n/);
    const { growth, divisor } = JSON.parse((await synth(...args, '-f', 'json')).stdout);
    expect(divisor).toBe('4');
    expect(growth[1]).toMatchObject({ dims: 2, data: { magnitude: '2048', bits: 12, type: 'int16' } });
  });

  test('lists the forms in --help', async () => {
    const { stdout } = await synth('--help');
    for (const form of ['transposed', 'family:S₂,…', 'padded:begin,end', 'integer[:bits]'])
      expect(stdout).toContain(`\n  ${form} `);
  });

  test.each([
    [['--form', 'nope'], 'Expected --form to be one of transposed, backward-data'],
    [['--form', 'padded:1'], 'Expected --form to be padded:begin,end but received "padded:1"'],
    [['--form', 'transposed:3'], 'Expected --form to be transposed but received "transposed:3"'],
    [['--form', 'family:2,x'], 'Expected --form to be family:S₂,… but received "family:2,x"'],
    [['--form', 'padded:9,9'], 'Expected inputs to be a positive integer but received -12'],
    [['--form', 'pieces:4'], 'Expected piece to be an integer from 1 to 3 but received 4'],
    [['--form', 'stride:2', '-m', '0, ±1, inf'], 'Expected --moduli to be left out with --form stride'],
    [['--form', 'transposed', '-f', 'latex'], 'Expected --format to be text or json for a form'],
  ])('refuses %j', async (options, message) => {
    const { code, stdout, stderr } = await synth('4', '3', ...options);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
  });
});
