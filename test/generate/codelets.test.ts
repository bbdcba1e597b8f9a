import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { candidatesOf } from '../../src/catalogue/candidates.js';
import { familyAlgorithms, knownAlgorithms } from '../../src/catalogue/catalogue.js';
import type { Layer } from '../../src/problem/problem.js';
import { packageRoot } from '../../src/support/package.js';
import { codeletName } from '../../synth/emit/codelet-name.js';
import { synthesize } from '../../synth/index.js';

const folder = join(packageRoot(), 'native/kernels/codelets');
const headers = readdirSync(folder).filter((name) => name !== 'codelets.h');

/** The sizes that the codelets state, by name. */
function statedSizes(): Map<string, string> {
  const stated = new Map<string, string>();
  for (const header of headers) {
    const text = readFileSync(join(folder, header), 'utf8');
    for (const [, name, rows, columns] of text.matchAll(
      /struct (\w+) \{\s+static constexpr int rows = (\d+), columns = (\d+);/g,
    ))
      stated.set(name!, `${rows}x${columns}`);
  }
  return stated;
}

describe('codelets', () => {
  const stated = statedSizes();

  it('are each listed once, sorted, and are as large as their names say', () => {
    const index = readFileSync(join(folder, 'codelets.h'), 'utf8');
    const listed = [...index.matchAll(/X\((\w+)\)/g)].map(([, name]) => name).filter((name) => name !== 'X');
    expect(listed).toEqual([...stated.keys()].sort());
    expect([...index.matchAll(/#include "(.*)"/g)].map(([, name]) => name).sort()).toEqual(headers.sort());
    for (const [name, sizes] of stated) expect(name).toContain(`_${sizes}_`);
  });

  it.each([
    [3, 1, 12],
    [4, 1, 12],
    [5, 1, 12],
    [3, 2, 13],
    [5, 2, 13],
    [7, 2, 13],
  ])(
    'serve every tile that the planner knows for %i taps at stride %i, up to %i inputs',
    (taps, stride, most) => {
      const forms = [
        ...knownAlgorithms(taps, stride),
        ...[16, 25, 38].flatMap((extent) => familyAlgorithms(taps, stride, extent)),
      ]
        .filter(({ forms: [biggest] }) => biggest!.native.inputs <= most)
        .flatMap((algorithm) => algorithm.forms)
        .filter(({ native }) => native.outputs > 1);
      expect(forms.length).toBeGreaterThan(2);
      const missing = forms.flatMap(({ transform: { A, B } }) =>
        [codeletName('input', B), codeletName('output', A)].filter((name) => !stated.has(name)),
      );
      expect(missing).toEqual([]);
    },
  );

  it('serve a layer with moduli of its own, whatever their order', () => {
    const layer = { rank: 1, kernel: [1, 1, 3], stride: [1, 1, 1] } as unknown as Layer;
    const own = synthesize({ outputs: 4, taps: 3, moduli: 'inf, 0, ±2, ±1' });
    for (const transforms of ['0, ±1, ±2, inf', 'inf, -2, 0, 2, -1, 1', own]) {
      const [, , [algorithm]] = candidatesOf(layer, { transforms });
      const { A, B } = algorithm!.forms[0]!.transform;
      expect(stated.has(codeletName('input', B))).toBe(true);
      expect(stated.has(codeletName('output', A))).toBe(true);
    }
  });
});
