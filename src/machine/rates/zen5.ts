import type { Rates } from '../rates.js';

/**
 * AMD Zen 5 (EPYC 9005), two FMA pipes of full width: fitted by `winograd calibrate` to 2,672 plans for 425 random layers on one
 * core. What that does not fit (tiles of less than full height, depthwise, threads) is as on Zen 4.
 */
export const avx512: Rates = {
  products: { rate: 0.95, mixedRate: 0.95, wideningRate: 0.98, perTile: 4310 },
  registerTile: {
    rowRate: [0.33, 0.6, 0.82, 0.92, 0.95, 0.97, 0.98, 0.98, 0.99, 0.99, 1, 1, 1, 1],
    halfRate: 0.82,
  },
  input: {
    perInstruction: 8.51,
    perMove: 76.5,
    perGeneric: 25.2,
    perLoop: 4740,
    perBlock: 7280,
    perRow: 5920,
    perProduct: 16.4,
    perNumber: 7.61,
  },
  output: {
    perInstruction: 18.2,
    perMove: 73.4,
    perGeneric: 49.7,
    perLoop: 685,
    perBlock: 4220,
    perRow: 4570,
    perProduct: 12.7,
    perNumber: 14.3,
  },
  positions: { perInstruction: 8.29, stepsPerSum: 7.94, perTile: 4490, perRow: 139, perNumber: 33.5 },
  direct: { rate: 0.9, perTile: 3000, perLine: 19200, perCopied: 53.1, perBlock: 4790 },
  grouped: { rate: 0.95, load: 8, spread: 5, store: 12 },
  memory: { perByte: 8.95, perSharedByte: 3.8, cacheSpeed: 1.5, unhidden: 0.247 },
  threads: { perPass: 1500000, perStages: 5000000 },
  perPass: 88100,
};

/** The same with vectors of eight: 1,892 plans for 310 layers. */
export const avx2: Rates = {
  products: { rate: 0.991, mixedRate: 0.991, wideningRate: 0.98, perTile: 1010 },
  registerTile: { rowRate: [0.27, 0.5, 0.71, 0.88, 0.94, 1], halfRate: 0.623 },
  input: {
    perInstruction: 6.76,
    perMove: 10.4,
    perGeneric: 20.9,
    perLoop: 2320,
    perBlock: 1300,
    perRow: 4050,
    perProduct: 15.4,
    perNumber: 1.75,
  },
  output: {
    perInstruction: 12.7,
    perMove: 11.3,
    perGeneric: 18.5,
    perLoop: 335,
    perBlock: 516,
    perRow: 1970,
    perProduct: 21.6,
    perNumber: 11.1,
  },
  positions: { perInstruction: 4.8, stepsPerSum: 3.42, perTile: 2100, perRow: 59.8, perNumber: 17.8 },
  direct: { rate: 0.939, perTile: 1030, perLine: 3290, perCopied: 26, perBlock: 931 },
  grouped: { rate: 0.95, load: 8, spread: 5, store: 12 },
  memory: { perByte: 5.4, perSharedByte: 3.8, cacheSpeed: 1.5, unhidden: 0.184 },
  threads: { perPass: 1500000, perStages: 5000000 },
  perPass: 91900,
};

export { portable } from './zen3.js';
