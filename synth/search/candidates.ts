import { synthesize } from '../core/synthesize.js';
import type { Transform } from '../core/transform.js';
import { noiseGain } from '../noise/gain.js';
import { complexity, formatModuli } from './moduli-text.js';
import { StructureOptimum } from './optimise.js';
import { paretoFront } from './pareto.js';
import { dyadicBetween, simplestBetween } from './rationals.js';
import { type RationalKind, snap } from './snap.js';
import { structures } from './structure.js';
import { type UnrestrictedOptimum, unrestrictedOptimum } from './unrestricted.js';

/** How sure a member of the front can be of being the best of its number of products. */
export interface Evidence {
  /** Lowest gain found for T products with real numbers for all parameters, over every structure. */
  readonly continuousGain: number;
  /** Random starts for T products. */
  readonly starts: number;
  /** How many of them ended at that gain, within 0.1 % of Q². */
  readonly agreeing: number;
  /** The same over all bilinear algorithms, if it was asked for. */
  readonly unrestricted?: UnrestrictedOptimum;
}

/** A proved algorithm with its noise gain and where it came from. */
export interface Candidate {
  readonly transform: Transform;
  readonly gain: number;
  readonly structure: string;
  readonly evidence: Evidence;
}

/** How far log Q² may rise from the continuous minimum to simpler rationals, from next to nothing to a lot. */
const ALLOWANCES = [0.003, 0.02, 0.05, 0.12, 0.5];
/** Any small rationals, and those whose powers are exact in floating point. */
const KINDS: readonly RationalKind[] = [
  { choose: simplestBetween, includes: () => true },
  {
    choose: dyadicBetween,
    includes: ([denominator]) => denominator === 0 || Number.isInteger(Math.log2(denominator)),
  },
];
/** Structures whose log Q² is worse than the best by more than this are given up after one start. */
const HOPELESS = 0.4;
/** Structures that are worse by less than this may still give an algorithm with fewer operations; the best of them are tried. */
const USEFUL = 0.7;
const MOST_STRUCTURES = 5;
/** Differences of Q² that do not justify less simple numbers. */
const SLACK = 0.0025;

/** What to look for, and how long. */
export interface CandidateOptions {
  readonly outputs: number;
  readonly taps: number;
  readonly products: number;
  /** Random starts for each promising structure. */
  readonly starts: number;
  readonly seed: number;
  /** Random starts among all bilinear algorithms; 0 for none. */
  readonly unrestrictedStarts: number;
  /** Called with the share that is done. */
  readonly report: (share: number) => void;
  /** False ends the random starts. */
  readonly keepGoing: () => boolean;
}

/**
 * Algorithms for so many products that may belong to the front: the minima of all structures of moduli over the
 * reals, turned into rationals of several kinds and simplicities, synthesized and proved.
 */
export function candidatesFor(options: CandidateOptions): Candidate[] {
  const { outputs, taps, products, starts, seed, unrestrictedStarts, report, keepGoing } = options;
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
    ...(unrestrictedStarts > 0 && {
      unrestricted: unrestrictedOptimum({ outputs, taps, products, starts: unrestrictedStarts, seed }),
    }),
  };
  const symmetric = Math.min(
    ...optima.filter((each) => each.structure.symmetric).map((each) => each.best.value),
  );
  const promising = optima
    .filter(({ structure, best: { value } }) =>
      // Without symmetry rows do not come in pairs: that must at least buy some error.
      structure.symmetric ? value <= best + USEFUL : value < symmetric - SLACK,
    )
    .sort((a, b) => a.best.value - b.best.value)
    .slice(0, MOST_STRUCTURES);
  return snapAll(promising).map(({ moduli, structure }) => {
    const transform = synthesize({ outputs, taps, moduli });
    return { transform, gain: noiseGain(transform), structure, evidence };
  });
}

interface SnappedModuli {
  readonly moduli: string[];
  readonly structure: string;
}

/** Rational moduli near the minima; of each kind without those that are beaten in gain by simpler ones. */
function snapAll(optima: readonly StructureOptimum[]): SnappedModuli[] {
  const chosen = KINDS.flatMap((kind) => {
    const snapped = optima.flatMap((optimum) => snapOne(optimum, kind));
    return paretoFront(snapped, ({ gain, simple }) => [gain, simple], [SLACK]);
  });
  return [...new Map(chosen.map((each) => [each.moduli.join(), each])).values()];
}

function snapOne({ structure, objective, best }: StructureOptimum, kind: RationalKind) {
  return ALLOWANCES.flatMap((allowance) => {
    const found = snap(structure, objective, best, allowance, kind);
    if (found === undefined) return [];
    return {
      moduli: formatModuli(structure, found.values),
      structure: structure.name,
      gain: Math.exp(found.value),
      simple: complexity(structure, found.values),
    };
  });
}
