import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  FRONTS_FOLDER,
  type Front,
  frontIndex,
  frontName,
  frontOf,
  proveFront,
} from '../../src/catalogue/fronts.js';
import { packageRoot } from '../../src/support/package.js';
import { search } from '../../synth/search/search.js';

const folder = join(packageRoot(), FRONTS_FOLDER);
const read = (name: string): Front => JSON.parse(readFileSync(join(folder, name), 'utf8'));
const names = readdirSync(folder).filter((name) => name.endsWith('.json'));

describe('stored fronts', () => {
  it('cover S, G ≤ 8 and F(S, 3) to 12', () => {
    for (let outputs = 2; outputs <= 8; outputs++)
      for (let taps = 2; taps <= 8; taps++) expect(names).toContain(`${frontName(outputs, taps)}.json`);
    for (const outputs of [9, 10, 11, 12]) expect(names).toContain(`${frontName(outputs, 3)}.json`);
  });

  it.each(names)('%s is proved, and has the gains it states', (name) => {
    const front = read(name);
    expect(name).toBe(`${frontName(front.outputs, front.taps)}.json`);
    expect(front.members.length).toBeGreaterThan(0);
    proveFront(front);
  });

  it('are all on the page for people', () => {
    const page = readFileSync(join(folder, 'README.md'), 'utf8');
    for (const name of names)
      expect(page).toContain(
        frontIndex([read(name)])
          .split('\n## ')[1]!
          .trim(),
      );
  });

  it('are refused when a figure is not that of the moduli', () => {
    const front = read('f04x03.json');
    const [first, ...others] = front.members;
    const wrong = { ...first!, noiseGain: first!.noiseGain * 1.001 };
    expect(() => proveFront({ ...front, members: [wrong, ...others] })).toThrow(
      /F\(4, 3\) from .* has T = 6 and Q = /,
    );
  });
});

describe('a front to store', () => {
  it('keeps moduli and figures, and says which vectors T^N fills', () => {
    const front = frontOf(search({ outputs: 2, taps: 3, products: [4, 5], starts: 1 }));
    expect(front).toMatchObject({ outputs: 2, taps: 3 });
    for (const { products, fillsVectors } of front.members)
      expect(fillsVectors).toEqual(products === 4 ? { 4: 1, 8: 2, 16: 2 } : { 4: null, 8: null, 16: null });
    proveFront(front);
  });
});
