import { operationsOf } from '../../synth/claims/figures.js';
import {
  backwardWeights,
  defaultModuli,
  expected,
  formatModulus,
  MAX_DEFAULT_INPUTS,
  synthesize,
  type TrainingAccuracy,
  type Transform,
  trainingAccuracy,
} from '../../synth/index.js';
import type { TransformOperations } from '../../synth/search/search.js';
import { lines, plainTable, right } from './columns.js';

/** Tile sizes S of the table. */
const OUTPUTS = [2, 3, 4, 5, 6, 7, 8];

/** One F(S, G) with its default moduli in a training step. */
export interface TrainingRow extends TrainingAccuracy {
  readonly outputs: number;
  readonly taps: number;
  readonly products: number;
  readonly moduli: readonly string[];
  /**
   * (T/S)^N products per output where direct convolution takes G^N. All three convolutions save as much: each has T^N
   * products for S^N · G^N of direct's.
   */
  readonly productsPerOutput: number;
  /**
   * Operations of the programs for one axis, a fused multiply-add counted once: A of the results, B of the inputs, C of
   * what is convolved with them. The gradient of the data has those of the forward pass. The gradient of the weights
   * has the same B, whose results it can use again.
   */
  readonly operations: {
    readonly forward: TransformOperations;
    readonly backwardWeights: TransformOperations;
  };
}

/**
 * Errors and costs of training with the default F(S, G) for each kernel size.
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
        productsPerOutput: (transform.products / outputs) ** dims,
        operations: {
          forward: operationsOfAll(transform),
          backwardWeights: operationsOfAll(backwardWeights(transform)),
        },
        ...trainingAccuracy(transform, { dims }),
      };
    }),
  );
}

function operationsOfAll({ A, B, C }: Transform): TransformOperations {
  return { A: operationsOf(A), B: operationsOf(B), C: operationsOf(C) };
}

/** The rows as a table for a terminal. */
export function printTraining(rows: readonly TrainingRow[], dims: number): string {
  const table = plainTable();
  table.push(
    [
      ...['', '', '', ''],
      { content: 'error', colSpan: 3 },
      { content: 'forward, data', colSpan: 3 },
      { content: 'weights', colSpan: 3 },
      '',
    ],
    ['G', 'S', 'T', 'products', 'forward', 'data', 'weights', 'A', 'B', 'C', 'A', 'B', 'C', ''].map(right),
  );
  for (const row of rows) {
    const { taps, outputs, products, productsPerOutput, operations, moduli } = row;
    const errors = [row.forward, row.backwardData, row.backwardWeights].map((error) => error.toFixed(2));
    const counts = [operations.forward, operations.backwardWeights].flatMap(({ A, B, C }) => [A, B, C]);
    const figures = [taps, outputs, products, productsPerOutput.toFixed(2), ...errors, ...counts];
    table.push([...figures.map(right), moduli.join(', ')]);
  }
  return lines([
    `Expected error of a ${dims}-D layer and of its gradients as multiples of direct convolution's, summed over 64`,
    'channels (the gradient of the weights: over 1024 tiles); products per output, where direct convolution takes',
    `${dims === 1 ? 'G' : `G^${dims}`}; operations of the programs for one axis (A: results, B: inputs, C: what is convolved with them):`,
    '',
    table.toString(),
  ]);
}
