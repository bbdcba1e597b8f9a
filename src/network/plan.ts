import { outputError } from '../graph/accuracy.js';
import { formatBytes, Plan } from '../planner/plan.js';
import { formatShape } from '../tensor/shape.js';
import type { Planned } from './planned.js';

/** How one node of a network runs. */
export interface PlannedNode {
  readonly name: string;
  readonly operator: string;
  /** Sizes of the first result, and how it lies in memory. */
  readonly shape: readonly number[];
  readonly layout: 'planar' | 'blocked';
  /** What runs, in a few words. */
  readonly title: string;
  /** Of a convolution: its plan. */
  readonly plan?: Plan;
}

/** How a network runs on one set of input shapes. Its fields make its JSON. */
export class NetworkPlan {
  readonly inputs: Planned['inputs'];
  readonly outputs: Planned['outputs'];
  /** In order; what was folded into others or computed beforehand is left out. */
  readonly nodes: readonly PlannedNode[];
  /** Bytes of weights, made ready; of the arena, where activations lie; and of a run, arena and workspace. */
  readonly memory: Planned['memory'];
  /**
   * Expected rounding error of the outputs relative to them, both root mean squares; undefined where parts run in
   * onnxruntime-node.
   */
  readonly expectedError: number | undefined;

  /** Networks make plans: `network.plan(shapes)`. */
  constructor({ inputs, outputs, nodes, memory, sensitivity }: Planned) {
    this.inputs = inputs;
    this.outputs = outputs;
    this.memory = memory;
    this.nodes = nodes.map(({ node, type, layout, title, plan }) => ({
      ...{ name: node.name, operator: node.operator, shape: type.shape, layout },
      title: plan instanceof Plan ? plan.title : title,
      ...(plan instanceof Plan && { plan }),
    }));
    const errors = this.nodes.flatMap(({ name, plan }) =>
      plan === undefined ? [] : [[name, plan.expectedRelativeError] as const],
    );
    this.expectedError = sensitivity && outputError(sensitivity, errors);
  }

  /** Says in words what runs, a line for each node. */
  describe(): string {
    const named = (tensors: Planned['inputs']) =>
      tensors.map(({ name, shape }) => `${name} ${formatShape(shape)}`).join(', ');
    const { constants, arena, run } = this.memory;
    return [
      `network    ${named(this.inputs)} → ${named(this.outputs)}`,
      `memory     ${formatBytes(constants)} of weights; ${formatBytes(run)} a run, ${formatBytes(arena)} of it for activations`,
      ...(this.expectedError === undefined
        ? []
        : [`error      ${this.expectedError.toExponential(1)} expected of the results, relative to them`]),
      ...this.nodes.map(
        ({ name, shape, title }) => `${name.padEnd(32)} ${formatShape(shape).padEnd(24)} ${title}`,
      ),
    ].join('\n');
  }
}
