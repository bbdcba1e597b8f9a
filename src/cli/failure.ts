import { InputError } from '../../synth/errors.js';

/** Exit codes of every command: 0 done, 1 the answer is no (or a bug), 2 the input or the system refused. */
export const ExitCode = { done: 0, no: 1, refused: 2 } as const;

/** 2 for what a person can mend (bad input, files, disk), else 1. */
export function exitCodeOf(error: unknown): number {
  return isRefusal(error) ? ExitCode.refused : ExitCode.no;
}

/** Prints the message alone for what a person can mend, and the stack for what is our bug. */
export function report(error: unknown): void {
  const text = isRefusal(error) ? error.message : error instanceof Error ? error.stack : String(error);
  process.stderr.write(`winograd: ${text}\n`);
}

function isRefusal(error: unknown): error is Error {
  if (error instanceof InputError) return true;
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return error instanceof Error && typeof code === 'string' && /^E[A-Z]+$/.test(code);
}
