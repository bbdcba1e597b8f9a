import type { Shapes } from '../../graph/typed.js';
import type { NetworkOptions } from '../network.js';

/** Reads a model and runs it once on random inputs, which all contenders make alike. */
export interface LoadRequest {
  readonly request: 'load';
  /** Path of an ONNX file. */
  readonly model: string;
  /** Of inputs whose sizes the model leaves open, by name; the second contender is told those of all. */
  readonly shapes: Shapes;
  readonly options: NetworkOptions;
  /** Where to write the results. */
  readonly folder: string;
}

/** A pass that is not timed, since the caches hold another contender's data, and `passes` that are. */
export interface RunRequest {
  readonly request: 'run';
  readonly passes: number;
}

/** What the contenders of a comparison of networks are asked. */
export type Request = LoadRequest | RunRequest;

/** An input or a result by name. */
export interface NamedShape {
  readonly name: string;
  readonly shape: readonly number[];
}

export interface Loaded {
  /** Name and version. */
  readonly library: string;
  readonly threads: number;
  readonly inputs: readonly NamedShape[];
  /** Names of the results, and files of their values: raw float32 in the machine's byte order. */
  readonly results: Readonly<Record<string, string>>;
  /** From the file to the first results. */
  readonly milliseconds: number;
}

/** Time of a node in one pass. */
export interface NodeTime {
  readonly node: string;
  readonly milliseconds: number;
}

export interface Ran {
  /** Milliseconds of each pass. */
  readonly times: readonly number[];
  /** Of the last pass, where the library tells. */
  readonly nodes: readonly NodeTime[];
  /** Largest resident memory of the process so far. */
  readonly peakBytes: number;
}

export interface Answers {
  readonly load: Loaded;
  readonly run: Ran;
}
