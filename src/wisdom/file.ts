import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expected, InputError } from '../../synth/errors.js';
import { cacheFolder } from '../support/cache-folder.js';
import { writeWholeSync } from '../support/files.js';
import { withLock } from '../support/lock.js';
import { exportWisdom, importWisdom } from './wisdom.js';

/** The file that measurements are read from and added to: `WINOGRAD_WISDOM`, or what the program attached; else none. */
let attached: string | undefined = process.env.WINOGRAD_WISDOM || undefined;
let read = false;

/** Where the commands keep wisdom unless `WINOGRAD_WISDOM` names a file: the user's cache folder. */
export function commandsWisdomFile(): string {
  return process.env.WINOGRAD_WISDOM || join(cacheFolder(), 'wisdom.json');
}

/** From now on reads measurements from this file, if it exists, and adds new ones to it; undefined for no file. */
export function attachWisdomFile(path: string | undefined): void {
  attached = path;
  read = false;
}

/**
 * Takes over what the attached file holds, once.
 *
 * @throws InputError when it is no wisdom; the system's error when it exists but cannot be read
 */
export function readAttachedWisdom(): void {
  if (attached === undefined || read) return;
  readWisdomFile(attached);
  read = true;
}

/** Adds everything known to the attached file. A failure is a warning: the measurement itself was good. */
export function saveAttachedWisdom(): void {
  if (attached === undefined) return;
  try {
    saveWisdomFile(attached);
  } catch (error) {
    process.emitWarning(`wisdom could not be written to ${attached}: ${(error as Error).message}`);
  }
}

/**
 * Imports a file; none is fine.
 *
 * @returns how many problems it is about
 */
export function readWisdomFile(path: string): number {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
  try {
    return importWisdom(parseWisdom(text));
  } catch (error) {
    if (error instanceof InputError) throw new InputError(`${path}: ${error.message}`, { cause: error });
    throw error;
  }
}

/**
 * Writes a file whole or not at all. What other processes have added to it meanwhile stays, but for the problems that
 * this one has measured too; several that write at once wait for each other.
 *
 * @throws InputError when the file is there and is no wisdom; the system's error when it cannot be written
 */
export function saveWisdomFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  withLock(`${path}.lock`, () => {
    const own = exportWisdom();
    readWisdomFile(path);
    importWisdom(own);
    writeWholeSync(path, `${JSON.stringify(exportWisdom(), undefined, 2)}\n`);
  });
}

/** Removes a file of wisdom; none is fine. */
export function removeWisdomFile(path: string): void {
  rmSync(path, { force: true });
}

/** @throws InputError when it is no JSON */
export function parseWisdom(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw expected('wisdom', 'JSON', text.slice(0, 40));
  }
}
