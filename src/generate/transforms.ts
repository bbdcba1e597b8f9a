/**
 * `npm run synth` writes the shipped transforms and their index: it synthesizes and proves what
 * transforms/catalogue.jsonl lists, one entry a line, with the smaller tiles that share the kernel transform. With `--check` it only says whether a file would change.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { figuresOf } from '../../synth/claims/figures.js';
import { nestModuli } from '../../synth/core/nesting.js';
import { nestedFamily } from '../../synth/forms/family.js';
import { defaultModuli, InputError, parseModuli } from '../../synth/index.js';
import { TRANSFORMS_FOLDER } from '../catalogue/families.js';
import { type Shipped, shippedFile, shippedIndex } from '../catalogue/shipped.js';
import { transformName } from '../catalogue/transform-name.js';
import { packageRoot } from '../support/package.js';
import { update } from './update.js';

const CATALOGUE = 'catalogue.jsonl';
const INDEX = 'README.md';

/** What the catalogue says of one transform. */
interface Entry {
  readonly outputs: number;
  readonly taps: number;
  /** Without it, the default moduli. */
  readonly moduli?: string;
  /** Where it comes from or what it is good for. */
  readonly note: string;
}

function shippedTransforms(): Shipped[] {
  const lines = readFileSync(join(packageRoot(), TRANSFORMS_FOLDER, CATALOGUE), 'utf8')
    .trimEnd()
    .split('\n');
  const catalogue: Entry[] = lines.map((line) => JSON.parse(line));
  return catalogue.map(({ outputs, taps, moduli, note }): Shipped => {
    const chosen = moduli === undefined ? defaultModuli(outputs, taps) : parseModuli(moduli);
    const [transform, ...smaller] = nestedFamily(nestModuli(chosen, taps)).members;
    if (transform?.outputs !== outputs)
      throw new InputError(`Expected moduli for ${outputs} outputs in ${CATALOGUE} but received ${moduli}`);
    return { name: transformName(transform), note, transform, smaller, figures: figuresOf(transform) };
  });
}

function transformFiles(shipped: readonly Shipped[]): Map<string, string> {
  const files = new Map<string, string>();
  for (const each of shipped) {
    const name = `${each.name}.json`;
    if (files.has(name))
      throw new InputError(`Expected each transform once in ${CATALOGUE} but ${name} comes twice`);
    files.set(name, shippedFile(each));
  }
  return files.set(INDEX, shippedIndex(shipped));
}

update({
  folder: TRANSFORMS_FOLDER,
  owns: (name) => name.endsWith('.json') || name === INDEX,
  files: transformFiles(shippedTransforms()),
  command: 'npm run synth',
});
