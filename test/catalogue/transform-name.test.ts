import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { transformName } from '../../src/catalogue/transform-name.js';
import { packageRoot } from '../../src/support/package.js';
import { fromJSON, synthesize, verify } from '../../synth/index.js';

describe('transformName', () => {
  test.each([
    [4, 3, '0, ±5/8, ±3/2, inf', 'f04x03_t06_0_pm5o8_pm3o2_inf'],
    [3, 3, '0, ±1, 2, inf', 'f03x03_t05_0_pm1_2_inf'],
    [3, 3, '0, -1/2, 1/2, -2, inf', 'f03x03_t05_0_pm1o2_m2_inf'],
    [2, 3, '1, 0, -1, inf', 'f02x03_t04_1_0_m1_inf'],
    [4, 3, '0, ±1, x^2+1, inf', 'f04x03_t07_0_pm1_x2p1_inf'],
    [4, 3, '0, ±1, x^2+1@(0 1/2 inf), inf', 'f04x03_t07_0_pm1_x2p1at0.1o2.inf_inf'],
    [6, 3, '0, ±1, x^2±3/4*x+1, inf', 'f06x03_t10_0_pm1_x2pm3o4xp1_inf'],
    [6, 3, '0, ±1, x^2-x+1, x^2-x-1, inf', 'f06x03_t10_0_pm1_x2mxp1_x2mxm1_inf'],
    [12, 11, undefined, 'f12x11_t27_0_pm1o2_pm3o4_pm1_pm5o4_pm9o4_x2p1_x2pm3o4xp1_x2pm3o2xp1_inf'],
    [1, 3, undefined, 'f01x03_t03_x3'],
  ])('calls F(%i, %i) from %s %s', (outputs, taps, moduli, name) => {
    expect(transformName(synthesize({ outputs, taps, moduli }))).toBe(name);
  });
});

describe('the shipped transforms', () => {
  const folder = join(packageRoot(), 'transforms');

  test('are what npm run synth makes of the catalogue', () => {
    const script = join(packageRoot(), 'dist/src/generate/transforms.js');
    expect(() => execFileSync(process.execPath, [script, '--check'], { stdio: 'pipe' })).not.toThrow();
  });

  test.each(readdirSync(folder).filter((name) => name.endsWith('.json')))(
    '%s is proved and rightly named',
    (name) => {
      const transform = fromJSON(JSON.parse(readFileSync(join(folder, name), 'utf8')));
      expect(verify(transform).ok).toBe(true);
      expect(`${transformName(transform)}.json`).toBe(name);
    },
  );
});
