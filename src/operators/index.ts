import { expected } from '../../synth/errors.js';
import { elementwiseOperators } from './elementwise/elementwise.js';
import { identityOperators } from './identity.js';
import { lrn } from './lrn.js';
import { normalizeOperators } from './normalize.js';
import type { Operator } from './operator.js';
import { reduceOperators } from './reduce.js';
import { softmaxOperators } from './softmax.js';

/** All operators. To add one: its file or folder here, a row in this list, and its kernel in native/operators. */
const rows: readonly Operator[] = [
  ...elementwiseOperators,
  ...identityOperators,
  lrn,
  ...normalizeOperators,
  ...reduceOperators,
  ...softmaxOperators,
];

const byName = new Map(rows.map((row) => [row.name, row]));

/** @throws InputError naming the operator */
export function operatorOf(name: string): Operator {
  const found = byName.get(name);
  if (found === undefined) throw expected('operator', `one of ${[...byName.keys()].join(', ')}`, name);
  return found;
}
