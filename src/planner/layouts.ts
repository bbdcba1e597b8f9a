import type { Axes, NativeLayout } from '../native/addon.js';
import type { Layer } from '../problem/problem.js';
import type { Choice, EngineAlgorithm } from './choices.js';

/** How a layer's input, its output and what is added to it lie in memory. */
export interface Layouts {
  readonly input: NativeLayout;
  readonly output: NativeLayout;
  readonly residual: NativeLayout;
  /** Phases that output channels are, see `takesPhases`; by default none. */
  readonly phases?: Axes;
}

/** As tensors are. */
export const planarLayouts: Layouts = { input: 'planar', output: 'planar', residual: 'planar' };

type Groups = Pick<Layer, 'inChannels' | 'outChannels' | 'groups'>;

/** Which of input and output may be blocked: what is added to the output may be whenever that may. */
interface Blocked {
  readonly input: boolean;
  readonly output: boolean;
}

/** Where vectors of blocked pixels are vectors of the algorithm's, too. */
const takesBlocked: Readonly<
  Record<EngineAlgorithm, (groups: Groups, choice: Pick<Choice, 'covers'>, width: number) => Blocked>
> = {
  winograd: (_, { covers = [] }) => ({
    input: covers.every(({ algorithm }) => algorithm.folded === 1),
    output: true,
  }),
  positions: () => ({ input: true, output: true }),
  direct: ({ inChannels, outChannels, groups }, _, width) => ({
    input: groups === 1 || (inChannels / groups) % width === 0,
    output: groups === 1 || (outChannels / groups) % width === 0,
  }),
  gemm: () => ({ input: false, output: false }),
  sparse: () => ({ input: false, output: false }),
  grouped: ({ inChannels, outChannels, groups }, _, width) => ({
    input: inChannels === outChannels && width % (outChannels / groups) === 0,
    output: true,
  }),
};

/**
 * Whether a choice puts output channels that are phases of pixels in order itself: each phase needs whole vectors of a
 * blocked output, for these go straight from the registers to their places.
 *
 * @param phases how many there are
 */
export function takesPhases(
  { outChannels, groups }: Groups,
  { algorithm }: Pick<Choice, 'algorithm'>,
  phases: number,
  width: number,
): boolean {
  return algorithm === 'direct' && groups === 1 && outChannels % (phases * width) === 0;
}

/** Which of input and output may be blocked for a choice. */
export function blockedLayouts(
  groups: Groups,
  choice: Pick<Choice, 'algorithm' | 'covers'>,
  width: number,
): Blocked {
  return takesBlocked[choice.algorithm](groups, choice, width);
}
