/** Exact mathematics of F(S, G): synthesis, proof, and the forms in which algorithms are written down. */

export { type RowFactors, scaleRows } from './algebra/rows.js';
export { type Claims, claimsFromJSON } from './claims/claims.js';
export { type Figures, figuresOf, fillsVectors, type VectorFit } from './claims/figures.js';
export { ClaimError, verify } from './claims/verify.js';
export {
  defaultModuli,
  defaultProducts,
  linearModuli,
  MAX_DEFAULT_INPUTS,
  resolvePoints,
} from './core/defaults.js';
export {
  compareModuli,
  type FiniteModulus,
  formatModulus,
  type ModuliInput,
  type Modulus,
  modulusDegree,
  modulusProducts,
  type Point,
  parseModuli,
} from './core/moduli.js';
export { type OutputsWish, settleOutputs } from './core/outputs.js';
export { type Coefficient, expand, type Proof, proveTransform, VerificationError } from './core/prove.js';
export { type FormJson, formToJSON, fromJSON, type TransformJson, toJSON } from './core/serialize.js';
export { type SynthesisOptions, synthesize } from './core/synthesize.js';
export {
  linearProducts,
  type ProductCount,
  PUBLISHED_TABLE_1,
  smallestTile,
  smallestTilePerAxis,
  type Tile,
  type TileStatistics,
  tileStatistics,
} from './core/tile.js';
export type { Matrix, Transform } from './core/transform.js';
export { type EmitOptions, emit, type Target, targets } from './emit/index.js';
export { printJson } from './emit/json.js';
export { printLatex } from './emit/latex.js';
export { printForm, printText } from './emit/text.js';
export { expected, InputError } from './errors.js';
export * from './forms/index.js';
export { type CompileOptions, compile } from './program/compile.js';
export { leastOperations } from './program/least-operations.js';
export {
  type Cost,
  costOf,
  interpret,
  matrixOf,
  naiveOperations,
  type Operation,
  type OperationKind,
  type Program,
  prove,
  type Value,
} from './program/program.js';
export { compileTransform, type Programs } from './program/programs.js';
export { type ErrorWeights, roundingOf } from './program/rounding.js';
