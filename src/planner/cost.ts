import type { AxisForm } from '../catalogue/axis-algorithm.js';
import { type Cover, summedChannels } from '../catalogue/cover.js';
import type { Axes, WeightFormat } from '../native/addon.js';
import type { Problem } from '../problem/problem.js';
import { elementCount } from '../tensor/shape.js';
import { narrowGroups } from './layouts.js';

/**
 * The cost model: estimated time in units of one flop at one core's FMA peak, so that no clock enters and a plan
 * is the same on every machine of a kind. It ranks plans; it does not predict milliseconds.
 */
const model = {
  /** Share of the peak that a full register tile of the batched products reaches, and the direct kernel. */
  productRate: 0.96,
  /** The rate along an axis of which some tiles do without some products, relative to tiles of one size. */
  mixedRate: 0.95,
  directRate: 0.97,
  /** Rate of a register tile of 1, 2, … rows relative to the full one, by the kernels' width; measured. */
  rowRate: {
    4: [0.27, 0.5, 0.71, 0.88, 0.94, 1],
    8: [0.27, 0.5, 0.71, 0.88, 0.94, 1],
    16: [0.33, 0.6, 0.82, 0.92, 0.95, 0.97, 0.98, 0.98, 0.99, 0.99, 1, 1, 1, 1],
  } as Readonly<Record<number, readonly number[]>>,
  /** The same of a register tile with one vector of two: with few rows it has too few sums to keep both pipes busy. */
  halfPanelRate: { 4: 0.6, 8: 0.6, 16: 0.97 } as Readonly<Record<number, number>>,
  /** The same where weights are widened from bfloat16; measured where they stay in cache. */
  wideningRate: 0.98,
  /** Steps of the inner sum in whose time a register tile is begun and stored. */
  stepsPerSum: 5,
  /**
   * What the peak counts in the time of one vector instruction of a transform: two FMAs of two flops in a cycle, of which
   * transforms with vectors of channels use a little more.
   */
  flopsPerInstruction: { channels: 3.2, positions: 4 },
  /** What the peak counts in a cycle at most, and for each float of a narrower vector. */
  flopsPerCycle: 32,
  flopsPerCycleAndFloat: 4,
  /** Pairing rows of ±x halves the arithmetic of a transform, about. */
  instructionsPerEntry: 0.5,
  /** Two loads or stores go with each instruction. */
  instructionsPerMove: 0.5,
  /** Cycles to bring a number from a vector of channels to its place in a planar result. */
  cyclesPerStored: 0.5,
  /**
   * Vectors of positions: cycles to put a tile of one channel into its lane or take it out, for each of its rows, and for
   * each number; fitted to the stages of 200 plans for layers of few channels and of groups on AVX2 and AVX-512.
   */
  cyclesPerTile: 65,
  cyclesPerRow: 2,
  cyclesPerNumber: 0.6,
  /**
   * Direct convolution of groups narrower than a vector, in multiply-adds of a vector: share of the peak that its kernel
   * reaches; what it takes to load a pixel and put it beside the others, for each input channel of a group, and to store
   * one. Measured on groups of 1, 2, 4 and 8 channels.
   */
  groupedRate: 0.95,
  groupedLoad: 8,
  groupedSpread: 5,
  groupedStore: 12,
  /** Peak flops of one core in the time in which memory delivers a byte to it, and to several. */
  flopsPerByte: 4.5,
  flopsPerSharedByte: 3.2,
  /**
   * Share of the shorter one of streaming the weights and computing the products that prefetching does not hide,
   * where streaming is the longer one; the share falls with the twelfth power of their ratio where it is not: it is
   * gone at three quarters. Rates of products and the speed of memory were fitted to 400 plans for the benchmark's
   * layers, of 1 and 4 images.
   */
  unhidden: 0.2,
  /** Weights beyond this many bytes are streamed again for every block of tiles, instead of staying in cache. */
  nearWeights: 16 << 20,
  /** How much faster the cache delivers them than memory. */
  cacheSpeed: 1.5,
  /** Tiles of a block whose weights are far, the bytes of transformed inputs that it keeps to, and the fewest tiles. */
  farTiles: 28,
  largestInputs: 8 << 20,
  leastTiles: 8,
  /**
   * Sharing work between two threads, and as much for each doubling: of passes in one go, some 13 µs, and of Winograd's
   * stages, which leave each thread smaller register tiles. Measured on layers of 7 × 7 to 28 × 28.
   */
  sharing: 1.5e6,
  sharingStages: 5e6,
  /** Starting the stages. */
  overhead: 200_000,
} as const;

