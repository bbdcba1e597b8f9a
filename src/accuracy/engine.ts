import { synthesize, type Transform } from '../../synth/index.js';
import { plainAlgorithm } from '../catalogue/axis-algorithm.js';
import { cover } from '../catalogue/cover.js';
import { machineOf } from '../machine/machine.js';
import { native } from '../native/addon.js';
import type { Choice } from '../planner/choices.js';
import { lower } from '../planner/lower.js';
import { PackedWeights } from '../planner/packed-weights.js';
import { axes, type Problem, type Rank } from '../problem/problem.js';
import type { Sample } from './sample.js';

const NOTHING = { slope: 1, low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };

/** A sample through the native engine, one tile per image: tiles × kernels × Sᴺ outputs. */
export function runEngine({
  transforms,
  channels,
  sumBlock,
  tiles,
  kernels,
  data,
  weights,
}: Sample): Float32Array {
  const lifted = lift(transforms);
  const problem: Problem = {
    rank: transforms.length as Rank,
    ...{ batch: tiles, inChannels: channels, outChannels: kernels, groups: 1, threads: 1 },
    kernel: axes((a) => lifted[a]!.taps),
    input: axes((a) => lifted[a]!.outputs + lifted[a]!.taps - 1),
    output: axes((a) => lifted[a]!.outputs),
    ...{ stride: axes(() => 1), dilation: axes(() => 1), padBegin: axes(() => 0), padEnd: axes(() => 0) },
    activation: NOTHING,
  };
  const choice: Choice = {
    algorithm: 'winograd',
    covers: axes((a) => cover(plainAlgorithm(lifted[a]!), problem.output[a])),
    ...{ weightFormat: 'float32', sumBlock, error: 1 },
    cost: { stages: { input: 0, product: 0, output: 0 }, work: 0, threads: 1, total: 0 },
  };
  const { Kernel, alloc, cpuInfo } = native();
  const description = lower(problem, choice, machineOf(cpuInfo().isa), { bias: false, residual: false });
  const kernel = new Kernel('convolution', description);
  const packed = new PackedWeights(description, weights).packSync();
  const output = alloc(tiles * kernels * problem.output.reduce((product, size) => product * size));
  kernel.runSync([data, packed, null, null], [output]);
  return output;
}

/** Three axes, the leading ones not convolved. */
function lift(transforms: readonly Transform[]): Transform[] {
  const identity = synthesize({ outputs: 1, taps: 1 });
  return [...Array<Transform>(3 - transforms.length).fill(identity), ...transforms];
}
