import { synthesize, type Transform } from '../../synth/index.js';
import { plainAlgorithm } from '../catalogue/axis-algorithm.js';
import { type Axes, type NativeTiling, native } from '../native/addon.js';
import type { Sample } from './experiment.js';

const NOTHING = { slope: 1, low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };
const ZEROS: Axes = [0, 0, 0];
const ONES: Axes = [1, 1, 1];

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
  const { Plan, Weights, alloc, cpuInfo } = native();
  const axes = lift(transforms);
  const algorithms = axes.map((axis) => plainAlgorithm(axis));
  const layer = {
    inChannels: channels,
    outChannels: kernels,
    groups: 1,
    kernel: axes.map(({ taps }) => taps) as unknown as Axes,
    algorithm: 'winograd' as const,
    transforms: algorithms.map(({ kernel }) => kernel) as unknown as Axes<(typeof algorithms)[0]['kernel']>,
    isa: cpuInfo().isa,
  };
  const tiling = algorithms.map(
    ({ forms }): NativeTiling => ({ forms: [forms[0]!.native], sequence: new Int32Array(1) }),
  );
  const problem = {
    batch: tiles,
    input: axes.map(({ outputs, taps }) => outputs + taps - 1) as unknown as Axes,
    ...{
      stride: ONES,
      dilation: ONES,
      padBegin: ZEROS,
      padEnd: ZEROS,
      activation: NOTHING,
      threads: 1,
      sumBlock,
    },
    tiling: tiling as unknown as Axes<NativeTiling>,
  };
  const plan = new Plan(problem, new Weights(layer, weights, null));
  const input = alloc(plan.inputLength);
  input.set(data);
  const output = alloc(plan.outputLength);
  plan.forwardSync(input, output);
  return output;
}

/** Three axes, the leading ones not convolved. */
function lift(transforms: readonly Transform[]): Transform[] {
  const identity = synthesize({ outputs: 1, taps: 1 });
  return [...Array<Transform>(3 - transforms.length).fill(identity), ...transforms];
}
