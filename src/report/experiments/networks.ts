import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Graph } from '../../graph/graph.js';
import { compareNetwork, TOLERANCE } from '../../network/compare/compare.js';
import { Network } from '../../network/network.js';
import { requireOnnxruntime, sessionOptions } from '../../network/onnxruntime.js';
import { writeOnnx } from '../../onnx/onnx.js';
import { Tensor } from '../../tensor/tensor.js';
import { WIDTH } from '../chart.js';
import { experiment } from '../experiment.js';
import { digits, fixed, range, tableOf } from '../section.js';
import { median } from '../statistics.js';

/** Time of one node of a network. */
interface NodeTime {
  readonly node: string;
  readonly kind: string;
  readonly milliseconds: number;
}

/** How onnxruntime fares. */
interface Rival {
  readonly library: string;
  /** Milliseconds, in turns with ours, each in a process of its own. */
  readonly ours: number;
  readonly theirs: number;
  /** Root mean square of the difference of the results over that of theirs. */
  readonly difference: number;
  readonly nodes: readonly NodeTime[];
}

interface Reading {
  readonly network: string;
  readonly threads: number;
  /** In order. */
  readonly nodes: readonly NodeTime[];
  /** Of the outputs, relative to them. */
  readonly expectedError: number | undefined;
  /** Of weights made ready, and of a run. */
  readonly megabytes: { readonly weights: number; readonly run: number };
  readonly rival?: Rival;
}

const QUICK = ['resnet34', 'r3d18'];
const SECONDS = { quick: 1, full: 4 };
const LEAST_RUNS = 3;
/** What plans, weights and, where there is one, a rival take beside. */
const OVERHEAD = { own: 3, rival: 8 };
const ROUNDS = { quick: 3, full: 7 };
const BESIDE = ' beside onnxruntime';

/** Kinds of kernels, ours and onnxruntime's, by what their names hold; in the order in which they are looked for. */
const kinds: readonly (readonly [string, RegExp])[] = [
  ['convolution', /conv/i],
  ['matrix product', /gemm|matmul|product/i],
  ['pooling', /pool/i],
  [
    'moving data',
    /reorder|copy|concat|transpose|gather|resample|resize|depth|reshape|flatten|split|slice|pad/i,
  ],
  ['elementwise and normalization', /./],
];

const kindOf = (operator: string) => kinds.find(([, pattern]) => pattern.test(operator))![0];

