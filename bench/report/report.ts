import { fewChannels, layers } from '../../src/report/layers.js';
import type { Row } from '../row.js';
import { machineIsas, type Selection } from '../selection.js';
import type { Environment } from './environment.js';
import { lanesAlgorithms, lanesLines, lanesLosses, lanesSection } from './lanes.js';
import { lineOf } from './line.js';
import { sections } from './sections.js';
import { lossesOf, summaryOf } from './summary.js';

/** Layers with few tiles, whose weights weigh more than their activations: where more clips in a pass help. */
const fewTiles = ['vgg-512@14', 'resnet-256@14', 'resnet-512@7', 'c3d-conv4a', 'c3d-conv4b', 'c3d-conv5a'];

/**
 * The fixed choice of rows that a report shows: of a default selection, its layers and limits.
 *
 * @param base `peers` says whether the other libraries take part
 */
export function reportSelections(base: Selection): Selection[] {
  const auto: Selection = {
    ...{ ...base, algorithms: ['auto'], layout: ['blocked'], batch: [1], cold: [false] },
    layers: base.layers.filter((layer) => !fewChannels.includes(layer)),
    effort: 'measure',
  };
  const single: Selection = { ...auto, threads: [1], peers: false };
  return [
    auto,
    { ...single, layout: ['planar'] },
    { ...single, algorithms: ['direct', 'auto:generic'] },
    { ...single, isa: machineIsas().filter((isa) => isa !== 'portable') },
    { ...single, cold: [true] },
    { ...single, batch: [4, 8], layers: base.layers.filter(({ name }) => fewTiles.includes(name)) },
    ...lanesSelections({ ...single, peers: base.peers, layout: ['planar'] }, base.layers),
  ];
}

/** Layers of few channels: the planner by estimate, and what it could have taken at its best. */
function lanesSelections(base: Selection, all: Selection['layers']): Selection[] {
  const few = { ...base, layers: all.filter((layer) => fewChannels.includes(layer)) };
  const [auto, ...ways] = lanesAlgorithms;
  return [
    { ...few, algorithms: [auto!], effort: 'estimate' },
    { ...few, algorithms: ways, peers: false },
  ];
}

/** bench/RESULTS.md. */
export function reportOf(rows: readonly Row[], at: Environment): string {
  const measured = layers.filter(({ name }) => rows.some(({ layer }) => layer === name));
  const lines = measured.map((layer) => lineOf(layer, rows));
  const lanes = lanesLines(rows);
  return [
    '# Results of the benchmark',
    introduction(rows, at),
    summaryOf(lines),
    ...sections.flatMap((section) => section(lines)),
    ...lanesSection(lanes),
    `## Losses\n\n${[...lossesOf(lines), ...lanesLosses(lanes)].join('\n') || 'None.'}`,
    METHOD,
  ].join('\n\n');
}

function introduction(rows: readonly Row[], at: Environment): string {
  const peaks = rows.map(({ fmaPeakGflops, threads }) => fmaPeakGflops / threads);
  const range = `${Math.min(...peaks).toFixed(0)} to ${Math.max(...peaks).toFixed(0)}`;
  const libraries = [...new Set(rows.map(({ library }) => library))].join(', ');
  return [
    'Written by `npm run bench -- --reports --peers`; do not edit.',
    '',
    `- ${at.date}, winograd-nd ${at.commit}`,
    `- ${at.machine}; ${at.flags}`,
    `- ${at.system}; ${at.compiler}`,
    `- FMA peak of one core, measured between the rounds of each layer: ${range} GFLOP/s`,
    `- Contenders: ${libraries}`,
    `- ${at.rounds} rounds; load average at the end ${at.load.toFixed(1)}`,
  ].join('\n');
}

const METHOD = `## How it was measured

All contenders of a layer get the same data, uniform in [−1, 1), and prepare their weights and layouts before anything
is timed. A sample of 8192 outputs of each is compared with double precision; a wrong result ends the run. Then they
take turns, each a burst a round: one pass that does not count, then three passes or more, for about 15 ms. Times are the
least over all rounds unless called medians; what disturbs the machine disturbs all alike. Each library runs in a process
of its own.

Our plans are chosen by measurement (\`effort: 'measure'\`) among the eight that are estimated fastest within the error
limit, before anything else is timed.

- **× peak** is effective GFLOP/s, which counts the flops of direct convolution (taps on padding included) whatever the
  algorithm, over the FMA peak of as many cores as there are threads. It says how much faster than any direct
  convolution could be; it is not utilisation. *GEMM %* is: the flops of the products that are made, over the time of
  that stage, over the peak.
- **error** is the root mean square error against double precision, over that of sequential direct convolution in
  float32 on the same data.
- oneDNN runs its best primitive (\`any\` layouts: blocked) without the reorders before and after. onnxruntime's time is
  that of its Conv kernel as its own profiler sees it; *call* is \`session.run\` from JavaScript with a preallocated
  result. Ours has activations in its blocked layout in and out, except where a table says planar.`;
