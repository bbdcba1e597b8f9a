import type { InputGradientSchedule } from '../../../native/addon.js';
import { nativeProblem } from '../../../planner/lower.js';
import { PACKING, packedBytes } from '../../../planner/packed-weights.js';
import { inputGradientProductOf, productBlocks } from '../../../planner/product-blocks.js';
import { WORTH_WAKING } from '../../../planner/schedule.js';
import { directFlops, type Problem } from '../../../problem/problem.js';
import { elementCount } from '../../../tensor/shape.js';
import { convTranspose, transposedWindow } from '../../conv-transpose.js';
import type {
  Attributes,
  LoweredStep,
  LoweringSettings,
  Operand,
  Operator,
  TensorType,
} from '../../operator.js';
import { threadsFor } from '../../threads.js';
import { problemOf } from '../geometry.js';

/** Of columns that are made together, in floats: they stay in the second level of cache until they are added up. */
const COLUMN_FLOATS = 1 << 17;

/**
 * The gradient of a convolution's input as a product of matrices (DECONVGEMM, Barrachina et al. 2023, section 3.3): inputs,
 * attributes and result of ConvTranspose. Columns of the transposed weights by the gradient of the result are added to
 * where they belong block by block: they take a block's memory instead of the whole matrix', and the order of additions
 * depends on nothing but the problem.
 */
export const convInputGradient: Operator = {
  name: 'ConvInputGradient',
  infer: convTranspose.infer,
  lower({ attributes, inputs, outputs }, settings) {
    const [gradient, weight, bias] = inputs;
    const problem = forwardOf(attributes, gradient!, weight!, outputs[0]!);
    const description = {
      problem: {
        ...nativeProblem(problem, { bias: bias !== undefined, residual: false }),
        direction: 'backwardData' as const,
      },
      schedule: scheduleOf(problem, settings),
    };
    const packing = { operator: PACKING, description };
    const bytes = packedBytes(description);
    const product = (packed: Operand): LoweredStep => ({
      ...{ operator: 'convolution', description, outputs: [{ output: 0 }], work: directFlops(problem) },
      inputs: [{ input: 0 }, packed, bias && { input: 2 }],
    });
    const title = 'gemm, gradient of the input';
    if ('data' in weight!)
      return { steps: [product({ packed: packing, inputs: [1], key: 'transposed weights', bytes })], title };
    const pack = { ...packing, inputs: [{ input: 1 }], outputs: [{ temporary: 0 }] };
    return { steps: [pack, product({ temporary: 0 })], temporaries: [bytes], title };
  },
};

/** The convolution whose input's gradient it is: of the result's extents, with the padding that gives the gradient's. */
function forwardOf(
  attributes: Attributes,
  gradient: TensorType,
  weight: TensorType,
  result: TensorType,
): Problem {
  const window = transposedWindow(attributes, gradient.shape, weight.shape, result.shape);
  return problemOf(window, result, weight, 1);
}

function scheduleOf(problem: Problem, { isa, threads, machine }: LoweringSettings): InputGradientSchedule {
  const sizes = inputGradientProductOf(problem);
  const work = directFlops(problem);
  const shared = threadsFor(threads, 0, work);
  const { rowBlock, columnBlock, sumBlock } = productBlocks(sizes, 1, machine);
  const taps = elementCount(problem.kernel);
  const channels = problem.inChannels / problem.groups;
  const fitting = Math.max(1, Math.floor(COLUMN_FLOATS / (taps * Math.min(columnBlock, sizes.n))));
  const even = Math.ceil((channels * sizes.results) / (shared === 1 ? 1 : 4 * shared));
  return {
    ...{ algorithm: 'gemm', isa: isa.name, threads: shared, wake: work >= WORTH_WAKING },
    layouts: { input: 'planar', output: 'planar', residual: 'planar' },
    ...{ streamOutput: false, shared: 'columns', rowBlock, columnBlock, sumBlock },
    channelBlock: Math.min(channels, fitting, Math.max(1, even)),
  };
}
