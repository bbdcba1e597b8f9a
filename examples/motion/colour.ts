import type { MotionField } from './motion.js';

/** Red, green and blue, 0 to 255. */
export type Rgb = readonly [number, number, number];

/**
 * HSV with full saturation and value: red to the right, then anticlockwise yellow-green (up), cyan (left),
 * violet (down).
 *
 * @param angle radians anticlockwise from "to the right"
 */
export function directionColour(angle: number): Rgb {
  const turns = angle / (2 * Math.PI);
  const sector = 6 * (turns - Math.floor(turns));
  const channel = (offset: number) => {
    const distance = (offset + sector) % 6;
    return 255 * (1 - Math.max(0, Math.min(distance, 4 - distance, 1)));
  };
  return [channel(5), channel(3), channel(1)];
}

/** Brightness of the grey clip where it shows through because nothing moves. */
const dimmed = 0.4;

/**
 * One frame of a motion field as RGB bytes: the colour of the direction, mixed by confidence into the dimmed
 * grey frame.
 *
 * @param grey luma of the same frame, height × width, 0 to 255
 */
export function motionPicture(field: MotionField, frame: number, grey: Float32Array): Uint8Array {
  const size = field.height * field.width;
  const rgb = new Uint8Array(3 * size);
  for (let pixel = 0; pixel < size; pixel++) {
    const at = frame * size + pixel;
    const colour = directionColour(Math.atan2(field.up[at]!, field.right[at]!));
    blend(rgb, pixel, colour, field.confidence[at]!, dimmed * grey[pixel]!);
  }
  return rgb;
}

/**
 * The legend: a disc whose colour at each place is that of the direction in which the place lies from the
 * middle, fading towards it as confidence does. RGBA bytes, `size` × `size`, transparent outside.
 */
export function wheelPicture(size: number): Uint8Array {
  const rgba = new Uint8Array(4 * size * size);
  const centre = (size - 1) / 2;
  for (let pixel = 0; pixel < size * size; pixel++) {
    const [right, up] = [(pixel % size) - centre, centre - Math.floor(pixel / size)];
    const distance = Math.hypot(right, up);
    const share = Math.min(1, distance / centre);
    const colour = directionColour(Math.atan2(up, right));
    for (let c = 0; c < 3; c++)
      rgba[4 * pixel + c] = Math.round(share * colour[c]! + (1 - share) * dimmed * 128);
    rgba[4 * pixel + 3] = Math.round(255 * Math.min(1, Math.max(0, centre + 0.5 - distance)));
  }
  return rgba;
}

function blend(rgb: Uint8Array, pixel: number, colour: Rgb, share: number, grey: number): void {
  for (let c = 0; c < 3; c++) rgb[3 * pixel + c] = Math.round(share * colour[c]! + (1 - share) * grey);
}
