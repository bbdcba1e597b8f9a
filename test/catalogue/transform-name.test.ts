import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ShippedJson } from '../../src/catalogue/shipped.js';
import { transformName } from '../../src/catalogue/transform-name.js';
import { packageRoot } from '../../src/support/package.js';
import { nestModuli } from '../../synth/core/nesting.js';
import { formatModulus, fromJSON, parseModuli, synthesize, toJSON, verify } from '../../synth/index.js';

describe('transformName', () => {
  test.each([
    [4, 3, '0, ±5/8, ±3/2, inf', 'f04x03_t06_0_pm5o8_pm3o2_inf'],
    [3, 3, '0, ±1, 2, inf', 'f03x03_t05_0_pm1_2_inf'],
    [3, 3, '0, -1/2, 1/2, -2, inf', 'f03x03_t05_0_pm1o2_m2_inf'],
    [2, 3, '1, 0, -1, inf', 'f02x03_t04_0_pm1_inf'],
    [6, 3, 'inf, x^2-x+1, -1, 0, 1, x^2+x+1', 'f06x03_t10_0_pm1_x2pmxp1_inf'],
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

  const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
  const read = (name: string): ShippedJson => JSON.parse(readFileSync(join(folder, name), 'utf8'));

  test.each(files)('%s is proved, rightly named, and canonical', (name) => {
    const transform = fromJSON(read(name));
    expect(verify(transform).ok).toBe(true);
    expect(`${transformName(transform)}.json`).toBe(name);
    const { moduli } = nestModuli(parseModuli([...transform.moduli]), transform.taps);
    expect(moduli.map(formatModulus)).toEqual(transform.moduli);
  });

  test.each(files)('%s holds smaller tiles on the same transformed kernels', (name) => {
    const { C, moduli, outputs, smaller } = read(name);
    const sizes = smaller.map((each) => each.outputs);
    expect(sizes).toEqual([...new Set(sizes)].sort((a, b) => b - a));
    for (const each of smaller) {
      expect(verify(fromJSON(each)).ok).toBe(true);
      expect(each.outputs).toBeLessThan(outputs);
      expect(each.C).toEqual(C.slice(0, each.products));
      expect(each.moduli).toEqual(
        moduli.slice(0, each.moduli.length).map((modulus, i) =>
          // Smaller tiles may need fewer points of a residue product.
          each.moduli[i]!.includes('@') ? modulus : modulus.split('@')[0],
        ),
      );
    }
  });

  test('are the default algorithms where they have default moduli', () => {
    const defaults = files
      .map(read)
      .filter(({ note }) => /default$/.test(note))
      .map(fromJSON);
    expect(defaults.length).toBeGreaterThan(40);
    for (const transform of defaults) {
      const { outputs, taps } = transform;
      expect(toJSON(transform)).toEqual(toJSON(synthesize({ outputs, taps })));
    }
  });
});
