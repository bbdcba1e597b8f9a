import { encode } from 'fast-png';

/** What pictures show a slice of. */
export interface Slice {
  /** Brightness and classes of all voxels of a volume, size³. */
  readonly volume: Float32Array;
  readonly label: ArrayLike<number>;
  readonly size: number;
  /** Which slice across the first axis. */
  readonly depth: number;
}

/** Colours of the classes, of Okabe and Ito's palette, which the colour-blind tell apart; tissue has none. */
export const colours: readonly (readonly [number, number, number] | undefined)[] = [
  undefined,
  [86, 180, 233],
  [230, 159, 0],
];

/** Pixels of a voxel. */
const SCALE = 3;

/** A slice in grey, as a PNG file's bytes. */
export function greyPng(slice: Slice): Uint8Array {
  return png(slice, (_, grey) => [grey, grey, grey]);
}

/** The same, dimmed, under the colours of the classes. */
export function classPng(slice: Slice): Uint8Array {
  return png(slice, (label, grey) => colours[label] ?? [grey / 2, grey / 2, grey / 2]);
}

function png(
  { volume, label, size, depth }: Slice,
  colour: (label: number, grey: number) => readonly number[],
): Uint8Array {
  const side = size * SCALE;
  const data = new Uint8Array(3 * side * side);
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++) {
      const voxel = (depth * size + Math.floor(y / SCALE)) * size + Math.floor(x / SCALE);
      const grey = Math.max(0, Math.min(255, 110 + 45 * volume[voxel]!));
      data.set(colour(label[voxel]!, grey).map(Math.round), 3 * (y * side + x));
    }
  return encode({ width: side, height: side, channels: 3, data });
}
