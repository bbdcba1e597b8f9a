import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { expected, InputError } from '../../../synth/errors.js';
import type { Transform } from '../../../synth/transform.js';

interface EmitFlags {
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
    .description('write F(S, G) as code: C, C++ with intrinsics, NumPy, LaTeX, …')
    .argument('[S]', 'outputs of one tile')
    .argument('[G]', 'taps of the kernel')
    .option('-t, --target <name>', 'language; without it the targets are listed')
    .option('-m, --moduli <list>', 'moduli as in `winograd synth`')
    .option('-f, --from <file>', 'take the algorithm from a JSON file instead; it is proved first')
    .option('-n, --name <identifier>', 'what the emitted names begin with (default: f4x3 for F(4, 3))')
    .option('-o, --out <file>', 'write to a file instead of standard output')
    .addHelpText(
      'after',
      `
Examples:
  $ winograd emit 4 3 --target cpp-avx2 --out f4x3.h
  $ winograd emit 6 3 --moduli '0, ±1, ±2, inf, x^2+1' --target c
  $ winograd synth 2 3 --json > f2x3.json && winograd emit --from f2x3.json --target numpy`,
    )
    .action(run);
}

async function run(S: string | undefined, G: string | undefined, flags: EmitFlags): Promise<void> {
  const { emit, targets } = await import('../../../synth/emit/index.js');
  if (flags.target === undefined) {
    for (const { name, description } of targets) console.log(`${name.padEnd(14)}${description}`);
    return;
  }
  const text = emit(await transformOf(S, G, flags), flags.target, { name: flags.name });
  if (flags.out === undefined) process.stdout.write(text);
  else await (await import('../../files.js')).writeWhole(flags.out, [Buffer.from(text)]);
}

async function transformOf(
  S: string | undefined,
  G: string | undefined,
  flags: EmitFlags,
): Promise<Transform> {
  if (flags.from !== undefined) {
    if (S !== undefined || flags.moduli !== undefined)
      throw new InputError('Expected either S, G and --moduli or --from but received both');
    return readTransform(flags.from);
  }
  const { synthesize } = await import('../../../synth/synthesize.js');
  return synthesize({ outputs: size('S', S), taps: size('G', G), moduli: flags.moduli });
}

async function readTransform(path: string): Promise<Transform> {
  const { fromJSON } = await import('../../../synth/serialize.js');
  const { VerificationError, verify } = await import('../../../synth/verify.js');
  const text = await readFile(path, 'utf8');
  try {
    const transform = fromJSON(JSON.parse(text));
    verify(transform);
    return transform;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof VerificationError)
      throw new InputError(`Expected ${path} to hold a correct algorithm as JSON: ${error.message}`);
    throw error;
  }
}

/** A size of the command line; `synthesize` checks its range. */
function size(name: string, text: string | undefined): number {
  if (text === undefined || !/^\d+$/.test(text)) throw expected(name, 'a positive integer', text);
  return Number(text);
}
