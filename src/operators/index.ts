import { expected } from '../../synth/errors.js';
import { concat } from './concat.js';
import { truths } from './constants.js';
import { convTranspose, phaseWeights } from './conv-transpose.js';
import { convolution } from './convolution/convolution.js';
import { convInputGradient } from './convolution/gradient/input-gradient.js';
import { convWeightsGradient } from './convolution/gradient/weights-gradient.js';
import { elementwiseOperators } from './elementwise/elementwise.js';
import { gemm, matMul } from './gemm.js';
import { identityOperators } from './identity.js';
import { lrn } from './lrn.js';
import { normalizeOperators } from './normalize.js';
import type { Operator } from './operator.js';
import { pad } from './pad.js';
import { averagePool, averagePoolGradient, maxPool, maxPoolGradient } from './pool.js';
import { reduceOperators } from './reduce.js';
import { expand, tile } from './repeat.js';
import { resample } from './resample.js';
import { flatten, reshape, squeeze, unsqueeze } from './reshape.js';
import { resize, upsample } from './resize.js';
import { cast, constantOfShape, range, shape, size } from './shapes.js';
import { gather, slice, split } from './slice.js';
import { softmaxOperators } from './softmax.js';
import { depthToSpace, spaceToDepth, transpose } from './transpose.js';
import { col2im, im2col, reindex } from './unfold.js';

/** All operators. To add one: its file or folder here, a row in this list, and its kernel in native/operators. */
const rows: readonly Operator[] = [
  ...[convolution, convInputGradient, convTranspose, convWeightsGradient, phaseWeights],
  ...[averagePool, averagePoolGradient, maxPool, maxPoolGradient],
  ...[gemm, matMul],
  ...[col2im, im2col, reindex],
  ...[concat, depthToSpace, expand, gather, pad, slice, spaceToDepth, split, tile, transpose],
  ...[resample, resize, upsample],
  ...[flatten, reshape, squeeze, unsqueeze],
  ...[cast, constantOfShape, range, shape, size, ...truths],
  ...elementwiseOperators,
  ...identityOperators,
  lrn,
  ...normalizeOperators,
  ...reduceOperators,
  ...softmaxOperators,
];

const byName = new Map(rows.map((row) => [row.name, row]));

/** Whether there is a row of that name. */
export function hasOperator(name: string): boolean {
  return byName.has(name);
}

/** @throws InputError naming the operator */
export function operatorOf(name: string): Operator {
  const found = byName.get(name);
  if (found === undefined) throw expected('operator', `one of ${[...byName.keys()].join(', ')}`, name);
  return found;
}
