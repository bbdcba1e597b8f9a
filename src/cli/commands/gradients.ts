import type { Command } from 'commander';
import { printJson } from '../../../synth/index.js';
import { listOption, positiveInteger } from '../arguments.js';
import { printTraining, trainingRows } from '../gradients.js';

interface Options {
  readonly taps: readonly number[];
  readonly dims: number;
  readonly json?: boolean;
}

/** `winograd gradients`: the expected errors and costs of training. */
export function register(program: Command): void {
  program
    .command('gradients')
    .summary('expected errors and costs of a layer and of both its gradients')
    .description(
      'For each F(S, G) the expected error and the cost of a layer, of the gradient of its data (a correlation with the kernel ' +
        'reversed) and of the gradient of its weights, F(G, S), as multiples of direct convolution’s, with products per output and operations.',
    )
    .addOption(listOption('-g, --taps <list>', 'kernel sizes G', '--taps', [3, 5]))
    .option('-n, --dims <N>', 'dimensions, 1 to 4', positiveInteger('--dims'), 2)
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      `
The algorithms themselves: winograd synth S G --form backward-data | backward-weights | transposed

Examples:
  $ winograd gradients
  $ winograd gradients --taps 3 --dims 3 --json`,
    )
    .action(({ taps, dims, json }: Options) => {
      const rows = trainingRows(taps, dims);
      process.stdout.write(json ? printJson(rows) : printTraining(rows, dims));
    });
}
