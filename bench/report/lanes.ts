import { type BenchLayer, fewChannels } from '../../src/report/layers.js';
import type { Row } from '../row.js';
import { type Column, markdownTable, milliseconds } from '../table.js';
import { faster } from './line.js';

/** Ways to run a layer of few channels; those that do not apply to it are undefined. */
interface LanesLine {
  readonly layer: BenchLayer;
  readonly channels: Row | undefined;
  readonly positions: Row | undefined;
  readonly direct: Row | undefined;
  /** What the planner takes by estimate. */
  readonly auto: Row | undefined;
  readonly oneDnn: Row | undefined;
}

/** Algorithms to time on layers of few channels. */
export const lanesAlgorithms = ['auto', 'direct', 'winograd:channels', 'winograd:positions'];

/** What is slower than the best by less than this is as good a choice. */
const ACCEPTED = 1.05;

const ways = ['channels', 'positions', 'direct'] as const;

/** The lines of all layers of few channels that were run. */
export function lanesLines(rows: readonly Row[]): readonly LanesLine[] {
  return fewChannels.flatMap((layer) => {
    const here = rows.filter((row) => row.layer === layer.name);
    const own = (algorithm: string) => here.find((row) => row.isa !== null && row.algorithm === algorithm);
    const line = {
      layer,
      channels: own('winograd:channels'),
      positions: own('winograd:positions'),
      direct: own('direct'),
      auto: own('auto'),
      oneDnn: here.find(({ library }) => library.startsWith('oneDNN')),
    };
    return here.length === 0 ? [] : [line];
  });
}

/** A heading, a few sentences and the table; nothing without lines. */
export function lanesSection(lines: readonly LanesLine[]): string[] {
  if (lines.length === 0) return [];
  return ['## What vectors hold, layers of few channels, one thread', TEXT, markdownTable(lines, columns)];
}

/** Wrong choices of the planner's, and layers on which another library is faster. */
export function lanesLosses(lines: readonly LanesLine[]): string[] {
  return lines.flatMap((line) => {
    const { layer, auto, oneDnn } = line;
    const best = winnerOf(line)?.row;
    const losses: string[] = [];
    if (auto && best && faster(auto, best) < 1 / ACCEPTED)
      losses.push(`- ${layer.name}: the planner takes ${percent(auto, best)} longer than the best`);
    if (auto && oneDnn && faster(auto, oneDnn) < 1)
      losses.push(
        `- ${layer.name}: ${(100 * faster(auto, oneDnn)).toFixed(0)} % of the speed of ${oneDnn.library}`,
      );
    return losses;
  });
}

const TEXT = `Winograd with vectors of channels, Winograd with vectors of positions of a tile (Algorithm 2 of Budden et al. 2017), each
with the tiles that were measured fastest, and direct convolution; planar activations. The planner's choice is by
estimate.`;

const ms = (row: Row | undefined) => (row ? milliseconds(row.minMs) : '–');

const columns: readonly Column<LanesLine>[] = [
  { head: 'layer', align: 'left', text: ({ layer }) => layer.name },
  { head: 'channels ms', text: ({ channels }) => ms(channels) },
  { head: 'positions ms', text: ({ positions }) => ms(positions) },
  { head: 'direct ms', text: ({ direct }) => ms(direct) },
  { head: 'winner', align: 'left', text: (line) => winnerOf(line)?.way ?? '–' },
  { head: 'planner', align: 'left', text: ({ auto }) => auto?.runs ?? '–' },
  { head: 'ms', text: ({ auto }) => ms(auto) },
  {
    head: 'over the best',
    text: (line) => {
      const best = winnerOf(line)?.row;
      return line.auto && best ? percent(line.auto, best) : '–';
    },
  },
  { head: 'oneDNN ms', text: ({ oneDnn }) => ms(oneDnn) },
  {
    head: 'over oneDNN',
    text: ({ auto, oneDnn }) => (auto && oneDnn ? `${faster(auto, oneDnn).toFixed(2)}×` : '–'),
  },
];

function winnerOf(line: LanesLine): { readonly way: string; readonly row: Row } | undefined {
  const found = ways.flatMap((way) => (line[way] ? [{ way, row: line[way] }] : []));
  return found.sort((a, b) => a.row.minMs - b.row.minMs)[0];
}

/** How much longer `a` takes. */
function percent(a: Row, b: Row): string {
  return `${(100 * (a.minMs / b.minMs - 1)).toFixed(0)} %`;
}
