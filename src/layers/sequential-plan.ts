import type { Program } from '../graph/program.js';
import type { Layout } from '../operators/operator.js';
import { formatBytes, type Plan } from '../planner/plan.js';
import { formatShape } from '../tensor/shape.js';

/** How one layer of a row runs. */
export interface PlannedLayer {
  readonly plan: Plan;
  /** How its input and its result lie in memory. */
  readonly input: Layout;
  readonly output: Layout;
  /** What is added to the result: 0 for the network's input, t for the result of the t-th layer counted from one. */
  readonly residual: number | undefined;
}

/** How layers in a row run on one shape of input. Its fields make its JSON. */
export class SequentialPlan {
  /** N×C×spatial. */
  readonly inputShape: readonly number[];
  /** N×O×spatial. */
  readonly outputShape: readonly number[];
  readonly layers: readonly PlannedLayer[];
  /** Bytes of the results between the layers, for each pass that runs at once. */
  readonly activationBytes: number;
  /** Bytes of all prepared weights and biases; a layer's are counted once. */
  readonly weightBytes: number;
  /** Bytes that a pass allocates beside its activations: the most that any layer does. */
  readonly workspaceBytes: number;
  /** Floating-point operations of the direct algorithm in all layers. */
  readonly directFlops: number;

  /**
   * `sequential.plan(shape)` makes plans.
   *
   * @param residuals per layer
   */
  constructor({ nodes, memory }: Program, residuals: readonly PlannedLayer['residual'][]) {
    this.layers = nodes.map(({ plan, inputLayouts, layout }, i) => ({
      plan: plan as Plan,
      input: inputLayouts[0]!,
      output: layout,
      residual: residuals[i],
    }));
    const plans = this.layers.map(({ plan }) => plan);
    this.inputShape = plans[0]!.inputShape;
    this.outputShape = plans.at(-1)!.outputShape;
    this.activationBytes = memory.arena;
    this.weightBytes = memory.constants;
    this.workspaceBytes = Math.max(...plans.map(({ workspaceBytes }) => workspaceBytes));
    this.directFlops = plans.reduce((sum, { directFlops }) => sum + directFlops, 0);
  }

  /** Says in words what runs, a line for each layer; `layers[i].plan.describe()` says why. */
  describe(): string {
    const gigaflops = (this.directFlops / 1e9).toPrecision(3);
    const lines: [string, string][] = [
      ['network', `${this.layers.length} layers, ${gigaflops} GFLOP by direct convolution`],
      ['shape', `${formatShape(this.inputShape)} → ${formatShape(this.outputShape)}`],
      ...this.layers.map((layer, i): [string, string] => [`layer ${i}`, describeLayer(layer)]),
      [
        'memory',
        `${formatBytes(this.weightBytes)} of weights, ${formatBytes(this.activationBytes)} of activations, ` +
          `${formatBytes(this.workspaceBytes)} of workspace`,
      ],
    ];
    return lines.map(([name, text]) => `${name.padEnd(11)}${text}`).join('\n');
  }
}

function describeLayer({ plan, input, output, residual }: PlannedLayer): string {
  const source = residual === 0 ? 'the input' : `the result of layer ${residual! - 1}`;
  const added = residual === undefined ? '' : `, adds ${source}`;
  const layouts = input === output ? input : `${input} → ${output}`;
  return `${plan.title} → ${formatShape(plan.outputShape)}, ${layouts}${added}`;
}
