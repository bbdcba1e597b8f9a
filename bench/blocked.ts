/** Activations of N images; `pixels` counts all spatial positions, `width` channels lie side by side in blocks. */
export interface BlockedShape {
  readonly batch: number;
  readonly channels: number;
  readonly pixels: number;
  readonly width: number;
}

/** Where the element at a position of N×C×spatial lies in N×⌈C/width⌉×spatial×width. */
export function blockedIndex(position: number, { channels, pixels, width }: BlockedShape): number {
  const pixel = position % pixels;
  const plane = Math.floor(position / pixels);
  const channel = plane % channels;
  const image = Math.floor(plane / channels);
  const block = image * Math.ceil(channels / width) + Math.floor(channel / width);
  return (block * pixels + pixel) * width + (channel % width);
}

/** Lays N×C×spatial out in blocks of channels; `to` is zero where channels are missing. */
export function toBlocked(from: Float32Array, to: Float32Array, shape: BlockedShape): void {
  for (let plane = 0; plane < shape.batch * shape.channels; plane++) {
    const first = blockedIndex(plane * shape.pixels, shape);
    for (let pixel = 0; pixel < shape.pixels; pixel++)
      to[first + pixel * shape.width] = from[plane * shape.pixels + pixel]!;
  }
}
