import { expected } from '../../../synth/errors.js';
import { bestAt } from '../../planner/alternatives.js';
import { blockedLayouts, takesPhases } from '../../planner/layouts.js';
import { lower } from '../../planner/lower.js';
import { PACKING, packedBytes, packingKey } from '../../planner/packed-weights.js';
import { Plan } from '../../planner/plan.js';
import type { Decision } from '../../planner/planner.js';
import { workOf } from '../../planner/schedule.js';
import { lift, outputShape, type Problem } from '../../problem/problem.js';
import { type BoundedMap, memoOf } from '../../support/bounded-map.js';
import { atOnce, type Steps } from '../../support/unhurried.js';
import { elementCount } from '../../tensor/shape.js';
import { required } from '../attributes.js';
import { floatsOf } from '../movement.js';
import type {
  Attributes,
  Constant,
  Layout,
  Lowered,
  LoweredStep,
  LoweringSettings,
  Operand,
  Operator,
  Placed,
  TensorType,
} from '../operator.js';
import {
  deciding,
  exchanged,
  PER_MOVED_NUMBER,
  phasing,
  type Weighed,
  type Wishes,
  weighing,
  weighingErrors,
} from './decide.js';
import { addendIntoPhases, intoPhases, outOfPhases, type Phased } from './dilating.js';
import { relativeDirectError } from './expected-error.js';
import { problemOf } from './geometry.js';
import { coversAll, type Interleaving, inOrder, interleaved } from './interleaving.js';

/** Inputs of a node. */
const [X, WEIGHT, BIAS, RESIDUAL] = [0, 1, 2, 3];
const F32 = 4;

