import { type Command, Option } from 'commander';
import { expected, printJson, synthesize, type Transform } from '../../../synth/index.js';
import type { Arithmetic } from '../../accuracy/experiment.js';
import type { Mark } from '../../accuracy/plot.js';
import { type AccuracyRow, printPublished, printRows } from '../accuracy.js';
import { listOption, oneOf, positiveInteger } from '../arguments.js';
import { deliver } from '../output.js';
import { progressBar } from '../progress.js';

interface Options {
  readonly all?: boolean;
  readonly moduli?: string;
  readonly dims: number;
  readonly channels: readonly number[];
  readonly sumBlock: number;
  readonly arithmetic: Arithmetic;
  readonly runs?: number;
  readonly seed: number;
  readonly json?: boolean;
  readonly plot?: string;
  readonly out?: string;
}

const arithmetics = { engine: 'engine', plain: 'plain' } as const;

/** `winograd accuracy S G`: measured beside predicted error. */
export function register(program: Command): void {
  program
    .command('accuracy')
    .summary('measure the error of F(S, G) beside its prediction')
    .description(
      'Measures the rounding error of layers against direct convolution in double precision, as a multiple of the ' +
        'error of direct convolution in single precision (Barabasz et al. 2018), beside what the matrices predict.',
    )
    .argument('[S]', 'outputs of one tile', positiveInteger('S'))
    .argument('[G]', 'taps of the kernel', positiveInteger('G'))
    .addOption(
      new Option('--all', 'F(2, 3) to F(10, 3) and 5 taps beside what is published').conflicts([
        ...['moduli', 'dims', 'channels', 'sumBlock', 'arithmetic'],
      ]),
    )
    .option('-m, --moduli <list>', 'an algorithm of your own (default: the front that search finds)')
    .option('-n, --dims <N>', 'dimensions, 1 to 3', positiveInteger('--dims'), 2)
    .addOption(listOption('-c, --channels <list>', 'input channels', '--channels', [1, 64]))
    .addOption(
      new Option('--sum-block <n>', 'channels summed in one go')
        .argParser(positiveInteger('--sum-block'))
        .default(0, 'all'),
    )
    .option(
      '--arithmetic <kind>',
      'engine: the native one; plain: row by row, nothing fused, kernels in single precision',
      oneOf('--arithmetic', arithmetics),
      arithmetics.engine as Arithmetic,
    )
    .option('--runs <count>', 'random tiles and kernels (default: enough)', positiveInteger('--runs'))
    .option('--seed <seed>', 'of the random data', positiveInteger('--seed'), 1)
    .option('--json', 'print as JSON')
    .option('--plot <file>', 'draw error over products as SVG')
    .option('-o, --out <file>', 'write to a file instead of standard output')
    .addHelpText(
      'after',
      `
One channel is the protocol of the paper; layers sum many, and their error tends to (Q/G)^N times direct's.

Examples:
  $ winograd accuracy 6 3
  $ winograd accuracy 4 3 --moduli '0, ±1, ±2, inf' --dims 3 --channels 64,512 --sum-block 32
  $ winograd accuracy --all --plot accuracy.svg`,
    )
    .action(run);
}

async function run(outputs: number | undefined, taps: number | undefined, options: Options): Promise<void> {
  if (options.all && outputs !== undefined) throw expected('S and G', 'left out with --all', outputs);
  const bar = progressBar();
  const { title, data, text, marks } = await (options.all
    ? published(options, bar.update)
    : chosen(outputs, taps, options, bar.update)
  ).finally(bar.stop);
  if (options.plot !== undefined) {
    const { plotSvg } = await import('../../accuracy/plot.js');
    await deliver(await plotSvg(title, marks), options.plot);
  }
  await deliver(options.json ? printJson(data) : text, options.out);
}

interface Answer {
  readonly title: string;
  readonly data: object;
  readonly text: string;
  readonly marks: readonly Mark[];
}

type Update = (stage: string, done: number, all: number) => void;

/** The paper has 5000 runs, each with data of its own; ours share tiles and kernels, and so need more. */
const PROTOCOL_RUNS = 128 ** 2;
/** Outputs of a layer whose mean error is then known to about two per cent. */
const LAYER_OUTPUTS = 10_000;
const LEAST_LAYER_RUNS = 512;

async function published({ runs = PROTOCOL_RUNS, seed }: Options, update: Update): Promise<Answer> {
  const { compareWithPublished } = await import('../../accuracy/published.js');
  const rows = compareWithPublished(runs, seed, (done, all) => update('accuracy', done, all));
  const marks = rows.flatMap(({ outputs, taps, products, subject, arithmetic, ...each }) =>
    marksOf((products / outputs) ** 2, `${taps} taps, ${subject}, ${arithmetic}`, each),
  );
  return { title: 'Mean error in 2-D, one channel', data: rows, text: printPublished(rows), marks };
}

async function chosen(
  outputs: number | undefined,
  taps: number | undefined,
  options: Options,
  update: Update,
): Promise<Answer> {
  if (outputs === undefined || taps === undefined) throw expected('S and G', 'given, or --all', undefined);
  const { moduli, dims, channels, sumBlock, arithmetic, seed } = options;
  if (dims > 3) throw expected('--dims', 'at most 3', dims);
  const { compare } = await import('../../accuracy/compare.js');
  const transforms = await subjects(outputs, taps, moduli);
  const rows = transforms.map((transform, index): AccuracyRow => {
    const results = channels.map((count, position) => {
      update('accuracy', index * channels.length + position, transforms.length * channels.length);
      const runs = options.runs ?? (count === 1 ? PROTOCOL_RUNS : layerRuns(outputs, dims));
      const axes = Array<Transform>(dims).fill(transform);
      return {
        channels: count,
        ...compare({ transforms: axes, channels: count, sumBlock, arithmetic, runs, seed }),
      };
    });
    const { products, moduli } = transform;
    return { outputs, taps, products, moduli, productsPerOutput: (products / outputs) ** dims, results };
  });
  const marks = rows.flatMap(({ productsPerOutput, results }) =>
    results.flatMap((each) => marksOf(productsPerOutput, channelsText(each.channels), each)),
  );
  const title = `F(${outputs}, ${taps}) in ${dims}-D, ${arithmetic} arithmetic`;
  return { title, data: { dims, sumBlock, arithmetic, seed, rows }, text: printRows(title, rows), marks };
}

function layerRuns(outputs: number, dims: number): number {
  return Math.max(LEAST_LAYER_RUNS, Math.ceil(LAYER_OUTPUTS / outputs ** dims));
}

async function subjects(outputs: number, taps: number, moduli: string | undefined): Promise<Transform[]> {
  if (moduli !== undefined) return [synthesize({ outputs, taps, moduli })];
  const { frontTransforms } = await import('../../accuracy/subjects.js');
  return frontTransforms(outputs, taps);
}

function marksOf(
  productsPerOutput: number,
  series: string,
  { measured, predicted }: { readonly measured: number; readonly predicted: number },
): Mark[] {
  return [
    { productsPerOutput, series, kind: 'measured', error: measured },
    { productsPerOutput, series, kind: 'predicted', error: predicted },
  ];
}

function channelsText(count: number): string {
  return count === 1 ? '1 channel' : `${count} channels`;
}
