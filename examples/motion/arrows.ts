import type { MotionField } from './motion.js';

/** Pixels between the arrows. */
const spacing = 18;
/** Pixels of arrow for one pixel per frame. */
const scale = 9;
/** Arrows are drawn from this confidence on. */
const least = 0.5;
const headLength = 4;
const headAngle = (5 / 6) * Math.PI;

/**
 * The motion of one frame as arrows on a grid, as an SVG path in pixels of the clip: each arrow starts where the
 * motion was found and points where it goes, longer for faster.
 */
export function arrowPath(field: MotionField, frame: number): string {
  const { height, width } = field;
  const arrows: string[] = [];
  for (const y of gridLines(height)) {
    for (const x of gridLines(width)) {
      const at = (frame * height + y) * width + x;
      if (field.confidence[at]! < least) continue;
      arrows.push(arrow(x + 0.5, y + 0.5, field.right[at]!, field.up[at]!));
    }
  }
  return arrows.join('');
}

/** Evenly spaced positions in the middle of the range. */
function gridLines(length: number): number[] {
  const count = Math.floor(length / spacing);
  const first = Math.floor((length - (count - 1) * spacing) / 2);
  return Array.from({ length: count }, (_, line) => first + line * spacing);
}

function arrow(x: number, y: number, right: number, up: number): string {
  const tip = { x: x + scale * right, y: y - scale * up };
  const angle = Math.atan2(-up, right);
  const barbs = [headAngle, -headAngle].map((turn) => ({
    x: tip.x + headLength * Math.cos(angle + turn),
    y: tip.y + headLength * Math.sin(angle + turn),
  }));
  const at = (point: { x: number; y: number }) => `${point.x.toFixed(1)} ${point.y.toFixed(1)}`;
  return `M${at({ x, y })}L${at(tip)}M${at(barbs[0]!)}L${at(tip)}L${at(barbs[1]!)}`;
}
