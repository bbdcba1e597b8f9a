import { readFileSync } from 'node:fs';
import { candidatesOf } from '../src/catalogue/candidates.js';
import { type NativeLayer, type NativePlan, type NativeWeights, native } from '../src/native/addon.js';
import { nativeLayer, nativeProblem } from '../src/planner/lower.js';
import { Plan } from '../src/planner/plan.js';
import { choose } from '../src/planner/planner.js';
import { type Problem, type Rank, validateInput, validateLayer } from '../src/problem/problem.js';
import { measuredDecision } from '../src/wisdom/decision.js';
import { type Posed, parseAlgorithm, productShare } from './algorithm.js';
import { blockedIndex, toBlocked } from './blocked.js';
import type { EngineOptions, Job } from './protocol.js';

/** Layers of fewer input channels read an image or a clip, which is planar; a network blocks what comes after. */
const MIN_BLOCKED_CHANNELS = 8;

/** A job made ready on memory of the benchmark's own, so that no pass allocates its result. */
export interface Prepared {
  readonly plan: Plan;
  /** Scalar products over those of direct convolution. */
  readonly productShare: number;
  readonly native: NativePlan;
  readonly input: Float32Array;
  readonly output: Float32Array;
  /** A value of the result by its position in N×O×spatial. */
  valueAt(position: number): number;
}

const weightCache = new Map<string, NativeWeights>();

/** Forgets prepared weights; to be called once a layer is done. */
export function forgetWeights(): void {
  weightCache.clear();
}

/** Plans a job and lays out its data. @throws InputError when the algorithm does not apply to the layer */
export function prepare(job: Job & EngineOptions): Prepared {
  const wish = parseAlgorithm(job.algorithm);
  const kernels = native().cpuInfo().kernels;
  const { width } = kernels.find(({ name }) => name === job.isa)!;
  const problem = problemOf(job);
  const options = {
    algorithm: wish.algorithm,
    lanes: wish.lanes,
    candidates: candidatesOf(problem, wish),
    roundedErrorLimit: wish.roundedErrorLimit ?? 0,
    errorLimit: wish.tile || wish.transforms ? Infinity : job.errorLimit,
    width,
  };
  const decision =
    job.effort === 'measure'
      ? measuredDecision(problem, options, job.isa, (choice) =>
          weightsOf(nativeLayer(problem, choice, job.isa), job.weightFile),
        )
      : choose(problem, options);
  const posed = wish.mode({
    layer: nativeLayer(problem, decision.choice, job.isa),
    problem: nativeProblem(problem, decision.choice),
  });
  const layouts = layoutsOf(job, posed);
  const weights = weightsOf(posed.layer, job.weightFile);
  const plan = new (native().Plan)({ ...posed.problem, ...layouts }, weights);
  const input = native().alloc(plan.inputLength);
  const planar = floats(job.inputFile);
  const shape = (channels: number, sizes: readonly number[]) => ({
    batch: job.batch,
    channels,
    pixels: volume(sizes),
    width,
  });
  if (layouts.inputLayout === 'blocked') toBlocked(planar, input, shape(job.inChannels, job.input));
  else input.set(planar);
  const output = native().alloc(plan.outputLength);
  const outputShape = shape(job.outChannels, job.output);
  const blocked = layouts.outputLayout === 'blocked';
  return {
    plan: new Plan(problem, decision, weights, plan),
    productShare: productShare(posed, problem.output),
    native: plan,
    input,
    output,
    valueAt: (position) => output[blocked ? blockedIndex(position, outputShape) : position]!,
  };
}

/** Blocked as far as the layer and its algorithm take it. */
function layoutsOf({ layout, inChannels }: Job & EngineOptions, { layer }: Posed) {
  const accepts = native().acceptsBlocked(layer);
  const input = layout === 'blocked' && accepts.input && inChannels >= MIN_BLOCKED_CHANNELS;
  const output = layout === 'blocked' && accepts.output;
  return {
    inputLayout: input ? 'blocked' : 'planar',
    outputLayout: output ? 'blocked' : 'planar',
  } as const;
}

function problemOf(job: Job): Problem {
  const layer = validateLayer(
    {
      inChannels: job.inChannels,
      outChannels: job.outChannels,
      groups: job.groups,
      kernelSize: job.kernel,
      stride: job.stride,
      padding: job.padding,
      threads: job.threads,
    },
    job.kernel.length as Rank,
  );
  return validateInput(layer, [job.batch, job.inChannels, ...job.input]);
}

/** Plans that differ in threads or layouts alone share their weights, as those of a layer do. */
function weightsOf(layer: NativeLayer, file: string): NativeWeights {
  const { isa, algorithm, weightFormat, fold, transforms } = layer;
  const key = [isa, algorithm, weightFormat, fold, ...(transforms?.map(({ C }) => C.join(' ')) ?? [])].join(
    ' | ',
  );
  const weights = weightCache.get(key) ?? new (native().Weights)(layer, floats(file), null);
  weightCache.set(key, weights);
  return weights;
}

function floats(file: string): Float32Array {
  const bytes = readFileSync(file);
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / Float32Array.BYTES_PER_ELEMENT);
}

function volume(sizes: readonly number[]): number {
  return sizes.reduce((product, size) => product * size, 1);
}
