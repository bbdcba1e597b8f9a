/** `npm run bench`: times layers × algorithms × kernels × threads, checked, on request beside other libraries. */
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { exitCodeOf, report } from '../src/cli/failure.js';
import { Contender } from '../src/support/contender.js';
import { writeWholeSync } from '../src/support/files.js';
import { packageRoot } from '../src/support/package.js';
import { expected } from '../synth/errors.js';
import { GRAMMAR } from './algorithm.js';
import { measure } from './measure.js';
import { networksReport } from './networks/report.js';
import { networkColumns, parseNetworks, runNetworks } from './networks/run.js';
import { requireOneDnnStep, startPeers } from './peers.js';
import { productsReport } from './products/report.js';
import { productColumns, runProducts } from './products/run.js';
import { Progress } from './progress.js';
import type { LayerContender } from './protocol.js';
import { runRandom } from './random/run.js';
import { type Environment, environment } from './report/environment.js';
import { reportOf, reportSelections } from './report/report.js';
import type { Row } from './row.js';
import {
  type Contenders,
  defaultSelection,
  groupsOf,
  machineIsas,
  parseAlgorithms,
  parseCounts,
  parseLayers,
  parseWords,
  type Selection,
} from './selection.js';
import { type Column, columns, textTable } from './table.js';
import { besideColumns, besideReport, runBeside } from './training/beside.js';
import { trainingReport } from './training/report.js';
import { parseTraining, runTraining, trainingColumns } from './training/run.js';

interface Options extends Partial<Omit<Selection, 'cold'>> {
  readonly cold?: boolean;
  readonly moduli: readonly string[];
  readonly rounds: number;
  readonly json?: boolean;
  readonly reports?: boolean;
  readonly out?: string;
  readonly random?: number;
  readonly seed?: number;
  readonly minutes: number;
  readonly networks?: string | true;
  readonly products?: boolean;
  readonly training?: string | true;
}

const ROUNDS = 7;
const RESULTS = join(packageRoot(), 'bench/RESULTS.md');
const NETWORKS = join(packageRoot(), 'bench/NETWORKS.md');
const PRODUCTS = join(packageRoot(), 'bench/PRODUCTS.md');
const TRAINING = join(packageRoot(), 'bench/TRAINING.md');
const STEPS = join(packageRoot(), 'bench/STEPS.md');

const examples = `
The others are no dependencies: onnxruntime-node is installed into bench/peers/onnxruntime at the first run with
--peers; oneDNN takes part where its headers are (Debian and Ubuntu: apt-get install libdnnl-dev).

Examples:
  npm run bench -- --layers conv3b,vgg-256 --algorithms auto,direct,4 --threads 1
  npm run bench -- --layers c3d --peers
  npm run -s bench -- --layers resnet --json > rows.jsonl
  npm run bench -- --reports --peers
  npm run bench -- --networks resnet,r3d18 --threads 1
  npm run bench -- --products --threads 1
  npm run bench -- --training cifar --threads 2
  npm run bench -- --random 1000 --minutes 10 --seed 7 --out random.jsonl  # again to go on where it stopped`;

try {
  await new Command('npm run bench --')
    .description(
      'Times layers × algorithms × kernels × threads; each result is checked in double precision first',
    )
    .option('--layers <names>', 'parts of names, separated by commas (default: all)', parseLayers)
    .option('--algorithms <names>', `${GRAMMAR} (default: auto,direct)`, parseAlgorithms)
    .option(
      '--moduli <list>',
      "one more algorithm, these moduli on every axis, such as '0, ±1, ±2, inf'; may be repeated",
      (text: string, all: readonly string[]) => [...all, text],
      [],
    )
    .option('--isa <names>', 'kernel tables (default: the best)', parseWords('isa', machineIsas()))
    .option('--threads <counts>', 'numbers of threads (default: 1,2)', parseCounts('threads', 256))
    .option('--batch <counts>', 'images or clips in a pass (default: 1)', parseCounts('batch', 1024))
    .option(
      '--layout <names>',
      'of activations in and out: blocked or planar, which is N×C×D×H×W (default: blocked)',
      parseWords('layout', ['planar', 'blocked']),
    )
    .option('--cold', 'also with the caches swept before each pass')
    .option(
      '--error-limit <multiple>',
      "expected error that the planner may choose, as a multiple of direct convolution's (default: 2.5)",
      parseErrorLimit,
    )
    .addOption(
      new Option('--effort <effort>', 'how the planner chooses')
        .choices(['estimate', 'measure'])
        .default('estimate'),
    )
    .option('--rounds <count>', 'bursts of each contender', parseRounds, ROUNDS)
    .option('--peers', 'beside onnxruntime-node and oneDNN, each in a process of its own')
    .option('--json', 'one object a row, one row a line')
    .option('--reports', 'run a fixed choice of rows and write bench/RESULTS.md (or --out)')
    .option('--out <file>', 'write there instead of to standard output')
    .option(
      '--random <count>',
      'instead of named layers, random ones: default plans, planar, beside direct convolution and what measuring finds',
      parseCount('random', 1e6),
    )
    .option(
      '--seed <number>',
      'of the random layers (default: another one every time)',
      parseCount('seed', 2 ** 31),
    )
    .option(
      '--networks [names]',
      'instead of layers, the networks of examples/networks beside onnxruntime-node; --reports writes bench/NETWORKS.md',
    )
    .option(
      '--products',
      'instead of layers, products of matrices beside OpenBLAS (libopenblas-dev); --reports writes bench/PRODUCTS.md',
    )
    .option(
      '--training [names]',
      'instead of layers, training steps of networks, by the planner and as products of matrices, or with --peers beside oneDNN; --reports writes bench/TRAINING.md or bench/STEPS.md',
    )
    .option('--minutes <number>', 'begin no random layer after so long', parseMinutes, Infinity)
    .addHelpText('after', examples)
    .action(run)
    .parseAsync();
} catch (error) {
  report(error);
  process.exitCode = exitCodeOf(error);
}

