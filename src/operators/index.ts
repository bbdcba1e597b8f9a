import { expected } from '../../synth/errors.js';
import type { Operator } from './operator.js';

/** All operators. To add one: its file or folder here, a row in this list, and its kernel in native/operators. */
const rows: readonly Operator[] = [];

const byName = new Map(rows.map((row) => [row.name, row]));

/** @throws InputError naming the operator */
export function operatorOf(name: string): Operator {
  const found = byName.get(name);
  if (found === undefined) throw expected('operator', `one of ${[...byName.keys()].join(', ')}`, name);
  return found;
}
