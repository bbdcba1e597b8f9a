import type { Command } from 'commander';
import {
  expected,
  printJson,
  printLatex,
  printText,
  settleOutputs,
  synthesize,
  type Transform,
  toJSON,
} from '../../../synth/index.js';
import { oneOf, positiveInteger } from '../arguments.js';
import {
  type FormRequest,
  type FormWish,
  formHelp,
  formWish,
  type PrintedForm,
  printedForm,
} from '../forms.js';
import { deliver } from '../output.js';

/** How to print an algorithm, and a form of it where that is possible. */
interface Format {
  readonly transform: (transform: Transform) => string;
  readonly form?: (form: PrintedForm) => string;
}

const formats: Readonly<Record<'text' | 'json' | 'latex', Format>> = {
  text: { transform: printText, form: ({ text }) => text },
  json: { transform: (transform) => printJson(toJSON(transform)), form: ({ json }) => printJson(json) },
  latex: { transform: printLatex },
};

/** G where neither S nor G is given. */
const TAPS = 3;

interface Options {
  readonly moduli?: string;
  readonly vector?: number;
  readonly dims?: number;
  readonly form?: FormWish;
  readonly format?: Format;
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
    .argument(
      '[S]',
      'outputs of one tile; left out where --vector or --moduli settles it',
      positiveInteger('S'),
    )
    .argument('[G]', `taps of the kernel (default: ${TAPS} where S is left out)`, positiveInteger('G'))
    .option('-m, --moduli <list>', 'coprime moduli whose degrees add up to S + G − 1 (default: good ones)')
    .option(
      '-w, --vector <W>',
      'in place of S: the smallest tile that saves products and fills vectors of W numbers, Tᴺ mod W = 0',
      positiveInteger('--vector'),
    )
    .option('-n, --dims <N>', 'dimensions that --vector counts on (default: 2)', positiveInteger('--dims'))
    .option('--form <form>', 'another form of the algorithm, listed below', formWish)
    .option('-f, --format <format>', 'text, json or latex (default: text)', oneOf('--format', formats))
    .option('-o, --out <file>', 'write to a file instead of standard output')
    .addHelpText(
      'after',
      `
Moduli: a rational r stands for x − r (a point), inf for the point at infinity, ± for both signs; polynomials of
higher degree are written as such, and may name the points at which their residue product is evaluated.

Forms, each proved as well:
${formHelp}

Examples:
  $ winograd synth 2 3
  $ winograd synth 4 3 --moduli '0, ±1, ±2, inf' --format latex
  $ winograd synth 4 3 --moduli '0, ±1, x^2+1@(0 1 inf), inf' --format json --out f4x3.json
  $ winograd synth 3 --vector 8 --dims 3
  $ winograd synth 4 3 --form family:2,1
  $ winograd synth 2 3 --form padded:1,1
  $ winograd synth 4 3 --form integer
  $ winograd synth 4 3 --moduli '0, ±1, x^2+1, inf' --form integer`,
    )
    .action(async (first: number | undefined, second: number | undefined, options: Options) => {
      const { form, format = formats.text, out } = options;
      await deliver(print(requestOf(first, second, options), form, format), out);
    });
}

/** A single number is G where something else settles S. */
function requestOf(
  first: number | undefined,
  second: number | undefined,
  { moduli, vector, dims }: Options,
): FormRequest {
  if (dims !== undefined && vector === undefined) throw expected('--dims', 'left out without --vector', dims);
  if (vector !== undefined && second !== undefined)
    throw expected('S', 'left out with --vector, which settles it,', first);
  if (vector !== undefined && moduli !== undefined)
    throw expected('--vector', 'left out with --moduli, which settle S,', vector);
  const free = second === undefined && (vector !== undefined || moduli !== undefined);
  const [outputs, taps] = free ? [undefined, first ?? TAPS] : [first, second];
  if (!free && outputs === undefined) throw expected('S', 'a positive integer', outputs);
  if (taps === undefined) throw expected('G', 'a positive integer', taps);
  return { outputs: settleOutputs({ outputs, taps, moduli, vectorWidth: vector, dims }), taps, moduli };
}

function print(request: FormRequest, wish: FormWish | undefined, format: Format): string {
  if (wish === undefined) return format.transform(synthesize(request));
  if (format.form === undefined) throw expected('--format', 'text or json for a form', 'latex');
  return format.form(printedForm(wish, request));
}
