import type { Command } from 'commander';
import {
  printJson,
  printLatex,
  printText,
  synthesize,
  type Transform,
  toJSON,
} from '../../../synth/index.js';
import { oneOf, positiveInteger } from '../arguments.js';
import { deliver } from '../output.js';

const formats: Readonly<Record<string, (transform: Transform) => string>> = {
  text: printText,
  json: (transform) => printJson(toJSON(transform)),
  latex: printLatex,
};

interface Options {
  readonly moduli?: string;
  readonly format?: (transform: Transform) => string;
  readonly out?: string;
}

/** `winograd synth S G`: an algorithm with its proof. */
export function register(program: Command): void {
  program
    .command('synth')
    .summary('synthesize F(S, G) and prove it')
    .description(
      'Synthesizes F(S, G), an algorithm for S outputs of a correlation with G taps, and proves it over ℚ.',
    )
    .argument('<S>', 'outputs of one tile', positiveInteger('S'))
    .argument('<G>', 'taps of the kernel', positiveInteger('G'))
    .option('-m, --moduli <list>', 'coprime moduli whose degrees add up to S + G − 1 (default: good ones)')
    .option('-f, --format <format>', 'text, json or latex (default: text)', oneOf('--format', formats))
    .option('-o, --out <file>', 'write to a file instead of standard output')
    .addHelpText(
      'after',
      `
Moduli: a rational r stands for x − r (a point), inf for the point at infinity, ± for both signs; polynomials of
higher degree are written as such, and may name the points at which their residue product is evaluated.

Examples:
  $ winograd synth 2 3
  $ winograd synth 4 3 --moduli '0, ±1, ±2, inf' --format latex
  $ winograd synth 4 3 --moduli '0, ±1, x^2+1@(0 1 inf), inf' --format json --out f4x3.json`,
    )
    .action(async (outputs: number, taps: number, { moduli, format = printText, out }: Options) => {
      await deliver(format(synthesize({ outputs, taps, moduli })), out);
    });
}
