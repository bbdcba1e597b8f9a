import { type Cover, summedChannels } from '../../../catalogue/cover.js';
import type { Machine } from '../../../machine/machine.js';
import type { StageRates } from '../../../machine/rates.js';
import type { Axes } from '../../../native/addon.js';
import type { Cost, Settled } from '../../../planner/choices.js';
import { roomOf } from '../../../planner/winograd-room.js';
import type { Shares } from '../../../planner/winograd-shares.js';
import type { Problem } from '../../../problem/problem.js';
import { elementCount } from '../../../tensor/shape.js';
import { coldCost, overhead, paddedOutputs, roundUp, rowRate, usefulThreads } from '../common.js';
import { sharesOfCovers } from './blocks.js';
import { type StageCounts, stageCounts } from './counts.js';

/**
 * Where products take longer than streaming their weights, the share of it that is not hidden falls with this power of
 * the ratio of the two: it is gone at three quarters.
 */
const HIDING = 12;

/** What covers leave open. */
type Rest = Omit<Settled, 'covers'>;

/** Estimates nested F(S, G) (Budden et al. 2017, equations 4 and 5), overhanging tiles included. */
export function winogradCost(problem: Problem, covers: Axes<Cover>, rest: Rest, machine: Machine): Cost {
  const { rates, table } = machine;
  const { width } = table;
  const { batch, inChannels, outChannels } = problem;
  const channels = summedChannels(inChannels, covers);
  const shares = sharesOfCovers(problem, covers, channels, machine);
  const counts = stageCounts(problem, covers, shares.block, machine);
  const numbers = (of: number, extents: Axes) => of * batch * elementCount(extents);
  const { products, streamed } = productsCost(problem, covers, rest, shares, machine);
  const stages = {
    input:
      Math.ceil(channels / width) * stageCost(counts.input, rates.input) +
      numbers(inChannels, problem.input) * rates.input.perNumber,
    product: products,
    output:
      Math.ceil(outChannels / width) * stageCost(counts.output, rates.output) +
      numbers(outChannels, problem.output) * rates.output.perNumber,
  };
  const transforms = stages.input + stages.output;
  const work = transforms + products;
  const threads = usefulThreads(problem, rates, rates.threads.perStages, work);
  // The weights stream beside the products of the threads that there are.
  if (threads < problem.threads) return winogradCost({ ...problem, threads }, covers, rest, machine);
  return {
    stages,
    work,
    threads,
    total:
      streamed +
      transforms / threads +
      overhead(rates, rates.threads.perStages, threads) +
      coldCost(weightBytes(problem, covers, rest, machine), machine),
  };
}

/** Of the weights as they are stored. */
function weightBytes(
  { inChannels, outChannels }: Problem,
  covers: Axes<Cover>,
  { weightFormat }: Rest,
  { table: { width } }: Machine,
): number {
  const products = elementCount(covers.map(({ algorithm }) => algorithm.kernel.products));
  const bytes = weightFormat === 'float32' ? 4 : 2;
  return bytes * products * summedChannels(inChannels, covers) * roundUp(outChannels, width);
}

/** What a stage takes in flops at one core's peak. */
export function stageCost(counts: StageCounts, rates: StageRates): number {
  return (
    counts.instructions * rates.perInstruction +
    counts.moves * rates.perMove +
    counts.generic * rates.perGeneric +
    counts.loops * rates.perLoop +
    counts.blocks * rates.perBlock +
    counts.rows * rates.perRow +
    counts.products * rates.perProduct
  );
}

/**
 * The batched products, and the time they take beside the streaming of weights. Products that few tiles take have
 * smaller register tiles, and less to do while their weights stream in; tiles of different forms share register tiles.
 */
function productsCost(
  problem: Problem,
  covers: Axes<Cover>,
  rest: Rest,
  { block, excess }: Shares,
  machine: Machine,
) {
  const { batch, outChannels, threads } = problem;
  const { rates, table } = machine;
  const { width } = table;
  const channels = summedChannels(problem.inChannels, covers);
  const sums = rest.sumBlock === 0 ? 1 : Math.ceil(channels / rest.sumBlock);
  const panels = Math.ceil(outChannels / (2 * width));
  const widening = rest.weightFormat === 'float32' ? 1 : rates.products.wideningRate;
  const mixed = covers.filter(({ levels }) => levels.length > 1).length;
  const rate = rates.products.rate * rates.products.mixedRate ** mixed * widening;
  const perRow = (2 * channels * paddedOutputs(outChannels, width, rates)) / rate;
  const perTile = sums * panels * rates.products.perTile;
  const all = batch * elementCount(covers.map(({ totals }) => totals.tiles));
  const blocks = Math.ceil(all / block);
  const stream = streamCost(problem, covers, rest, blocks, machine);
  const most = rates.registerTile.rowRate.length;
  let [products, streamed] = [0, 0];
  for (const first of covers[0].levels)
    for (const second of covers[1].levels)
      for (const third of covers[2].levels) {
        const tiles = batch * first.tiles * second.tiles * third.tiles;
        const count = first.products * second.products * third.products;
        const inBlock = Math.max(tiles / blocks, 1);
        const registerTiles = (tiles / inBlock) * Math.ceil(inBlock / most);
        const computing =
          count * ((tiles * perRow) / rowRate(inBlock, most, rates) + registerTiles * perTile);
        products += computing;
        streamed += overlapped((excess * computing) / threads, count * stream, rates.memory.unhidden);
      }
  return { products, streamed };
}

/** Streaming the weights of one product, as often as blocks of tiles fetch them. */
function streamCost(
  problem: Problem,
  covers: Axes<Cover>,
  { weightFormat }: Rest,
  blocks: number,
  machine: Machine,
): number {
  const { rates, table } = machine;
  const { width } = table;
  const { perByte, perSharedByte, cacheSpeed } = rates.memory;
  const products = elementCount(covers.map(({ algorithm }) => algorithm.kernel.products));
  const channels = summedChannels(problem.inChannels, covers);
  const vectors = Math.ceil(problem.outChannels / width);
  const bytes = 4 * channels * width;
  const near = (vectors: number) => products * vectors * bytes <= roomOf(machine).nearWeights;
  // In bfloat16 those of two vectors take the place of one; what stays in cache anyway gains nothing by that.
  const stored = weightFormat === 'float32' || near(vectors) ? vectors : Math.ceil(vectors / 2);
  const fetching = stored * bytes * (problem.threads > 1 ? perSharedByte : perByte);
  return near(stored) ? fetching / cacheSpeed : fetching * blocks;
}

/** What two things take side by side, of which neither hides all of the other. */
function overlapped(computing: number, streaming: number, most: number): number {
  const unhidden = most * Math.min(1, (streaming / computing) ** HIDING);
  return Math.max(computing, streaming) + unhidden * Math.min(computing, streaming);
}
