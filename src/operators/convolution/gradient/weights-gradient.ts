import { expected } from '../../../../synth/errors.js';
import { directError } from '../../../../synth/noise/layer.js';
import { candidatesOf } from '../../../catalogue/candidates.js';
import { tilingOf } from '../../../catalogue/cover.js';
import type { WeightGradientSchedule } from '../../../native/addon.js';
import { nativeProblem } from '../../../planner/lower.js';
import { choosing, type Decision } from '../../../planner/planner.js';
import { gradientProductOf, productBlocks } from '../../../planner/product-blocks.js';
import { threadsOf, WORTH_WAKING, workOf } from '../../../planner/schedule.js';
import { axes, outputShape, type Problem } from '../../../problem/problem.js';
import { type BoundedMap, memoOf } from '../../../support/bounded-map.js';
import { atOnce, type Steps } from '../../../support/unhurried.js';
import { elementCount } from '../../../tensor/shape.js';
import { floats, integer, integers } from '../../attributes.js';
import type { Attributes, LoweringSettings, Operator, TensorType } from '../../operator.js';
import { DEFAULT_ERROR_LIMIT, type Wishes } from '../decide.js';
import { problemOf } from '../geometry.js';
import { weightsGradientAlgorithms } from './algorithms.js';
import { gradientBlocks, lanesOf } from './blocks.js';
import { backOf, dualOf } from './dual.js';

/**
 * The gradient of a convolution's weights: of x and the gradient of its result, with the attributes of Conv, `kernel_shape`
 * among them. dW[k][c][tap] = Σ dy[n][k][o] x[n][c][o · stride + tap · dilation − padding] (Georganas et al. 2018, section
 * II-J), by nested F(G, S) or by sums over positions, each in blocks of some hundred, so that errors do not grow with the
 * number of images.
 */
export const convWeightsGradient: Operator = {
  name: 'ConvWeightsGradient',
  infer(attributes, inputs) {
    const [x, gradient] = [floats(inputs, 0, 'X'), floats(inputs, 1, 'dY')];
    const weight = weightOf(attributes, x, gradient);
    const made = outputShape(problemOf(attributes, x, weight, 1));
    if (made.join() !== gradient.shape.join())
      throw expected(
        'input dY',
        `of shape [${made.join(', ')}], as the convolution's result`,
        gradient.shape,
      );
    return [weight];
  },
  layouts(attributes) {
    const layout = isPlanar(attributes) ? 'planar' : 'blocked';
    return { inputs: [[layout], [layout]], outputs: [['planar']] };
  },
  *prepare(attributes, inputs, settings) {
    yield* planning(attributes, inputs[0]!, inputs[1]!, settings);
  },
  lower({ attributes, inputs }, settings) {
    const { problem, decision } = atOnce(planning(attributes, inputs[0]!, inputs[1]!, settings));
    const schedule = scheduleOf(problem, decision, settings);
    const description = {
      problem: {
        ...nativeProblem(problem, { bias: false, residual: false }),
        direction: 'backwardWeights' as const,
      },
      schedule,
    };
    const step = { operator: 'convolution', description, work: workOf(decision.choice) };
    return {
      steps: [{ ...step, inputs: [{ input: 0 }, { input: 1 }], outputs: [{ output: 0 }] }],
      title: `${schedule.algorithm}, gradient of the weights`,
    };
  },
};

function isPlanar({ wishes }: Attributes): boolean {
  return (wishes as Wishes | undefined)?.algorithm === 'gemm';
}

interface Planned {
  readonly problem: Problem;
  readonly decision: Decision;
}

/** By the attributes of a node, then by shapes and settings. */
const decisions = new WeakMap<Attributes, BoundedMap<string, Planned>>();
const MAX_SHAPES = 8;

function* planning(
  attributes: Attributes,
  x: TensorType,
  gradient: TensorType,
  { threads, machine, accuracy, isa }: LoweringSettings,
): Steps<Planned> {
  const known = memoOf(decisions, attributes, MAX_SHAPES);
  const key = [x.shape.join('×'), gradient.shape.join('×'), threads, isa.name, accuracy].join();
  const found = known.get(key);
  if (found !== undefined) return found;
  const problem = problemOf(attributes, x, weightOf(attributes, x, gradient), threads);
  yield;
  const decision = yield* choosing(problem, {
    algorithms: weightsGradientAlgorithms,
    algorithm: (attributes.wishes as Wishes | undefined)?.algorithm ?? 'auto',
    candidates: candidatesOf(problem, {}),
    errorLimit: limitOf(accuracy, problem),
    machine,
  });
  return known.getOrMake(key, () => ({ problem, decision }));
}

/** The largest expected error, as a multiple of that of sums over all positions in turn. */
function limitOf(accuracy: LoweringSettings['accuracy'], { batch, output }: Problem): number {
  if (accuracy === undefined) return DEFAULT_ERROR_LIMIT;
  if (accuracy === 'fast') return Number.POSITIVE_INFINITY;
  return accuracy === 'direct' ? 1 : accuracy / directError([], batch * elementCount(output));
}

function scheduleOf(
  problem: Problem,
  { choice }: Decision,
  { isa, machine }: LoweringSettings,
): WeightGradientSchedule {
  const layout = choice.algorithm === 'gemm' ? 'planar' : 'blocked';
  const threads = threadsOf(choice);
  const shared = {
    ...{ isa: isa.name, threads, wake: workOf(choice) >= WORTH_WAKING, streamOutput: false },
    layouts: { input: layout, output: layout, residual: layout },
  } as const;
  if (choice.algorithm === 'gemm')
    return { algorithm: 'gemm', ...shared, ...productBlocks(gradientProductOf(problem), threads, machine) };
  const common = { ...shared, lanes: lanesOf(problem, machine) };
  const { covers, sumBlock } = choice;
  if (covers === undefined) return { algorithm: 'direct', ...common };
  return {
    algorithm: 'winograd',
    ...common,
    transforms: axes((a) => covers[a].algorithm.kernel),
    tilings: axes((a) => tilingOf(covers[a])),
    gradients: axes((a) => covers[a].algorithm.forms.map((form) => dualOf(form).gradient())),
    back: axes((a) => backOf(covers[a].algorithm)),
    ...gradientBlocks(problem, covers, sumBlock, machine),
  };
}

function weightOf(attributes: Attributes, x: TensorType, gradient: TensorType): TensorType {
  const rank = x.shape.length - 2;
  const kernel = integers(attributes, 'kernel_shape', { count: rank, least: 1 });
  if (kernel === undefined) throw expected('attribute kernel_shape', `${rank} integers`, undefined);
  const groups = integer(attributes, 'group', 1, 1);
  const [channels, outputs] = [x.shape[1]!, gradient.shape[1]!];
  if (channels % groups !== 0 || outputs % groups !== 0)
    throw expected('attribute group', `a divisor of ${channels} and ${outputs}`, groups);
  return { type: 'float32', shape: [outputs, channels / groups, ...kernel] };
}
