import { candidatesOf } from '../catalogue/candidates.js';
import { type NativePlan, type NativeWeights, native } from '../native/addon.js';
import type { Choice } from '../planner/choices.js';
import { checkAccuracy, errorLimitOf } from '../planner/error-limit.js';
import { type Layouts, nativeLayer, nativeProblem, planarLayouts } from '../planner/lower.js';
import { Plan } from '../planner/plan.js';
import { choose, type Decision, type PlannerOptions } from '../planner/planner.js';
import { type Problem, validateInput } from '../problem/problem.js';
import { BoundedMap } from '../support/bounded-map.js';
import { measuredDecision } from '../wisdom/decision.js';
import type { Settings } from './options.js';

/** Shapes of input that one layer remembers its decisions and plans for. */
const MAX_SHAPES = 32;

/** A plan that can run. */
export interface Prepared {
  readonly plan: Plan;
  readonly native: NativePlan;
  /** Kept alive for other shapes to share. */
  readonly weights: NativeWeights;
}

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
  readonly #weights = new Map<string, WeakRef<NativeWeights>>();

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
      if (accuracy !== undefined) checkAccuracy(accuracy, problem, decision.choice);
      const chosen = nativeLayer(layer, decision.choice, this.settings.isa.name);
      return { problem, decision, blocked: native().acceptsBlocked(chosen) };
    });
  }

  /**
   * @param layouts blocked only where {@link decide} allows it
   * @throws InputError as {@link decide} does
   */
  prepare(inputShape: readonly number[], layouts: Layouts = planarLayouts): Prepared {
    const { problem, decision } = this.decide(inputShape);
    const key = [keyOf(problem), layouts.input, layouts.output, layouts.residual].join();
    return this.#plans.getOrMake(key, () => {
      const weights = this.#prepareWeights(decision.choice);
      const posed = {
        ...nativeProblem(problem, decision.choice),
        inputLayout: layouts.input,
        outputLayout: layouts.output,
        residualLayout: layouts.residual,
      };
      const plan = new (native().Plan)(posed, weights);
      return { plan: new Plan(problem, decision, weights, plan), native: plan, weights };
    });
  }

  #optionsFor(problem: Problem): PlannerOptions {
    const { tiles, algorithm, errorLimit, accuracy, lanes, isa } = this.settings;
    const limit = accuracy === undefined ? undefined : errorLimitOf(accuracy, problem);
    return {
      ...{ algorithm, lanes, width: isa.width },
      candidates: candidatesOf(problem, tiles),
      // Given tiles are checked once they are chosen, where the error says what they keep.
      errorLimit: limit === undefined || errorLimit === Infinity ? errorLimit : limit,
      roundedErrorLimit: limit ?? 0,
    };
  }

  #measure(problem: Problem, options: PlannerOptions): Decision {
    const { isa } = this.settings;
    return measuredDecision(problem, options, isa.name, (choice) => this.#prepareWeights(choice));
  }

  #prepareWeights(choice: Choice): NativeWeights {
    const { algorithm, weightFormat, covers = [] } = choice;
    const key = [algorithm, weightFormat, ...covers.map((each) => each.algorithm.key)].join(' | ');
    const found = this.#weights.get(key)?.deref();
    if (found !== undefined) return found;
    const layer = nativeLayer(this.settings.layer, choice, this.settings.isa.name);
    const weights = new (native().Weights)(layer, this.weight, this.bias);
    this.#weights.set(key, new WeakRef(weights));
    return weights;
  }
}

function keyOf({ batch, input }: Problem): string {
  return [batch, ...input].join();
}
