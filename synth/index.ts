/** Exact mathematics of F(S, G): synthesis, proof, and the forms in which algorithms are written down. */
export { defaultModuli } from './defaults.js';
export { expected, InputError } from './errors.js';
export { formatModulus, type ModuliInput, type Modulus, type Point, parseModuli } from './moduli.js';
export { type RowFactors, scaleRows } from './rows.js';
export { type SynthesisOptions, synthesize } from './synthesize.js';
export type { Matrix, Transform } from './transform.js';
export { type Proof, VerificationError, verify } from './verify.js';
