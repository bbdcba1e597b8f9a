import type { Transform } from '../../synth/index.js';
import { type Comparison, compare, predict } from './compare.js';
import type { Arithmetic } from './experiment.js';
import { frontWith, usualPoints } from './subjects.js';

/**
 * Mean error of F(S, 3) in two dimensions as a multiple of direct convolution's, on the best points that Barabasz,
 * Anderson, Soodhalter & Gregg found (Error Analysis and Improving the Accuracy of Winograd Convolution for Deep Neural
 * Networks, arXiv 1803.10986).
 */
const PUBLISHED: Readonly<Record<number, number>> = {
  2: 1.65,
  3: 5.08,
  4: 7.11,
  5: 14.7,
  6: 19.0,
  7: 80.1,
  8: 159,
  9: 475,
  10: 695,
};

/** Sizes of the comparison with what is published. */
const SIZES: readonly (readonly [number, number])[] = [
  ...Object.keys(PUBLISHED).map((outputs) => [Number(outputs), 3] as const),
  [2, 5],
  [4, 5],
  [6, 5],
];

/** The algorithms compared: where they come from, and in which arithmetics. */
const SUBJECTS = {
  usual: { from: (outputs, taps) => [usualPoints(outputs, taps)], arithmetics: ['plain'] },
  real: {
    from: (outputs, taps) => frontWith(outputs, taps, outputs + taps - 1),
    arithmetics: ['plain', 'engine'],
  },
  quadratic: {
    from: (outputs, taps) => frontWith(outputs, taps, outputs + taps),
    arithmetics: ['plain', 'engine'],
  },
} as const satisfies Record<
  string,
  { from: (outputs: number, taps: number) => Transform[]; arithmetics: readonly Arithmetic[] }
>;

/** What an algorithm is: usual points, the best real points (T = D), or the best with one product more, x² + 1 mostly. */
export type Subject = keyof typeof SUBJECTS;

/** One experiment of the comparison. */
export interface PublishedComparison extends Comparison {
  readonly outputs: number;
  readonly taps: number;
  readonly products: number;
  readonly moduli: readonly string[];
  readonly subject: Subject;
  readonly arithmetic: Arithmetic;
  /** For F(S, 3); best known points of the paper, in plain arithmetic. */
  readonly published?: number;
}

/** The paper's protocol: one channel, two dimensions. */
export function compareWithPublished(
  runs: number,
  seed: number,
  onProgress: (done: number, all: number) => void,
): PublishedComparison[] {
  return SIZES.flatMap(([outputs, taps], index) => {
    onProgress(index, SIZES.length);
    const published = taps === 3 ? PUBLISHED[outputs] : undefined;
    return (Object.keys(SUBJECTS) as Subject[]).flatMap((subject) => {
      const { from, arithmetics } = SUBJECTS[subject];
      const candidates = from(outputs, taps);
      return arithmetics.map((arithmetic) => {
        const experiments = candidates.map((each) => ({
          ...{ transforms: [each, each], channels: 1, sumBlock: 0, arithmetic, runs, seed },
        }));
        const best = leastBy(experiments, predict);
        const { products, moduli } = best.transforms[0]!;
        return {
          ...{ outputs, taps, products, moduli, subject, arithmetic },
          ...(published !== undefined && { published }),
          ...compare(best),
        };
      });
    });
  });
}

function leastBy<T>(items: readonly T[], value: (item: T) => number): T {
  const values = items.map(value);
  return items[values.indexOf(Math.min(...values))]!;
}
