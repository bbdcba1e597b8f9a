import { type Command, Option } from 'commander';
import { toStrings } from '../../../synth/core/serialize.js';
import { printJson, toJSON } from '../../../synth/index.js';
import type { FrontMember } from '../../../synth/search/search.js';
import { formatSplitPoint } from '../../../synth/split/axis.js';
import type { SplitMember } from '../../../synth/split/search.js';
import { splitTransform } from '../../../synth/split/split.js';
import { positiveInteger, positiveIntegers } from '../arguments.js';
import { lines, plainTable, right } from '../columns.js';
import { deliver } from '../output.js';
import { progressBar } from '../progress.js';

interface Options {
  readonly dims: number;
  readonly products?: readonly number[];
  readonly starts: number;
  readonly seed: number;
  readonly time?: number;
  readonly unrestricted?: number;
  readonly split?: boolean;
  readonly json?: boolean;
  readonly out?: string;
}

/** `winograd search S G`: the best algorithms known to exist, without being told any points. */
export function register(program: Command): void {
  program
    .command('search')
    .summary('search the best algorithms for F(S, G)')
    .description(
      'Searches points and moduli for the Pareto front of F(S, G): products, expected error and operations. ' +
        'Every algorithm is proved over ℚ.',
    )
    .argument('<S>', 'outputs of one tile', positiveInteger('S'))
    .argument('<G>', 'taps of the kernel', positiveInteger('G'))
    .option(
      '-n, --dims <N>',
      'dimensions, 1 to 4, for products per output and error',
      positiveInteger('--dims'),
      2,
    )
    .option(
      '-p, --products <list>',
      'numbers of products T (default: from D = S + G − 1, a third more)',
      positiveIntegers('--products'),
    )
    .option('--starts <count>', 'random starts for each structure of moduli', positiveInteger('--starts'), 3)
    .option('--seed <seed>', 'the same seed gives the same front', positiveInteger('--seed'), 1)
    .option('--time <seconds>', 'end the random starts after this time', positiveInteger('--time'))
    .option(
      '--unrestricted <starts>',
      'look for less noise among all bilinear algorithms, as evidence',
      positiveInteger('--unrestricted'),
    )
    .addOption(
      new Option('--split', 'algorithms of all axes together: products of two quadratics split').conflicts([
        ...['products', 'time', 'unrestricted'],
      ]),
    )
    .option('--json', 'print as JSON, with matrices')
    .option('-o, --out <file>', 'write to a file instead of standard output')
    .addHelpText(
      'after',
      `
Columns: products per output in N dimensions; T of one axis; noise gain Q; expected error of a layer with many
channels as a multiple of direct convolution's, (Q/G)^N, and of one with a single channel; operations of the programs
for A, B and C on one axis.

Examples:
  $ winograd search 6 3
  $ winograd search 4 5 --dims 3 --starts 10
  $ winograd search 8 3 --products 11,12 --json --out f8x3.json
  $ winograd search 6 3 --unrestricted 4
  $ winograd search 9 3 --split`,
    )
    .action(run);
}

async function run(outputs: number, taps: number, options: Options): Promise<void> {
  const progress = progressBar();
  const onProgress = (share: number) => progress.update(`F(${outputs}, ${taps})`, share, 1);
  const find = options.split ? splitFront : nestedFront;
  const text = await find(outputs, taps, options, onProgress).finally(progress.stop);
  await deliver(text, options.out);
}

type OnProgress = (share: number) => void;

async function nestedFront(
  outputs: number,
  taps: number,
  options: Options,
  onProgress: OnProgress,
): Promise<string> {
  const { dims, products, starts, seed, unrestricted, time, json } = options;
  const { search } = await import('../../../synth/search/search.js');
  const begun = performance.now();
  const front = search({
    ...{ outputs, taps, dims, starts, seed, onProgress },
    ...(products && { products }),
    ...(unrestricted && { unrestrictedStarts: unrestricted }),
    ...(time && { keepGoing: () => performance.now() - begun < time * 1000 }),
  });
  return json ? printJson(front.map(memberJson)) : printFront(outputs, taps, dims, front);
}

