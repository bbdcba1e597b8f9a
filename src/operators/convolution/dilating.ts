import type { Axes } from '../../native/addon.js';
import { axes, type Problem } from '../../problem/problem.js';
import { elementCount } from '../../tensor/shape.js';
import { blockedShape, gathered, permuted, picked, whole } from '../movement.js';
import type { KernelCall, Layout, LoweringSettings } from '../operator.js';
import { inOrderFrom } from './interleaving.js';

/**
 * A dilated convolution as one whose taps are neighbours: outputs dilation apart, a phase, see only inputs that lie as far
 * apart (polyphase; `synth/forms/polyphase.ts` has the proof). Phases become images of a larger batch, which run by whatever
 * algorithm suits them.
 */
export interface Phased {
  readonly original: Problem;
  /** Of dilation 1, with so many times as many images; what some phases have fewer of is filled with zeros. */
  readonly phases: Problem;
  /** Whether zeros have to be put around the input before its phases are taken, else phases have them in common. */
  readonly padded: boolean;
}

/** The phases of a problem; undefined where it has only one, or a stride. */
export function phasedOf(problem: Problem): Phased | undefined {
  const { dilation, stride, kernel, input, output, padBegin } = problem;
  if (elementCount(dilation) === 1 || elementCount(stride) !== 1) return undefined;
  const padded = dilation.some((step, a) => padBegin[a]! % step !== 0 || input[a]! % step !== 0);
  const outputs = axes((a) => Math.ceil(output[a] / dilation[a]));
  const needed = axes((a) => outputs[a] + kernel[a] - 1);
  const before = axes((a) => (padded ? 0 : padBegin[a] / dilation[a]));
  const inputs = axes((a) => (padded ? needed[a] : input[a] / dilation[a]));
  const phases: Problem = {
    ...problem,
    batch: problem.batch * elementCount(dilation),
    dilation: [1, 1, 1],
    ...{ input: inputs, output: outputs, padBegin: before },
    padEnd: axes((a) => needed[a] - before[a] - inputs[a]),
  };
  return { original: problem, phases, padded };
}

/** Numbers that are read and written beside the convolution. */
export function movedNumbers({ original, phases, padded }: Phased): number {
  const { batch, inChannels, outChannels } = phases;
  const inputs = batch * inChannels * elementCount(phases.input);
  const outputs = original.batch * outChannels * elementCount(original.output);
  return (padded ? 4 : 2) * inputs + 2 * outputs;
}

/** A kernel of several in a row, and the floats of its result. */
interface Brought {
  readonly call: KernelCall;
  readonly floats: number;
}

/** Kernels that bring the input into the order of its phases, one after the other. */
export function intoPhases(
  { original, phases }: Phased,
  layout: Layout,
  settings: LoweringSettings,
): readonly Brought[] {
  const { batch, inChannels, input, padBegin } = original;
  // Zeros that phases have in common are the convolution's to add.
  const before = axes((a) => padBegin[a] - original.dilation[a] * phases.padBegin[a]);
  const from = [batch, inChannels, ...input];
  return brought(from, { before, dilation: original.dilation, inPhase: phases.input }, layout, settings);
}

/** The same for what is added to the output. */
export function addendIntoPhases(
  { original, phases }: Phased,
  layout: Layout,
  settings: LoweringSettings,
): readonly Brought[] {
  const { batch, outChannels, output, dilation } = original;
  const from = [batch, outChannels, ...output];
  return brought(from, { before: [0, 0, 0], dilation, inPhase: phases.output }, layout, settings);
}

/** Zeros around activations where phases do not share them, then the phases, which stand before the channels. */
function brought(
  shape: readonly number[],
  { before, dilation, inPhase }: { readonly before: Axes; readonly dilation: Axes; readonly inPhase: Axes },
  layout: Layout,
  settings: LoweringSettings,
): readonly Brought[] {
  const [images, channels, , , , lanes] = inMemory(shape, layout, settings);
  const pixels = shape.slice(2);
  const needed = axes((a) => dilation[a] * inPhase[a]);
  const split = axes((a) => [inPhase[a], dilation[a]]).flat();
  const seen = [images, channels, ...split, lanes];
  const floats = elementCount(seen);
  const taken = { call: gathered(permuted(seen, [0, 3, 5, 7, 1, 2, 4, 6, 8]), settings), floats };
  if (needed.join() === pixels.join()) return [taken];
  const picks = axes((a) =>
    Int32Array.from({ length: needed[a] }, (_, j) => {
      const at = j - before[a];
      return at >= 0 && at < pixels[a]! ? at : -1;
    }),
  );
  const around = picked(
    [images, channels, ...pixels, lanes],
    [whole(images), whole(channels), ...picks, whole(lanes)],
  );
  return [{ call: gathered(around, settings), floats }, taken];
}

/** The kernel that puts the results of phases in order. */
export function outOfPhases(
  { original, phases }: Phased,
  layout: Layout,
  settings: LoweringSettings,
): KernelCall {
  const { batch, outChannels, dilation, output } = original;
  const [outer, inner, , , , lanes] = inMemory([batch, outChannels, ...output], layout, settings);
  return inOrderFrom(
    { outer, inner, pixels: phases.output, lanes },
    { strides: dilation, firsts: [0, 0, 0], sizes: output },
    settings,
  );
}

/** Sizes of activations in memory: images, channels, three of pixels, and channels that lie side by side. */
function inMemory(shape: readonly number[], layout: Layout, { isa }: LoweringSettings) {
  const sizes = layout === 'blocked' ? blockedShape(shape, isa.width) : [...shape, 1];
  return sizes as [number, number, number, number, number, number];
}
