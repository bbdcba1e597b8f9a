import {
  defaultModuli,
  expected,
  formatModulus,
  MAX_DEFAULT_INPUTS,
  synthesize,
  type TrainingAccuracy,
  trainingAccuracy,
} from '../../synth/index.js';
import { lines, plainTable, right } from './columns.js';

/** Tile sizes S of the table. */
const OUTPUTS = [2, 3, 4, 5, 6, 7, 8];

/** One F(S, G) with its default moduli in a training step. */
export interface TrainingRow extends TrainingAccuracy {
  readonly outputs: number;
  readonly taps: number;
  readonly products: number;
  readonly moduli: readonly string[];
}

/**
 * The errors of training with the default F(S, G) for each kernel size.
 *
 * @throws InputError for kernels longer than there are defaults for, or more dimensions than algorithms are nested over
 */
export function trainingRows(taps: readonly number[], dims: number): TrainingRow[] {
  const most = MAX_DEFAULT_INPUTS - OUTPUTS[0]! + 1;
  for (const each of taps) if (each > most) throw expected('--taps', `at most ${most}`, each);
  return taps.flatMap((each) =>
    OUTPUTS.filter((outputs) => outputs + each - 1 <= MAX_DEFAULT_INPUTS).map((outputs) => {
      const transform = synthesize({ outputs, taps: each });
      return {
        ...{ outputs, taps: each, products: transform.products },
        moduli: defaultModuli(outputs, each).map(formatModulus),
        ...trainingAccuracy(transform, { dims }),
      };
    }),
  );
}

/** The rows as a table for a terminal. */
export function printTraining(rows: readonly TrainingRow[], dims: number): string {
  const table = plainTable();
  table.push(['G', 'S', 'T', 'forward', 'data', 'weights', ''].map(right));
  for (const { taps, outputs, products, moduli, ...errors } of rows) {
    const { forward, backwardData, backwardWeights } = errors;
    const figures = [forward, backwardData, backwardWeights].map((error) => error.toFixed(2));
    table.push([...[taps, outputs, products, ...figures].map(right), moduli.join(', ')]);
  }
  return lines([
    `Expected error of a ${dims}-D layer and of its gradients as multiples of direct convolution's, summed over 64`,
    'channels (the gradient of the weights: over 1024 tiles):',
    '',
    table.toString(),
  ]);
}
