/** Directions of the bank, evenly spaced from "to the right" anticlockwise; opposite ones lie half the list apart. */
export const directionCount = 8;

/** A quadrature pair: two filters that differ by a quarter of a wave, tuned to one direction and speed. */
export interface GaborPair {
  /** k stands for the angle 2πk / `directionCount`, anticlockwise from "to the right". */
  readonly direction: number;
  /** Pixels per frame; 0 for the pair that prefers what stands still. */
  readonly speed: number;
}

/** A bank of space-time filters, ready to be the weights of one 3-D convolution layer. */
export interface GaborBank {
  /** Frames, rows and columns of a filter; all odd, so that it has a centre. */
  readonly kernel: readonly [number, number, number];
  /** Output channels 2p and 2p + 1 are the even (cosine) and the odd (sine) filter of pair p. */
  readonly pairs: readonly GaborPair[];
  /** (2 · pairs) × 1 × frames × rows × columns, as OIDHW. */
  readonly weight: Float32Array;
  /** Preferred spatial frequency, cycles per pixel. */
  readonly frequency: number;
}

/** What a bank is tuned to. */
export interface GaborOptions {
  /** Frames, rows, columns; odd. */
  readonly kernel: readonly [number, number, number];
  /** Cycles per pixel. */
  readonly frequency: number;
  /** Positive speeds in pixels per frame; the still pairs come on top. frequency · speed stays below ½. */
  readonly speeds: readonly number[];
}

/** The filters reach this many standard deviations of their Gaussian window to either side. */
const reach = 2.4;

/**
 * Space-time Gabor filters: a Gaussian window in x, y and t times a plane wave that travels in one direction at
 * one speed (Adelson & Bergen 1985, "Spatiotemporal energy models for the perception of motion";
 * spatio-temporal Gabors as in Heeger 1987). A pattern that moves is a ridge in space-time; the filter whose
 * wave travels with it responds most, and the sum of squares of the pair does not depend on the wave's phase.
 *
 * Every filter has mean zero (the even one by taking off a share of the window), so that brightness alone gives
 * no response, and unit Euclidean norm.
 */
export function gaborBank({ kernel, frequency, speeds }: GaborOptions): GaborBank {
  const moving = speeds.flatMap((speed) =>
    directions(directionCount).map((direction) => ({ direction, speed })),
  );
  // A still grating has no direction: opposite ones are the same filter, so half the circle does.
  const still = directions(directionCount / 2).map((direction) => ({ direction, speed: 0 }));
  const pairs = [...still, ...moving];
  const taps = kernel[0] * kernel[1] * kernel[2];
  const window = gaussianWindow(kernel);
  const weight = new Float32Array(2 * pairs.length * taps);
  pairs.forEach((pair, index) => {
    const phase = wavePhase(kernel, frequency, pair);
    weight.set(filter(window, phase.map(Math.cos)), 2 * index * taps);
    weight.set(filter(window, phase.map(Math.sin)), (2 * index + 1) * taps);
  });
  return { kernel, pairs, weight, frequency };
}

/** Angle in radians of a direction of the bank. */
export function directionAngle(direction: number): number {
  return (2 * Math.PI * direction) / directionCount;
}

function directions(count: number): number[] {
  return Array.from({ length: count }, (_, direction) => direction);
}

function filter(window: Float64Array, wave: Float64Array): Float64Array {
  const mean =
    window.reduce((sum, value, tap) => sum + value * wave[tap]!, 0) / window.reduce((a, b) => a + b, 0);
  const taps = window.map((value, tap) => value * (wave[tap]! - mean));
  const norm = Math.sqrt(taps.reduce((sum, value) => sum + value * value, 0));
  return taps.map((value) => value / norm);
}

function gaussianWindow(kernel: GaborBank['kernel']): Float64Array {
  const bell = kernel.map((taps) => {
    const sigma = taps / 2 / reach;
    return (offset: number) => Math.exp(-(offset * offset) / (2 * sigma * sigma));
  });
  return overTaps(kernel, (frame, row, column) => bell[0]!(frame) * bell[1]!(row) * bell[2]!(column));
}

/** Phase of the travelling wave at every tap, radians; rows count downwards, so up is −row. */
function wavePhase(kernel: GaborBank['kernel'], frequency: number, pair: GaborPair): Float64Array {
  const angle = directionAngle(pair.direction);
  return overTaps(kernel, (frame, row, column) => {
    const along = Math.cos(angle) * column - Math.sin(angle) * row;
    return 2 * Math.PI * frequency * (along - pair.speed * frame);
  });
}

/** A value for each tap, given its offsets from the centre. */
function overTaps(
  kernel: GaborBank['kernel'],
  value: (frame: number, row: number, column: number) => number,
): Float64Array {
  const [frames, rows, columns] = kernel;
  return Float64Array.from({ length: frames * rows * columns }, (_, tap) =>
    value(
      Math.floor(tap / (rows * columns)) - (frames - 1) / 2,
      (Math.floor(tap / columns) % rows) - (rows - 1) / 2,
      (tap % columns) - (columns - 1) / 2,
    ),
  );
}
