import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onExit } from 'signal-exit';
import * as known from '../../examples/networks/index.js';
import { writeOnnx } from '../../src/index.js';
import { compareNetwork, type NetworkComparison, TOLERANCE } from '../../src/network/compare/compare.js';
import { InputError } from '../../synth/errors.js';
import { requireOnnxruntime } from '../peers.js';
import { Progress } from '../progress.js';
import { type Column, megabytes, milliseconds } from '../table.js';

const networks = { ...known };

/** A network of examples/networks by the function that builds it. */
export type NetworkName = keyof typeof networks;

/** A network on so many threads, beside onnxruntime-node. */
export interface NetworkRow extends NetworkComparison {
  readonly network: NetworkName;
}

export interface NetworksOptions {
  readonly names: readonly NetworkName[];
  readonly threads: readonly number[];
  /** Turns of each contender. */
  readonly rounds: number;
}

/**
 * Exports each network to a temporary folder and compares it on each number of threads.
 *
 * @throws Error when onnxruntime-node cannot be had, or when results differ by more than rounding explains
 */
export async function runNetworks({ names, threads, rounds }: NetworksOptions): Promise<NetworkRow[]> {
  requireOnnxruntime();
  const folder = mkdtempSync(join(tmpdir(), 'winograd-bench-'));
  const removeFolder = () => rmSync(folder, { recursive: true, force: true });
  const forgetAtExit = onExit(removeFolder);
  const progress = new Progress(names.length * threads.length);
  const rows: NetworkRow[] = [];
  try {
    for (const network of names) {
      const file = join(folder, `${network}.onnx`);
      await writeOnnx(file, networks[network]());
      for (const count of threads) {
        progress.on(`${network}, threads: ${count}`);
        const options = { rounds, tolerance: TOLERANCE };
        rows.push({ network, ...(await compareNetwork(file, {}, { threads: count }, options)) });
      }
      rmSync(file);
    }
  } finally {
    progress.end();
    forgetAtExit();
    removeFolder();
  }
  return rows;
}

/**
 * Networks whose names hold one of the words, in the order of examples/networks.
 *
 * @param words separated by commas; none stands for all networks
 * @throws InputError naming a word that no network's name holds
 */
export function parseNetworks(words: string): readonly NetworkName[] {
  const all = Object.keys(networks) as NetworkName[];
  const wanted = words.toLowerCase().split(',');
  const holds = (word: string) => (name: string) => name.toLowerCase().includes(word);
  for (const word of wanted)
    if (!all.some(holds(word)))
      throw new InputError(
        `Expected networks to be among ${all.join(', ')} (parts of names will do) but received ${JSON.stringify(word)}`,
      );
  return all.filter((name) => wanted.some((word) => holds(word)(name)));
}

/** How many times as fast as onnxruntime, by medians. */
export function speedOf({ here, onnxruntime }: NetworkRow): number {
  return onnxruntime.median / here.median;
}

/** What `npm run bench -- --networks` prints of a row. */
export const networkColumns: readonly Column<NetworkRow>[] = [
  { head: 'network', align: 'left', text: ({ network }) => network },
  { head: 'threads', text: ({ threads }) => String(threads) },
  { head: 'ms', text: ({ here }) => milliseconds(here.median) },
  { head: 'onnxruntime ms', text: ({ onnxruntime }) => milliseconds(onnxruntime.median) },
  { head: 'speed', text: (row) => `${speedOf(row).toFixed(2)}×` },
  { head: 'first run', text: ({ here }) => milliseconds(here.first) },
  { head: "onnxruntime's", text: ({ onnxruntime }) => milliseconds(onnxruntime.first) },
  { head: 'memory', text: ({ here }) => megabytes(here.peakBytes) },
  { head: "onnxruntime's", text: ({ onnxruntime }) => megabytes(onnxruntime.peakBytes) },
  { head: 'difference', text: ({ distance }) => distance.toExponential(1) },
  {
    head: 'costliest nodes, ms',
    align: 'left',
    text: ({ costliest }) =>
      costliest.map((each) => `${each.node} ${milliseconds(each.milliseconds)}`).join(', '),
  },
];
