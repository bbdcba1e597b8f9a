import { codeletName, type TransformSide } from '../../synth/emit/codelet-name.js';
import type { Matrix } from '../../synth/index.js';
import { pairedTransform } from '../../synth/program/pair.js';
import { pairedArrays } from '../../synth/program/paired.js';
import { type NativeTransform, native } from '../native/addon.js';

/**
 * What the engine runs for a matrix: the codelet of its name where there is one, else a program for the generic kernel.
 * Made at the first call, of the matrix as it is now: pairing a large one takes milliseconds, and most algorithms are
 * compared and never run.
 */
export function nativeTransform(side: TransformSide, matrix: Matrix): () => NativeTransform {
  const entries = matrix.map((row) => [...row]);
  let made: NativeTransform | undefined;
  return () => {
    made ??= describe(side, entries);
    return made;
  };
}

/** The same without codelets, to see what they are worth. */
export function genericTransform(matrix: Matrix): NativeTransform {
  return isIdentity(matrix) ? {} : { program: pairedArrays(pairedTransform(matrix)) };
}

function describe(side: TransformSide, matrix: Matrix): NativeTransform {
  const codelet = codeletName(side, matrix);
  return codelets().has(codelet) ? { codelet } : genericTransform(matrix);
}

function isIdentity(matrix: Matrix): boolean {
  return matrix.length === 1 && matrix[0]!.length === 1 && matrix[0]![0]!.equals(1);
}

let names: ReadonlySet<string> | undefined;

function codelets(): ReadonlySet<string> {
  names ??= new Set(native().codelets());
  return names;
}