/** Whole networks: where their time goes, node by node, here and in onnxruntime. */
export const networksExperiment = experiment<Reading>({
  id: 'networks',
  suite: 'networks',
  parts: ({ quick, peers, networks }) =>
    Object.keys(networks)
      .filter((name) => !quick || QUICK.includes(name))
      .map((name) => ({
        name: `${name}${peers ? BESIDE : ''}`,
        seconds: (quick ? SECONDS.quick : SECONDS.full) + OVERHEAD.own + (peers ? OVERHEAD.rival : 0),
      })),
  async measure(part, { quick, threads, networks }) {
    const name = part.replace(BESIDE, '');
    const graph = networks[name]!();
    const rounds = quick ? ROUNDS.quick : ROUNDS.full;
    const rival = part === name ? undefined : await rivalOf(graph, threads, rounds);
    return { ...(await ownOf(name, graph, threads, quick)), ...(rival && { rival }) };
  },
  present(results) {
    const lines = [...results.values()];
    const rivals = lines.flatMap((line) => (line.rival ? [{ ...line, rival: line.rival }] : []));
    const losses = rivals.filter(({ rival }) => rival.ours > rival.theirs).map(({ network }) => network);
    const bars = lines.flatMap(({ network, nodes, rival }) => {
      const longest = Math.max(total(nodes), total(rival?.nodes ?? []));
      return [
        ...segments(network, 'winograd-nd', nodes, longest),
        ...(rival ? segments(network, 'onnxruntime', rival.nodes, longest) : []),
      ];
    });
    const shares = lines.map(({ nodes }) => shareOf(nodes, 'convolution'));
    return {
      title: 'Whole networks: where the time goes',
      lead: `Every segment is a node, in order, on ${lines[0]?.threads ?? 1} threads, batch 1, planar in and out; convolutions take ${range(shares, percent)} of the time.`,
      ...(rivals.length > 0 && {
        claim: `Times of ${rivals[0]!.rival.library} are those of its own profile; speeds in the table are of whole runs in turns, each library in a process of its own. ${losses.length === 0 ? 'It is slower on each of them.' : `It is faster on ${losses.join(', ')}.`}`,
      }),
      chart: {
        width: WIDTH,
        data: { values: bars },
        mark: { type: 'bar', stroke: 'white', strokeWidth: 0.2 },
        encoding: {
          y: { field: 'network', type: 'nominal', title: null, sort: null },
          ...(rivals.length > 0 && { yOffset: { field: 'library', sort: ['winograd-nd', 'onnxruntime'] } }),
          x: {
            field: 'share',
            type: 'quantitative',
            axis: { format: '%' },
            title:
              rivals.length > 0
                ? 'of the time of the slower library (of each pair the upper bar is ours)'
                : 'of the time of a run',
          },
          color: { field: 'kind', type: 'nominal', title: null, sort: kinds.map(([kind]) => kind) },
          order: { field: 'at' },
          description: { field: 'says' },
        },
      },
      table: tableOf(lines, [
        { title: 'network', value: ({ network }) => network },
        { title: 'ms', value: (line) => line.rival?.ours ?? total(line.nodes), format: digits(3) },
        { title: 'onnxruntime, ms', value: ({ rival }) => rival?.theirs, format: digits(3) },
        { title: 'speed-up', value: ({ rival }) => rival && rival.theirs / rival.ours, format: fixed(2) },
        { title: 'difference', value: ({ rival }) => rival?.difference, format: (x) => x.toExponential(1) },
        { title: 'error expected', value: (line) => line.expectedError, format: (x) => x.toExponential(1) },
        { title: 'weights, MB', value: ({ megabytes }) => megabytes.weights, format: digits(3) },
        { title: 'a run, MB', value: ({ megabytes }) => megabytes.run, format: digits(3) },
        { title: 'convolutions', value: ({ nodes }) => shareOf(nodes, 'convolution'), format: percent },
        { title: 'costliest', value: ({ nodes }) => costliest(nodes) },
      ]),
    };
  },
});

const percent = (share: number) => `${(100 * share).toFixed(0)} %`;

function total(nodes: readonly NodeTime[]): number {
  return nodes.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
}

function shareOf(nodes: readonly NodeTime[], kind: string): number {
  return total(nodes.filter((node) => node.kind === kind)) / total(nodes);
}

function costliest(nodes: readonly NodeTime[]): string {
  return [...nodes]
    .sort((a, b) => b.milliseconds - a.milliseconds)
    .slice(0, 3)
    .map(({ node, milliseconds }) => `${node} ${milliseconds.toPrecision(3)}`)
    .join(', ');
}

/** Bars as shares of a time, so that networks of a millisecond and of a second can be seen side by side. */
function segments(network: string, library: string, nodes: readonly NodeTime[], longest: number) {
  return nodes.map(({ node, kind, milliseconds }, at) => ({
    ...{ network, library, kind, share: milliseconds / longest, at },
    says: `${network}, ${library}: ${node}, ${milliseconds.toPrecision(3)} ms`,
  }));
}

async function ownOf(name: string, graph: Graph, threads: number, quick: boolean): Promise<Reading> {
  const network = new Network(graph, { threads });
  const inputs = inputsOf(graph);
  await network.run(inputs);
  const runs: (readonly NodeTime[])[] = [];
  const end = performance.now() + 1000 * (quick ? SECONDS.quick : SECONDS.full);
  while (runs.length < LEAST_RUNS || performance.now() < end) {
    await network.run(inputs);
    runs.push(nodesOf(network.lastRun!.steps));
  }
  const { memory, expectedError } = await network.plan(shapesOf(inputs));
  network.dispose();
  return {
    ...{ network: name, threads, expectedError },
    nodes: runs[0]!.map((node, i) => ({
      ...node,
      milliseconds: median(runs.map((run) => run[i]!.milliseconds)),
    })),
    megabytes: { weights: memory.constants / 1e6, run: memory.run / 1e6 },
  };
}

