import { checkTransform } from '../core/check.js';
import type { Transform } from '../core/transform.js';
import { expected } from '../errors.js';
import { checkOptions } from '../options.js';
import { emitC } from './c.js';
import { emitCpp } from './cpp.js';
import { printLatex } from './latex.js';
import { emitNumpy } from './numpy.js';
import { emitJson } from './program-json.js';
import { printText } from './text.js';

/** A language in which an algorithm is written down. */
export interface Target {
  readonly name: string;
  readonly description: string;
  /** @param name identifier for the targets that need one, such as `f4x3` */
  readonly emit: (transform: Transform, name: string) => string;
}

/** Every target of {@link emit}. */
export const targets: readonly Target[] = [
  { name: 'json', description: 'exact matrices and straight-line programs, for other tools', emit: emitJson },
  { name: 'text', description: 'matrices and proof for people', emit: printText },
  { name: 'latex', description: 'formulas for a paper', emit: printLatex },
  { name: 'c', description: 'C99 for any machine, vectorised by the compiler', emit: emitC },
  {
    name: 'cpp',
    description: 'C++11 for any machine, with the vector extension of GCC and Clang',
    emit: (transform, name) => emitCpp(transform, name, 'portable'),
  },
  {
    name: 'avx2',
    description: 'C++11 with AVX2 and FMA intrinsics',
    emit: (transform, name) => emitCpp(transform, name, 'avx2'),
  },
  {
    name: 'avx512',
    description: 'C++11 with AVX-512 intrinsics',
    emit: (transform, name) => emitCpp(transform, name, 'avx512'),
  },
  {
    name: 'neon',
    description: 'C++11 with NEON intrinsics',
    emit: (transform, name) => emitCpp(transform, name, 'neon'),
  },
  { name: 'numpy', description: 'Python over NumPy', emit: emitNumpy },
];

/** Options of {@link emit}. */
export interface EmitOptions {
  /** Identifier that the emitted names begin with; `f4x3` for F(4, 3) by default. */
  readonly name?: string | undefined;
}

/**
 * Writes an algorithm down in a target language, after proving it and its programs once more.
 *
 * @param target one of {@link targets}
 * @returns the text of the file
 * @throws InputError when it is no transform, the target is unknown, or the name is no identifier
 * @throws VerificationError when the transform is no correct algorithm
 */
export function emit(transform: Transform, target: string, options: EmitOptions = {}): string {
  checkTransform(transform);
  checkOptions('emit', options, { name: true });
  const { name = `f${transform.outputs}x${transform.taps}` } = options;
  const found = targets.find((each) => each.name === target);
  if (!found) throw expected('target', `one of ${targets.map((each) => each.name).join(', ')}`, target);
  if (!/^[A-Za-z][A-Za-z0-9_]*$/.test(name)) throw expected('name', 'an identifier', name);
  return found.emit(transform, name);
}
