import { cpus } from 'node:os';
import { native } from '../src/native/addon.js';
import { type BenchLayer, fewChannels, layers, strided } from '../src/report/layers.js';
import { expected, InputError } from '../synth/errors.js';
import { parseAlgorithm } from './algorithm.js';
import type { Entry, Group } from './entry.js';
import type { Effort, LayerContender } from './protocol.js';

/** What to run: every combination of the lists. */
export interface Selection {
  readonly layers: readonly BenchLayer[];
  readonly batch: readonly number[];
  readonly algorithms: readonly string[];
  readonly isa: readonly string[];
  readonly threads: readonly number[];
  readonly layout: readonly ('planar' | 'blocked')[];
  /** Caches swept before each pass, or not. */
  readonly cold: readonly boolean[];
  /** Largest expected error, as a multiple of direct convolution's, that the planner may choose. */
  readonly errorLimit: number;
  readonly effort: Effort;
  readonly peers: boolean;
}

/** The contenders at hand. */
export interface Contenders {
  readonly engine: LayerContender;
  readonly peers: readonly LayerContender[];
}

/** All layers on the best vector kernels, activations blocked, one thread and two where there are cores for them. */
export function defaultSelection(): Selection {
  return {
    layers: [...layers, ...strided, ...fewChannels],
    batch: [1],
    algorithms: ['auto', 'direct'],
    isa: machineIsas().slice(0, 1),
    threads: [1, 2].filter((threads) => threads <= cpus().length),
    layout: ['blocked'],
    cold: [false],
    errorLimit: 2.5,
    effort: 'estimate',
    peers: false,
  };
}

/** Names of the kernel tables that this machine can run, best first. */
export function machineIsas(): string[] {
  return native()
    .cpuInfo()
    .kernels.map(({ name }) => name);
}

/**
 * What selections ask for, entries of one layer and batch in one group, none twice.
 *
 * @param selections several with different lists, for combinations that no single one describes
 */
export function groupsOf(selections: readonly Selection[], contenders: Contenders): Group[] {
  const groups = new Map<string, { layer: BenchLayer; batch: number; entries: Map<string, Entry> }>();
  for (const selection of selections)
    for (const layer of selection.layers)
      for (const batch of selection.batch) {
        const key = `${layer.name} ${batch}`;
        const group = groups.get(key) ?? { layer, batch, entries: new Map<string, Entry>() };
        groups.set(key, group);
        for (const entry of entriesOf(selection, contenders))
          group.entries.set(JSON.stringify({ ...entry, contender: entry.contender.name }), entry);
      }
  return [...groups.values()].map((group) => ({ ...group, entries: [...group.entries.values()] }));
}

function* entriesOf(selection: Selection, { engine, peers }: Contenders): Generator<Entry> {
  const { errorLimit, effort } = selection;
  for (const cold of selection.cold)
    for (const threads of selection.threads) {
      for (const isa of selection.isa)
        for (const algorithm of selection.algorithms)
          for (const layout of selection.layout)
            yield {
              contender: engine,
              threads,
              cold,
              engine: { algorithm, isa, layout, errorLimit, effort },
            };
      if (selection.peers) for (const contender of peers) yield { contender, threads, cold };
    }
}

/**
 * Layers whose names hold one of the words, in the order of the list.
 *
 * @param words separated by commas, such as `vgg,conv3b`
 * @throws InputError naming a word that no layer's name holds
 */
export function parseLayers(words: string): readonly BenchLayer[] {
  const wanted = words.toLowerCase().split(',');
  const all = [...layers, ...strided, ...fewChannels];
  for (const word of wanted)
    if (word === '' || !all.some(({ name }) => name.includes(word)))
      throw new InputError(
        `Expected layers to be among ${all.map(({ name }) => name).join(', ')} (parts of names will do) but received ${JSON.stringify(word)}`,
      );
  return all.filter(({ name }) => wanted.some((word) => name.includes(word)));
}

/** Positive integers separated by commas. @throws InputError naming the option */
export function parseCounts(name: string, most: number): (text: string) => readonly number[] {
  return (text) => {
    const counts = text.split(',').map(Number);
    if (!counts.every((count) => Number.isInteger(count) && count >= 1 && count <= most))
      throw expected(name, `integers from 1 to ${most} separated by commas`, text);
    return counts;
  };
}

/** Words out of a few, separated by commas. @throws InputError naming the option */
export function parseWords<W extends string>(
  name: string,
  words: readonly W[],
): (text: string) => readonly W[] {
  return (text) => {
    const chosen = text.split(',') as W[];
    if (!chosen.every((word) => words.includes(word)))
      throw expected(name, `among ${words.join(', ')}, separated by commas`, text);
    return chosen;
  };
}

/** Names of algorithms separated by commas; see {@link parseAlgorithm}. @throws InputError for any other name */
export function parseAlgorithms(text: string): readonly string[] {
  const names = text.split(',');
  names.forEach(parseAlgorithm);
  return names;
}
