import { type Command, Option } from 'commander';
import { printJson } from '../../../synth/index.js';
import { listOption, oneOf, positiveInteger, positiveIntegers } from '../arguments.js';
import {
  axesChoices,
  choices,
  type ProductRule,
  printAxesChoices,
  printChoices,
  printStatistics,
  productRules,
  statistics,
} from '../table.js';

interface Options {
  readonly taps: readonly number[];
  readonly width: number;
  readonly dims: number;
  readonly axes?: readonly number[];
  readonly products?: ProductRule;
  readonly json?: boolean;
}

/** `winograd table`: Table 1 of Budden et al. 2017 recomputed, and the smallest tiles for other vectors. */
export function register(program: Command): void {
  program
    .command('table')
    .summary('tiles that fill vectors: Table 1 of the paper, recomputed')
    .description(
      'The smallest F(S, G) that saves products and fills vectors of W numbers in N dimensions (Budden et al. 2017, ' +
        'section 4.2), with its sparsity and speed-up beside the figures of Table 1.',
    )
    .addOption(listOption('-g, --taps <list>', 'kernel sizes G', '--taps', [2, 3, 4, 5, 6]))
    .option('-w, --width <W>', 'numbers in a vector', positiveInteger('--width'), 8)
    .option('-n, --dims <N>', 'dimensions', positiveInteger('--dims'), 2)
    .option(
      '-p, --products <rule>',
      'T by linear moduli (D, as in the paper) or by the moduli that synth takes (default: linear)',
      oneOf('--products', productRules),
    )
    .addOption(
      new Option(
        '-a, --axes <list>',
        'only the choice of an own F(S, G) for every axis, whose kernel sizes these are',
      )
        .argParser(positiveIntegers('--axes'))
        .conflicts(['taps', 'width', 'dims']),
    )
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ winograd table
  $ winograd table --width 16 --dims 3
  $ winograd table --axes 1,3,3
  $ winograd table --taps 3,5,7 --products synth --json`,
    )
    .action(({ taps, width, dims, axes, products = productRules.linear, json }: Options) => {
      if (axes !== undefined) {
        const found = axesChoices(axes, products);
        process.stdout.write(json ? printJson(found) : printAxesChoices(found));
        return;
      }
      const rows = statistics(taps, width, dims, products);
      const tiles = choices(taps, products);
      process.stdout.write(
        json
          ? printJson({ width, dims, rows, choices: tiles })
          : `${printStatistics(rows, width, dims)}\n${printChoices(tiles)}`,
      );
    });
}
