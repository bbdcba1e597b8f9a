import { type FileHandle, open } from 'node:fs/promises';
import { deserialize, serialize } from 'node:v8';
import { type Executable, instantiated, kernelsOf, type Recipe } from '../../graph/executable.js';
import { type NativeConstant, native } from '../../native/addon.js';
import { sha256 } from '../../support/digest.js';
import { writeWhole } from '../../support/files.js';
import { bytesOfFile } from '../../support/reading.js';
import { allocate } from '../../tensor/tensor.js';

/*
 * A program with its constants made ready, in a file: a head of fixed size (what the file is, how long its description is
 * and the description's digest), the description, and the constants, each from a page on.
 */

const MAGIC = Buffer.from('WNDPREP1');
const DIGEST_BYTES = 32;
const HEAD_BYTES = MAGIC.length + 8 + DIGEST_BYTES;
const PAGE = 4096;
/** What is copied at a time, so that neither the event loop waits for long nor all lies in memory twice. */
const CHUNK = 4 << 20;
/** Constants that are read at the same time: fresh memory is slow to come by, and cores share the wait. */
const READERS = 4;

/** Bytes in a file. */
interface Extent {
  readonly offset: number;
  readonly bytes: number;
}

interface Description {
  readonly recipe: Recipe;
  readonly constants: readonly Extent[];
}

/** Bytes that a program's file will take, within a few pages. */
export function preparedBytes(constants: Iterable<NativeConstant>): number {
  return [...constants].reduce((sum, { bytes }) => sum + pages(bytes), 0);
}

/** Writes a program whose constants are ready, whole or not at all. @throws the system's error when it cannot be written */
export async function writePrepared(
  path: string,
  recipe: Recipe,
  constants: readonly NativeConstant[],
): Promise<void> {
  await writeWhole(path, chunksOf(recipe, constants));
}

function* chunksOf(recipe: Recipe, constants: readonly NativeConstant[]): Generator<Uint8Array> {
  // Offsets count from the first page after the description, whose length depends on them.
  let offset = 0;
  const extents = constants.map(({ bytes }) => {
    const extent = { offset, bytes };
    offset += pages(bytes);
    return extent;
  });
  const description = serialize({ recipe, constants: extents } satisfies Description);
  const head = Buffer.alloc(pages(HEAD_BYTES + description.length));
  MAGIC.copy(head);
  head.writeBigUInt64LE(BigInt(description.length), MAGIC.length);
  sha256(description).copy(head, MAGIC.length + 8);
  description.copy(head, HEAD_BYTES);
  yield head;
  const buffer = Buffer.alloc(CHUNK);
  for (const constant of constants) {
    for (let done = 0; done < constant.bytes; done += CHUNK) {
      const chunk = buffer.subarray(0, Math.min(CHUNK, constant.bytes - done));
      constant.copy(chunk, done);
      yield chunk;
    }
    yield buffer.subarray(0, pages(constant.bytes) - constant.bytes).fill(0);
  }
}

/** @returns what can run; undefined where there is no such file, or none that this version can read */
export async function readPrepared(path: string): Promise<Executable | undefined> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch {
    return undefined;
  }
  try {
    return await executableOf(file);
  } catch {
    // Whatever is wrong with it, it can be made again.
    return undefined;
  } finally {
    await file.close();
  }
}

async function executableOf(file: FileHandle): Promise<Executable | undefined> {
  const { size } = await file.stat();
  const head = await bytesOfFile(file, 0)(Buffer.alloc(HEAD_BYTES));
  if (head.length < HEAD_BYTES || !head.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  const length = Number(head.readBigUInt64LE(MAGIC.length));
  if (length > size - HEAD_BYTES) return undefined;
  const text = await bytesOfFile(file, HEAD_BYTES)(Buffer.alloc(length));
  if (!sha256(text).equals(head.subarray(MAGIC.length + 8))) return undefined;
  const { recipe, constants } = deserialize(text) as Description;
  const start = pages(HEAD_BYTES + length);
  if (constants.some(({ offset, bytes }) => start + offset + bytes > size)) return undefined;
  const kernels = kernelsOf(recipe.calls);
  return instantiated(recipe, kernels, await constantsOf(file, start, constants));
}

async function constantsOf(
  file: FileHandle,
  start: number,
  extents: readonly Extent[],
): Promise<NativeConstant[]> {
  const { Constant } = native();
  const constants = new Array<NativeConstant>(extents.length);
  const waiting = extents.entries();
  const read = async () => {
    for (const [i, { offset, bytes }] of waiting) {
      const array = allocate(Math.ceil(bytes / 4), false);
      const filled = await bytesOfFile(
        file,
        start + offset,
      )(Buffer.from(array.buffer, array.byteOffset, bytes));
      if (filled.length < bytes) throw new Error('Expected the file to be as long as it says');
      constants[i] = new Constant(array);
    }
  };
  await Promise.all(Array.from({ length: READERS }, read));
  return constants;
}

function pages(bytes: number): number {
  return PAGE * Math.ceil(bytes / PAGE);
}
