import {
  closeSync,
  fsyncSync,
  lstatSync,
  openSync,
  readlinkSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { Temporary } from './temporary.js';

/** As many as Linux follows. */
const MAX_LINKS = 40;

/**
 * Writes a file whole or not at all: into a temporary file beside it, which takes its name, mode and owner at the end.
 *
 * Symbolic links are followed, those to files that are yet to be made included. What is no regular file (`/dev/stdout`,
 * a pipe) is written directly: renaming onto it would replace the device.
 *
 * @param chunks the bytes in order; each is written before the next is asked for
 * @throws the system's error, after removing the temporary file
 */
export async function writeWhole(path: string, chunks: Iterable<Uint8Array>): Promise<void> {
  const { target, existing } = targetOf(path);
  if (existing !== undefined && !existing.isFile()) return append(target, chunks, 'a');
  const temporary = new Temporary(target);
  try {
    await append(temporary.path, chunks, 'wx');
    temporary.takePlace(existing);
  } catch (error) {
    throw temporary.explained(error);
  } finally {
    temporary.discard();
  }
}

/** {@link writeWhole} for a text, on the calling thread. */
export function writeWholeSync(path: string, text: string): void {
  const { target, existing } = targetOf(path);
  if (existing !== undefined && !existing.isFile()) {
    writeFileSync(target, text, { flag: 'a' });
    return;
  }
  const temporary = new Temporary(target);
  try {
    const file = openSync(temporary.path, 'wx');
    try {
      writeFileSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    temporary.takePlace(existing);
  } catch (error) {
    throw temporary.explained(error);
  } finally {
    temporary.discard();
  }
}

/**
 * The file that a path leads to, there or not.
 *
 * @throws the system's error ELOOP for links in a circle, EISDIR for a folder
 */
function targetOf(path: string): { readonly target: string; readonly existing: Stats | undefined } {
  let target = resolve(path);
  // Devices such as /dev/stdout are links to what is no path at all: the system alone can follow them.
  const existing = statSync(path, { throwIfNoEntry: false });
  if (existing?.isDirectory()) throw systemError('EISDIR', `${path} is a directory`);
  if (existing !== undefined && !existing.isFile()) return { target: path, existing };
  for (let links = 0; lstatSync(target, { throwIfNoEntry: false })?.isSymbolicLink(); links++) {
    if (links === MAX_LINKS) throw systemError('ELOOP', `${path} is a link to itself`);
    target = resolve(dirname(target), readlinkSync(target));
  }
  return { target, existing };
}

function systemError(code: string, text: string): Error {
  return Object.assign(new Error(`${code}: ${text}`), { code });
}

/** Bit by bit, for a single call of the system may stop short at 2 GiB or on a full disk without an error. */
async function append(path: string, chunks: Iterable<Uint8Array>, flags: 'a' | 'wx'): Promise<void> {
  const file = await open(path, flags);
  try {
    for (const chunk of chunks) await file.writeFile(chunk);
    if (flags === 'wx') await file.sync();
  } finally {
    await file.close();
  }
}
