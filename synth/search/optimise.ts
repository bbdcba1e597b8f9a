import { squaredGain } from '../core/squared-gain.js';
import { randomNumbers } from '../random.js';
import { type Minimum, minimise } from './minimise.js';
import { type Objective, toPoint } from './snap.js';
import { instantiate, randomStart, type Structure } from './structure.js';

/** Starts within this of the best count as having found the same minimum. */
const SAME = 1e-3;

/** What is known of the best gain that one structure reaches. */
export class StructureOptimum {
  /** The logarithm of the squared gain. */
  readonly objective: Objective;
  best: Minimum = { x: [], value: Number.POSITIVE_INFINITY };
  private readonly found: number[] = [];
  private readonly random: () => number;

  constructor(
    readonly structure: Structure,
    outputs: number,
    taps: number,
    seed: number,
  ) {
    this.objective = (values) => Math.log(squaredGain(outputs, taps, instantiate(structure, values)));
    this.random = randomNumbers(seed);
  }

  /** One more local minimisation from a random start. */
  start(): void {
    const { parameters } = this.structure;
    const f = (x: readonly number[]) => this.objective(x.map((each, i) => toPoint(parameters[i]!, each)));
    const minimum = minimise(f, randomStart(this.structure, this.random));
    this.found.push(minimum.value);
    if (minimum.value < this.best.value) this.best = minimum;
  }

  /** Number of starts so far. */
  get starts(): number {
    return this.found.length;
  }

  /** How many starts ended within 0.1 % of a squared gain, given by its logarithm. */
  reached(value: number): number {
    return this.found.filter((each) => each <= value + SAME).length;
  }
}
