import type { Axes } from '../../native/addon.js';
import { axes, type Problem } from '../../problem/problem.js';
import { elementCount } from '../../tensor/shape.js';
import { blockedShape, gathered, type Movement, stridesOf } from '../movement.js';
import type { KernelCall, Layout, LoweringSettings } from '../operator.js';

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
  const padded = axes((a) => a).some((a) => padBegin[a] % dilation[a] !== 0 || input[a] % dilation[a] !== 0);
  const outputs = axes((a) => Math.ceil(output[a] / dilation[a]));
  const needed = axes((a) => outputs[a] + kernel[a] - 1);
  const before = axes((a) => (padded ? 0 : padBegin[a] / dilation[a]));
  const inputs = axes((a) => (padded ? needed[a] : Math.min(input[a] / dilation[a], needed[a] - before[a])));
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

/** How activations lie: images, what of channels is apart, pixels, and channels that lie side by side. */
interface Extents {
  readonly images: number;
  readonly channels: number;
  readonly pixels: Axes;
  readonly lanes: number;
}

function extentsOf(batch: number, channels: number, pixels: Axes, layout: Layout, width: number): Extents {
  const [images = 1, blocks = 1, ...rest] =
    layout === 'blocked'
      ? blockedShape([batch, channels, ...pixels], width)
      : [batch, channels, ...pixels, 1];
  return { images, channels: blocks, pixels, lanes: rest.at(-1)! };
}

/** A kernel of several in a row, and the floats of its result. */
interface Brought {
  readonly call: KernelCall;
  readonly floats: number;
}

/** Kernels that bring the input into the order of its phases, one after the other. */
export function intoPhases(
  { original, phases, padded }: Phased,
  layout: Layout,
  settings: LoweringSettings,
): readonly Brought[] {
  const { batch, inChannels, input, padBegin, dilation } = original;
  const from = extentsOf(batch, inChannels, input, layout, settings.isa.width);
  return brought(from, { dilation, before: padBegin, inPhase: phases.input, padded }, settings);
}

/** The same for what is added to the output. */
export function addendIntoPhases(
  { original, phases }: Phased,
  layout: Layout,
  settings: LoweringSettings,
): readonly Brought[] {
  const { batch, outChannels, output, dilation } = original;
  const from = extentsOf(batch, outChannels, output, layout, settings.isa.width);
  const padded = axes((a) => a).some((a) => output[a] % dilation[a] !== 0);
  return brought(from, { dilation, before: [0, 0, 0], inPhase: phases.output, padded }, settings);
}

/** Zeros around activations where phases do not share them, then the phases. */
function brought(
  from: Extents,
  {
    dilation,
    before,
    inPhase,
    padded,
  }: { readonly dilation: Axes; readonly before: Axes; readonly inPhase: Axes; readonly padded: boolean },
  settings: LoweringSettings,
): readonly Brought[] {
  const whole = axes((a) => dilation[a] * inPhase[a]);
  const floats = from.images * from.channels * from.lanes * elementCount(whole);
  const taken = movement({ ...from, pixels: whole }, phaseAxes(dilation, inPhase, whole, from.lanes));
  const call = gathered(taken, settings);
  if (!padded) return [{ call, floats }];
  const pixels = axes((a) => {
    const step = elementCount(from.pixels.slice(a + 1)) * from.lanes;
    return {
      table: Int32Array.from({ length: whole[a] }, (_, j) => {
        const at = j - before[a];
        return at >= 0 && at < from.pixels[a] ? at * step : -1;
      }),
    };
  });
  const around = movement(from, { before: [], pixels });
  return [
    { call: gathered(around, settings), floats },
    { call, floats },
  ];
}

/** The kernel that puts the results of phases in order. */
export function outOfPhases(
  { original, phases }: Phased,
  layout: Layout,
  settings: LoweringSettings,
): KernelCall {
  const { batch, outChannels, dilation, output } = original;
  const to = extentsOf(batch, outChannels, output, layout, settings.isa.width);
  const { channels, lanes } = to;
  const plane = elementCount(phases.output) * lanes;
  const perPhase = channels * plane;
  const count = elementCount(dilation);
  const pixels = axes((a) => {
    const phaseStep = elementCount(dilation.slice(a + 1)) * perPhase;
    const step = elementCount(phases.output.slice(a + 1)) * lanes;
    return {
      table: Int32Array.from(
        { length: output[a] },
        (_, y) => (y % dilation[a]) * phaseStep + Math.floor(y / dilation[a]) * step,
      ),
    };
  });
  return gathered(
    {
      inputs: batch * count * perPhase,
      base: 0,
      axes: [
        { count: batch, step: count * perPhase },
        { count: channels, step: plane },
        ...pixels,
        { count: lanes, step: 1 },
      ],
    },
    settings,
  );
}

/** Axes of a result beside images, channels and lanes: those that stand before the channels, and the pixels. */
interface PixelAxes {
  readonly before: Movement['axes'];
  readonly pixels: Movement['axes'];
}

/** Phases before the channels, and what each has of the pixels, of a space whose extents the dilation divides. */
function phaseAxes(dilation: Axes, inPhase: Axes, whole: Axes, lanes: number): PixelAxes {
  const strides = stridesOf(whole);
  return {
    before: axes((a) => ({ count: dilation[a], step: strides[a]! * lanes })),
    pixels: axes((a) => ({ count: inPhase[a], step: dilation[a] * strides[a]! * lanes })),
  };
}

function movement(
  { images, channels, pixels, lanes }: Extents,
  { before, pixels: own }: PixelAxes,
): Movement {
  const plane = elementCount(pixels) * lanes;
  return {
    inputs: images * channels * plane,
    base: 0,
    axes: [
      { count: images, step: channels * plane },
      ...before,
      { count: channels, step: plane },
      ...own,
      { count: lanes, step: 1 },
    ],
  };
}