async function run(options: Options): Promise<void> {
  warnIfBusy();
  if (options.random !== undefined) return random(options.random, options);
  if (options.networks !== undefined) return networks(options.networks, options);
  if (options.products) return products(options);
  if (options.training !== undefined) return training(options.training, options);
  const engine: LayerContender = new Contender('winograd-nd', [
    process.execPath,
    '--expose-gc',
    join(import.meta.dirname, 'worker.js'),
  ]);
  const contenders: Contenders = { engine, peers: options.peers ? startPeers() : [] };
  try {
    const rows = await runAll(options, contenders);
    write(rows, options, { columns, reportOf, place: RESULTS });
  } finally {
    for (const contender of [engine, ...contenders.peers]) contender.close();
  }
}

async function networks(names: string | true, options: Options): Promise<void> {
  const rows = await runNetworks({
    names: parseNetworks(names === true ? '' : names),
    threads: options.threads ?? defaultSelection().threads,
    rounds: options.rounds,
  });
  write(rows, options, { columns: networkColumns, reportOf: networksReport, place: NETWORKS });
}

async function training(names: string | true, options: Options): Promise<void> {
  const { threads = [2], rounds } = options;
  const chosen = parseTraining(names === true ? '' : names);
  if (options.peers) {
    const rows = await runBeside(chosen, threads, rounds, requireOneDnnStep());
    return write(rows, options, { columns: besideColumns, reportOf: besideReport, place: STEPS });
  }
  const rows = await runTraining(chosen, threads, rounds);
  write(rows, options, { columns: trainingColumns, reportOf: trainingReport, place: TRAINING });
}

async function products(options: Options): Promise<void> {
  const { threads = defaultSelection().threads, rounds } = options;
  const rows = await runProducts(threads, rounds);
  write(rows, options, { columns: productColumns, reportOf: productsReport, place: PRODUCTS });
}

/** How rows of a kind are shown: in a table, or in a report that has its place in the tree. */
interface Shown<R> {
  readonly columns: readonly Column<R>[];
  reportOf(rows: readonly R[], at: Environment): string;
  readonly place: string;
}

/** To `--out`, a report else to its place, anything else to standard output. */
function write<R>(rows: readonly R[], { json, reports, rounds, out }: Options, shown: Shown<R>): void {
  const text = json
    ? rows.map((row) => JSON.stringify(row)).join('\n')
    : reports
      ? shown.reportOf(rows, environment(rounds))
      : textTable(rows, shown.columns);
  const file = out ?? (reports ? shown.place : undefined);
  if (file === undefined) process.stdout.write(`${text}\n`);
  else writeWholeSync(file, `${text}\n`);
}

function random(count: number, { seed, isa, threads, minutes, out, json }: Options): void {
  runRandom({
    ...{ count, minutes, out, json: json ?? false },
    seed: seed ?? Math.floor(Math.random() * 2 ** 31),
    isa: isa ?? machineIsas().slice(0, 1),
    threads: threads ?? [1],
  });
}

async function runAll(options: Options, contenders: Contenders): Promise<Row[]> {
  const selection = selectionOf(options);
  const selections = options.reports ? reportSelections(selection) : [selection];
  const groups = groupsOf(selections, contenders);
  const progress = new Progress(groups.length);
  const leftOut = new Set<string>();
  const rows: Row[] = [];
  for (const group of groups) {
    progress.on(group.layer.name);
    const measured = await measure(group, {
      rounds: options.rounds,
      engine: contenders.engine,
      leftOut: ({ contender, engine }, reason) =>
        leftOut.add(`${group.layer.name}: ${engine?.algorithm ?? contender.name}: ${reason}`),
    });
    rows.push(...measured);
  }
  progress.end();
  for (const each of leftOut) process.stderr.write(`Left out ${each}\n`);
  return rows;
}

/** More than one process at work for two cores is more than a measurement forgives. */
function warnIfBusy(): void {
  const load = loadavg()[0]!;
  if (load > cpus().length / 2)
    process.stderr.write(`The machine is busy (load average ${load.toFixed(1)}): expect times too long\n`);
}

function selectionOf({ moduli, cold, ...options }: Options): Selection {
  const selection = { ...defaultSelection(), ...options, cold: cold ? [false, true] : [false] };
  return { ...selection, algorithms: [...selection.algorithms, ...moduli] };
}

function parseRounds(text: string): number {
  const rounds = Number(text);
  if (!Number.isInteger(rounds) || rounds < 1) throw expected('rounds', 'a positive integer', text);
  return rounds;
}

function parseCount(name: string, most: number): (text: string) => number {
  return (text) => {
    const count = Number(text);
    if (!Number.isInteger(count) || count < 1 || count > most)
      throw expected(name, `an integer from 1 to ${most}`, text);
    return count;
  };
}

function parseMinutes(text: string): number {
  const minutes = Number(text);
  if (!(minutes > 0)) throw expected('minutes', 'a positive number', text);
  return minutes;
}

function parseErrorLimit(text: string): number {
  const limit = Number(text);
  if (!(limit > 0)) throw expected('error-limit', 'a positive number', text);
  return limit;
}
