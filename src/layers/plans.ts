import { candidatesOf } from '../catalogue/candidates.js';
import { machineOf } from '../machine/machine.js';
import { native } from '../native/addon.js';
import { checkAccuracy, errorLimitOf } from '../operators/convolution/accuracy.js';
import { convolutionAlgorithms } from '../operators/convolution/algorithms.js';
import type { Choice } from '../planner/choices.js';
import { blockedLayouts, type Layouts, planarLayouts } from '../planner/layouts.js';
import { lower } from '../planner/lower.js';
import { PackedWeights } from '../planner/packed-weights.js';
import { Plan } from '../planner/plan.js';
import { choose, type Decision, type PlannerOptions } from '../planner/planner.js';
import { workOf } from '../planner/schedule.js';
import { type Problem, validateInput } from '../problem/problem.js';
import { BoundedMap } from '../support/bounded-map.js';
import { measuredDecision } from '../wisdom/decision.js';
import type { Settings } from './options.js';
import { Prepared } from './prepared.js';

/** Shapes of input that one layer remembers its decisions and plans for. */
const MAX_SHAPES = 32;

/** What will run on a shape of input, whatever the layouts. */
export interface Decided {
  readonly problem: Problem;
  readonly decision: Decision;
  /** Which of input and output may be blocked. */
  readonly blocked: { readonly input: boolean; readonly output: boolean };
}

/** Decides, plans and transforms weights for one layer, each once for a shape and layouts. */
export class LayerPlans {
  readonly #decisions = new BoundedMap<string, Decided>(MAX_SHAPES);
  readonly #plans = new BoundedMap<string, Prepared>(MAX_SHAPES);
  /** Prepared weights by algorithm, for as long as a plan uses them. */
  readonly #weights = new Map<string, WeakRef<PackedWeights>>();

  constructor(
    readonly settings: Settings,
    private readonly weight: Float32Array,
    private readonly bias: Float32Array | null,
  ) {}

  /** @throws InputError when the shape does not fit the layer, or no algorithm that was asked for applies */
  decide(inputShape: readonly number[]): Decided {
    const { layer, accuracy, effort } = this.settings;
    const problem = validateInput(layer, inputShape);
    return this.#decisions.getOrMake(keyOf(problem), () => {
      const options = this.#optionsFor(problem);
      const decision = effort === 'measure' ? this.#measure(problem, options) : choose(problem, options);
      if (accuracy !== undefined) checkAccuracy(accuracy, problem, decision);
      const blocked = blockedLayouts(layer, decision.choice, this.settings.isa.width);
      return { problem, decision, blocked };
    });
  }

  /**
   * @param layouts blocked only where {@link decide} allows it
   * @param residual whether something is added to the result
   * @throws InputError as {@link decide} does
   */
  prepare(inputShape: readonly number[], layouts: Layouts = planarLayouts, residual = false): Prepared {
    const { problem, decision } = this.decide(inputShape);
    const { choice } = decision;
    const key = [keyOf(problem), layouts.input, layouts.output, layouts.residual, residual].join();
    return this.#plans.getOrMake(key, () => {
      const weights = this.#weightsOf(problem, choice);
      const addends = { bias: this.bias !== null, residual };
      const description = lower(problem, choice, machineOf(this.settings.isa.name), addends, layouts);
      const kernel = new (native().Kernel)('convolution', description);
      const plan = new Plan(problem, decision, description.schedule, weights.bytes, kernel);
      return new Prepared(plan, kernel, weights, this.bias, workOf(choice));
    });
  }

  #optionsFor(problem: Problem): PlannerOptions {
    const { tiles, algorithm, errorLimit, accuracy, lanes, isa } = this.settings;
    const limit = accuracy === undefined ? undefined : errorLimitOf(accuracy, problem);
    return {
      ...{ algorithms: convolutionAlgorithms, algorithm, lanes, machine: machineOf(isa.name) },
      candidates: candidatesOf(problem, tiles),
      // Given tiles are checked once they are chosen, where the error says what they keep.
      errorLimit: limit === undefined || errorLimit === Infinity ? errorLimit : limit,
      roundedErrorLimit: limit ?? 0,
    };
  }

  #measure(problem: Problem, options: PlannerOptions): Decision {
    return measuredDecision(problem, options, (choice) => this.#weightsOf(problem, choice));
  }

  /** Packed weights depend on no more of the problem than the layer has. */
  #weightsOf(problem: Problem, choice: Choice): PackedWeights {
    const { algorithm, weightFormat, covers = [] } = choice;
    const key = [algorithm, weightFormat, ...covers.map((each) => each.algorithm.key)].join(' | ');
    const found = this.#weights.get(key)?.deref();
    if (found !== undefined) return found;
    const machine = machineOf(this.settings.isa.name);
    const description = lower(problem, choice, machine, { bias: false, residual: false });
    const weights = new PackedWeights(description, this.weight);
    this.#weights.set(key, new WeakRef(weights));
    return weights;
  }
}

function keyOf({ batch, input }: Problem): string {
  return [batch, ...input].join();
}
