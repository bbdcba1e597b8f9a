import type { AxisForm } from '../../../catalogue/axis-algorithm.js';
import type { Cover } from '../../../catalogue/cover.js';
import type { Machine } from '../../../machine/machine.js';
import type { Axes } from '../../../native/addon.js';
import type { Cost } from '../../../planner/choices.js';
import type { Problem } from '../../../problem/problem.js';
import { elementCount } from '../../../tensor/shape.js';
import { roundUp, sharedCost } from '../common.js';
import { INSTRUCTIONS_PER_ENTRY } from '../nested/instructions.js';
import { tapsMet } from '../taps.js';
import { stageCost } from '../winograd/cost.js';
import { stageCounts } from '../winograd/counts.js';
import { gradientBlocks, LONGEST_SUM, lanesOf, OUTER_ROWS } from './blocks.js';
import { dualOf } from './dual.js';

/** Share of the peak that register tiles of outer products reach on long sums. */
const RATE = 0.95;
/** To begin, store and fetch a register tile takes as long as so many tiles' products. */
const TILES_PER_SUM = 1.5;
/** Bytes that go through the last level for each number of sums that a block leaves to the next. */
const SUM_BYTES = 8;
/** Share of the peak that direct sums reach, which read both sides for every tap. */
const DIRECT_RATE = 0.85;
/** Positions whose products take as long as reading one of each side for a vector of channels, where all is read once. */
const POSITIONS_PER_READ = 0.5;

/** Channels of both sides as register tiles see them. */
function paddedChannels(problem: Problem, machine: Machine): number {
  const { inChannels, outChannels } = problem;
  const { width } = machine.table;
  return lanesOf(problem, machine) === 'inputs'
    ? roundUp(outChannels, OUTER_ROWS) * roundUp(inChannels, width)
    : roundUp(inChannels, OUTER_ROWS) * roundUp(outChannels, width);
}

/** Estimates the gradient of the weights by nested F(G, S). */
export function winogradGradientCost(
  problem: Problem,
  covers: Axes<Cover>,
  sumBlock: number,
  machine: Machine,
): Cost {
  const { rates, table } = machine;
  const { width } = table;
  const { batch, inChannels, outChannels, input, output } = problem;
  const { tileBlock } = gradientBlocks(problem, covers, sumBlock, machine);
  const counts = stageCounts(problem, covers, tileBlock, machine);
  // Blocked on both sides.
  const blocked = { rows: 0, blocks: 0 };
  const vectors = (channels: number) => Math.ceil(channels / width);
  const compiled = covers.every(({ runs }) =>
    runs.every(({ form }) => isIdentity(form) || dualOf(form).compiled),
  );
  const generic = compiled ? 0 : counts.output.instructions + counts.output.moves;
  const transforms =
    vectors(inChannels) * stageCost({ ...counts.input, ...blocked }, rates.input) +
    vectors(outChannels) * stageCost({ ...counts.output, ...blocked, generic }, rates.input) +
    batch * (inChannels * elementCount(input) + outChannels * elementCount(output)) * rates.input.perNumber;
  const pairs = paddedChannels(problem, machine);
  const tiles = batch * elementCount(covers.map(({ totals }) => totals.tiles));
  const blocks = Math.ceil(tiles / tileBlock);
  let products = 0;
  for (const first of covers[0].levels)
    for (const second of covers[1].levels)
      for (const third of covers[2].levels) {
        const own = batch * first.tiles * second.tiles * third.tiles;
        const sums = Math.ceil(own / Math.min(own, Math.min(sumBlock || LONGEST_SUM, tileBlock)));
        const count = first.products * second.products * third.products;
        products += (2 * pairs * count * (own + TILES_PER_SUM * sums)) / RATE;
      }
  const all = elementCount(covers.map(({ algorithm }) => algorithm.kernel.products));
  const between = blocks > 1 ? SUM_BYTES * (blocks - 1) * all * pairs : 0;
  const passing = (between * rates.memory.perByte) / rates.memory.cacheSpeed;
  const back =
    (pairs / width) * stageCost(backCounts(covers, compiled), rates.output) +
    inChannels * outChannels * elementCount(problem.kernel) * rates.output.perNumber;
  return sharedCost(problem, rates, { input: transforms, product: products + passing, output: back });
}

const counted = new WeakMap<Float64Array, number>();

function nonZeros(matrix: Float64Array): number {
  const known = counted.get(matrix) ?? matrix.reduce((count, entry) => (entry === 0 ? count : count + 1), 0);
  counted.set(matrix, known);
  return known;
}

/** Of the transform back of a vector of sums, from the last axis to the first. */
function backCounts(covers: Axes<Cover>, compiled: boolean) {
  const kernels = covers.map(({ algorithm }) => algorithm.kernel);
  const [d, h, w] = kernels as unknown as Axes<(typeof kernels)[0]>;
  const lines = [d.products * h.products, d.products * w.taps, h.taps * w.taps];
  let [instructions, moves] = [0, 0];
  for (const [i, { products, taps, C }] of [w, h, d].entries()) {
    instructions += INSTRUCTIONS_PER_ENTRY * lines[i]! * nonZeros(C);
    moves += lines[i]! * (products + taps);
  }
  const generic = compiled ? 0 : instructions + moves;
  return { instructions, moves, generic, loops: lines[0]! / 64, rows: 0, blocks: 0, products: 0 };
}

function isIdentity({ native }: AxisForm): boolean {
  return native.inputs === 1 && native.products === 1;
}

/** Estimates the gradient of the weights by sums over positions. */
export function directGradientCost(problem: Problem, machine: Machine): Cost {
  const { batch, groups } = problem;
  const met = [0, 1, 2].map((axis) => tapsMet(problem, axis as 0 | 1 | 2).sum);
  const pairs = paddedChannels(problem, machine) / groups;
  const products = (2 * pairs * batch * elementCount(met)) / DIRECT_RATE;
  const reading = POSITIONS_PER_READ * 2 * pairs * batch * elementCount(problem.output);
  return sharedCost(problem, machine.rates, { input: 0, product: products + reading, output: 0 });
}