/** Kernels of a node together. */
function nodesOf(steps: readonly { node: string; operator: string; milliseconds: number }[]): NodeTime[] {
  const nodes = new Map<string, NodeTime>();
  for (const { node, operator, milliseconds } of steps) {
    const known = nodes.get(node);
    const kind = known?.kind === 'convolution' ? known.kind : kindOf(operator);
    nodes.set(node, { node, kind, milliseconds: (known?.milliseconds ?? 0) + milliseconds });
  }
  return [...nodes.values()];
}

function inputsOf({ inputs }: Graph): Record<string, Tensor> {
  return Object.fromEntries(
    inputs.map(({ name, shape }, seed) => [
      name,
      Tensor.random(
        shape!.map((size) => (typeof size === 'number' ? size : 1)),
        { seed: seed + 1 },
      ),
    ]),
  );
}

function shapesOf(inputs: Readonly<Record<string, Tensor>>): Record<string, readonly number[]> {
  return Object.fromEntries(Object.entries(inputs).map(([name, { shape }]) => [name, shape]));
}

/** @throws InputError where onnxruntime-node is not installed */
async function rivalOf(graph: Graph, threads: number, rounds: number): Promise<Rival> {
  requireOnnxruntime();
  const folder = await mkdtemp(join(tmpdir(), 'winograd-report-'));
  try {
    const model = join(folder, 'model.onnx');
    await writeOnnx(model, graph);
    const { here, onnxruntime, distance } = await compareNetwork(
      model,
      shapesOf(inputsOf(graph)),
      { threads },
      { rounds, tolerance: TOLERANCE },
    );
    return {
      ...{ library: onnxruntime.library, ours: here.median, theirs: onnxruntime.median },
      ...{ difference: distance, nodes: await profileOf(model, graph, threads, folder) },
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** An event of onnxruntime's profile. */
interface ProfileEvent {
  readonly cat: string;
  readonly name: string;
  /** Microseconds. */
  readonly dur: number;
  readonly args?: { readonly op_name?: string };
}

/** Where onnxruntime says that its time goes: the shortest of some runs, node by node. */
async function profileOf(
  model: string,
  graph: Graph,
  threads: number,
  folder: string,
): Promise<readonly NodeTime[]> {
  const { ort } = requireOnnxruntime();
  const session = await ort.InferenceSession.create(model, {
    ...sessionOptions(threads),
    ...{ enableProfiling: true, profileFilePrefix: join(folder, 'profile') },
  });
  const feeds = Object.fromEntries(
    Object.entries(inputsOf(graph)).map(([name, { data, shape }]) => [
      name,
      new ort.Tensor('float32', data, shape),
    ]),
  );
  for (let run = 0; run < LEAST_RUNS; run++) await session.run(feeds);
  session.endProfiling?.();
  await session.release();
  const file = (await readdir(folder)).find((each) => each.startsWith('profile'));
  if (file === undefined) return [];
  const events = JSON.parse(await readFile(join(folder, file), 'utf8')) as ProfileEvent[];
  const nodes = new Map<string, NodeTime>();
  for (const { cat, name, dur, args } of events) {
    if (cat !== 'Node' || !name.endsWith('_kernel_time')) continue;
    const node = name.replace(/_kernel_time$/, '');
    const least = Math.min(dur / 1000, nodes.get(node)?.milliseconds ?? Number.POSITIVE_INFINITY);
    nodes.set(node, { node, kind: kindOf(args?.op_name ?? ''), milliseconds: least });
  }
  return [...nodes.values()];
}
