/**
 * `npm run synth` writes the shipped transforms: it synthesizes and proves what transforms/catalogue.jsonl lists, one
 * entry a line. With `--check` it only says whether a file would change.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InputError, printJson, synthesize, toJSON } from '../../synth/index.js';
import { noiseGain } from '../../synth/noise.js';
import { packageRoot } from '../package.js';
import { transformName } from '../transform-name.js';
import { update } from './generated.js';

const FOLDER = 'transforms';
/** Of the noise gain: fewer than a double's, so that machines agree on them. */
const DIGITS = 6;
const CATALOGUE = 'catalogue.jsonl';

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
  const lines = readFileSync(join(packageRoot(), FOLDER, CATALOGUE), 'utf8')
    .trimEnd()
    .split('\n');
  const catalogue: Entry[] = lines.map((line) => JSON.parse(line));
  const files = new Map<string, string>();
  for (const { note, ...options } of catalogue) {
    const transform = synthesize(options);
    const name = `${transformName(transform)}.json`;
    if (files.has(name))
      throw new InputError(`Expected each transform once in ${CATALOGUE} but ${name} comes twice`);
    const gain = Number(noiseGain(transform).toPrecision(DIGITS));
    files.set(name, printJson({ generatedBy: 'npm run synth', note, noiseGain: gain, ...toJSON(transform) }));
  }
  return files;
}

update({
  folder: FOLDER,
  owns: (name) => name.endsWith('.json'),
  files: transformFiles(),
  command: 'npm run synth',
});
