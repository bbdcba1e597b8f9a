import type { AxisForm } from '../../../catalogue/axis-algorithm.js';
import type { Cover } from '../../../catalogue/cover.js';
import type { Axes } from '../../../native/addon.js';

/** Vector instructions of a transform along all axes, for one channel of one image. */
export interface TransformWork {
  /** Additions and multiply-adds. */
  readonly instructions: number;
  /** Loads and stores. */
  readonly moves: number;
  /** Those of both that the generic kernel does, not straight-line code. */
  readonly generic: number;
}

/** Pairing rows of ±x halves the arithmetic of a transform, about. */
export const INSTRUCTIONS_PER_ENTRY = 0.5;

/** B along the first axis to the last. */
export function inputWork([first, second, third]: Axes<Cover>): TransformWork {
  return passes(passesOf(first).input, passesOf(second).input, passesOf(third).input);
}

/** A from the last axis to the first. */
export function outputWork([first, second, third]: Axes<Cover>): TransformWork {
  return passes(passesOf(third).output, passesOf(second).output, passesOf(first).output);
}

/** A transform along one axis, summed over its tiles. */
interface Pass extends TransformWork {
  /** Lengths of a line; the work is that of one, nothing where the axis is left as it is. */
  readonly before: number;
  readonly after: number;
}

const known = new WeakMap<Cover, { readonly input: Pass; readonly output: Pass }>();

/** Both transforms along an axis, computed once: covers are tried in many combinations. */
function passesOf(cover: Cover): { readonly input: Pass; readonly output: Pass } {
  const found = known.get(cover);
  if (found !== undefined) return found;
  const made = {
    input: passOf(cover, ({ native, entries }) => [native.inputs, entries.input, native.products]),
    output: passOf(cover, ({ native, entries }) => [native.products, entries.output, native.outputs]),
  };
  known.set(cover, made);
  return made;
}

function passOf(
  { runs }: Cover,
  sizes: (form: AxisForm) => readonly [before: number, entries: number, after: number],
): Pass {
  let [before, after, instructions, moves, generic] = [0, 0, 0, 0, 0];
  for (const { form, tiles } of runs) {
    const [from, entries, to] = sizes(form);
    before += tiles * from;
    after += tiles * to;
    if (from === 1 && to === 1) continue;
    const computing = tiles * entries * INSTRUCTIONS_PER_ENTRY;
    instructions += computing;
    moves += tiles * (from + to);
    if (!form.compiled) generic += computing + tiles * (from + to);
  }
  return { before, after, instructions, moves, generic };
}

/** Lines of a pass are as many as the axes before it make when transformed, times those after it when not yet. */
function passes(a: Pass, b: Pass, c: Pass): TransformWork {
  const along = (key: keyof TransformWork) =>
    a[key] * b.before * c.before + a.after * b[key] * c.before + a.after * b.after * c[key];
  return { instructions: along('instructions'), moves: along('moves'), generic: along('generic') };
}
