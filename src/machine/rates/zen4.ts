import type { Rates, StageRates } from '../rates.js';
import * as zen3 from './zen3.js';

/**
 * Vectors of sixteen on 256-bit pipes: what handles a vector takes twice as long as one of eight does, and a block of as
 * many pixels as there are lanes four times.
 */
function doubled(stage: StageRates): StageRates {
  return {
    ...stage,
    perInstruction: 2 * stage.perInstruction,
    perMove: 2 * stage.perMove,
    perGeneric: 2 * stage.perGeneric,
    perBlock: 4 * stage.perBlock,
    perProduct: 2 * stage.perProduct,
  };
}

/**
 * AMD Zen 4 (EPYC 9004). Register tiles, memory and threads were measured on the benchmark's layers; the stages are those of
 * Zen 3 with vectors twice as long, until somebody calibrates.
 */
export const avx512: Rates = {
  ...zen3.avx2,
  products: { ...zen3.avx2.products, perTile: 2 * zen3.avx2.products.perTile },
  registerTile: {
    rowRate: [0.33, 0.6, 0.82, 0.92, 0.95, 0.97, 0.98, 0.98, 0.99, 0.99, 1, 1, 1, 1],
    halfRate: 0.97,
  },
  input: doubled(zen3.avx2.input),
  output: doubled(zen3.avx2.output),
  direct: {
    ...zen3.avx2.direct,
    perTile: 2 * zen3.avx2.direct.perTile,
    perBlock: 4 * zen3.avx2.direct.perBlock,
  },
  // 90 random layers, errors of estimates 16 % (root mean square).
  gemm: { rate: 0.9, perTile: 1540, perPacked: 39, perTap: 4600, perStored: 13 },
  // A panel lies in the second level of cache, which delivers half of what products could take.
  sparse: { rate: 0.43, perRow: 3000, perPacked: 21, perTap: 10_000, perStored: 13 },
};

export { avx2, portable } from './zen3.js';
