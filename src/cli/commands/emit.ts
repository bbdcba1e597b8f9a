import type { Command } from 'commander';
import {
  ClaimError,
  claimsFromJSON,
  emit,
  expected,
  fromJSON,
  InputError,
  synthesize,
  type Transform,
  targets,
  VerificationError,
  verify,
} from '../../../synth/index.js';
import { positiveInteger } from '../arguments.js';
import { readText } from '../input.js';
import { deliver } from '../output.js';

interface Options {
  readonly target?: string;
  readonly moduli?: string;
  readonly from?: string;
  readonly name?: string;
  readonly out?: string;
}

/** `winograd emit S G --target …`: an algorithm as code. */
export function register(program: Command): void {
  program
    .command('emit')
    .summary('write F(S, G) as code')
    .description('Writes F(S, G) as code that states its proof and its costs, and can test itself.')
    .argument('[S]', 'outputs of one tile', positiveInteger('S'))
    .argument('[G]', 'taps of the kernel', positiveInteger('G'))
    .option(
      '-t, --target <name>',
      `${targets.map(({ name }) => name).join(', ')}; without it they are listed and described`,
    )
    .option('-m, --moduli <list>', 'moduli as for `winograd synth`')
    .option(
      '-f, --from <file>',
      'take the algorithm from a JSON file, once it is proved; - for standard input',
    )
    .option('-n, --name <identifier>', 'what the names in C and C++ begin with (default: f4x3 for F(4, 3))')
    .option('-o, --out <file>', 'write to a file instead of standard output')
    .addHelpText(
      'after',
      `
Examples:
  $ winograd emit
  $ winograd emit 4 3 --target avx2 --out f4x3.h
  $ winograd emit 6 3 --moduli '0, ±1, ±2, inf, x^2+1' --target c
  $ winograd synth 2 3 --format json | winograd emit --from - --target numpy`,
    )
    .action(async (outputs: number | undefined, taps: number | undefined, options: Options) => {
      if (options.target === undefined) {
        if (outputs !== undefined || options.from !== undefined)
          throw expected('--target', `one of ${targets.map(({ name }) => name).join(', ')}`, undefined);
        const lines = targets.map(({ name, description }) => `${name.padEnd(14)}${description}\n`);
        return deliver(lines.join(''), options.out);
      }
      const transform = await transformOf(outputs, taps, options);
      await deliver(emit(transform, options.target, { name: options.name }), options.out);
    });
}

async function transformOf(
  outputs: number | undefined,
  taps: number | undefined,
  { from, moduli }: Options,
): Promise<Transform> {
  if (from !== undefined) {
    if (outputs !== undefined || moduli !== undefined)
      throw new InputError('Expected either S and G or --from but received both');
    return readTransform(from);
  }
  if (outputs === undefined) throw expected('S', 'a positive integer', outputs);
  if (taps === undefined) throw expected('G', 'a positive integer', taps);
  return synthesize({ outputs, taps, moduli });
}

async function readTransform(file: string): Promise<Transform> {
  const text = await readText(file);
  try {
    const json: unknown = JSON.parse(text);
    const transform = fromJSON(json);
    verify(transform, claimsFromJSON(json as object));
    return transform;
  } catch (error) {
    const known = [SyntaxError, InputError, VerificationError, ClaimError];
    if (known.some((kind) => error instanceof kind))
      throw new InputError(`${file}: ${(error as Error).message}`);
    throw error;
  }
}
