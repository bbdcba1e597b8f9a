import type { Networks } from './networks.js';
import type { Section } from './section.js';

/** What reports are made of, by their subject. */
export const suites = ['paper', 'layers', 'networks', 'accuracy', 'training'] as const;
export type Suite = (typeof suites)[number];

/** What an experiment may know of its circumstances. */
export interface Circumstances {
  /** Fewer sizes and shorter measurements. */
  readonly quick: boolean;
  /** Hardware threads to scale over. */
  readonly threads: number;
  /** Whether rivals that are installed run beside. */
  readonly peers: boolean;
  /** Networks that the report is about. */
  readonly networks: Networks;
}

/** What cannot be done twice alike: it is measured once, part by part, and kept. `Result` is JSON. */
export interface Experiment<Result = unknown> {
  /** The beginning of its parts' names in the data, and of its files. */
  readonly id: string;
  readonly suite: Suite;
  /** Names of what is measured one by one, with roughly the seconds that each takes. */
  parts(circumstances: Circumstances): readonly { readonly name: string; readonly seconds: number }[];
  measure(part: string, circumstances: Circumstances): Promise<Result>;
  /** What the report says, from the parts that there are. */
  present(results: ReadonlyMap<string, Result>): Section;
}

/** A row of a list of experiments of different results. */
export function experiment<Result>(row: Experiment<Result>): Experiment {
  return row as Experiment;
}
