import type { Graph } from '../graph/graph.js';

/** What builders of known networks may be told; each ignores what it has no use for. */
export interface NetworkShape {
  /** Pixels or voxels along each side. */
  readonly size?: number;
  readonly classes?: number;
}

/** Builders of networks, by name: reports are about those that whoever asks for one has. */
export type Networks = Readonly<Record<string, (shape?: NetworkShape) => Graph>>;
