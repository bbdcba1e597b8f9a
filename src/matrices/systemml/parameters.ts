import { expected } from '../../../synth/errors.js';
import { checkOptions, type OptionNames } from '../../../synth/options.js';
import { type PerAxis, perAxis, validateThreads } from '../../problem/problem.js';
import { oneOf } from '../../support/words.js';

/** Sizes of SystemML's operators: images N × C × H × W, filters K × C × R × S, of which a pooling has no K. */
export interface ParameterOptions {
  readonly N: number;
  readonly C: number;
  readonly H: number;
  readonly W: number;
  /** Filters; default 1. */
  readonly K?: number;
  readonly R: number;
  readonly S: number;
  /** Default 1 and 0. */
  readonly stride?: PerAxis;
  readonly padding?: PerAxis;
  /** Default: as many as the system grants this process. Results do not depend on them. */
  readonly threads?: number;
  /** 'double' sums in double precision, by the definition, and is slow: for comparisons. Default 'single'. */
  readonly precision?: 'single' | 'double';
  /**
   * 'auto' multiplies a sparse operand by its non-zeros only where it is so sparse that this is faster, and makes it dense
   * else; 'always' does so in any case. Default 'auto'.
   */
  readonly sparse?: 'auto' | 'always';
}

const names: OptionNames<ParameterOptions> = {
  ...{ N: true, C: true, H: true, W: true, K: true, R: true, S: true },
  ...{ stride: true, padding: true, threads: true, precision: true, sparse: true },
};

/** Parameters, checked, with the extents P × Q of results. Errors of operators print them. */
export class Parameters {
  readonly N: number;
  readonly C: number;
  readonly H: number;
  readonly W: number;
  readonly K: number;
  readonly R: number;
  readonly S: number;
  readonly P: number;
  readonly Q: number;
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
  readonly threads: number;
  readonly precision: 'single' | 'double';
  readonly sparse: 'auto' | 'always';

  /** @throws InputError naming the option that does not fit */
  constructor(options: ParameterOptions) {
    checkOptions('parameters', options, names);
    const size = (name: 'N' | 'C' | 'H' | 'W' | 'K' | 'R' | 'S', fallback?: number) =>
      perAxis(name, options[name] ?? fallback, 1, 1)[0]!;
    this.N = size('N');
    this.C = size('C');
    this.H = size('H');
    this.W = size('W');
    this.K = size('K', 1);
    this.R = size('R');
    this.S = size('S');
    this.stride = perAxis('stride', options.stride ?? 1, 2, 1) as [number, number];
    this.padding = perAxis('padding', options.padding ?? 0, 2, 0) as [number, number];
    this.threads = validateThreads(options.threads);
    this.precision = oneOf('precision', options.precision ?? 'single', ['single', 'double']);
    this.sparse = oneOf('sparse', options.sparse ?? 'auto', ['auto', 'always']);
    const extent = (size: number, window: number, axis: 0 | 1) =>
      Math.floor((size + 2 * this.padding[axis] - window) / this.stride[axis]) + 1;
    this.P = extent(this.H, this.R, 0);
    this.Q = extent(this.W, this.S, 1);
    if (this.P < 1 || this.Q < 1)
      throw expected('the padded image', `at least as large as a window, ${this.R} × ${this.S}`, [
        this.H + 2 * this.padding[0],
        this.W + 2 * this.padding[1],
      ]);
  }

  /** Attributes of the operators of graphs that do the same. */
  get attributes() {
    const [top, left] = this.padding;
    return { kernel_shape: [this.R, this.S], strides: this.stride, pads: [top, left, top, left] };
  }

  /** `(NCHW=[1 3 8 8] KCRS=[4 3 3 3] PQ=[8 8] stride=[1 1] padding=[1 1])`. */
  toString(): string {
    const { N, C, H, W, K, R, S, P, Q } = this;
    const list = (...values: readonly number[]) => `[${values.join(' ')}]`;
    return (
      `(NCHW=${list(N, C, H, W)} KCRS=${list(K, C, R, S)} PQ=${list(P, Q)} ` +
      `stride=${list(...this.stride)} padding=${list(...this.padding)})`
    );
  }
}

/** Parameters as they were given, checked. */
export function parametersOf(given: ParameterOptions | Parameters): Parameters {
  return given instanceof Parameters ? given : new Parameters(given);
}
