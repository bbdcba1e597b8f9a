import { expected } from '../errors.js';
import { noiseGain } from '../noise.js';
import { compile } from '../program/compile.js';
import { costOf } from '../program/program.js';
import { synthesize } from '../synthesize.js';
import type { Matrix, Transform } from '../transform.js';
import { complexity, formatModuli } from './moduli-text.js';
import { StructureOptimum } from './optimise.js';
import { paretoFront } from './pareto.js';
import { snap } from './snap.js';
import { structures } from './structure.js';

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
  /** The same seed gives the same front. 1 by default. */
  readonly seed?: number;
  /** Called after every step with the share of the work that is done, from 0 to 1. */
  readonly onProgress?: (share: number) => void;
  /** Asked between steps; false ends the random starts early. Then the seed alone no longer fixes the front. */
  readonly keepGoing?: () => boolean;
}

/** Operations of the programs for the three transforms of one axis, a fused multiply-add counted once. */
export interface TransformOperations {
  readonly A: number;
  readonly B: number;
  readonly C: number;
}

/** How sure a member of the front can be of being the best of its number of products. */
export interface Evidence {
  /** Lowest gain found for T products with real numbers for all parameters, over every structure. */
  readonly continuousGain: number;
  /** Random starts for T products. */
  readonly starts: number;
  /** How many of them ended at that gain, within 0.1 % of Q². */
  readonly agreeing: number;
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
  readonly operations: TransformOperations;
  /** The shape of the moduli, such as `0 inf ±p x^2+c:0`. */
  readonly structure: string;
  readonly evidence: Evidence;
}

/** How far log Q² may rise from the continuous minimum to simpler rationals, from next to nothing to a lot. */
const ALLOWANCES = [0.003, 0.02, 0.1, 0.5];
/** Structures whose log Q² is worse than the best by more than this are given up after one start. */
const HOPELESS = 0.4;
/** Structures that are worse by less than this may still give an algorithm with fewer operations. */
const USEFUL = 0.7;
/** Differences of the squared gain that do not justify more operations. */
const GAIN_SLACK = 0.005;
/** Attempts at each program: more seldom saves an operation that would change the front. */
const ATTEMPTS = 4;

/**
 * Searches the Pareto front of F(S, G) over products, expected error and operations (of A and B: kernels are
 * transformed once). For each number of products all structures of moduli are optimised over the reals from
 * several random starts, their minima turned into small rationals, and the results synthesized and proved.
 *
 * @returns the front by rising number of products, then by rising error
 * @throws InputError when a size or number of products makes no sense
 */
export function search(options: SearchOptions): FrontMember[] {
  const { outputs, taps, dims = 2, starts = 3, seed = 1, onProgress, keepGoing = () => true } = options;
  for (const [name, value] of Object.entries({ outputs, taps, dims, starts })) checkPositive(name, value);
  const counts = productCounts(options);
  const candidates = counts.flatMap((products, index) => {
    const report = (share: number) => onProgress?.((index + share) / counts.length);
    return outputs === 1 || taps === 1
      ? [direct(outputs, taps)]
      : candidatesFor(outputs, taps, products, starts, seed, report, keepGoing);
  });
  const rated = candidates.map((each) => {
    const { A, B } = each.transform;
    return { ...each, operations: { A: count(A), B: count(B) } };
  });
  const front = paretoFront(
    rated,
    ({ transform, gain, operations: { A, B } }) => [transform.products, gain ** 2, A + B],
    [0, GAIN_SLACK],
  );
  return front.map(({ transform, gain, operations, structure, evidence }) => ({
    transform,
    productsPerOutput: (transform.products / outputs) ** dims,
    noiseGain: gain,
    layerError: (gain / taps) ** dims,
    operations: { ...operations, C: count(transform.C) },
    structure,
    evidence,
  }));
}

interface Candidate {
  readonly transform: Transform;
  readonly gain: number;
  readonly structure: string;
  readonly evidence: Evidence;
}

function candidatesFor(
  outputs: number,
  taps: number,
  products: number,
  starts: number,
  seed: number,
  report: (share: number) => void,
  keepGoing: () => boolean,
): Candidate[] {
  const optima = structures(outputs, taps, products).map(
    (structure, index) => new StructureOptimum(structure, outputs, taps, seed * 7919 + index),
  );
  const bestValue = () => Math.min(...optima.map(({ best }) => best.value));
  for (let round = 0; round < starts; round++) {
    for (const [index, optimum] of optima.entries()) {
      if (round > 0 && (optimum.best.value > bestValue() + HOPELESS || !keepGoing())) continue;
      optimum.start();
      report((0.8 * (round + index / optima.length)) / starts);
    }
  }
  const best = bestValue();
  const evidence = {
    continuousGain: Math.exp(best / 2),
    starts: optima.reduce((sum, each) => sum + each.starts, 0),
    agreeing: optima.reduce((sum, each) => sum + each.reached(best), 0),
  };
  const symmetric = Math.min(
    ...optima.filter((each) => each.structure.symmetric).map((each) => each.best.value),
  );
  const promising = optima.filter(({ structure, best: { value } }) =>
    // Without symmetry rows do not come in pairs: that must at least buy some error.
    structure.symmetric ? value <= best + USEFUL : value < symmetric - GAIN_SLACK,
  );
  return snapAll(promising).map(({ moduli, structure }) => {
    const transform = synthesize({ outputs, taps, moduli });
    return { transform, gain: noiseGain(transform), structure, evidence };
  });
}

interface SnappedModuli {
  readonly moduli: string[];
  readonly structure: string;
}

/** Rational moduli near the minima, without those that are beaten in gain by simpler ones. */
function snapAll(optima: readonly StructureOptimum[]): SnappedModuli[] {
  const snapped = optima.flatMap(({ structure, objective, best }) =>
    ALLOWANCES.flatMap((allowance) => {
      const found = snap(structure, objective, best, allowance);
      if (found === undefined) return [];
      const simple = complexity(structure, found.values);
      return [
        {
          moduli: formatModuli(structure, found.values),
          structure: structure.name,
          gain: Math.exp(found.value),
          simple,
        },
      ];
    }),
  );
  return paretoFront(snapped, ({ gain, simple }) => [gain, simple], [GAIN_SLACK / 2]);
}

/** With a single tap, or a single output, nothing can be saved: the moduli x^D give plain products. */
function direct(outputs: number, taps: number): Candidate {
  const size = outputs + taps - 1;
  const transform = synthesize({ outputs, taps, moduli: size === 1 ? ['0'] : [`x^${size}`] });
  const gain = noiseGain(transform);
  return { transform, gain, structure: 'direct', evidence: { continuousGain: gain, starts: 0, agreeing: 0 } };
}

function count(matrix: Matrix): number {
  return costOf(compile(matrix, { attempts: ATTEMPTS })).total;
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
