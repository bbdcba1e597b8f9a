import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** True when a program can be started with the given arguments. */
export function available(command: string, ...args: string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

/** Runs `work` in a folder of its own that is gone afterwards. */
export function inFolder<T>(work: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'winograd-emit-'));
  try {
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A compiler with its flags, and how to start what it makes. */
export interface Compiler {
  readonly command: string;
  readonly language: 'c' | 'c++';
  readonly flags: readonly string[];
  /** What runs the binary: an emulator, or nothing. */
  readonly runner: readonly string[];
}

const WARNINGS = '-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wdouble-promotion -Werror'.split(' ');

/**
 * Compiles a source with every warning an error, and runs it.
 *
 * @returns what it printed
 * @throws Error with the compiler's or the program's output when either fails
 */
export function compileAndRun(compiler: Compiler, source: string): string {
  return inFolder((folder) => {
    const [file, binary] = [join(folder, 'source'), join(folder, 'program')];
    writeFileSync(file, source);
    const { command, language, flags, runner } = compiler;
    execFileSync(command, [...WARNINGS, ...flags, '-x', language, file, '-o', binary, '-lm'], {
      stdio: 'pipe',
    });
    const [program, ...args] = [...runner, binary];
    return execFileSync(program!, args, { encoding: 'utf8' });
  });
}