/**
 * ONNX's Conv: x, N×C×spatial; weight, O × C/group × kernel; bias, O values, or left out. Besides, as graph passes have
 * it, a residual of the result's shape, and the attributes `activation` and `interleave`: output channels are phases of
 * pixels, to be put in order (see {@link Interleaving}). The attribute `wishes` is for layers (see
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
    const interleaving = interleavingOf(attributes);
    const made = outputShape(problem);
    const shape = interleaving === undefined ? made : inOrder(made, interleaving);
    if (residual !== undefined && residual.shape.join() !== shape.join())
      throw expected('the residual', `of shape [${shape.join(', ')}]`, residual.shape);
    return [{ type: 'float32', shape }];
  },

  *prepare(attributes, inputs, settings) {
    yield* planning(attributes, inputs, settings);
  },

  *alternatives(attributes, inputs, settings) {
    if (!isConstant(inputs[WEIGHT]!)) return [];
    return yield* weighed(attributes, inputs, poseOf(attributes, inputs, settings));
  },

  *precisions(attributes, inputs, settings, accuracy) {
    const { wishes, settings: own } = poseOf(attributes, inputs, settings);
    const problem = problemOf(attributes, inputs[X]!, inputs[WEIGHT]!, own.threads);
    return yield* weighingErrors(problem, { ...wishes, accuracy }, own.machine);
  },

  layouts(attributes, inputs, _, settings) {
    const { problem, decision, phased, settings: own } = planned(attributes, inputs, settings);
    const interleaving = interleavingOf(attributes);
    // Vectors of another kernel table have another length.
    const blocked =
      own.isa.name === settings.isa.name
        ? blockedLayouts(problem, decision.choice, own.isa.width)
        : { input: false, output: false };
    if (phased !== undefined) {
      const layout = (may: boolean): Layout[] => (may ? ['blocked'] : ['planar']);
      const [input, output] = [layout(blocked.input), layout(blocked.output)];
      return { inputs: [input, ['planar'], ['planar'], output], outputs: [output] };
    }
    const allowed = (may: boolean): Layout[] => (may ? ['planar', 'blocked'] : ['planar']);
    const output: Layout[] =
      interleaving === undefined
        ? allowed(blocked.output)
        : blocked.output && ordersPhases(problem, decision, interleaving, own.isa.width)
          ? ['blocked']
          : ['planar'];
    return { inputs: [allowed(blocked.input), ['planar'], ['planar'], output], outputs: [output] };
  },

  lower(node, graphSettings): Lowered {
    const { problem, decision, phased, settings } = planned(node.attributes, node.inputs, graphSettings);
    const [x, weight, bias, residual] = node.inputs;
    const [output] = node.outputs;
    const interleaving = interleavingOf(node.attributes);
    const ordered = output!.layout === 'blocked';
    const apart = ordered ? undefined : interleaving;
    const layouts = {
      input: x!.layout,
      output: output!.layout,
      residual: residual?.layout ?? output!.layout,
      ...(interleaving && ordered && { phases: lift(interleaving.strides, 1) }),
    };
    const addends = { bias: bias !== undefined, residual: residual !== undefined };
    const description = lower(problem, decision.choice, settings.machine, addends, layouts);
    const packing = { operator: PACKING, description };
    const bytes = packedBytes(description);
    const temporaries: number[] = [];
    const temporary = (bytes: number) => ({ temporary: temporaries.push(bytes) - 1 });
    const steps: LoweredStep[] = [];
    let packed: Operand = {
      packed: packing,
      inputs: [WEIGHT],
      key: `${settings.isa.name} | ${packingKey(decision.choice)}`,
      bytes,
    };
    if (!isFixed(weight!)) {
      const to = temporary(bytes);
      steps.push({ ...packing, inputs: [{ input: WEIGHT }], outputs: [to] });
      packed = to;
    }
    const bring = (from: Operand, kernels: ReturnType<typeof intoPhases>) =>
      kernels.reduce((operand, { call, floats }) => {
        const to = temporary(F32 * floats);
        steps.push({ ...call, inputs: [operand], outputs: [to] });
        return to;
      }, from);
    const from = bring({ input: X }, phased ? intoPhases(phased, x!.layout, settings) : []);
    const addend =
      residual &&
      bring({ input: RESIDUAL }, phased ? addendIntoPhases(phased, residual.layout, settings) : []);
    const shape = outputShape(problem);
    const phases =
      apart || phased ? temporary(F32 * floatsOf(shape, output!.layout, settings.isa.width)) : undefined;
    const step = steps.push({
      ...{ operator: 'convolution', description },
      inputs: [from, packed, bias && { input: BIAS }, addend],
      outputs: [phases ?? { output: 0 }],
      work: workOf(decision.choice),
    });
    const ordering = phased
      ? outOfPhases(phased, output!.layout, settings)
      : apart && interleaved(apart, problem.groups, shape, settings);
    if (ordering) {
      steps.push({ ...ordering, inputs: [phases], outputs: [{ output: 0 }] });
    }
    return {
      ...{ steps, temporaries, title: decision.choice.algorithm },
      plan: {
        step: step - 1,
        of: (kernel) => {
          const original = phased?.original ?? problem;
          const direct = relativeDirectError(original);
          return new Plan(original, decision, description.schedule, bytes, direct, kernel);
        },
      },
    };
  },
};

function interleavingOf({ interleave }: Attributes): Interleaving | undefined {
  return interleave as Interleaving | undefined;
}

/** Whether the convolution's own kernel puts its phases in order. */
function ordersPhases(
  problem: Problem,
  { choice }: Decision,
  interleaving: Interleaving,
  width: number,
): boolean {
  const pixels = problem.output.slice(3 - problem.rank);
  return (
    coversAll(interleaving, pixels) && takesPhases(problem, choice, elementCount(interleaving.strides), width)
  );
}

interface Planned {
  /** What the kernel runs: the node's problem, or its phases. */
  readonly problem: Problem;
  readonly phased?: Phased | undefined;
  readonly decision: Decision;
  /** The node's own. */
  readonly settings: LoweringSettings;
}

/** Decisions by the attributes of a node, then by shapes and settings: layouts and lowering ask for the same. */
const decisions = new WeakMap<Attributes, BoundedMap<string, Planned>>();
/** What is undominated for them, where memory has a price. */
const frontiers = new WeakMap<Attributes, BoundedMap<string, readonly Weighed[]>>();
const MAX_SHAPES = 8;

function planned(
  attributes: Attributes,
  inputs: readonly (TensorType | Constant | undefined)[],
  graphSettings: LoweringSettings,
): Planned {
  return atOnce(planning(attributes, inputs, graphSettings));
}

