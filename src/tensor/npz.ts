import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type yauzl from 'yauzl';
import { expected, InputError } from '../../synth/errors.js';
import { writeWhole } from '../support/files.js';
import type { NextBytes } from '../support/reading.js';
import { checkedTensors, type NamedTensors } from './named.js';
import { npyBytes, parseNpy } from './npy.js';
import type { Tensor } from './tensor.js';

/** How many bytes a byte of deflated data stands for at most (https://www.zlib.net/zlib_tech.html). */
const MAX_RATIO = 1032;

/** Bytes that go into an archive at once. */
const CHUNK = 1 << 20;

/**
 * Reads a `.npz` file of NumPy's: a zip archive of `.npy` files, stored or deflated, of any size.
 *
 * @param names of the arrays that are wanted, without `.npy`; default all
 * @param options.maxBytes that all these may have together, unpacked; default 16 GiB
 * @returns arrays by name, as {@link readNpy} reads each
 * @throws InputError naming the path when it is no such archive, contradicts itself, is cut short, unpacks to more than
 *   is allowed, or has no array of a wanted name; the system's error when it cannot be read
 */
export async function readNpz(
  path: string,
  names?: Iterable<string>,
  { maxBytes = 2 ** 34 }: { readonly maxBytes?: number } = {},
): Promise<Map<string, Tensor>> {
  return readEntries(path, names, maxBytes, (next, size, name) => parseNpy(next, size, name));
}

/**
 * The same with arrays in whatever form they are parsed to.
 *
 * @param parse takes an array's bytes in order, how many there are, what errors call it, and its name in the archive
 * @throws InputError as {@link readNpz} and `parse` do
 * @internal
 */
export async function readEntries<T>(
  path: string,
  names: Iterable<string> | undefined,
  maxBytes: number,
  parse: (next: NextBytes, size: number, name: string, key: string) => Promise<T>,
): Promise<Map<string, T>> {
  if (!(await stat(path)).isFile()) throw expected('the archive', 'a regular file', path);
  const archive = await refused(path, opened(path));
  try {
    const entries = await refused(path, entriesOf(archive));
    const wanted = new Set(names ?? entries.keys());
    const arrays = new Map<string, T>();
    let room = maxBytes;
    for (const [name, entry] of entries) {
      if (!wanted.delete(name)) continue;
      room -= entry.uncompressedSize;
      if (room < 0) throw expected(`the arrays of ${path}`, `at most ${maxBytes} bytes`, maxBytes - room);
      const called = `${entry.fileName} of ${path}`;
      const parsed = arrayOf(archive, entry, (next) => parse(next, entry.uncompressedSize, called, name));
      arrays.set(name, await refused(path, parsed));
    }
    for (const name of wanted)
      throw expected(`the arrays of ${path}`, `one of the name ${name}`, [...entries.keys()]);
    return arrays;
  } finally {
    archive.close();
  }
}

/**
 * Writes tensors as an uncompressed `.npz` of float32, as `numpy.savez` does; whole or not at all.
 *
 * @throws InputError for names that a path in an archive cannot have, and for detached tensors; the system's error when
 *   the file cannot be written
 */
export async function writeNpz(path: string, tensors: NamedTensors): Promise<void> {
  const entries = new Map<string, readonly Uint8Array[]>();
  for (const [name, tensor] of checkedTensors(tensors)) entries.set(name, npyBytes(tensor));
  await writeEntries(path, entries);
}

/** The same for arrays that are the bytes of `.npy` files already. @internal */
export async function writeEntries(
  path: string,
  entries: ReadonlyMap<string, readonly Uint8Array[]>,
): Promise<void> {
  const [{ ZipFile }, { validateFileName }] = await Promise.all([import('yazl'), import('yauzl')]);
  const archive = new ZipFile();
  for (const [name, pieces] of entries) {
    if (name === '' || name.includes('\\') || validateFileName(`${name}.npy`) !== null)
      throw expected('the name of an array', 'a relative path', name);
    // A date that is always the same, so that the same tensors give the same file.
    const mtime = new Date(1980, 0, 1);
    const size = pieces.reduce((sum, { length }) => sum + length, 0);
    archive.addReadStreamLazy(`${name}.npy`, { compress: false, mtime, size }, (give) =>
      give(null, Readable.from(chunksOf(pieces))),
    );
  }
  archive.end();
  const written: Uint8Array[] = [];
  for await (const piece of archive.outputStream) written.push(piece as Buffer);
  await writeWhole(path, written);
}

function* chunksOf(pieces: readonly Uint8Array[]): Iterable<Uint8Array> {
  for (const piece of pieces)
    for (let at = 0; at < piece.length; at += CHUNK) yield piece.subarray(at, at + CHUNK);
}

async function opened(path: string): Promise<yauzl.ZipFile> {
  const { open } = await import('yauzl');
  return new Promise((resolve, reject) => {
    open(path, { lazyEntries: true, autoClose: false }, (error, archive) =>
      error ? reject(error) : resolve(archive),
    );
  });
}

/** Arrays of an archive by name; what is no `.npy` file is left alone. */
async function entriesOf(archive: yauzl.ZipFile): Promise<Map<string, yauzl.Entry>> {
  const entries = new Map<string, yauzl.Entry>();
  let packed = 0;
  await new Promise<void>((resolve, reject) => {
    archive.on('entry', (entry: yauzl.Entry) => {
      packed += entry.compressedSize;
      // Entries that share their bytes are how a small archive unpacks to more than any ratio allows.
      if (packed > archive.fileSize) return reject(new Error('its entries are longer than the archive'));
      if (entry.uncompressedSize > MAX_RATIO * (entry.compressedSize + 1))
        return reject(new Error(`${entry.fileName} cannot unpack to ${entry.uncompressedSize} bytes`));
      if (entry.fileName.endsWith('.npy')) {
        const name = entry.fileName.slice(0, -'.npy'.length);
        if (entries.has(name)) return reject(new Error(`it has two entries ${entry.fileName}`));
        entries.set(name, entry);
      }
      archive.readEntry();
    });
    archive.once('error', reject);
    archive.once('end', resolve);
    archive.readEntry();
  });
  return entries;
}

async function arrayOf<T>(
  archive: yauzl.ZipFile,
  entry: yauzl.Entry,
  parse: (next: NextBytes) => Promise<T>,
): Promise<T> {
  const stream = await new Promise<Readable>((resolve, reject) => {
    archive.openReadStream(entry, (error, stream) => (error ? reject(error) : resolve(stream)));
  });
  // What is wrong behind the array's last byte concerns nobody; without a listener, it would end the process.
  stream.on('error', () => {});
  try {
    return await parse(bytesOfStream(stream));
  } finally {
    stream.destroy();
  }
}

/** Bytes of a stream in order. */
function bytesOfStream(stream: Readable): NextBytes {
  const pieces = stream[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);
  return async (buffer) => {
    let filled = 0;
    while (filled < buffer.length) {
      if (rest.length === 0) {
        const { done, value } = await pieces.next();
        if (done) break;
        rest = value as Buffer;
      }
      const count = rest.copy(buffer, filled);
      rest = rest.subarray(count);
      filled += count;
    }
    return buffer.subarray(0, filled);
  };
}

/** What the archive's reader objects to is bad input; what the system refuses is not. */
async function refused<T>(path: string, attempt: Promise<T>): Promise<T> {
  try {
    return await attempt;
  } catch (cause) {
    if (cause instanceof InputError || (cause instanceof Error && 'syscall' in cause)) throw cause;
    throw new InputError(`Expected ${path} to be a .npz archive but ${(cause as Error).message}`, { cause });
  }
}
