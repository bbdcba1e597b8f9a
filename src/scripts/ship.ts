/**
 * `npm run synth` writes the shipped transforms from transforms/catalogue.json, which lists what to synthesize: every
 * other file there is synthesized and proved here. With `--check` it only says whether a file would change.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InputError, printJson, synthesize, toJSON } from '../../synth/index.js';
import { packageRoot } from '../package.js';
import { transformName } from '../transform-name.js';
import { update } from './generated.js';

const FOLDER = 'transforms';
const CATALOGUE = 'catalogue.json';

/** What the catalogue says of one transform. */
interface Entry {
  readonly outputs: number;
  readonly taps: number;
  /** Without it, the default moduli. */
  readonly moduli?: string;
  /** Where it comes from or what it is good for. */
  readonly note: string;
}

function transformFiles(): Map<string, string> {
  const catalogue: Entry[] = JSON.parse(readFileSync(join(packageRoot(), FOLDER, CATALOGUE), 'utf8'));
  const files = new Map<string, string>();
  for (const { note, ...options } of catalogue) {
    const transform = synthesize(options);
    const name = `${transformName(transform)}.json`;
    if (files.has(name))
      throw new InputError(`Expected each transform once in ${CATALOGUE} but ${name} comes twice`);
    files.set(name, printJson({ generatedBy: 'npm run synth', note, ...toJSON(transform) }));
  }
  return files;
}

update({
  folder: FOLDER,
  owns: (name) => name.endsWith('.json') && name !== CATALOGUE,
  files: transformFiles(),
  command: 'npm run synth',
});