async function splitFront(
  outputs: number,
  taps: number,
  options: Options,
  onProgress: OnProgress,
): Promise<string> {
  const { dims, starts, seed, json } = options;
  const { searchSplit } = await import('../../../synth/split/search.js');
  const front = searchSplit({ outputs, taps, dims, starts, seed, onProgress });
  return json ? printJson(front.map(splitJson)) : printSplit(outputs, taps, dims, front);
}

/** A member of a front as plain data: the fields of its transform, then what the search knows of it. */
export function memberJson({ transform, ...rest }: FrontMember): object {
  return { ...toJSON(transform), ...rest };
}

function splitJson(member: SplitMember): object {
  const { outputs, taps, dims, points, ...figures } = member;
  const { A, B, C } = splitTransform({ outputs, taps, dims, points });
  return {
    ...{ outputs, taps, dims, ...figures, points: points.map(formatSplitPoint) },
    ...{ A: toStrings(A), B: toStrings(B), C: toStrings(C) },
  };
}

function printFront(outputs: number, taps: number, dims: number, front: readonly FrontMember[]): string {
  const table = plainTable();
  table.push(
    [...['products/output', 'T', 'Q', 'error', '1 channel', 'A', 'B', 'C'].map(right), 'moduli'],
    ...front.map(
      ({ transform, productsPerOutput, noiseGain, layerError, singleChannelError, operations }) => [
        ...[
          productsPerOutput.toFixed(3),
          transform.products,
          noiseGain.toPrecision(4),
          layerError.toPrecision(3),
          singleChannelError.toPrecision(3),
          operations.A,
          operations.B,
          operations.C,
        ].map(right),
        transform.moduli.join(', '),
      ],
    ),
  );
  return lines([
    `F(${outputs}, ${taps}) in ${dims}-D, D = ${outputs + taps - 1}; error as a multiple of direct convolution's:`,
    '',
    table.toString(),
    '',
    ...evidence(front),
  ]);
}

/** One sentence for each number of products: how close to the best that real numbers could do. */
function evidence(front: readonly FrontMember[]): string[] {
  const counts = [...new Set(front.map(({ transform }) => transform.products))];
  return counts.map((products) => {
    const own = front.filter(({ transform }) => transform.products === products);
    const { continuousGain, starts, agreeing, unrestricted } = own[0]!.evidence;
    const loss = (100 * (Math.min(...own.map(({ noiseGain }) => noiseGain)) / continuousGain - 1)).toFixed(1);
    const found =
      `T = ${products}: within ${loss} % of the least Q found over real numbers (${continuousGain.toPrecision(4)}), ` +
      `where ${agreeing} of ${starts} starts ended.`;
    return unrestricted?.gain === undefined
      ? found
      : `${found} Least of any bilinear algorithm found: ${unrestricted.gain.toPrecision(4)} ` +
          `(${unrestricted.agreeing} of ${unrestricted.starts} starts).`;
  });
}

function printSplit(outputs: number, taps: number, dims: number, front: readonly SplitMember[]): string {
  const table = plainTable();
  table.push(
    [...['products/output', 'T', 'Q', 'error'].map(right), 'points, with conjugates'],
    ...front.map(({ points, products, productsPerOutput, noiseGain, layerError }) => [
      ...[productsPerOutput.toFixed(3), products, noiseGain.toPrecision(4), layerError.toPrecision(3)].map(
        right,
      ),
      points.map(formatSplitPoint).join(', '),
    ]),
  );
  return lines([
    `F(${outputs}, ${taps}) in ${dims}-D, products of all axes together; error as a multiple of direct convolution's:`,
    '',
    table.toString(),
  ]);
}