/** Input channels summed before the partial sum is added to memory; 0 for all in one sum. */
export const sumBlocks = [0, 128, 64, 32, 16] as const;

/** Where the estimated time goes, in flops at one core's peak. */
export interface Cost {
  readonly transforms: number;
  readonly products: number;
  /** Those that have work, of the problem's. */
  readonly threads: number;
  /** On these threads, with the streaming of the weights. */
  readonly total: number;
}

/** What a choice of tiles leaves open. */
export interface Rest {
  /** Input channels summed before the partial sum is added to memory; 0 for all. */
  readonly sumBlock: number;
  readonly weightFormat: WeightFormat;
  /** Floats in a vector of the kernels that will run. */
  readonly width: number;
}

/** Estimates nested F(S, G) (Budden et al. 2017, equations 4 and 5), overhanging tiles included. */
export function winogradCost(problem: Problem, covers: Axes<Cover>, rest: Rest): Cost {
  const { sumBlock, width } = rest;
  const { batch, outChannels } = problem;
  const channels = summedChannels(problem.inChannels, covers);
  const sums = sumBlock === 0 ? 1 : Math.ceil(channels / sumBlock);
  const steps = channels + sums * model.stepsPerSum;
  const { products, streamed } = productsCost(problem, covers, steps, rest);
  const instructions =
    roundUp(channels, width) * inputInstructions(covers) +
    roundUp(outChannels, width) * outputInstructions(covers);
  const transforms = model.flopsPerInstruction.channels * batch * instructions + storing(problem, width);
  const threads = usefulThreads(problem, transforms + products, model.sharingStages);
  // The weights stream beside the products of the threads that there are.
  if (threads < problem.threads) return winogradCost({ ...problem, threads }, covers, rest);
  return {
    transforms,
    products,
    threads,
    total: streamed + transforms / threads + overhead(threads, model.sharingStages),
  };
}

/**
 * The batched products, and the time they take beside the streaming of weights. Products that few tiles take have
 * smaller register tiles, and less to do while their weights stream in; tiles of different forms share register tiles.
 */
function productsCost(problem: Problem, covers: Axes<Cover>, steps: number, rest: Rest) {
  const { batch, outChannels, threads } = problem;
  const { weightFormat, width } = rest;
  const widening = weightFormat === 'float32' ? 1 : model.wideningRate;
  const rowRate = model.rowRate[width]!;
  const mixed = covers.filter(({ levels }) => levels.length > 1).length;
  const rate = model.productRate * model.mixedRate ** mixed * widening;
  const perRow = (2 * steps * paddedOutputs(outChannels, width)) / rate;
  const stream = streamCost(problem, covers, rest);
  let [products, streamed] = [0, 0];
  for (const first of covers[0].levels)
    for (const second of covers[1].levels)
      for (const third of covers[2].levels) {
        const tiles = batch * first.tiles * second.tiles * third.tiles;
        const inGroup = Math.floor(tiles / Math.ceil(tiles / rowRate.length));
        const count = first.products * second.products * third.products;
        const computing = (count * tiles * perRow) / rowRate[inGroup - 1]!;
        products += computing;
        streamed += overlapped(computing / threads, count * stream);
      }
  return { products, streamed };
}

/** Output channels as the register tiles see them, two vectors at a time: an odd last vector takes longer. */
function paddedOutputs(channels: number, width: number): number {
  const vectors = Math.ceil(channels / width);
  return width * (vectors - (vectors % 2) + (vectors % 2) / model.halfPanelRate[width]!);
}

