import { mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Temporary } from '../../src/support/temporary.js';
import { expected } from '../../synth/errors.js';

/** Files of a folder: path within it → content. */
export type Files = ReadonlyMap<string, string | Uint8Array>;

/** The file by which a folder is known to be ours to replace. */
export const marker = 'winograd-demo.json';

/**
 * Checks before the work that its result can be written: the folder above exists and takes new entries, and what
 * is in the way is an earlier result or empty.
 *
 * @throws InputError when the folder holds something else; the system's error when it cannot be written
 */
export async function assertWritable(folder: string): Promise<void> {
  await assertReplaceable(folder);
  (await stagingFolder(folder)).discard();
}

/**
 * Writes a folder whole or not at all: into a folder beside it, which takes its name when all files are there.
 * An earlier result of that name is replaced.
 *
 * @throws as {@link assertWritable}; nothing is left behind then
 */
export async function writeFolder(folder: string, files: Files): Promise<void> {
  await assertReplaceable(folder);
  const staging = await stagingFolder(folder);
  try {
    const fresh = join(staging.path, 'new');
    for (const [path, content] of files) {
      await mkdir(dirname(join(fresh, path)), { recursive: true });
      await writeFile(join(fresh, path), content);
    }
    await replace(folder, fresh, join(staging.path, 'old'));
  } finally {
    staging.discard();
  }
}

/** Two renames, and the first taken back when the second fails. */
async function replace(folder: string, fresh: string, old: string): Promise<void> {
  const existed = await rename(folder, old).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw error;
    },
  );
  try {
    await rename(fresh, folder);
  } catch (error) {
    if (existed) await rename(old, folder);
    throw error;
  }
}

/** On the same file system, since only there a rename is all or nothing. */
async function stagingFolder(folder: string): Promise<Temporary> {
  const staging = new Temporary(resolve(folder));
  try {
    await mkdir(staging.path);
  } catch (error) {
    staging.discard();
    throw error;
  }
  return staging;
}

async function assertReplaceable(folder: string): Promise<void> {
  const entries = await readdir(folder).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  if (entries.length > 0 && !entries.includes(marker))
    throw expected('--out', 'a new folder, an empty one or an earlier result of the demo', folder);
}
