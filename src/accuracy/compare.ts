import type { Transform } from '../../synth/index.js';
import { layerErrorRatio } from '../../synth/noise.js';
import type { AxisArithmetic } from '../../synth/noise-axis.js';
import { expectedLayerError } from '../../synth/noise-layer.js';
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
  const { transforms, channels, sumBlock, arithmetic } = experiment;
  const { ratio, winograd, direct, runs } = measure(experiment);
  const predicted = expectedLayerError(
    transforms.map((transform) => programmed(transform, arithmetic)),
    arithmetic === 'engine'
      ? { channels, sumBlock, kernelTransform: 'double', fused: true }
      : { channels, kernelTransform: 'single', fused: false },
  );
  return {
    measured: ratio,
    predicted: predicted.ratio,
    limit: layerErrorRatio(transforms),
    absolute: { winograd, direct },
    runs,
  };
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
