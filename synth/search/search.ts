import { synthesize } from '../core/synthesize.js';
import type { Matrix, Transform } from '../core/transform.js';
import { expected } from '../errors.js';
import type { AxisArithmetic } from '../noise/axis.js';
import { noiseGain } from '../noise/gain.js';
import { expectedLayerError, MAX_DIMS } from '../noise/layer.js';
import { checkOptions, type OptionNames } from '../options.js';
import { compile } from '../program/compile.js';
import { costOf, type Program } from '../program/program.js';
import { type Candidate, candidatesFor, type Evidence } from './candidates.js';
import { paretoFront } from './pareto.js';

/** What to search for and how hard. */
export interface SearchOptions {
  /** S: outputs of one tile. */
  readonly outputs: number;
  /** G: taps of the kernel. */
  readonly taps: number;
  /** N, for `productsPerOutput` and `layerError`; every axis gets the same algorithm. 2 by default. */
  readonly dims?: number;
  /** The numbers of products T to look at; by default from D = S+G−1 to D + ⌊D/3⌋, as far as below S·G. */
  readonly products?: readonly number[];
  /** Random starts for each promising structure of moduli; 3 by default, which is quick. */
  readonly starts?: number;
  /** Random starts of a search among all bilinear algorithms, whose least noise is evidence; 0, none, by default. */
  readonly unrestrictedStarts?: number;
  /** The same seed gives the same front. 1 by default. */
  readonly seed?: number;
  /** Called after every step with the share of the work that is done, from 0 to 1. */
  readonly onProgress?: (share: number) => void;
  /** Asked between steps; false ends the random starts early. Then the seed alone no longer fixes the front. */
  readonly keepGoing?: () => boolean;
}

const optionNames: OptionNames<SearchOptions> = {
  ...{ outputs: true, taps: true, dims: true, products: true, starts: true, unrestrictedStarts: true },
  ...{ seed: true, onProgress: true, keepGoing: true },
};

/** Operations of the programs for the three transforms of one axis, a fused multiply-add counted once. */
export interface TransformOperations {
  readonly A: number;
  readonly B: number;
  readonly C: number;
}

/** One algorithm of the front. */
export interface FrontMember {
  /** Proved over ℚ. */
  readonly transform: Transform;
  /** (T/S)^N. */
  readonly productsPerOutput: number;
  /** Q; see `noiseGain`. */
  readonly noiseGain: number;
  /** Expected error of a layer with many channels, as a multiple of direct convolution's: (Q/G)^N. */
  readonly layerError: number;
  /** The same for a single channel, where the roundings of the transforms count most; see `expectedLayerError`. */
  readonly singleChannelError: number;
  readonly operations: TransformOperations;
  /** The shape of the moduli, such as `0 inf ±p x^2+c:0`. */
  readonly structure: string;
  readonly evidence: Evidence;
}

/** Differences of the squared gain that do not justify more operations. */
const GAIN_SLACK = 0.005;
/** The same for the error of a single channel. */
const ERROR_SLACK = 0.02;
/** Attempts at each program: more seldom saves an operation that would change the front. */
const ATTEMPTS = 2;

/**
 * Searches the Pareto front of F(S, G) over products, expected error and operations (of A and B: kernels are
 * transformed once). For each number of products all structures of moduli are optimised over the reals from
 * several random starts, their minima turned into small rationals, and the results synthesized and proved.
 *
 * @returns the front by rising number of products, then by rising error
 * @throws InputError when a size or number of products makes no sense
 */
export function search(options: SearchOptions): FrontMember[] {
  checkOptions('search', options, optionNames);
  const { outputs, taps, dims = 2, starts = 3, seed = 1, unrestrictedStarts = 0 } = options;
  const { onProgress, keepGoing = () => true } = options;
  for (const [name, value] of Object.entries({ outputs, taps, dims, starts })) checkPositive(name, value);
  if (dims > MAX_DIMS) throw expected('dims', `at most ${MAX_DIMS}`, dims);
  if (!Number.isInteger(unrestrictedStarts) || unrestrictedStarts < 0)
    throw expected('unrestrictedStarts', 'an integer of at least 0', unrestrictedStarts);
  const counts = productCounts(options);
  const candidates = counts.flatMap((products, index) => {
    const report = (share: number) => onProgress?.((index + share) / counts.length);
    return outputs === 1 || taps === 1
      ? [direct(outputs, taps)]
      : candidatesFor({ outputs, taps, products, starts, seed, unrestrictedStarts, report, keepGoing });
  });
  const front = paretoFront(
    candidates.map((each) => rate(each, dims)),
    ({ transform, noiseGain, singleChannelError, operations: { A, B } }) => [
      transform.products,
      noiseGain ** 2,
      singleChannelError,
      A + B,
    ],
    [0, GAIN_SLACK, ERROR_SLACK],
  );
  return front.map((member) => ({
    ...member,
    operations: { ...member.operations, C: costOf(program(member.transform.C)).total },
  }));
}

/** Everything about a candidate but what its front alone needs. */
function rate({ transform, gain, structure, evidence }: Candidate, dims: number) {
  const [input, output] = [program(transform.B), program(transform.A)];
  const axes = Array<AxisArithmetic>(dims).fill({ transform, programs: { input, output } });
  return {
    transform,
    productsPerOutput: (transform.products / transform.outputs) ** dims,
    noiseGain: gain,
    layerError: (gain / transform.taps) ** dims,
    singleChannelError: expectedLayerError(axes, { channels: 1 }).ratio,
    operations: { A: costOf(output).total, B: costOf(input).total },
    structure,
    evidence,
  };
}

/** With a single tap, or a single output, nothing can be saved: the moduli x^D give plain products. */
function direct(outputs: number, taps: number): Candidate {
  const size = outputs + taps - 1;
  const transform = synthesize({ outputs, taps, moduli: size === 1 ? ['0'] : [`x^${size}`] });
  const gain = noiseGain(transform);
  return { transform, gain, structure: 'direct', evidence: { continuousGain: gain, starts: 0, agreeing: 0 } };
}

function program(matrix: Matrix): Program {
  return compile(matrix, { attempts: ATTEMPTS });
}

function productCounts({ outputs, taps, products }: SearchOptions): number[] {
  const size = outputs + taps - 1;
  if (outputs === 1 || taps === 1) return [size];
  for (const each of products ?? []) {
    if (!Number.isInteger(each) || each < size)
      throw expected('products', `integers of at least ${size}, which is S + G - 1`, each);
  }
  const most = Math.min(size + Math.floor(size / 3), outputs * taps - 1);
  return [...(products ?? Array.from({ length: most - size + 1 }, (_, excess) => size + excess))];
}

function checkPositive(name: string, value: number): void {
  if (!Number.isInteger(value) || value < 1) throw expected(name, 'a positive integer', value);
}
