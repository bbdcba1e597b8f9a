import { readFileSync } from 'node:fs';
import type { Choice } from '../src/choices.js';
import { nativeLayer, nativeProblem } from '../src/lower.js';
import {
  type NativeLayer,
  type NativePlan,
  type NativeProblem,
  type NativeWeights,
  native,
} from '../src/native.js';
import { Plan } from '../src/plan.js';
import { type Algorithm, choose } from '../src/planner.js';
import { axes, type Problem, type Rank, validateInput, validateLayer } from '../src/problem.js';
import { candidatesOf, type TileOptions } from '../src/transforms.js';
import { InputError } from '../synth/errors.js';
import { blockedIndex, toBlocked } from './blocked.js';
import type { EngineOptions, Job } from './protocol.js';

/** A job made ready on memory of the benchmark's own, so that no pass allocates its result. */
export interface Prepared {
  readonly plan: Plan;
  readonly native: NativePlan;
  readonly input: Float32Array;
  readonly output: Float32Array;
  /** A value of the result by its position in N×O×spatial. */
  valueAt(position: number): number;
}

/** What an algorithm's name on the command line asks of the planner. */
interface Wish extends TileOptions {
  readonly algorithm: Algorithm;
  /** Run what was chosen on transforms that no codelet matches. */
  readonly generic: boolean;
}

/**
 * `auto`, `winograd`, `direct`; `generic` (what auto chooses, without codelets); tiles such as `4` or `2x4x4`; or
 * moduli such as `0, ±1, ±2, inf`.
 *
 * @throws InputError for any other
 */
export function parseAlgorithm(name: string): Wish {
  if (name === 'auto' || name === 'winograd' || name === 'direct') return { algorithm: name, generic: false };
  if (name === 'generic') return { algorithm: 'auto', generic: true };
  if (/^\d+(x\d+)*$/.test(name)) {
    const tile = name.split('x').map(Number);
    return { algorithm: 'winograd', generic: false, tile: tile.length === 1 ? tile[0]! : tile };
  }
  if (name.includes(',')) return { algorithm: 'winograd', generic: false, transforms: name };
  throw new InputError(
    `Expected an algorithm to be auto, winograd, direct, generic, a tile such as 4 or 2x4x4, or moduli but received ${name}`,
  );
}

const weightCache = new Map<string, NativeWeights>();

/** Forgets prepared weights; to be called once a layer is done. */
export function forgetWeights(): void {
  weightCache.clear();
}

/** Plans a job and lays out its data. @throws InputError when the algorithm does not apply to the layer */
export function prepare(job: Job & EngineOptions): Prepared {
  const wish = parseAlgorithm(job.algorithm);
  const { width } = native()
    .cpuInfo()
    .kernels.find(({ name }) => name === job.isa)!;
  const problem = problemOf(job);
  const decision = choose(problem, {
    algorithm: wish.algorithm,
    candidates: candidatesOf(problem, wish),
    errorLimit: wish.tile || wish.transforms ? Infinity : job.errorLimit,
    width,
  });
  const layer = nativeLayer(problem, decision.choice, job.isa);
  const posed = {
    ...nativeProblem(problem, decision.choice),
    inputLayout: job.layout,
    outputLayout: job.layout,
  };
  const [finalLayer, finalProblem] = wish.generic ? withoutCodelets(layer, posed) : [layer, posed];
  const weights = weightsOf(finalLayer, decision.choice, wish.generic, job.weightFile);
  const plan = new (native().Plan)(finalProblem, weights);
  const input = native().alloc(plan.inputLength);
  const planar = floats(job.inputFile);
  const shape = (channels: number, sizes: readonly number[]) => ({
    batch: job.batch,
    channels,
    pixels: volume(sizes),
    width,
  });
  if (job.layout === 'blocked') toBlocked(planar, input, shape(job.inChannels, job.input));
  else input.set(planar);
  const output = native().alloc(plan.outputLength);
  const outputShape = shape(job.outChannels, job.output);
  return {
    plan: new Plan(problem, decision, weights, plan),
    native: plan,
    input,
    output,
    valueAt: (position) => output[job.layout === 'blocked' ? blockedIndex(position, outputShape) : position]!,
  };
}

function problemOf(job: Job): Problem {
  const layer = validateLayer(
    {
      inChannels: job.inChannels,
      outChannels: job.outChannels,
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
function weightsOf(layer: NativeLayer, choice: Choice, generic: boolean, file: string): NativeWeights {
  const key = [
    layer.isa,
    generic,
    choice.algorithm,
    ...(choice.covers?.map(({ algorithm }) => algorithm.key) ?? []),
  ].join(' | ');
  const weights = weightCache.get(key) ?? new (native().Weights)(layer, floats(file), null);
  weightCache.set(key, weights);
  return weights;
}

/**
 * The same algorithm with A and B doubled and C quartered, which rounds nothing, but no matrix is any longer one that
 * was compiled.
 */
function withoutCodelets(layer: NativeLayer, problem: NativeProblem): [NativeLayer, NativeProblem] {
  const { transforms } = layer;
  const { tiling } = problem;
  if (transforms === undefined || tiling === undefined) return [layer, problem];
  const scaled = (matrix: Float64Array, factor: number, axis: 0 | 1 | 2) =>
    transforms[axis].products === 1 ? matrix : matrix.map((entry) => entry * factor);
  return [
    { ...layer, transforms: axes((a) => ({ ...transforms[a], C: scaled(transforms[a].C, 1 / 4, a) })) },
    {
      ...problem,
      tiling: axes((a) => ({
        ...tiling[a],
        forms: tiling[a].forms.map((form) => ({ ...form, A: scaled(form.A, 2, a), B: scaled(form.B, 2, a) })),
      })),
    },
  ];
}

function floats(file: string): Float32Array {
  const bytes = readFileSync(file);
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / Float32Array.BYTES_PER_ELEMENT);
}

function volume(sizes: readonly number[]): number {
  return sizes.reduce((product, size) => product * size, 1);
}
