import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { winograd } from './run.js';

const folder = mkdtempSync(join(tmpdir(), 'winograd-accuracy-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const moduli = '0, ±1, inf';

describe('winograd accuracy', () => {
  it('prints measured and predicted errors', async () => {
    const { code, stdout, stderr } = await winograd([
      'accuracy',
      '2',
      '3',
      '--moduli',
      moduli,
      '--runs',
      '512',
    ]);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/T +1 channel +64 channels +\(Q\/G\)\^N +moduli/);
    expect(stdout).toMatch(/4\.000 +4 +1\.\d\d \(1\.\d\d\) +0\.\d{3} \(0\.\d{3}\) +0\.556 +0, 1, -1, inf\n/);
  });

  it('writes JSON and a plot', async () => {
    const plot = join(folder, 'plot.svg');
    const args = ['--moduli', moduli, '--dims', '3', '--channels', '32', '--sum-block', '8', '--runs', '64'];
    const { code, stdout } = await winograd(['accuracy', '2', '3', ...args, '--json', '--plot', plot]);
    expect(code).toBe(0);
    const { dims, sumBlock, rows } = JSON.parse(stdout);
    expect([dims, sumBlock, rows.length]).toEqual([3, 8, 1]);
    expect(rows[0]).toMatchObject({ outputs: 2, taps: 3, products: 4, productsPerOutput: 8 });
    const [result] = rows[0].results;
    expect(result.channels).toBe(32);
    expect(result.measured / result.predicted).toBeCloseTo(1, 0);
    expect(readFileSync(plot, 'utf8')).toContain('</svg>');
  });

  it.each([
    [['accuracy'], 'Expected S and G to be given, or --all'],
    [['accuracy', '4'], 'Expected S and G to be given, or --all'],
    [['accuracy', '4', '3', '--dims', '4'], 'Expected --dims to be at most 3'],
    [['accuracy', '4', '3', '--arithmetic', 'exact'], 'one of engine, plain'],
    [['accuracy', '4', '3', '--moduli', '0, 0'], '0'],
  ])('refuses %o', async (args, message) => {
    const { code, stdout, stderr } = await winograd(args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
  });
});
