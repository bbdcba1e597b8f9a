import { type Machine, secondLevelRoom } from '../machine/machine.js';
import type { Axes } from '../native/addon.js';
import { axes, type Problem } from '../problem/problem.js';
import { elementCount } from '../tensor/shape.js';

const FLOAT = 4;

/** Share of the second level of cache that the inputs of a band take. */
const BAND = 3 / 8;
/** Bands for each thread where there are several, so that all end about together. */
const SHARES = 4;

/**
 * Outputs of a band along each axis, of direct convolution of narrow groups: whole rows, as many and from as many planes as
 * are worth it, for neighbouring bands gather again what they share.
 */
export function groupedBand(problem: Problem, threads: number, machine: Machine): Axes {
  const { width } = machine.table;
  const room = BAND * secondLevelRoom(machine);
  const { batch, inChannels, outChannels, groups, output } = problem;
  const [depth, height, breadth] = output;
  const gathered = (outputs: Axes) =>
    (inChannels / groups) * width * elementCount(outputs.map((count, a) => reach(problem, a, count)));
  const bands = threads === 1 ? 1 : SHARES * threads;
  const most = Math.ceil((depth * height) / Math.ceil(bands / (batch * Math.ceil(outChannels / width))));
  let best: Axes = [1, 1, breadth];
  let least = gathered(best);
  for (let rows = 1; rows <= height; rows++) {
    for (let planes = 1; planes <= depth; planes++) {
      const outputs: Axes = [planes, rows, breadth];
      const floats = gathered(outputs);
      if (floats * FLOAT > room || planes * rows > most) break;
      if (floats / (planes * rows) >= least) continue;
      least = floats / (planes * rows);
      best = outputs;
    }
  }
  // Bands of about one size.
  return axes((a) => Math.ceil(output[a] / Math.ceil(output[a] / best[a])));
}

/** Inputs under so many outputs of an axis. */
function reach({ stride, dilation, kernel }: Problem, axis: number, outputs: number): number {
  return (outputs - 1) * stride[axis]! + dilation[axis]! * (kernel[axis]! - 1) + 1;
}