/** Streaming the weights of one product, as often as blocks of tiles fetch them. */
function streamCost(problem: Problem, covers: Axes<Cover>, { weightFormat, width }: Rest): number {
  const products = elementCount(covers.map(({ algorithm }) => algorithm.kernel.products));
  const channels = summedChannels(problem.inChannels, covers);
  const vectors = Math.ceil(problem.outChannels / width);
  const bytes = 4 * channels * width;
  const near = (vectors: number) => products * vectors * bytes <= model.nearWeights;
  // In bfloat16 those of two vectors take the place of one; what stays in cache anyway gains nothing by that.
  const stored = weightFormat === 'float32' || near(vectors) ? vectors : Math.ceil(vectors / 2);
  const fetching = stored * bytes * (problem.threads > 1 ? model.flopsPerSharedByte : model.flopsPerByte);
  if (near(stored)) return fetching / model.cacheSpeed;
  const tiles = problem.batch * elementCount(covers.map(({ totals }) => totals.tiles));
  const fitting = Math.floor(model.largestInputs / (4 * products * channels));
  const inBlock = Math.max(Math.min(model.farTiles, fitting), model.leastTiles);
  return fetching * Math.ceil(tiles / inBlock);
}

/**
 * Estimates nested F(S, G) whose vectors hold positions of a tile: nothing is padded to vectors of channels, but tiles go
 * in and out of their lanes number by number. Tiles are transformed a vector of them at a time.
 */
export function positionsCost(problem: Problem, covers: Axes<Cover>, { width }: Rest): Cost {
  const { batch, inChannels, outChannels, groups } = problem;
  const over = (of: (cover: Cover, axis: number) => number) => batch * elementCount(covers.map(of));
  const tiles = over(({ totals }) => totals.tiles);
  const moving = (size: 'inputs' | 'outputs') =>
    tiles * model.cyclesPerTile +
    over(({ totals }, a) => (a === 2 ? totals.tiles : totals[size])) * model.cyclesPerRow +
    over(({ totals }) => totals[size]) * model.cyclesPerNumber;
  const lanes = roundUp(tiles, width);
  const instructions = inChannels * inputInstructions(covers) + outChannels * outputInstructions(covers);
  const cycles = inChannels * moving('inputs') + outChannels * moving('outputs');
  const transforms =
    model.flopsPerInstruction.positions * (lanes / tiles) * batch * instructions +
    flopsPerCycle(width) * cycles;
  const positions = roundUp(elementCount(covers.map(({ algorithm }) => algorithm.kernel.products)), width);
  const products = 2 * lanes * positions * (inChannels / groups + model.stepsPerSum) * outChannels;
  return sum(problem, transforms, products);
}

/** Estimates the direct kernel. */
export function directCost(problem: Problem, width: number): Cost {
  const { batch, inChannels, outChannels, groups } = problem;
  if (narrowGroups(problem, width)) return groupedCost(problem, width);
  const taps = elementCount(problem.output.map((_, axis) => tapsAlong(problem, axis)));
  const steps = (inChannels / groups) * taps + elementCount(problem.output) * model.stepsPerSum;
  const channels = groups * paddedOutputs(outChannels / groups, width);
  return sum(problem, storing(problem, width), (2 * batch * steps * channels) / model.directRate);
}

/** Bringing vectors of channels into the order of a planar result; it matters where channels are few. */
function storing({ batch, output, outChannels }: Problem, width: number): number {
  return batch * elementCount(output) * outChannels * model.cyclesPerStored * flopsPerCycle(width);
}

function flopsPerCycle(width: number): number {
  return Math.min(model.flopsPerCycle, width * model.flopsPerCycleAndFloat);
}

/** Taps along an axis, of all outputs together; those on padding cost nothing but along the last one. */
function tapsAlong({ input, output, kernel, stride, dilation, padBegin }: Problem, axis: number): number {
  if (axis === 2) return output[axis]! * kernel[axis]!;
  let taps = 0;
  for (let at = 0; at < output[axis]!; at++) {
    const start = at * stride[axis]! - padBegin[axis]!;
    const end = Math.min(kernel[axis]!, Math.max(0, Math.ceil((input[axis]! - start) / dilation[axis]!)));
    taps += Math.max(0, end - Math.max(0, Math.ceil(-start / dilation[axis]!)));
  }
  return taps;
}

