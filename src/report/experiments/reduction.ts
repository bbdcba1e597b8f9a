import { formatModulus, linearModuli, synthesize, type Transform } from '../../../synth/index.js';
import { compile } from '../../../synth/program/compile.js';
import { costOf } from '../../../synth/program/program.js';
import { COLOURS, HEIGHT, WIDTH } from '../chart.js';
import { experiment } from '../experiment.js';
import { digits, fixed, tableOf } from '../section.js';

/** Operations of a layer of F(4, 3) on three axes, for one tile. */
interface Costs {
  /** Of a channel's data, of a kernel's results. */
  readonly data: number;
  readonly results: number;
}

interface Counts {
  /** Dense matrices multiplied out, as the paper has it; and our programs' additions and multiply-adds. */
  readonly dense: Costs;
  readonly programs: Costs;
  /** One axis of F(2, 3), for section 3.3: entries of A and B, those that are not zero, and our programs'. */
  readonly example: {
    readonly products: number;
    readonly entries: number;
    readonly nonZeros: number;
    readonly operations: number;
  };
}

const TAPS = 3;
const OUTPUTS = 4;
const kernels = [1, 10, 100, Number.POSITIVE_INFINITY] as const;
const channels = [1, 2, 4, 7, 10, 15, 20, 30, 40, 50, 60, 70, 80, 90, 100];

/** Figure 1 and section 3.3 of Budden et al. 2017: how much less there is to compute, transforms counted. */
export const reductionExperiment = experiment<Counts>({
  id: 'reduction',
  suite: 'paper',
  parts: () => [{ name: 'counts', seconds: 1 }],
  async measure() {
    const tile = linear(OUTPUTS, TAPS);
    const small = linear(2, 3);
    const entries = [small.A, small.B].map((matrix) => matrix.flat());
    return {
      dense: costs(tile, (matrix) => matrix.flat().length),
      programs: costs(tile, operations),
      example: {
        products: small.products,
        entries: entries.flat().length,
        nonZeros: entries.flat().filter((entry) => !entry.equals(0)).length,
        operations: operations(small.A) + operations(small.B),
      },
    };
  },
  present(results) {
    const [{ dense, programs, example }] = results.values() as unknown as [Counts];
    const lines = (['dense', 'programs'] as const).flatMap((kind) =>
      kernels.flatMap((count) =>
        channels.map((of) => ({
          ...{ kind: kind === 'dense' ? 'dense matrices (the paper)' : 'programs (here)', channels: of },
          kernels:
            count === Number.POSITIVE_INFINITY ? '∞ kernels' : `${count} kernel${count === 1 ? '' : 's'}`,
          reduction: reduction(kind === 'dense' ? dense : programs, of, count),
        })),
      ),
    );
    const at = (kind: Costs, count: number) => reduction(kind, count, count).toFixed(2);
    const m = (data: number) => `${example.products}M² + ${data}M`;
    return {
      title: 'Figure 1: reduction in computations, 3 × 3 × 3 kernels',
      lead: 'Operations of direct convolution over those of F(4, 3) on three axes, transforms of data and results counted, kernels transformed beforehand: many channels and kernels are needed before the ceiling of 8 is near.',
      claim:
        `The paper says more than 6-fold for 100 kernels and channels and a third of that for 10: counted here ${at(dense, 100)} and ${at(dense, 10)} with its dense matrices, ${at(programs, 100)} and ${at(programs, 10)} with this project's programs. ` +
        `Section 3.3 has ${m(24)} multiplications of F(2, 3) with M channels and kernels, ${m(15)} by sparsity, against 6M²: counted ${m(example.entries)}, ${m(example.nonZeros)} (the points here leave one entry fewer), and ${m(example.operations)} operations by programs. For M = 1 that is ${example.products + example.entries}, ${example.products + example.nonZeros} and ${example.products + example.operations}, where the paper has 28, 19 and 6 for Winograd's own.`,
      chart: {
        width: WIDTH,
        height: HEIGHT,
        data: { values: lines },
        layer: [
          {
            mark: { type: 'line', strokeWidth: 2 },
            encoding: {
              x: { field: 'channels', type: 'quantitative', title: 'channels' },
              y: { field: 'reduction', type: 'quantitative', title: 'reduction in operations' },
              color: { field: 'kernels', type: 'nominal', title: null, sort: null },
              strokeDash: { field: 'kind', type: 'nominal', title: null, sort: null },
            },
          },
          {
            mark: { type: 'rule', strokeDash: [2, 3], color: COLOURS.at(-1)! },
            encoding: { y: { datum: 1 } },
          },
        ],
      },
      table: tableOf(
        lines.filter(({ channels: of }) => [1, 10, 100].includes(of)),
        [
          { title: 'operations of', value: ({ kind }) => kind },
          { title: 'kernels', value: (line) => line.kernels },
          { title: 'channels', value: (line) => line.channels, format: fixed(0) },
          { title: 'reduction', value: (line) => line.reduction, format: digits(3) },
        ],
      ),
    };
  },
});

function linear(outputs: number, taps: number): Transform {
  return synthesize({ outputs, taps, moduli: linearModuli(outputs, taps).map(formatModulus) });
}

type Matrix = Transform['A'];

/** Both transforms along three axes; lines shrink or grow from axis to axis. */
function costs({ A, B }: Transform, perLine: (matrix: Matrix) => number): Costs {
  const along = (matrix: Matrix) => {
    const [rows, columns] = [matrix.length, matrix[0]!.length];
    return perLine(matrix) * (columns ** 2 + columns * rows + rows ** 2);
  };
  return { data: along(B), results: along(A) };
}

function operations(matrix: Matrix): number {
  return costOf(compile(matrix)).total;
}

/** By equation 4 with kernels that are transformed beforehand, for one tile of 4³ outputs and 6³ products. */
function reduction({ data, results }: Costs, channels: number, count: number): number {
  const direct = TAPS ** 3 * OUTPUTS ** 3;
  const products = (OUTPUTS + TAPS - 1) ** 3;
  return direct / (products + data / count + results / channels);
}
