import { createHash } from 'node:crypto';
import { toStrings } from '../core/serialize.js';
import type { Matrix } from '../core/transform.js';

/** What the engine applies along an axis: B to the inputs of a tile, or A to its products. */
export type TransformSide = 'input' | 'output';

/** Hexadecimal digits of a name's digest: 48 bits, so that no two of the few hundred matrices in use share one. */
const DIGITS = 12;

/**
 * The name of the codelet for a matrix, whether or not there is one: `input_6x6_5d41402abc4b` says which side of a tile
 * it is for, rows × columns, and a digest of the exact entries. Equal matrices have equal names everywhere.
 */
export function codeletName(side: TransformSide, matrix: Matrix): string {
  const text = toStrings(matrix)
    .map((row) => row.join(' '))
    .join('\n');
  const digest = createHash('sha256').update(text).digest('hex').slice(0, DIGITS);
  return `${side}_${matrix.length}x${matrix[0]!.length}_${digest}`;
}
