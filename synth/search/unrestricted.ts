import { expected } from '../errors.js';
import { randomNumbers } from '../random.js';
import { minimise } from './minimise.js';

/** What to look for. */
export interface UnrestrictedOptions {
  readonly outputs: number;
  readonly taps: number;
  readonly products: number;
  /** Random starts; 4 by default. */
  readonly starts?: number;
  /** The same seed gives the same answer. 1 by default. */
  readonly seed?: number;
}

/** The least noise that any bilinear algorithm was found to have. */
export interface UnrestrictedOptimum {
  /** Q; undefined when no start found an algorithm at all, as with fewer products than D. */
  readonly gain: number | undefined;
  readonly starts: number;
  /** How many starts ended at that gain, within 1 % of Q². */
  readonly agreeing: number;
}

const ROUNDS = 25;
/** A start has found an algorithm when no equation is off by more. */
const EXACT = 1e-5;
const SAME = 1.01;

/**
 * The least noise gain over all bilinear algorithms with so many products, whether or not any moduli give them: three
 * matrices A, B, C of real numbers with Σ_t A[s,t] B[t,d] C[t,g] = [d = s + g]. It is found by the method of multipliers
 * (Nocedal & Wright, Numerical Optimization, framework 17.3) from random starts, and tells how much there may still be
 * to gain beyond moduli. Numerical: its algorithms are no rationals, and cannot be proved.
 *
 * @throws InputError when a number is not positive
 */
export function unrestrictedOptimum(options: UnrestrictedOptions): UnrestrictedOptimum {
  const { outputs, taps, products, starts = 4, seed = 1 } = options;
  for (const [name, value] of Object.entries({ outputs, taps, products, starts }))
    if (!Number.isInteger(value) || value < 1) throw expected(name, 'a positive integer', value);
  const random = randomNumbers(seed);
  const squares = Array.from({ length: starts }, () =>
    optimise(new Decomposition(outputs, taps, products), random),
  ).filter((each) => each !== undefined);
  const best = Math.min(...squares);
  return {
    gain: squares.length === 0 ? undefined : Math.sqrt(best),
    starts,
    agreeing: squares.filter((each) => each <= best * SAME).length,
  };
}

/** One start: the squared gain it ends at, or undefined when that is no algorithm. */
function optimise(problem: Decomposition, random: () => number): number | undefined {
  let x: readonly number[] = Array.from({ length: problem.variables }, () => 1.2 * (random() - 0.5));
  for (let round = 0; round < ROUNDS; round++) {
    const f = (y: readonly number[]) => problem.evaluate(y).value;
    const gradient = (y: readonly number[]) => problem.evaluate(y).gradient;
    x = minimise(f, x, { gradient, iterations: 150, tolerance: 1e-10 }).x;
    if (problem.tighten(x, round) < EXACT) return problem.squaredGain(x);
  }
  return undefined;
}

/** The augmented Lagrangian: variables are the entries of A (S×T), C (G×T) and B (D×T), in this order. */
class Decomposition {
  readonly variables: number;
  private readonly inputs: number;
  private readonly multipliers: Float64Array;
  private penalty = 1;

  constructor(
    private readonly outputs: number,
    private readonly taps: number,
    private readonly products: number,
  ) {
    this.inputs = outputs + taps - 1;
    this.variables = (outputs + taps + this.inputs) * products;
    this.multipliers = new Float64Array(outputs * taps * this.inputs);
  }

  squaredGain(x: readonly number[]): number {
    const { a, b, c } = this.norms(x);
    return a.reduce((sum, each, t) => sum + each * b[t]! * c[t]!, 0) / this.outputs;
  }

  /** Moves the multipliers towards what holds the equations; returns by how much these are off at most. */
  tighten(x: readonly number[], round: number): number {
    let worst = 0;
    this.residuals(x, (index, residual) => {
      this.multipliers[index]! += this.penalty * residual;
      worst = Math.max(worst, Math.abs(residual));
    });
    if (round > 2) this.penalty = Math.min(this.penalty * 1.6, 1e4);
    return worst;
  }

  /** A tenth of the squared gain, plus multipliers and penalty; the last terms keep the three norms of a product alike. */
  evaluate(x: readonly number[]): { value: number; gradient: number[] } {
    const { outputs, taps, inputs, products } = this;
    const [fromC, fromB] = [outputs * products, (outputs + taps) * products];
    const gradient = new Array<number>(this.variables).fill(0);
    let value = 0;
    this.residuals(x, (index, residual, s, g, d) => {
      const pull = this.multipliers[index]! + this.penalty * residual;
      value += (this.multipliers[index]! + (this.penalty / 2) * residual) * residual;
      for (let t = 0; t < products; t++) {
        const [i, j, k] = [s * products + t, fromC + g * products + t, fromB + d * products + t];
        gradient[i]! += pull * x[j]! * x[k]!;
        gradient[j]! += pull * x[i]! * x[k]!;
        gradient[k]! += pull * x[i]! * x[j]!;
      }
    });
    const { a, b, c } = this.norms(x);
    const weight = 0.1 / outputs;
    const balance = 1e-4;
    for (let t = 0; t < products; t++) {
      const [na, nb, nc] = [a[t]!, b[t]!, c[t]!];
      value += weight * na * nb * nc + balance * ((na - nc) ** 2 + (nb - nc) ** 2);
      const scales = [
        2 * weight * nb * nc + 4 * balance * (na - nc),
        2 * weight * na * nb - 4 * balance * (na + nb - 2 * nc),
        2 * weight * na * nc + 4 * balance * (nb - nc),
      ];
      [outputs, taps, inputs].reduce((from, rows, part) => {
        for (let row = 0; row < rows; row++) {
          const index = from + row * products + t;
          gradient[index]! += scales[part]! * x[index]!;
        }
        return from + rows * products;
      }, 0);
    }
    return { value, gradient };
  }

  private norms(x: readonly number[]): Record<'a' | 'b' | 'c', Float64Array> {
    const { outputs, taps, inputs, products } = this;
    const sum = (from: number, rows: number) =>
      new Float64Array(products).map((_, t) => {
        let total = 0;
        for (let row = 0; row < rows; row++) total += x[(from + row) * products + t]! ** 2;
        return total;
      });
    return { a: sum(0, outputs), c: sum(outputs, taps), b: sum(outputs + taps, inputs) };
  }

  private residuals(
    x: readonly number[],
    visit: (index: number, residual: number, s: number, g: number, d: number) => void,
  ): void {
    const { outputs, taps, inputs, products } = this;
    let index = 0;
    for (let s = 0; s < outputs; s++)
      for (let g = 0; g < taps; g++)
        for (let d = 0; d < inputs; d++) {
          let sum = d === s + g ? -1 : 0;
          for (let t = 0; t < products; t++)
            sum +=
              x[s * products + t]! *
              x[(outputs + g) * products + t]! *
              x[(outputs + taps + d) * products + t]!;
          visit(index++, sum, s, g, d);
        }
  }
}
