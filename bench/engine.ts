import { readFileSync } from 'node:fs';
import { candidatesOf } from '../src/catalogue/candidates.js';
import { machineOf } from '../src/machine/machine.js';
import { type NativeTimes, native } from '../src/native/addon.js';
import { convolutionAlgorithms } from '../src/operators/convolution/algorithms.js';
import { relativeDirectError } from '../src/operators/convolution/expected-error.js';
import type { Choice } from '../src/planner/choices.js';
import { blockedLayouts, type Layouts } from '../src/planner/layouts.js';
import { lower } from '../src/planner/lower.js';
import { PackedWeights } from '../src/planner/packed-weights.js';
import { Plan } from '../src/planner/plan.js';
import { choose } from '../src/planner/planner.js';
import { type Problem, type Rank, validateInput, validateLayer } from '../src/problem/problem.js';
import { atOnce } from '../src/support/unhurried.js';
import { measuredDecision } from '../src/wisdom/decision.js';
import { parseAlgorithm } from './algorithm.js';
import { blockedIndex, toBlocked } from './blocked.js';
import type { EngineOptions, Job } from './protocol.js';

const NOTHING_ADDED = { bias: false, residual: false } as const;

/** Layers of fewer input channels read an image or a clip, which is planar; a network blocks what comes after. */
const MIN_BLOCKED_CHANNELS = 8;

/** A job made ready on memory of the benchmark's own, so that no pass allocates its result. */
export interface Prepared {
  readonly plan: Plan;
  /** Scalar products over those of direct convolution. */
  readonly productShare: number;
  /** Runs one pass. */
  run(): NativeTimes;
  /** A value of the result by its position in N×O×spatial. */
  valueAt(position: number): number;
}

const weightCache = new Map<string, PackedWeights>();

/** Forgets prepared weights; to be called once a layer is done. */
export function forgetWeights(): void {
  weightCache.clear();
}

/** Plans a job and lays out its data. @throws InputError when the algorithm does not apply to the layer */
export function prepare(job: Job & EngineOptions): Prepared {
  const wish = parseAlgorithm(job.algorithm);
  const machine = machineOf(job.isa);
  const { width } = machine.table;
  const problem = problemOf(job);
  const options = {
    algorithms: convolutionAlgorithms,
    machine,
    algorithm: wish.algorithm,
    lanes: wish.lanes,
    candidates: candidatesOf(problem, wish),
    roundedErrorLimit: wish.roundedErrorLimit ?? 0,
    errorLimit: wish.tile || wish.transforms ? Infinity : job.errorLimit,
  };
  const decision =
    job.effort === 'measure'
      ? atOnce(measuredDecision(problem, options, (choice) => weightsOf(problem, choice, job)))
      : choose(problem, options);
  const choice = wish.mode(decision.choice, problem);
  const layouts = layoutsOf(job, choice, width);
  const description = lower(problem, choice, machine, NOTHING_ADDED, layouts);
  const kernel = new (native().Kernel)('convolution', description);
  const weights = weightsOf(problem, choice, job);
  const direct = relativeDirectError(problem);
  const plan = new Plan(
    problem,
    { ...decision, choice },
    description.schedule,
    weights.bytes,
    direct,
    kernel,
  );
  const input = native().alloc(kernel.inputBytes[0]! / Float32Array.BYTES_PER_ELEMENT);
  const planar = floats(job.inputFile);
  const shape = (channels: number, sizes: readonly number[]) => ({
    batch: job.batch,
    channels,
    pixels: volume(sizes),
    width,
  });
  if (layouts.input === 'blocked') toBlocked(planar, input, shape(job.inChannels, job.input));
  else input.set(planar);
  const output = native().alloc(kernel.outputBytes[0]! / Float32Array.BYTES_PER_ELEMENT);
  const outputShape = shape(job.outChannels, job.output);
  const blocked = layouts.output === 'blocked';
  return {
    plan,
    productShare: plan.productsPerOutput / plan.taps,
    run: () => kernel.runSync([input, weights.packSync(), null, null], [output]),
    valueAt: (position) => output[blocked ? blockedIndex(position, outputShape) : position]!,
  };
}

/** Blocked as far as the layer and its algorithm take it. */
function layoutsOf(job: Job & EngineOptions, choice: Choice, width: number): Layouts {
  const accepts = blockedLayouts(job, choice, width);
  const blocked = job.layout === 'blocked';
  const input = blocked && accepts.input && job.inChannels >= MIN_BLOCKED_CHANNELS ? 'blocked' : 'planar';
  const output = blocked && accepts.output ? 'blocked' : 'planar';
  return { input, output, residual: output };
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
function weightsOf(
  problem: Problem,
  choice: Choice,
  { isa, weightFile }: Job & EngineOptions,
): PackedWeights {
  const { algorithm, weightFormat, covers = [] } = choice;
  const key = [isa, algorithm, weightFormat, ...covers.map((each) => each.algorithm.key)].join(' | ');
  const weights =
    weightCache.get(key) ??
    new PackedWeights(lower(problem, choice, machineOf(isa), NOTHING_ADDED), floats(weightFile));
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