function* planning(
  attributes: Attributes,
  inputs: readonly (TensorType | Constant | undefined)[],
  graphSettings: LoweringSettings,
): Steps<Planned> {
  const posed = poseOf(attributes, inputs, graphSettings);
  const { wishes, settings, key } = posed;
  const { effort, price = 0 } = settings;
  const weight = effort === 'measure' ? numbersOf(inputs[WEIGHT]!) : undefined;
  const known = memoOf(decisions, attributes, MAX_SHAPES);
  const priced = price > 0 && isConstant(inputs[WEIGHT]!);
  // Phases of a transposed convolution are put in order by their own kernel.
  const plain = attributes.interleave === undefined;
  const priceKey = `${key},${priced ? price : weight !== undefined},${plain}`;
  const found = known.get(priceKey);
  if (found !== undefined) return found;
  const whole = problemOf(attributes, inputs[X]!, inputs[WEIGHT]!, settings.threads);
  const phased = plain && !priced ? yield* phasing(whole, wishes, settings.machine) : undefined;
  const problem = phased?.phases ?? whole;
  const decided = priced
    ? exchanged(bestAt(yield* weighed(attributes, inputs, posed), price), problem, wishes)
    : yield* deciding(problem, wishes, settings.machine, weight);
  const decision = phased
    ? { ...decided, reason: `${decided.reason}, over ${phaseText(whole)} phases` }
    : decided;
  return known.getOrMake(priceKey, () => ({ problem, phased, decision, settings }));
}

/** What the plan of a node depends on beside its attributes. */
interface Posed {
  readonly settings: LoweringSettings;
  readonly wishes: Wishes;
  /** Of all that, and of the shapes. */
  readonly key: string;
}

/**
 * Flops at one core's peak in the time in which a byte of weights is transformed and packed: 0.2 to 0.27 ns on Zen 5 at 270
 * GFLOP/s, by tiles of all sizes.
 */
const PER_PACKED_BYTE = 60;

function poseOf(
  attributes: Attributes,
  inputs: readonly (TensorType | Constant | undefined)[],
  graphSettings: LoweringSettings,
): Posed {
  const given = attributes.wishes as Wishes | undefined;
  const asked = { ...graphSettings, ...given?.settings };
  const fixed = isFixed(inputs[WEIGHT]!);
  const settings = fixed ? asked : withPacking(asked);
  const { threads, isa, accuracy, machine } = settings;
  const nonZeros = nonZerosFor(given, inputs[WEIGHT]!);
  const shapes = inputs.slice(0, 2).map((input) => input!.shape.join('×'));
  const key = [...shapes, threads, isa.name, accuracy, machine.perColdByte].join();
  // Products of matrices take weights as they are, which pays where these are new at every run.
  const planar = given?.planar ?? !fixed;
  return { settings, wishes: { accuracy, ...given, planar, nonZeros }, key };
}

/** Weights that each run computes are packed at each run, by all threads: a price for each of their bytes. */
function withPacking(settings: LoweringSettings): LoweringSettings {
  const { machine, threads } = settings;
  const perColdByte = (machine.perColdByte ?? 0) + PER_PACKED_BYTE / threads;
  return { ...settings, machine: { ...machine, perColdByte, perMovedNumber: PER_MOVED_NUMBER } };
}

function* weighed(
  attributes: Attributes,
  inputs: readonly (TensorType | Constant | undefined)[],
  { wishes, settings, key }: Posed,
): Steps<readonly Weighed[]> {
  const known = memoOf(frontiers, attributes, MAX_SHAPES);
  const found = known.get(key);
  if (found !== undefined) return found;
  const problem = problemOf(attributes, inputs[X]!, inputs[WEIGHT]!, settings.threads);
  const made = yield* weighing(problem, wishes, settings.machine);
  return known.getOrMake(key, () => made);
}

function phaseText({ dilation, rank }: Problem): string {
  return dilation.slice(3 - rank).join(' × ');
}

function isConstant(weight: TensorType | Constant): boolean {
  return 'data' in weight;
}

/** The same at every run, whether its numbers are known now or made once. */
function isFixed(weight: TensorType | Constant | Placed): boolean {
  return isConstant(weight) || ('made' in weight && weight.made === true);
}

function numbersOf(weight: TensorType | Constant): Float32Array | undefined {
  return 'data' in weight && weight.data instanceof Float32Array ? weight.data : undefined;
}

/** How many there are, for who can use sparse weights. Weights of nothing but zeros stand for others that will come. */
function nonZerosFor(wishes: Wishes | undefined, weight: TensorType | Constant): number | undefined {
  const asked = wishes?.algorithm === 'sparse';
  const numbers = asked || wishes?.planar ? numbersOf(weight) : undefined;
  const count = numbers && nonZerosOf(numbers);
  return asked || count !== 0 ? count : undefined;
}

const counted = new WeakMap<Float32Array, number>();

function nonZerosOf(numbers: Float32Array): number {
  const known = counted.get(numbers);
  if (known !== undefined) return known;
  let count = 0;
  for (const number of numbers) if (number !== 0) count++;
  counted.set(numbers, count);
  return count;
}
