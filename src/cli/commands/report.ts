import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { expected } from '../../../synth/errors.js';
import { suites } from '../../report/experiment.js';
import type { Networks } from '../../report/networks.js';
import { lines, plainTable, right } from '../columns.js';
import { progressBar } from '../progress.js';

interface Options {
  readonly out: string;
  readonly suite: string;
  readonly quick?: true;
  readonly peers?: true;
  readonly from?: string;
  readonly compare?: readonly string[];
  readonly json?: true;
}

const examples = `
What was measured is kept in the folder's report.json, part by part: after Ctrl-C the same command goes on where it was.

Examples:
  $ winograd report --quick
  $ winograd report --suite accuracy --out accuracy
  $ winograd report --suite networks --peers
  $ winograd report --from winograd-report --out redrawn
  $ winograd report --compare before after
  $ winograd report --compare zen3 zen4 --out both`;

/** Registers `winograd report`: measurements as a page. */
export function register(program: Command): void {
  program
    .command('report')
    .summary('measure speed and accuracy, and write a page with figures and tables')
    .description(
      'Measures this machine: the figures of Budden et al. 2017, layers, whole networks, accuracy, training. Writes one ' +
        'HTML page that needs nothing else, the same as Markdown, every figure as SVG and PNG, every table as CSV.',
    )
    .option('--out <folder>', 'where to write', 'winograd-report')
    .addOption(new Option('--suite <name>', 'what to measure').choices([...suites, 'all']).default('all'))
    .option('--quick', 'fewer sizes and runs: at most three minutes')
    .option('--peers', 'run networks beside onnxruntime-node, which is to be installed')
    .addOption(
      new Option(
        '--from <folder>',
        'draw what was measured there, or in that report.json, and measure nothing',
      ).conflicts(['suite', 'quick', 'peers', 'compare']),
    )
    .addOption(
      new Option(
        '--compare <reports...>',
        'print what differs between two reports; with --out, as a page with their figures side by side',
      ).conflicts(['suite', 'quick', 'peers']),
    )
    .option('--json', 'print the data, or the differences, as JSON')
    .addHelpText('after', examples)
    .action(run);
}

async function run(options: Options, command: Command): Promise<void> {
  if (options.compare !== undefined)
    return compare(options.compare, {
      json: options.json === true,
      ...(command.getOptionValueSource('out') === 'cli' && { out: options.out }),
    });
  const [{ writeReport }, { readData }, { runReport }] = await Promise.all([
    import('../../report/write.js'),
    import('../../report/data.js'),
    import('../../report/run.js'),
  ]);
  const { out, suite, quick = false, peers = false, from, json } = options;
  const data =
    from === undefined
      ? await measured(runReport, { out, suite, quick, peers })
      : await readData(await dataFile(from));
  const page = await writeReport(data, out);
  process.stdout.write(json ? `${JSON.stringify(data)}\n` : lines([page]));
}

async function measured(
  runReport: typeof import('../../report/run.js').runReport,
  { out, suite, quick, peers }: { out: string; suite: string; quick: boolean; peers: boolean },
) {
  if (peers) (await import('../../network/onnxruntime.js')).requireOnnxruntime();
  const stopping = new AbortController();
  const stop = () =>
    stopping.abort(expected('the report', 'to be finished', 'an interrupt; what was measured is kept'));
  process.once('SIGINT', stop);
  const bar = progressBar();
  return runReport({
    ...{ folder: out, quick, peers, networks: await exampleNetworks() },
    ...{ suites: suites.filter((name) => suite === 'all' || suite === name) },
    ...{ signal: stopping.signal, onProgress: bar.onProgress },
  }).finally(() => {
    bar.stop();
    process.off('SIGINT', stop);
  });
}

/** Those of the examples, which nothing here depends on: where they are left out, reports are about no networks. */
async function exampleNetworks(): Promise<Networks> {
  const path = new URL('../../../examples/networks/index.js', import.meta.url);
  return existsSync(path) ? { ...(await import(path.href)) } : {};
}

async function compare(
  paths: readonly string[],
  { json, out }: { json: boolean; out?: string },
): Promise<void> {
  if (paths.length !== 2) throw expected('--compare', 'two reports', paths.length);
  const [{ environmentText, readData }, { changesBetween, changesTable, NOISE }] = await Promise.all([
    import('../../report/data.js'),
    import('../../report/compare.js'),
  ]);
  const [before, after] = await Promise.all(paths.map(async (path) => readData(await dataFile(path))));
  const difference = changesBetween(before!, after!);
  const { shared, changes } = difference;
  let page: string | undefined;
  if (out !== undefined) {
    const { writeComparison } = await import('../../report/comparison.js');
    page = await writeComparison(before!, after!, out, difference);
  }
  if (json) {
    process.stdout.write(`${JSON.stringify({ shared, changes }, undefined, 2)}\n`);
    return;
  }
  const table = plainTable();
  const { titles, rows } = changesTable(changes);
  table.push(
    [...titles],
    ...rows.map((row) => row.map(({ text, value }) => (typeof value === 'number' ? right(text) : text))),
  );
  process.stdout.write(
    lines([
      `first   ${environmentText(before!)}`,
      `second  ${environmentText(after!)}`,
      `${changes.length} of ${shared} numbers differ by more than ${100 * NOISE} %.`,
      ...(changes.length === 0 ? [] : ['', table.toString()]),
      ...(page === undefined ? [] : ['', page]),
    ]),
  );
}

/** A report's data by its folder, or by themselves. */
async function dataFile(path: string): Promise<string> {
  const { DATA_FILE } = await import('../../report/data.js');
  return (await stat(path)).isDirectory() ? join(path, DATA_FILE) : path;
}
