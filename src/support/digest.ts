import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { bytesOfFile } from './reading.js';

const CHUNK = 1 << 20;

/** SHA-256 of what is in memory. */
export function sha256(data: Uint8Array | string): Buffer {
  return createHash('sha256').update(data).digest();
}

/** SHA-256 of a file, in hexadecimal digits. @throws the system's error when it cannot be read */
export async function fileDigest(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const hash = createHash('sha256');
    const next = bytesOfFile(file, 0);
    const buffer = Buffer.alloc(CHUNK);
    for (;;) {
      const bytes = await next(buffer);
      hash.update(bytes);
      if (bytes.length < CHUNK) return hash.digest('hex');
    }
  } finally {
    await file.close();
  }
}
