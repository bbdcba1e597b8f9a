import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { knownAlgorithms } from '../../src/catalogue/catalogue.js';
import { packageRoot } from '../../src/support/package.js';

const folder = join(packageRoot(), 'native/kernels/codelets');
const headers = readdirSync(folder).filter((name) => name !== 'codelets.h');

/** The matrices that the codelets state, row-major, by name. */
function statedMatrices(): Map<string, { rows: number; columns: number; entries: number[] }> {
  const stated = new Map<string, { rows: number; columns: number; entries: number[] }>();
  for (const header of headers) {
    const text = readFileSync(join(folder, header), 'utf8');
    for (const [, name, rows, columns, entries] of text.matchAll(
      /struct (\w+) \{\s+static constexpr int rows = (\d+), columns = (\d+);\s+static constexpr double matrix\[\] = \{([^}]*)\}/g,
    ))
      stated.set(name!, {
        rows: Number(rows),
        columns: Number(columns),
        entries: entries!.match(/[^\s,]+/g)!.map(Number),
      });
  }
  return stated;
}

describe('codelets', () => {
  const stated = statedMatrices();

  it('are each listed once, and hold as many entries as they say', () => {
    const index = readFileSync(join(folder, 'codelets.h'), 'utf8');
    const listed = [...index.matchAll(/X\((\w+)\)/g)].map(([, name]) => name).filter((name) => name !== 'X');
    expect(listed.sort()).toEqual([...stated.keys()].sort());
    expect([...index.matchAll(/#include "(.*)"/g)].map(([, name]) => name).sort()).toEqual(headers.sort());
    for (const { rows, columns, entries } of stated.values()) expect(entries).toHaveLength(rows * columns);
  });

  it.each([3, 4, 5])('serve every tile that the planner knows for %i taps, up to 12 inputs', (taps) => {
    const keys = new Set([...stated.values()].map(({ columns, entries }) => `${columns}: ${entries}`));
    const forms = knownAlgorithms(taps).flatMap((algorithm) => algorithm.forms);
    const single = forms.filter(({ native }) => native.outputs > 1 && native.inputs <= 12);
    expect(single.length).toBeGreaterThan(3);
    const missing = single
      .flatMap(({ native: { inputs, outputs, products, A, B } }) => [
        { title: `input of F(${outputs}, ${taps})`, key: `${inputs}: ${[...B]}` },
        { title: `output of F(${outputs}, ${taps})`, key: `${products}: ${[...A]}` },
      ])
      .filter(({ key }) => !keys.has(key))
      .map(({ title }) => title);
    expect(missing).toEqual([]);
  });
});
