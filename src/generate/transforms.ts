/**
 * `npm run synth` writes the shipped transforms, their index and their families: it synthesizes and proves what
 * transforms/catalogue.jsonl lists, one entry a line. With `--check` it only says whether a file would change.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InputError, synthesize } from '../../synth/index.js';
import { FAMILIES_FOLDER, familyFile } from '../catalogue/families.js';
import { figuresOf, type Shipped, shippedFile, shippedIndex } from '../catalogue/shipped.js';
import { transformName } from '../catalogue/transform-name.js';
import { packageRoot } from '../support/package.js';
import { update } from './update.js';

const FOLDER = 'transforms';
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
  const lines = readFileSync(join(packageRoot(), FOLDER, CATALOGUE), 'utf8')
    .trimEnd()
    .split('\n');
  const catalogue: Entry[] = lines.map((line) => JSON.parse(line));
  return catalogue.map(({ note, ...options }): Shipped => {
    const transform = synthesize(options);
    return { name: transformName(transform), note, transform, figures: figuresOf(transform) };
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

const command = 'npm run synth';
const transforms = shippedTransforms();
update({
  folder: FOLDER,
  owns: (name) => name.endsWith('.json') || name === INDEX,
  files: transformFiles(transforms),
  command,
});
update({
  folder: FAMILIES_FOLDER,
  owns: (name) => name.endsWith('.json'),
  files: new Map(transforms.map(({ name, transform }) => [`${name}.json`, familyFile(transform)])),
  command,
});
