import { open, stat } from 'node:fs/promises';
import writeFileAtomic from 'write-file-atomic';

/**
 * Writes a file whole or not at all: into a temporary file beside it, which takes its name at the end.
 *
 * The package does the naming, cleaning, syncing and renaming, but would write by a single system call, which may
 * stop short at 2 GiB or on a full disk without an error; so the bytes are written here, from its hook.
 * What is no regular file (`/dev/stdout`, a pipe) is written directly: renaming onto it would replace the device.
 *
 * @param chunks the bytes in order
 * @throws the system's error, after removing the temporary file
 */
export async function writeWhole(path: string, chunks: readonly Uint8Array[]): Promise<void> {
  const existing = await stat(path).catch(() => undefined);
  if (existing?.isDirectory())
    throw Object.assign(new Error(`EISDIR: ${path} is a directory`), { code: 'EISDIR' });
  if (existing && !existing.isFile()) return append(path, chunks);
  await writeFileAtomic(path, null as unknown as string, { tmpfileCreated: (name) => append(name, chunks) });
}

async function append(path: string, chunks: readonly Uint8Array[]): Promise<void> {
  const file = await open(path, 'a');
  try {
    for (const chunk of chunks) await file.writeFile(chunk);
  } finally {
    await file.close();
  }
}
