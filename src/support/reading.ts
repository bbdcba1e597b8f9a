import type { FileHandle } from 'node:fs/promises';

/** Puts the next bytes of something into a buffer, as many as it still has. @returns the part that is filled */
export type NextBytes = (buffer: Buffer) => Promise<Buffer>;

/**
 * Bytes of a file in order.
 *
 * @param start position of the first; by default wherever the file stands, which serves pipes
 */
export function bytesOfFile(file: FileHandle, start?: number): NextBytes {
  let position = start ?? null;
  return async (buffer) => {
    let filled = 0;
    while (filled < buffer.length) {
      const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, position);
      if (bytesRead === 0) break;
      filled += bytesRead;
      if (position !== null) position += bytesRead;
    }
    return buffer.subarray(0, filled);
  };
}
