import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { fromJSON, verify } from '../../synth/index.js';
import { winograd } from './run.js';

const folder = mkdtempSync(join(tmpdir(), 'winograd-search-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('winograd search', () => {
  it('prints a table, and how sure it is', async () => {
    const { code, stdout, stderr } = await winograd(['search', '2', '3']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/products\/output +T +Q +error +1 channel +A +B +C +moduli/);
    expect(stdout).toMatch(/4\.000 +4 +2\.236 +0\.556 +[\d.]+ +4 +4 +4 +0, 1, -1, inf\n/);
    expect(stdout).toMatch(/T = 4: within 0\.\d % of the least Q found over real numbers \(2\.225\)/);
  });

  it('writes JSON that other commands read', async () => {
    const out = join(folder, 'front.json');
    const args = [
      'search',
      '3',
      '2',
      '--products',
      '4,5',
      '--dims',
      '1',
      '--seed',
      '3',
      '--json',
      '--out',
      out,
    ];
    expect(await winograd(args)).toEqual({ code: 0, stdout: '', stderr: '' });
    const members = JSON.parse(readFileSync(out, 'utf8'));
    expect(members.length).toBeGreaterThan(1);
    for (const member of members) {
      expect(verify(fromJSON(member)).ok).toBe(true);
      expect(member.productsPerOutput).toBeCloseTo(member.products / 3, 12);
      expect(member.layerError).toBeCloseTo(member.noiseGain / 2, 12);
      expect(Object.keys(member.operations)).toEqual(['A', 'B', 'C']);
    }
  });

  it('compares with all bilinear algorithms, and splits', async () => {
    const compared = await winograd(['search', '2', '3', '--products', '4', '--unrestricted', '2']);
    expect(compared.stdout).toContain('Least of any bilinear algorithm found: 2.225 (2 of 2 starts).');
    const split = await winograd(['search', '2', '3', '--split']);
    expect(split.stdout).toMatch(/5\.500 +22 +3\.\d+ +0\.3\d+ +1, -1, i\n/);
    const json = await winograd(['search', '2', '3', '--split', '--json']);
    const [member] = JSON.parse(json.stdout);
    expect([member.products, member.A.length, member.B[0].length, member.C[0].length]).toEqual([
      22, 4, 16, 9,
    ]);
  });

  it.each([
    [['search', '6'], 'missing required argument'],
    [['search', '6', 'x'], 'Expected G to be a positive integer but received "x"'],
    [['search', '6', '3', '--products', '7'], 'Expected products to be integers of at least 8'],
    [['search', '6', '3', '--time', '-1'], '--time'],
  ])('refuses %o', async (args, message) => {
    const { code, stdout, stderr } = await winograd(args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
  });
});
