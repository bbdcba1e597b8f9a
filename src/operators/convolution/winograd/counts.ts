import { type Cover, stepOf, summedChannels } from '../../../catalogue/cover.js';
import type { Machine } from '../../../machine/machine.js';
import type { Axes } from '../../../native/addon.js';
import { OFTEN, roomOf, SHORTEST_RUN } from '../../../planner/winograd-room.js';
import type { Problem } from '../../../problem/problem.js';
import { elementCount } from '../../../tensor/shape.js';
import { roundUp } from '../common.js';
import { inputWork, outputWork, type TransformWork } from '../nested/instructions.js';

/** What happens in a stage of Winograd for one vector of channels, all images. */
export interface StageCounts extends TransformWork {
  /** Inner loops over tiles side by side. */
  readonly loops: number;
  /** Rows of planar pixels, and the blocks that they are brought into vectors or out of them in. */
  readonly rows: number;
  readonly blocks: number;
  /** Vectors of U or M. */
  readonly products: number;
}

/** Both transforms of nested F(S, G) whose blocks have so many tiles. */
export function stageCounts(
  problem: Problem,
  covers: Axes<Cover>,
  block: number,
  machine: Machine,
): { readonly input: StageCounts; readonly output: StageCounts } {
  const { width } = machine.table;
  const room = roomOf(machine);
  const { batch, input, output } = problem;
  const [first, second] = covers;
  const products = batch * elementCount(covers.map(({ totals }) => totals.products));
  const pieces = piecesOf(covers, block, width, room);
  const lines = batch * first.totals.products * second.totals.products;
  const rowsIn = batch * first.totals.inputs * second.totals.inputs;
  const transposed = rowsIn * pieces.blocksIn;
  const copied = batch * input[0] * Math.ceil((input[1] * input[2]) / width);
  const planes = Math.min(input[0], first.runs[0]!.form.native.inputs);
  const slab = 4 * planes * input[1] * input[2] * roundUp(problem.inChannels, width);
  const copies = transposed > OFTEN * copied && slab <= room.slab && summedChannels(1, covers) === 1;
  const rowsOut = batch * output[0] * output[1];
  return {
    input: {
      ...times(batch, inputWork(covers)),
      loops: lines * pieces.slices,
      rows: copies ? batch * input[0] : rowsIn * pieces.count,
      blocks: copies ? copied : transposed,
      products,
    },
    output: {
      ...times(batch, outputWork(covers)),
      loops: lines * pieces.slices,
      rows: rowsOut * pieces.count,
      blocks: rowsOut * Math.min(pieces.blocksOut, Math.ceil(output[2] / width) + pieces.count - 1),
      products,
    },
  };
}

/** How rows of tiles come apart: where forms change, where strips grow too long, where blocks end. */
function piecesOf(covers: Axes<Cover>, block: number, width: number, room: ReturnType<typeof roomOf>) {
  const [first, second, third] = covers;
  const rows = largest(first) * largest(second);
  const [last] = third.algorithm.forms as readonly [(typeof third.algorithm.forms)[0]];
  const longest = Math.max(Math.floor(room.strip / (4 * rows * stepOf(third, last) * width)), SHORTEST_RUN);
  const inRow = third.totals.tiles;
  const cut = block % inRow === 0 ? Infinity : block;
  const middle = second.runs[0]!.form.native;
  const still = middle.products === 1 && middle.inputs === 1;
  let [count, slices, blocksIn, blocksOut] = [cut === Infinity ? 0 : inRow / block, 0, 0, 0];
  for (const { form, tiles } of third.runs) {
    const { inputs, outputs } = form.native;
    const parts = Math.ceil(tiles / Math.min(longest, cut));
    const each = tiles / parts;
    const step = stepOf(third, form);
    const inSlice = Math.max(1, Math.floor(room.slice / (4 * middle.products * step * width)));
    count += parts;
    slices += parts * (still ? 1 : Math.ceil(each / inSlice));
    blocksIn += parts * Math.ceil((each * step + inputs - step) / width);
    blocksOut += parts * Math.ceil((each * outputs) / width);
  }
  return { count, slices, blocksIn, blocksOut };
}

function largest({ algorithm }: Cover): number {
  const { inputs, products, outputs } = algorithm.forms[0]!.native;
  return Math.max(inputs, products, outputs);
}

function times(factor: number, { instructions, moves, generic }: TransformWork): TransformWork {
  return { instructions: factor * instructions, moves: factor * moves, generic: factor * generic };
}
