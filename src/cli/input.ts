import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';

/**
 * The text of a file.
 *
 * @param path `-` for standard input, which need not be a file: reading /dev/stdin fails on sockets
 * @throws the system's error when the file cannot be read
 */
export function readText(path: string): Promise<string> {
  return path === '-' ? text(process.stdin) : readFile(path, 'utf8');
}
