import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { native } from '../../src/native/addon.js';
import { winograd } from './run.js';

const folder = mkdtempSync(join(tmpdir(), 'winograd-cli-calibrate-'));
const path = join(folder, 'calibration.json');
const env = { WINOGRAD_CALIBRATION: path };
afterAll(() => rmSync(folder, { recursive: true }));

describe('winograd calibrate', () => {
  it('fits rates, keeps them and says how well they fit', async () => {
    const { code, stdout } = await winograd(['calibrate', '--seconds', '3', '--json'], { env });
    expect(code).toBe(0);
    const found = JSON.parse(stdout);
    const { isa } = native().cpuInfo();
    expect(found).toMatchObject({ table: isa, file: path });
    expect(found.plans).toBeGreaterThan(found.problems);
    for (const fit of [found.before, found.after]) expect(fit.median).toBeLessThanOrEqual(fit.percentile95);
    for (const density of Object.values(found.rates.sparseBelow)) {
      expect(density).toBeGreaterThan(0);
      expect(density).toBeLessThanOrEqual(0.3);
    }
    expect(Object.keys(found.sparsePlans)).toContain('3x3 128→128 @28²');
    const kept = JSON.parse(readFileSync(path, 'utf8'));
    expect(Object.values(kept.machines)).toEqual([{ [isa]: found.rates }]);

    expect(await winograd(['calibrate', '--forget'], { env })).toMatchObject({ code: 0, stdout: '' });
    expect(existsSync(path)).toBe(false);
  });

  it.each([
    [['--isa', 'mmx'], 'Expected isa to be one of'],
    [['--seconds', '0'], 'Expected seconds to be a number from 1 to 600'],
    [['--second', '5'], "unknown option '--second'"],
  ])('refuses %j', async (words, message) => {
    const { code, stderr } = await winograd(['calibrate', ...words], { env });
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });

  it('refuses at once where nothing is to be kept', async () => {
    const { code, stderr } = await winograd(['calibrate'], { env: { WINOGRAD_CALIBRATION: '' } });
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining('Expected WINOGRAD_CALIBRATION to be a file'),
    ]);
  });

  it('shows examples', async () => {
    expect((await winograd(['calibrate', '--help'])).stdout).toContain('$ winograd calibrate --forget');
  });
});
