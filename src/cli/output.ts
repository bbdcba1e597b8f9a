import { writeWhole } from '../support/files.js';

/**
 * Puts a command's result where the user wants it: to standard output, or whole into a file.
 *
 * @param path the file of `--out`, or undefined for standard output
 * @throws the system's error when the file cannot be written; then nothing is left half-written
 */
export async function deliver(text: string, path: string | undefined): Promise<void> {
  if (path === undefined) process.stdout.write(text);
  else await writeWhole(path, [Buffer.from(text)]);
}
