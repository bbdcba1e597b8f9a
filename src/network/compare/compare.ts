import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onExit } from 'signal-exit';
import type { Shapes } from '../../graph/typed.js';
import { Contender } from '../../support/contender.js';
import type { LongOptions } from '../../support/long.js';
import type { NetworkOptions } from '../network.js';
import type { Answers, Loaded, NodeTime, Ran, Request } from './protocol.js';

/** Results of whole networks in single precision lie closer together than this, by root mean squares. */
export const TOLERANCE = 1e-3;

/** How a library fared. Times are in milliseconds. */
export interface NetworkTiming {
  /** Name and version. */
  readonly library: string;
  readonly median: number;
  readonly minimum: number;
  /** From the file to the first results: reading, planning, making weights ready, and a run. */
  readonly first: number;
  /** Largest resident memory of its process. */
  readonly peakBytes: number;
}

/** A network here and in onnxruntime. */
export interface NetworkComparison {
  readonly here: NetworkTiming;
  readonly onnxruntime: NetworkTiming;
  readonly threads: number;
  /** Root mean square of the difference of all results over that of onnxruntime's. */
  readonly distance: number;
  /** The most expensive nodes here, by their milliseconds in the last pass. */
  readonly costliest: readonly NodeTime[];
}

/** What a comparison may be told. */
export interface ComparisonOptions extends LongOptions {
  /** Turns of each contender. */
  readonly rounds: number;
  /** Results that lie further apart end the comparison before anything is timed. By default none do. */
  readonly tolerance?: number;
}

/** Passes that a contender makes in its turn last about this long, but for networks of which one takes longer. */
const BURST_MS = 50;
const MAX_PASSES = 20;
const COSTLIEST = 3;

type NetworkContender = Contender<Request, Answers>;

/**
 * Runs a model on random inputs here and in onnxruntime-node. Each has a process of its own, and they take turns: one
 * begins when the other has come to rest, since threads that spin in wait of more work take cores from whoever else
 * is measured. In its turn each makes a pass that does not count, then those that do.
 *
 * @throws InputError when onnxruntime-node is not installed, the model is none or a shape does not fit; Error where
 *   results lie further apart than `tolerance`
 */
export async function compareNetwork(
  model: string,
  shapes: Shapes,
  options: NetworkOptions,
  { rounds, tolerance = Infinity, signal, onProgress }: ComparisonOptions,
): Promise<NetworkComparison> {
  signal?.throwIfAborted();
  const folder = mkdtempSync(join(tmpdir(), 'winograd-compare-'));
  const removeFolder = () => rmSync(folder, { recursive: true, force: true });
  const forgetAtExit = onExit(removeFolder);
  const contenders = [contender('here'), contender('onnxruntime')] as const;
  const kill = () => {
    for (const each of contenders) each.kill();
  };
  signal?.addEventListener('abort', kill, { once: true });
  const progress = (done: number, what: string) => onProgress?.({ what, done, total: rounds + 1 });
  try {
    progress(0, 'first runs');
    const [here, there] = contenders;
    const request = { request: 'load', model, folder } as const;
    const loaded = await here.ask({ ...request, shapes, options });
    const all = Object.fromEntries(loaded.inputs.map(({ name, shape }) => [name, shape]));
    const { threads } = loaded;
    const opponent = await there.ask({ ...request, shapes: all, options: { threads } });
    const distance = distanceOf(loaded.results, opponent.results);
    if (!(distance <= tolerance))
      throw new Error(
        `Expected results within ${tolerance} of ${opponent.library}'s but they lie ${distance} apart`,
      );
    const runs: [Ran[], Ran[]] = [[], []];
    for (let round = 0; round < rounds; round++) {
      progress(round + 1, 'rounds');
      for (const [i, each] of contenders.entries()) runs[i]!.push(await turn(each, runs[i]!.at(-1)));
    }
    return {
      ...{ here: timingOf(loaded, runs[0]), onnxruntime: timingOf(opponent, runs[1]), threads, distance },
      costliest: costliestOf(runs[0].at(-1)!.nodes),
    };
  } catch (error) {
    throw signal?.aborted ? signal.reason : error;
  } finally {
    signal?.removeEventListener('abort', kill);
    for (const each of contenders) each.close();
    forgetAtExit();
    removeFolder();
  }
}

function contender(name: 'here' | 'onnxruntime'): NetworkContender {
  return new Contender(name, [process.execPath, join(import.meta.dirname, `${name}.js`)]);
}

function turn(contender: NetworkContender, before: Ran | undefined): Promise<Ran> {
  const passes = before === undefined ? 1 : Math.ceil(BURST_MS / before.times[0]!);
  return contender.ask({ request: 'run', passes: Math.min(MAX_PASSES, passes) });
}

function timingOf({ library, milliseconds }: Loaded, runs: readonly Ran[]): NetworkTiming {
  const sorted = runs.flatMap(({ times }) => times).sort((a, b) => a - b);
  return {
    ...{ library, median: sorted[Math.floor(sorted.length / 2)]!, minimum: sorted[0]! },
    ...{ first: milliseconds, peakBytes: runs.at(-1)!.peakBytes },
  };
}

/** A node may have several kernels. */
function costliestOf(kernels: readonly NodeTime[]): NodeTime[] {
  const nodes = new Map<string, number>();
  for (const { node, milliseconds } of kernels) nodes.set(node, (nodes.get(node) ?? 0) + milliseconds);
  return [...nodes]
    .map(([node, milliseconds]) => ({ node, milliseconds }))
    .sort((a, b) => b.milliseconds - a.milliseconds)
    .slice(0, COSTLIEST);
}

function distanceOf(here: Loaded['results'], there: Loaded['results']): number {
  let [squares, all] = [0, 0];
  for (const [name, file] of Object.entries(there)) {
    const values = floats(here[name]!);
    for (const [i, value] of floats(file).entries()) {
      squares += (values[i]! - value) ** 2;
      all += value ** 2;
    }
  }
  return Math.sqrt(squares / all);
}

function floats(file: string): Float32Array {
  const { buffer, byteOffset, length } = readFileSync(file);
  return new Float32Array(buffer, byteOffset, length / Float32Array.BYTES_PER_ELEMENT);
}
