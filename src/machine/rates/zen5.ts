import type { Rates } from '../rates.js';
import { avx2 as avx2Before } from './zen4.js';

/** AMD Zen 5 (EPYC 9005). On 512-bit pipes Zen 4's rates choose as well as any that were fitted to this machine. */
export { avx512, portable } from './zen4.js';

/** Fitted to 3,300 plans for 459 random layers on one core. */
export const avx2: Rates = {
  ...avx2Before,
  products: { ...avx2Before.products, mixedRate: 0.99, perTile: 636 },
  input: {
    perInstruction: 17.1,
    perMove: 2.94,
    perGeneric: 20.9,
    perLoop: 1230,
    perBlock: 368,
    perRow: 2340,
    perProduct: 56.9,
    perNumber: 1.15,
  },
  output: {
    perInstruction: 26,
    perMove: 2.94,
    perGeneric: 21,
    perLoop: 133,
    perBlock: 339,
    perRow: 2140,
    perProduct: 19.8,
    perNumber: 5.01,
  },
  positions: { perInstruction: 3.28, stepsPerSum: 3.02, perTile: 3340, perRow: 127, perNumber: 17.8 },
  direct: { rate: 0.9, perTile: 175, perLine: 1200, perCopied: 16.3, perBlock: 755 },
  memory: { perByte: 3.86, perSharedByte: 2.7, cacheSpeed: 1.5, unhidden: 0.237 },
  perPass: 21_100,
};
