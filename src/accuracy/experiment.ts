import { expected, type Transform } from '../../synth/index.js';
import { randomNumbers } from '../../synth/random.js';
import { runEngine } from './engine.js';
import { runPlain } from './plain.js';
import { runReference } from './reference.js';
import type { Sample, TileSize } from './sample.js';

/** Which program computes Winograd: the native engine, or the matrices row by row as the literature does. */
export type Arithmetic = 'engine' | 'plain';

/**
 * An experiment after Barabasz et al. 2018 (arXiv 1803.10986): data and kernels uniform in [−1, 1] in single precision,
 * the mean |error| of each output against direct convolution in double precision.
 */
export interface Experiment {
  /** One per axis, one to three. */
  readonly transforms: readonly Transform[];
  /** Input channels; 1 is the protocol of the paper. */
  readonly channels: number;
  /** See `LayerArithmetic`; only the engine sums in blocks. */
  readonly sumBlock: number;
  readonly arithmetic: Arithmetic;
  /** Least number of runs: pairs of a tile of data and a kernel. */
  readonly runs: number;
  readonly seed: number;
}

/** Mean |error| per output of Winograd and of direct convolution in single precision, on the same data. */
export interface MeasuredError {
  readonly winograd: number;
  readonly direct: number;
  /** The one as a multiple of the other. */
  readonly ratio: number;
  readonly runs: number;
}

/**
 * Runs an experiment. Direct convolution sums in sequence, channel by channel, without fused operations.
 *
 * @throws InputError when there are none or too many axes, or more data or results than 2²⁷ numbers
 */
export function measure(experiment: Experiment): MeasuredError {
  const sample = draw(experiment);
  return compareWithDirect(sample, { engine: runEngine, plain: runPlain }[experiment.arithmetic](sample));
}

/** The error of an algorithm's results beside that of direct convolution. */
export function compareWithDirect(sample: Sample<TileSize>, results: Float32Array): MeasuredError {
  const { exact, direct } = runReference(sample);
  const winogradError = meanDifference(results, exact);
  const directError = meanDifference(direct, exact);
  const { tiles, kernels } = sample;
  return {
    winograd: winogradError,
    direct: directError,
    ratio: winogradError / directError,
    runs: tiles * kernels,
  };
}

/** Of data or of results: half a gigabyte, and hours. */
const MOST_NUMBERS = 2 ** 27;

/**
 * Data and kernels for an experiment.
 *
 * @throws InputError when there are none or too many axes, or more data or results than 2²⁷ numbers
 */
export function draw<Axis extends TileSize>({
  transforms,
  channels,
  sumBlock,
  runs,
  seed,
}: Omit<Experiment, 'transforms' | 'arithmetic'> & { readonly transforms: readonly Axis[] }): Sample<Axis> {
  if (transforms.length < 1 || transforms.length > 3)
    throw expected('transforms', 'one for each of 1 to 3 axes', transforms.length);
  const random = randomNumbers(seed);
  const uniform = (length: number) => Float32Array.from({ length }, () => 2 * random() - 1);
  // As many of the one as of the other come closest to fresh data in every run.
  const tiles = Math.ceil(Math.sqrt(runs));
  const inputs = transforms.reduce((size, { outputs, taps }) => size * (outputs + taps - 1), 1);
  const taps = transforms.reduce((size, each) => size * each.taps, 1);
  const outputs = transforms.reduce((size, each) => size * each.outputs, 1);
  const numbers = Math.max(tiles * channels * inputs, tiles * tiles * outputs);
  if (numbers > MOST_NUMBERS)
    throw expected(
      'channels and runs',
      `so few that an experiment has at most ${MOST_NUMBERS} numbers`,
      numbers,
    );
  return {
    ...{ transforms, channels, sumBlock, tiles, kernels: tiles },
    data: uniform(tiles * channels * inputs),
    weights: uniform(tiles * channels * taps),
  };
}

function meanDifference(values: ArrayLike<number>, exact: Float64Array): number {
  return exact.reduce((sum, each, index) => sum + Math.abs(values[index]! - each), 0) / exact.length;
}
