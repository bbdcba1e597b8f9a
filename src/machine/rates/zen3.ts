import type { Rates } from '../rates.js';

/**
 * AMD Zen 3 (EPYC 7003), two 256-bit FMA pipes. Register tiles, memory and threads were measured for themselves on the
 * benchmark's layers; the others were fitted to 2,800 plans for 390 random layers on one core.
 */
export const avx2: Rates = {
  products: { rate: 0.95, mixedRate: 0.95, wideningRate: 0.98, perTile: 1300 },
  registerTile: { rowRate: [0.27, 0.5, 0.71, 0.88, 0.94, 1], halfRate: 0.65 },
  input: {
    perInstruction: 8.7,
    perMove: 31,
    perGeneric: 28,
    perLoop: 2860,
    perBlock: 1010,
    perRow: 7300,
    perProduct: 12,
    perNumber: 1.9,
  },
  output: {
    perInstruction: 11.7,
    perMove: 31,
    perGeneric: 32,
    perLoop: 1400,
    perBlock: 1100,
    perRow: 3700,
    perProduct: 11,
    perNumber: 8.3,
  },
  positions: { perInstruction: 9.4, stepsPerSum: 7.3, perTile: 2490, perRow: 65, perNumber: 19.4 },
  direct: { rate: 0.9, perTile: 1850, perLine: 4600, perCopied: 43, perBlock: 1250 },
  grouped: { rate: 0.95, load: 8, spread: 5, store: 12 },
  // Measured on Zen 4 with vectors of eight: 60 random layers, errors of estimates 13 % (root mean square).
  gemm: { rate: 0.63, perTile: 3050, perPacked: 66, perTap: 5900, perStored: 18 },
  sparse: { rate: 0.43, perRow: 3000, perPacked: 35, perTap: 12_000, perStored: 18 },
  // As on Zen 4: each non-zero of an image has to be put into nine columns.
  sparseBelow: { filter: 0.04, image: 0.003 },
  memory: { perByte: 5.4, perSharedByte: 3.8, cacheSpeed: 1.5, unhidden: 0.2 },
  threads: { perPass: 1.5e6, perStages: 5e6 },
  perPass: 100_000,
};

/** Vectors of four, fitted to 1,000 plans for 150 random layers. */
export const portable: Rates = {
  ...avx2,
  products: { rate: 0.53, mixedRate: 0.95, wideningRate: 0.98, perTile: 720 },
  registerTile: { ...avx2.registerTile, halfRate: 0.63 },
  input: {
    perInstruction: 10.6,
    perMove: 5.3,
    perGeneric: 21.8,
    perLoop: 1710,
    perBlock: 270,
    perRow: 2630,
    perProduct: 16,
    perNumber: 1.8,
  },
  output: {
    perInstruction: 11,
    perMove: 4.9,
    perGeneric: 30,
    perLoop: 330,
    perBlock: 430,
    perRow: 1660,
    perProduct: 6.1,
    perNumber: 4.5,
  },
  positions: { perInstruction: 5.6, stepsPerSum: 9, perTile: 2490, perRow: 65, perNumber: 25 },
  direct: { rate: 0.455, perTile: 560, perLine: 1050, perCopied: 46, perBlock: 510 },
  gemm: { rate: 0.4, perTile: 1500, perPacked: 33, perTap: 3000, perStored: 9 },
  sparse: { rate: 0.35, perRow: 1500, perPacked: 20, perTap: 6000, perStored: 9 },
};
