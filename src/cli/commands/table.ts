import type { Command } from 'commander';
import { printJson } from '../../../synth/index.js';
import { oneOf, positiveInteger, positiveIntegers } from '../arguments.js';
import {
  choices,
  type ProductRule,
  printChoices,
  printStatistics,
  productRules,
  statistics,
} from '../table.js';

interface Options {
  readonly taps: readonly number[];
  readonly width: number;
  readonly dims: number;
  readonly products: ProductRule;
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
    .option('-g, --taps <list>', 'kernel sizes G', positiveIntegers('--taps'), [2, 3, 4, 5, 6])
    .option('-w, --width <W>', 'numbers in a vector', positiveInteger('--width'), 8)
    .option('-n, --dims <N>', 'dimensions', positiveInteger('--dims'), 2)
    .option(
      '-p, --products <rule>',
      'linear: T = D, as in the paper; default: T of the default moduli',
      oneOf('--products', productRules),
      productRules.linear as ProductRule,
    )
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ winograd table
  $ winograd table --width 16 --dims 3
  $ winograd table --taps 3,5,7 --products default --json`,
    )
    .action(({ taps, width, dims, products, json }: Options) => {
      const rows = statistics(taps, width, dims, products);
      const tiles = choices(taps, products);
      process.stdout.write(
        json
          ? printJson({ width, dims, rows, choices: tiles })
          : `${printStatistics(rows, width, dims)}\n${printChoices(tiles)}`,
      );
    });
}
