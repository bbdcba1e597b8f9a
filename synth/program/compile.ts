import type { Matrix } from '../core/transform.js';
import { expected } from '../errors.js';
import { randomNumbers } from '../random.js';
import { leastOperations } from './least-operations.js';
import { type Program, prove } from './program.js';
import { Rationals } from './rationals.js';
import { type ErrorWeights, roundingOf } from './rounding.js';
import { chooseScales } from './scale.js';
import { schedule } from './schedule.js';
import { shareAll } from './share.js';
import { Sums } from './sums.js';
import { toProgram } from './sums-to-program.js';

/** Options of {@link compile}; sizes and weights order additions and choose among equally short programs. */
export interface CompileOptions extends ErrorWeights {
  /** Candidates that the search looks at; more is slower and rarely worse. By default 300, fewer for large matrices. */
  readonly attempts?: number;
  /** The same seed gives the same program. 1 by default. */
  readonly seed?: number;
}

interface Candidate {
  readonly sums: Sums;
  readonly operations: number;
  readonly program: Program;
  readonly rounding: number;
}

/**
 * Compiles y = M x to a straight-line program with few operations, and proves it over ℚ.
 *
 * Shared sub-expressions are searched by randomised greedy extraction, then by taking parts of the best program
 * out and searching again. Among programs with equally few operations the one that rounds least is taken; once no
 * program can have fewer (see {@link leastOperations}), a quarter of the attempts goes on for its sake.
 *
 * @throws InputError when the matrix is empty or ragged
 */
export function compile(matrix: Matrix, options: CompileOptions = {}): Program {
  const width = matrix[0]?.length ?? 0;
  if (width === 0 || matrix.some((row) => row.length !== width))
    throw expected(
      'matrix',
      'rectangular and not empty',
      matrix.map((row) => row.length),
    );
  const { attempts = attemptsFor(matrix), seed = 1 } = options;
  const random = randomNumbers(seed);
  const plain = Sums.of(matrix, new Rationals());
  const least = leastOperations(matrix);

  let best: Candidate | undefined;
  for (let attempt = 0, left = attempts; left > 0; attempt++, left--) {
    const sums = best === undefined || attempt % 2 === 0 ? plain.clone() : disturbed(best.sums, random);
    shareAll(sums, random, temperatureOf(attempt));
    best = better(best, sums, options);
    if (best.operations === least) left = Math.min(left, Math.ceil(attempts / 4));
  }
  const program = schedule(best!.program, seed);
  prove(program, matrix);
  return program;
}

/** What keeps the default search within a second or two: an attempt's time grows with the square of the entries. */
function attemptsFor(matrix: Matrix): number {
  const entries = matrix.flat().filter((entry) => !entry.equals(0)).length;
  return Math.max(16, Math.min(300, Math.round(2e6 / (entries + 1) ** 2)));
}

/** Greedy first, bolder later. */
function temperatureOf(attempt: number): number {
  return [0, 0.3, 0.7, 1.5][attempt % 4]!;
}

/** A copy without some of its temporaries. */
function disturbed(sums: Sums, random: () => number): Sums {
  const copy = sums.clone();
  const rate = 0.1 + 0.4 * random();
  for (const temporary of copy.temporaries) if (random() < rate) copy.inline(temporary);
  return copy;
}

function better(best: Candidate | undefined, sums: Sums, errors: ErrorWeights): Candidate {
  sums.inlineSingleUses();
  if (best !== undefined && sums.additions > best.operations) return best;
  const { scales, products } = chooseScales(sums);
  const operations = sums.additions + products;
  if (best !== undefined && operations > best.operations) return best;
  const program = toProgram(sums, scales, errors.sizes);
  const rounding = roundingOf(program, errors);
  if (best !== undefined && operations === best.operations && rounding >= best.rounding) return best;
  return { sums, operations, program, rounding };
}
