import type { AlgorithmRow } from '../../planner/algorithm.js';
import { direct } from './direct/direct.js';
import { gemm } from './gemm/gemm.js';
import { grouped } from './grouped/grouped.js';
import { positions } from './positions/positions.js';
import { sparse } from './sparse/sparse.js';
import { winograd } from './winograd/winograd.js';

/** Every algorithm for convolution, each with its folder here. */
export const convolutionAlgorithms: readonly AlgorithmRow[] = [
  winograd,
  positions,
  grouped,
  direct,
  gemm,
  sparse,
];
