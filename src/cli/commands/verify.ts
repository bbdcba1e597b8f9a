import type { Command } from 'commander';
import {
  ClaimError,
  type Claims,
  claimsFromJSON,
  fromJSON,
  InputError,
  printJson,
  type Transform,
  VerificationError,
  verify,
} from '../../../synth/index.js';
import { ExitCode } from '../failure.js';
import { readText } from '../input.js';

interface Verdict {
  readonly file: string;
  /** Position in the file when it holds an array of transforms. */
  readonly index?: number;
  readonly algorithm: string;
  readonly ok: boolean;
  /** Coefficients that were compared. */
  readonly equations?: number;
  /** What else the file states and was checked: `moduli`, `noiseGain`. */
  readonly claims?: readonly string[];
  /** What does not hold. */
  readonly error?: string;
}

/** `winograd verify FILE…`: the proof of algorithms in JSON files, whoever made them. */
export function register(program: Command): void {
  program
    .command('verify')
    .summary('prove algorithms in JSON files')
    .description(
      'Proves over ℚ that each algorithm computes the correlation: Σₜ A[s,t] C[t,g] B[t,d] = [d = s+g] for all s, g, d. ' +
        'Checks what else a file states: moduli, noiseGain, operations, fillsVectors, and smaller tiles.',
    )
    .argument('<files...>', 'JSON files with one transform or an array of them; - for standard input')
    .option('--json', 'print the verdicts as JSON')
    .addHelpText(
      'after',
      `
Exit status: 0 when every algorithm holds, 1 when one does not, 2 when a file cannot be read as transforms.

Examples:
  $ winograd verify transforms/*.json
  $ winograd synth 6 3 --format json | winograd verify -`,
    )
    .action(async (files: string[], { json }: { json?: boolean }) => {
      const verdicts: Verdict[] = [];
      for (const file of files) {
        const found = await verdictsOf(file);
        verdicts.push(...found);
        if (!json) process.stdout.write(found.map(describe).join(''));
      }
      if (json) process.stdout.write(printJson(verdicts));
      if (verdicts.some(({ ok }) => !ok)) process.exitCode = ExitCode.no;
    });
}

async function verdictsOf(file: string): Promise<Verdict[]> {
  const content = await readJson(file);
  const members = Array.isArray(content) ? content : [content];
  if (members.length === 0)
    throw new InputError(`Expected ${file} to hold a transform but received an empty array`);
  return members.map((member, i) => {
    const index = Array.isArray(content) ? i : undefined;
    const { transform, claims } = named(file, index, () => ({
      transform: fromJSON(member),
      claims: claimsFromJSON(member),
    }));
    return verdict(transform, claims, file, index);
  });
}

async function readJson(file: string): Promise<unknown> {
  const text = await readText(file);
  return named(file, undefined, () => {
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw new InputError(`Expected JSON but received: ${(cause as Error).message}`);
    }
  });
}

/** Runs a reader, and puts the file's name before what it complains of. */
function named<T>(file: string, index: number | undefined, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof InputError) throw new InputError(`${place(file, index)}: ${error.message}`);
    throw error;
  }
}

function verdict(transform: Transform, claims: Claims, file: string, index: number | undefined): Verdict {
  const about = {
    file,
    ...(index === undefined ? {} : { index }),
    algorithm: `F(${transform.outputs}, ${transform.taps}), ${transform.products} products`,
  };
  try {
    const { equations } = verify(transform, claims);
    const checked = [...(transform.moduli.length > 0 ? ['moduli'] : []), ...Object.keys(claims)];
    return { ...about, ok: true, equations, claims: checked };
  } catch (error) {
    if (error instanceof VerificationError || error instanceof ClaimError)
      return { ...about, ok: false, error: error.message };
    throw error;
  }
}

function describe({ file, index, algorithm, ok, equations, claims = [], error }: Verdict): string {
  const right = claims.length > 0 ? `; ${claims.join(', ')} right` : '';
  const result = ok ? `proved, ${equations} coefficients exact${right}` : `WRONG. ${error}`;
  return `${ok ? '✓' : '✗'} ${place(file, index)}: ${algorithm}: ${result}\n`;
}

function place(file: string, index: number | undefined): string {
  const name = file === '-' ? 'standard input' : file;
  return index === undefined ? name : `${name}[${index}]`;
}
