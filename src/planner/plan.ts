import { type Cover, coverName, coverText } from '../catalogue/cover.js';
import type { Axes, NativeKernel, NativeSchedule, WeightFormat } from '../native/addon.js';
import { directFlops, inputShape, outputShape, type Problem } from '../problem/problem.js';
import { elementCount, formatShape } from '../tensor/shape.js';
import type { Lanes } from './choices.js';
import type { Decision } from './planner.js';

/** How one layer runs on one shape of input: what was chosen, why, and what it takes. Its fields make its JSON. */
export class Plan {
  /** What runs, never 'auto'. */
  readonly algorithm: 'winograd' | 'direct' | 'gemm' | 'sparse';
  /** What vectors hold: channels, or positions of a transformed tile. */
  readonly lanes: Lanes;
  /** N×C×spatial. */
  readonly inputShape: readonly number[];
  /** N×O×spatial. */
  readonly outputShape: readonly number[];
  /** `F(4, 3)`, or `F(4, 3) + F(2, 3)`, per axis; empty for direct convolution. */
  readonly transforms: readonly string[];
  /** Outputs S of the biggest tile per axis; empty for direct convolution. */
  readonly tile: readonly number[];
  /** How tiles cover each axis, `14 = 3 × 4 + 2`; empty for direct convolution. */
  readonly tiles: readonly string[];
  /** Taps of the kernel: multiplications per output and input channel of the direct algorithm. */
  readonly taps: number;
  /** The same for what runs, outputs of overhanging tiles not counted. */
  readonly productsPerOutput: number;
  /** Tiles that pass through the stages together, output channels transformed back together, input channels summed at once. */
  readonly blocks: { readonly tiles: number; readonly outChannels: number; readonly inChannels: number };
  /** Expected error, root mean square over all outputs, as a multiple of direct convolution's in float32. */
  readonly expectedError: number;
  /** The same as a share of the results' root mean square, for data and kernels uniform in [−1, 1]. */
  readonly expectedRelativeError: number;
  /** No output errs by more than this times max|input| · max|weight|, bias and activation left out. */
  readonly errorBound: number;
  /** How the prepared weights are stored. */
  readonly weightFormat: WeightFormat;
  /** Bytes of the prepared weights, which plans with the same transforms share. */
  readonly weightBytes: number;
  /** Bytes that one pass allocates. */
  readonly workspaceBytes: number;
  /** The kernel table that runs. */
  readonly isa: string;
  /** Generated kernels in use; transforms without one run on the generic kernel. */
  readonly codelets: readonly string[];
  readonly threads: number;
  /** Floating-point operations of the direct algorithm: the numerator of effective GFLOP/s. */
  readonly directFlops: number;
  /** Why this algorithm and these tiles. */
  readonly reason: string;

  /**
   * Layers make plans: `conv.plan(shape)`.
   *
   * @param directError of direct convolution, relative to its results
   */
  constructor(
    problem: Problem,
    { choice, row, reason }: Decision,
    schedule: NativeSchedule,
    weightBytes: number,
    directError: number,
    kernel: NativeKernel,
  ) {
    const spatial = <T>(values: Axes<T>): readonly T[] => values.slice(3 - problem.rank);
    const covers = choice.covers ? spatial(choice.covers) : [];
    this.algorithm = row.kind;
    this.lanes = row.lanes;
    this.inputShape = inputShape(problem);
    this.outputShape = outputShape(problem);
    this.transforms = covers.map(coverName);
    this.tile = covers.map(({ runs }) => runs[0]!.form.native.outputs);
    this.tiles = covers.map(coverText);
    this.taps = elementCount(problem.kernel);
    this.productsPerOutput = choice.covers ? productsPerOutput(choice.covers) : this.taps;
    this.blocks = blocksOf(schedule);
    this.expectedError = choice.error;
    this.expectedRelativeError = choice.error * directError;
    this.errorBound = row.bound(problem, choice);
    this.weightFormat = choice.weightFormat;
    this.weightBytes = weightBytes;
    this.workspaceBytes = kernel.workspaceBytes;
    this.isa = schedule.isa;
    this.codelets = kernel.codelets;
    this.threads = schedule.threads;
    this.directFlops = directFlops(problem);
    this.reason = reason;
  }

  /** The algorithm in a few words: `Winograd F(4, 3) × F(4, 3)`. */
  get title(): string {
    if (this.algorithm !== 'winograd') return this.algorithm;
    const lanes = this.lanes === 'positions' ? ', vectors of positions' : '';
    const rounded = this.weightFormat === 'bfloat16' ? ', weights in bfloat16' : '';
    return `Winograd ${this.transforms.join(' × ')}${lanes}${rounded}`;
  }

  /** Says in words what runs and why, over several lines. */
  describe(): string {
    const shapes = `${formatShape(this.inputShape)} → ${formatShape(this.outputShape)}`;
    const saved = this.taps / this.productsPerOutput;
    const winograd: [string, string][] = [
      ['tiles', this.tiles.join(', ')],
      [
        'products',
        `${this.productsPerOutput.toFixed(2)} per output where direct convolution takes ${this.taps} (${saved.toFixed(2)}× fewer)`,
      ],
      ...(this.lanes === 'channels' ? [['blocks', this.#describeBlocks()] as [string, string]] : []),
    ];
    const lines: [string, string][] = [
      ['algorithm', this.title],
      ['shape', shapes],
      ['because', this.reason],
      ...(this.algorithm === 'winograd' ? winograd : []),
      ['error', this.#describeError()],
      [
        'memory',
        `${formatBytes(this.weightBytes)} of weights, ${formatBytes(this.workspaceBytes)} of workspace`,
      ],
      ['runs on', this.#describeKernels()],
    ];
    return lines.map(([name, text]) => `${name.padEnd(11)}${text}`).join('\n');
  }

  #describeError(): string {
    const bound = this.errorBound.toExponential(1);
    const error = this.expectedError;
    const expected = error < 1000 ? error.toFixed(2) : error.toExponential(1);
    return `expected ${expected}× that of direct float32 convolution, at most ${bound} × max|input| × max|weight|`;
  }

  #describeBlocks(): string {
    const { tiles, outChannels, inChannels } = this.blocks;
    const sums = inChannels > 0 ? `, sums over ${inChannels} input channels at a time` : '';
    return `${tiles} tiles × ${outChannels} output channels${sums}`;
  }

  #describeKernels(): string {
    const codelets = this.codelets.length > 0 ? `, codelets ${this.codelets.join(', ')}` : '';
    return `${this.isa}, ${this.threads} thread${this.threads === 1 ? '' : 's'}${codelets}`;
  }
}

function blocksOf(schedule: NativeSchedule): Plan['blocks'] {
  if (schedule.algorithm !== 'winograd') return { tiles: 0, outChannels: 0, inChannels: 0 };
  const { tileBlock, channelGroup, sumBlock } = schedule;
  return { tiles: tileBlock, outChannels: channelGroup, inChannels: sumBlock };
}

/** Scalar products over outputs, per pair of channels. */
function productsPerOutput(covers: Axes<Cover>): number {
  return elementCount(
    covers.map(({ algorithm, totals, extent }) => (algorithm.folded * totals.products) / extent),
  );
}

/** `1.5 MB`; powers of ten. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(bytes, 1)) / 3)));
  return `${(bytes / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}