/** The kernel for groups narrower than a vector, which leaves no lane empty. */
function groupedCost(problem: Problem, width: number): Cost {
  const { batch, inChannels, outChannels, groups } = problem;
  const [inputs, outputs] = [elementCount(problem.input), elementCount(problem.output)];
  const channels = inChannels / groups;
  const spreading = channels === 1 ? 0 : model.groupedSpread * channels;
  const moves = inputs * (model.groupedLoad + spreading) + outputs * model.groupedStore;
  const flops = 2 * batch * roundUp(outChannels, width);
  const products = (flops * outputs * channels * elementCount(problem.kernel)) / model.groupedRate;
  return sum(problem, flops * moves, products);
}

/** What two things take side by side, of which neither hides all of the other. */
function overlapped(computing: number, streaming: number): number {
  const unhidden = model.unhidden * Math.min(1, (streaming / computing) ** 12);
  return Math.max(computing, streaming) + unhidden * Math.min(computing, streaming);
}

function sum(problem: Problem, transforms: number, products: number): Cost {
  const threads = usefulThreads(problem, transforms + products, model.sharing);
  return {
    transforms,
    products,
    threads,
    total: (transforms + products) / threads + overhead(threads, model.sharing),
  };
}

/** Threads that work is done soonest with. */
function usefulThreads({ threads }: Problem, work: number, sharing: number): number {
  const time = (count: number) => work / count + overhead(count, sharing);
  let useful = 1;
  while (useful < threads && time(useful + 1) < time(useful)) useful++;
  return useful;
}

function overhead(threads: number, sharing: number): number {
  return model.overhead + sharing * Math.log2(threads);
}

/** Vector instructions for one channel: fetching the tiles' inputs, then B along the first axis to the last. */
function inputInstructions(covers: Axes<Cover>): number {
  const [first, second, third] = covers;
  return passes(passesOf(first).input, passesOf(second).input, passesOf(third).input);
}

/** The same for A, from the last axis to the first. */
function outputInstructions(covers: Axes<Cover>): number {
  const [first, second, third] = covers;
  return passes(passesOf(third).output, passesOf(second).output, passesOf(first).output);
}

interface Pass {
  /** Lengths summed over the tiles of the axis. */
  readonly before: number;
  readonly after: number;
  /** Instructions to transform one line through all tiles of the axis. */
  readonly work: number;
}

const known = new WeakMap<Cover, { readonly input: Pass; readonly output: Pass }>();

/** Both transforms along an axis, computed once: covers are tried in many combinations. */
function passesOf(cover: Cover): { readonly input: Pass; readonly output: Pass } {
  const found = known.get(cover);
  if (found !== undefined) return found;
  const { totals, runs } = cover;
  const made = {
    input: {
      before: totals.inputs,
      after: totals.products,
      work: workOf(runs, ({ native, entries }) => [native.inputs, entries.input, native.products]),
    },
    output: {
      before: totals.products,
      after: totals.outputs,
      work: workOf(runs, ({ native, entries }) => [native.products, entries.output, native.outputs]),
    },
  };
  known.set(cover, made);
  return made;
}

/** Lines of a pass are as many as the axes before it make when transformed, times those after it when not yet. */
function passes(a: Pass, b: Pass, c: Pass): number {
  const moves = a.before * b.before * c.before + a.after * b.after * c.after;
  return (
    moves * model.instructionsPerMove +
    a.work * b.before * c.before +
    a.after * b.work * c.before +
    a.after * b.after * c.work
  );
}

/** Loads, arithmetic and stores of one line; nothing where an axis is left as it is. */
function workOf(
  runs: Cover['runs'],
  sizes: (form: AxisForm) => readonly [before: number, entries: number, after: number],
): number {
  return runs.reduce((total, { form, tiles }) => {
    const [before, entries, after] = sizes(form);
    if (before === 1 && after === 1) return total;
    return (
      total + tiles * (entries * model.instructionsPerEntry + (before + after) * model.instructionsPerMove)
    );
  }, 0);
}

function roundUp(value: number, step: number): number {
  return Math.ceil(value / step) * step;
}
