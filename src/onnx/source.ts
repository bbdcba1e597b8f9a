import { readSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { open, realpath, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, sep } from 'node:path';
import { expected, InputError } from '../../synth/errors.js';
import { bytesOfFile } from '../support/reading.js';

/** Bytes that lie together in a file. */
export interface Range {
  readonly offset: number;
  readonly length: number;
}

/** A file, or memory, of which parts are read. */
export interface ByteSource {
  /** For errors. */
  readonly name: string;
  readonly size: number;
  /** Some bytes that hold `length` from a position, or what is left; the array stays the same while it serves. */
  around(position: number, length: number): { readonly bytes: Buffer; readonly from: number };
  /** A copy, or a view that nobody changes. @throws InputError where the source ends before */
  bytes(range: Range): Buffer;
  /** Fills a buffer from a position, off the main thread, for what is long. @throws InputError where the source ends before */
  fill(buffer: Buffer, position: number): Promise<void>;
  close(): Promise<void>;
}

/** Bytes kept of a file: most of what is read lies close together. */
const WINDOW = 1 << 20;

/** A model that is in memory. */
export class MemorySource implements ByteSource {
  readonly name: string;
  readonly #bytes: Buffer;

  constructor({ buffer, byteOffset, byteLength }: Uint8Array, name: string) {
    this.#bytes = Buffer.from(buffer, byteOffset, byteLength);
    this.name = name;
  }

  get size(): number {
    return this.#bytes.length;
  }

  around() {
    return { bytes: this.#bytes, from: 0 };
  }

  bytes({ offset, length }: Range): Buffer {
    checkEnd(this, offset + length);
    return this.#bytes.subarray(offset, offset + length);
  }

  async fill(buffer: Buffer, position: number): Promise<void> {
    buffer.set(this.bytes({ offset: position, length: buffer.length }));
  }

  async close(): Promise<void> {}
}

/** A regular file. */
export class FileSource implements ByteSource {
  readonly name: string;
  readonly size: number;
  readonly #file: FileHandle;
  #window: { bytes: Buffer; from: number } = { bytes: Buffer.alloc(0), from: 0 };

  private constructor(name: string, file: FileHandle, size: number) {
    this.name = name;
    this.#file = file;
    this.size = size;
  }

  /** @throws InputError unless it is a regular file; the system's error when it cannot be read */
  static async open(path: string): Promise<FileSource> {
    // Asked before it is opened, for opening a pipe would wait for its writer.
    if (!(await stat(path)).isFile()) throw expected('the model', 'a regular file', path);
    const file = await open(path, 'r');
    return new FileSource(path, file, (await file.stat()).size);
  }

  around(position: number, length: number) {
    const { bytes, from } = this.#window;
    const end = Math.min(position + length, this.size);
    if (position < from || end > from + bytes.length)
      this.#window = { bytes: this.#read(position, Math.min(WINDOW, this.size - position)), from: position };
    return this.#window;
  }

  bytes({ offset, length }: Range): Buffer {
    checkEnd(this, offset + length);
    if (length > WINDOW / 16) return this.#read(offset, length);
    const { bytes, from } = this.around(offset, length);
    return bytes.subarray(offset - from, offset - from + length);
  }

  async fill(buffer: Buffer, position: number): Promise<void> {
    checkEnd(this, position + buffer.length);
    const filled = await bytesOfFile(this.#file, position)(buffer);
    if (filled.length < buffer.length) throw endsBefore(this, position + buffer.length);
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  #read(position: number, length: number): Buffer {
    const bytes = Buffer.alloc(length);
    for (let done = 0; done < length; ) {
      const count = readSync(this.#file.fd, bytes, done, length - done, position + done);
      if (count === 0) throw endsBefore(this, position + length);
      done += count;
    }
    return bytes;
  }
}

function checkEnd(source: ByteSource, end: number): void {
  if (end > source.size) throw endsBefore(source, end);
}

function endsBefore(source: ByteSource, end: number): InputError {
  return new InputError(`Expected ${source.name} to have ${end} bytes but it ends before`);
}

/**
 * Files beside a model in which its weights lie, opened at their first use.
 *
 * A model may come from anybody: it reads nothing outside its folder. Where the model itself is a link, as in a cache
 * that stores files by their hashes, the folder it leads to is its folder, too.
 */
export class Neighbours {
  readonly #model: string | undefined;
  readonly #open = new Map<string, FileSource>();

  /** @param model path of the model; undefined for one in memory, which has no neighbours */
  constructor(model: string | undefined) {
    this.#model = model;
  }

  /** Paths of those that were opened. */
  get files(): readonly string[] {
    return [...this.#open.values()].map(({ name }) => name);
  }

  /** @throws InputError unless it is a regular file within the model's folder */
  async open(location: string): Promise<FileSource> {
    const found = this.#open.get(location);
    if (found !== undefined) return found;
    const refuse = (wanted: string) => expected('the location of external data', wanted, location);
    if (this.#model === undefined) throw refuse('absent, since the model is not a file');
    if (location === '' || isAbsolute(location) || location.includes('\0') || location.includes('\\'))
      throw refuse('a relative path with forward slashes');
    const path = join(dirname(this.#model), location);
    const real = await realpath(path).catch(() => undefined);
    if (real === undefined) throw refuse(`a file beside ${this.#model}`);
    const folders = [await realpath(dirname(this.#model)), dirname(await realpath(this.#model))];
    if (!within(dirname(this.#model), path) || !folders.some((folder) => within(folder, real)))
      throw refuse("within the model's folder");
    // Opened by the path that was checked, which holds no links any more.
    const source = await FileSource.open(real);
    this.#open.set(location, source);
    return source;
  }

  async close(): Promise<void> {
    for (const source of this.#open.values()) await source.close();
  }
}

function within(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
