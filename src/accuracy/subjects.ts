import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { synthesize, type Transform } from '../../synth/index.js';
import { search } from '../../synth/search/search.js';
import { FRONTS_FOLDER, type Front, frontName } from '../catalogue/fronts.js';
import { packageRoot } from '../support/package.js';

/**
 * The algorithms of the front of F(S, G), by rising number of products: those kept in transforms/fronts/, else found by
 * a quick search.
 */
export function frontTransforms(outputs: number, taps: number): Transform[] {
  const stored = storedFront(outputs, taps);
  if (stored === undefined) return search({ outputs, taps }).map(({ transform }) => transform);
  return stored.members.map(({ moduli }) => synthesize({ outputs, taps, moduli }));
}

function storedFront(outputs: number, taps: number): Front | undefined {
  const path = join(packageRoot(), FRONTS_FOLDER, `${frontName(outputs, taps)}.json`);
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The algorithms of the front of F(S, G) with so many products. */
export function frontWith(outputs: number, taps: number, products: number): Transform[] {
  const kept = frontTransforms(outputs, taps).filter((transform) => transform.products === products);
  return kept.length > 0
    ? kept
    : search({ outputs, taps, products: [products] }).map((each) => each.transform);
}

/** The points that users of wincnn take, in this order; infinity comes last. */
const USUAL_POINTS = [
  '0',
  '1',
  '-1',
  '2',
  '-2',
  '1/2',
  '-1/2',
  '3',
  '-3',
  '1/3',
  '-1/3',
  '4',
  '-4',
  '1/4',
  '-1/4',
];

/** F(S, G) on the usual points, which are fine for few of them. */
export function usualPoints(outputs: number, taps: number): Transform {
  const finite = USUAL_POINTS.slice(0, outputs + taps - 2);
  return synthesize({ outputs, taps, moduli: [...finite, 'inf'] });
}
