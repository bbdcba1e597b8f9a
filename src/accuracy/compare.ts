import type { Transform } from '../../synth/index.js';
import type { AxisArithmetic } from '../../synth/noise/axis.js';
import { layerErrorRatio } from '../../synth/noise/gain.js';
import { expectedLayerError } from '../../synth/noise/layer.js';
import { compile } from '../../synth/program/compile.js';
import { type Arithmetic, type Experiment, measure } from './experiment.js';
import { plainPrograms } from './plain.js';

/** Measured and predicted error of one algorithm, as multiples of direct convolution in single precision. */
export interface Comparison {
  readonly measured: number;
  readonly predicted: number;
  /** (Q/G)^N: what the prediction tends to with many channels summed in one. */
  readonly limit: number;
  /** Mean |error| per output, as measured. */
  readonly absolute: { readonly winograd: number; readonly direct: number };
  readonly runs: number;
}

/** Runs an experiment and predicts it. */
export function compare(experiment: Experiment): Comparison {
  const { ratio, winograd, direct, runs } = measure(experiment);
  return {
    measured: ratio,
    predicted: predict(experiment),
    limit: layerErrorRatio(experiment.transforms),
    absolute: { winograd, direct },
    runs,
  };
}

/** The expected error of an experiment as a multiple of direct convolution's. */
export function predict({
  transforms,
  channels,
  sumBlock,
  arithmetic,
}: Pick<Experiment, 'transforms' | 'channels' | 'sumBlock' | 'arithmetic'>): number {
  const axes = new Map([...new Set(transforms)].map((each) => [each, programmed(each, arithmetic)]));
  return expectedLayerError(
    transforms.map((each) => axes.get(each)!),
    arithmetic === 'engine'
      ? { channels, sumBlock, kernelTransform: 'double', fused: true }
      : { channels, kernelTransform: 'single', fused: false },
  ).ratio;
}

/** Enough to find pairs of rows, which is what matters for rounding. */
const ATTEMPTS = 2;

function programmed(transform: Transform, arithmetic: Arithmetic): AxisArithmetic {
  if (arithmetic === 'plain') return { transform, programs: plainPrograms(transform) };
  const programs = {
    input: compile(transform.B, { attempts: ATTEMPTS }),
    output: compile(transform.A, { attempts: ATTEMPTS }),
  };
  return { transform, programs };
}
