import { expected } from '../../../synth/errors.js';
import { native } from '../../native/addon.js';
import { blockedLayouts } from '../../planner/layouts.js';
import { lower } from '../../planner/lower.js';
import { Plan } from '../../planner/plan.js';
import type { Decision } from '../../planner/planner.js';
import { outputShape, type Problem } from '../../problem/problem.js';
import { BoundedMap } from '../../support/bounded-map.js';
import { required } from '../attributes.js';
import type {
  Attributes,
  Constant,
  Layout,
  Lowered,
  LoweringSettings,
  NodeToLower,
  Operand,
  Operator,
  TensorType,
} from '../operator.js';
import { decide, type Wishes } from './decide.js';
import { problemOf } from './geometry.js';

/** Inputs of a node. */
const [X, WEIGHT, BIAS, RESIDUAL] = [0, 1, 2, 3];

/**
 * ONNX's Conv: x, N×C×spatial; weight, O × C/group × kernel; bias, O values, or left out. Besides, as graph passes have
 * it, a residual of the result's shape, and the attribute `activation`. The attribute `wishes` is for layers (see
 * {@link Wishes}). Weights that are constant are packed once; others by a kernel at every run.
 */
export const convolution: Operator = {
  name: 'Conv',

  infer(attributes, inputs) {
    const [x, weight, bias, residual] = inputs;
    const problem = problemOf(attributes, required(inputs, X, 'X'), required(inputs, WEIGHT, 'W'), 1);
    if (x!.shape[1] !== problem.inChannels)
      throw expected('the channels of the input', `${problem.inChannels}`, x!.shape[1]);
    if (bias !== undefined && bias.shape.join() !== `${weight!.shape[0]}`)
      throw expected('the bias', `of shape [${weight!.shape[0]}]`, bias.shape);
    const shape = outputShape(problem);
    if (residual !== undefined && residual.shape.join() !== shape.join())
      throw expected('the residual', `of shape [${shape.join(', ')}]`, residual.shape);
    return [{ type: 'float32', shape }];
  },

  layouts(attributes, inputs, _, settings) {
    const { problem, decision } = planned(attributes, inputs, settings);
    const blocked = blockedLayouts(problem, decision.choice, settings.isa.width);
    const allowed = (may: boolean): Layout[] => (may ? ['planar', 'blocked'] : ['planar']);
    return {
      inputs: [allowed(blocked.input), ['planar'], ['planar'], allowed(blocked.output)],
      outputs: [allowed(blocked.output)],
    };
  },

  lower(node, settings): Lowered {
    const { problem, decision } = planned(node.attributes, node.inputs, settings, knownWeight(node));
    const [x, weight, bias, residual] = node.inputs;
    const layouts = {
      input: x!.layout,
      output: node.outputs[0]!.layout,
      residual: residual?.layout ?? node.outputs[0]!.layout,
    };
    const addends = { bias: bias !== undefined, residual: residual !== undefined };
    const description = lower(problem, decision.choice, settings.machine, addends, layouts);
    const packing = { operator: 'pack convolution weights', description };
    const packedBytes = new (native().Kernel)(packing.operator, description).outputBytes[0]!;
    const constant = 'data' in weight! || weight!.made === true;
    const packed: Operand = constant
      ? { packed: packing, inputs: [WEIGHT], key: packingKey(decision, settings), bytes: packedBytes }
      : { temporary: 0 };
    const plan = {
      title: decision.choice.algorithm === 'direct' ? 'direct' : titleOf(problem, decision),
      plan: (kernel: InstanceType<ReturnType<typeof native>['Kernel']>) =>
        new Plan(problem, decision, description.schedule, packedBytes, kernel),
    };
    const step = {
      ...{ operator: 'convolution', description },
      inputs: [{ input: X }, packed, bias && { input: BIAS }, residual && { input: RESIDUAL }],
      outputs: [{ output: 0 }],
    };
    if (constant) return { steps: [step], ...plan };
    const pack = { ...packing, inputs: [{ input: WEIGHT }], outputs: [{ temporary: 0 }] };
    return { steps: [pack, step], temporaries: [packedBytes], ...plan };
  },
};

interface Planned {
  readonly problem: Problem;
  readonly decision: Decision;
}

/** Decisions by the attributes of a node, then by shapes and settings: layouts and lowering ask for the same. */
const decisions = new WeakMap<Attributes, BoundedMap<string, Planned>>();
const MAX_SHAPES = 8;

function planned(
  attributes: Attributes,
  inputs: readonly (TensorType | undefined)[],
  settings: LoweringSettings,
  weight?: Float32Array,
): Planned {
  const { threads, isa, accuracy, effort } = settings;
  const known = decisions.get(attributes) ?? new BoundedMap<string, Planned>(MAX_SHAPES);
  decisions.set(attributes, known);
  const measured = effort === 'measure' && weight !== undefined;
  const shapes = inputs.slice(0, 2).map((input) => input!.shape.join('×'));
  return known.getOrMake([...shapes, threads, isa.name, accuracy, measured].join(), () => {
    const problem = problemOf(attributes, inputs[X]!, inputs[WEIGHT]!, threads);
    const wishes: Wishes = { accuracy, ...(attributes.wishes as Wishes | undefined) };
    return { problem, decision: decide(problem, wishes, settings.machine, measured ? weight : undefined) };
  });
}

function knownWeight({ inputs }: NodeToLower): Float32Array | undefined {
  const weight = inputs[WEIGHT] as Partial<Constant> | undefined;
  return weight?.data instanceof Float32Array ? weight.data : undefined;
}

/** Packed weights are the same for all shapes of input where these are. */
function packingKey({ choice }: Decision, { isa }: LoweringSettings): string {
  const { algorithm, weightFormat, covers = [] } = choice;
  return [isa.name, algorithm, weightFormat, ...covers.map((each) => each.algorithm.key)].join(' | ');
}

function titleOf({ rank }: Problem, { choice }: Decision): string {
  return `${choice.algorithm} ${(choice.covers ?? [])
    .slice(3 - rank)
    .map(({ algorithm }) => algorithm.name.split(' ')[0])
    .join(' × ')}`.trim();
}
