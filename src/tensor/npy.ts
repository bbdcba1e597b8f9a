import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import { endianness } from 'node:os';
import { expected, InputError } from '../../synth/errors.js';
import { writeWhole } from '../support/files.js';
import { elementCount, formatShape, MAX_ELEMENTS } from './shape.js';
import { allocate, Tensor } from './tensor.js';

/*
 * NumPy's .npy format (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html):
 * "\x93NUMPY", major, minor, header length (2 bytes in version 1, 4 later), a Python dictionary, the elements.
 */

const MAGIC = Buffer.from('\x93NUMPY', 'latin1');

/** Longer headers belong to record types, which are not tensors. */
const MAX_HEADER = 1 << 20;

/** Bytes read at once; a multiple of every element size. */
const CHUNK = 4 << 20;

/** Element types by NumPy's code without its byte order; each views a chunk in the machine's byte order. */
const elementTypes: Readonly<Record<string, { bytes: number; read: (chunk: Buffer) => ArrayLike<number> }>> =
  {
    b1: { bytes: 1, read: (chunk) => chunk.map((byte) => Number(byte !== 0)) },
    i1: { bytes: 1, read: (chunk) => new Int8Array(...viewOf(chunk, 1)) },
    u1: { bytes: 1, read: (chunk) => chunk },
    i2: { bytes: 2, read: (chunk) => new Int16Array(...viewOf(chunk, 2)) },
    u2: { bytes: 2, read: (chunk) => new Uint16Array(...viewOf(chunk, 2)) },
    i4: { bytes: 4, read: (chunk) => new Int32Array(...viewOf(chunk, 4)) },
    u4: { bytes: 4, read: (chunk) => new Uint32Array(...viewOf(chunk, 4)) },
    i8: {
      bytes: 8,
      read: (chunk) => Float64Array.from(new BigInt64Array(...viewOf(chunk, 8)), roundedOnce),
    },
    u8: {
      bytes: 8,
      read: (chunk) => Float64Array.from(new BigUint64Array(...viewOf(chunk, 8)), roundedOnce),
    },
    f2: { bytes: 2, read: (chunk) => Float32Array.from(new Uint16Array(...viewOf(chunk, 2)), halfToNumber) },
    f4: { bytes: 4, read: (chunk) => new Float32Array(...viewOf(chunk, 4)) },
    f8: { bytes: 8, read: (chunk) => new Float64Array(...viewOf(chunk, 8)) },
  };

interface Header {
  readonly type: string;
  readonly swapped: boolean;
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
}

/**
 * Reads a `.npy` file as float32: any boolean, integer or real element type up to 8 bytes, either byte order, C or
 * Fortran order, format versions 1 to 3. Elements are rounded to float32 as NumPy's `astype` does. Bytes after the
 * array are left unread, as NumPy leaves them, since several arrays may follow each other in one file.
 *
 * @throws InputError naming the path when it is no such file, is cut short, or holds other element types;
 *   the system's error when it cannot be read
 */
export async function readNpy(path: string): Promise<Tensor> {
  const file = await open(path, 'r');
  try {
    const header = await readHeader(file, path);
    const size = elementCount(header.shape);
    await checkLength(file, path, header, size);
    const data = allocate(size);
    await readElements(file, path, header, data);
    return header.fortranOrder ? fromFortranOrder(data, header.shape) : new Tensor(data, header.shape);
  } finally {
    await file.close();
  }
}

/**
 * Writes a tensor as `.npy`: little-endian float32, C order, format version 1; whole or not at all.
 *
 * @throws InputError when the tensor's buffer is detached; the system's error when the file cannot be written
 */
export async function writeNpy(path: string, tensor: Tensor): Promise<void> {
  const { data, shape } = new Tensor(tensor.data, tensor.shape);
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const littleEndian = endianness() === 'LE' ? bytes : Buffer.from(bytes).swap32();
  await writeWhole(path, [header(shape), littleEndian]);
}

function header(shape: readonly number[]): Buffer {
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const dictionary = `{'descr': '<f4', 'fortran_order': False, 'shape': (${tuple}), }`;
  const prefix = MAGIC.length + 4;
  // NumPy pads with spaces and one newline so that the elements start at a multiple of 64.
  const total = Math.ceil((prefix + dictionary.length + 1) / 64) * 64;
  const text = `${dictionary.padEnd(total - prefix - 1)}\n`;
  const length = Buffer.alloc(2);
  length.writeUInt16LE(text.length);
  return Buffer.concat([MAGIC, Buffer.of(1, 0), length, Buffer.from(text, 'latin1')]);
}

async function readHeader(file: FileHandle, path: string): Promise<Header> {
  const start = await readUpTo(file, Buffer.alloc(MAGIC.length + 2));
  if (start.length < MAGIC.length + 2 || !start.subarray(0, MAGIC.length).equals(MAGIC))
    throw new InputError(
      `Expected ${path} to be a .npy file but ${start.length === 0 ? 'it is empty' : 'it begins otherwise'}`,
    );
  const major = start[MAGIC.length]!;
  if (major < 1 || major > 3) throw expected(`the .npy version of ${path}`, '1, 2 or 3', major);
  const lengthBytes = major === 1 ? 2 : 4;
  const lengthField = await readUpTo(file, Buffer.alloc(lengthBytes));
  if (lengthField.length < lengthBytes) throw cutShort(path, 'its header');
  const length = lengthField.readUIntLE(0, lengthBytes);
  if (length > MAX_HEADER) throw expected(`the header of ${path}`, `at most ${MAX_HEADER} bytes`, length);
  const text = await readUpTo(file, Buffer.alloc(length));
  if (text.length < length) throw cutShort(path, 'its header');
  return parseHeader(text.toString('latin1'), path);
}

/** Understands the dictionary as NumPy writes it, in any order of keys, Python 2's `3L` included. */
function parseHeader(written: string, path: string): Header {
  // One space for many: patterns that may skip any number of them at several places would try all ways to share them.
  const text = written.replace(/\s+/g, ' ');
  const field = (key: string, value: string): string => {
    const match = new RegExp(`['"]${key}['"] ?: ?${value} ?[,}]`).exec(text)?.[1];
    if (match === undefined)
      throw expected(`the header of ${path}`, `one with a plain '${key}'`, text.trim());
    return match;
  };
  const [, order, type] = /^([<>=|])?(.*)$/s.exec(field('descr', `['"]([^'"]*)['"]`))!;
  if (!Object.hasOwn(elementTypes, type!))
    throw expected(
      `the element type of ${path}`,
      `a boolean, integer or real one (${Object.keys(elementTypes).join(', ')})`,
      type,
    );
  const sizes = field('shape', `\\(((?: ?\\d+L? ?,)* ?(?:\\d+L? ?)?)\\)`).split(',');
  const shape = sizes
    .map((size) => size.trim().replace('L', ''))
    .filter((size) => size !== '')
    .map(Number);
  if (elementCount(shape) > MAX_ELEMENTS)
    throw expected(`the shape of ${path}`, `at most ${MAX_ELEMENTS} elements (4 GiB)`, shape);
  const foreign = endianness() === 'LE' ? '>' : '<';
  return {
    type: type!,
    swapped: order === foreign,
    fortranOrder: field('fortran_order', '(True|False)') === 'True',
    shape,
  };
}

/** Refuses a regular file that is too short before memory is taken for what its header claims. */
async function checkLength(file: FileHandle, path: string, header: Header, size: number): Promise<void> {
  const stats = await file.stat();
  if (stats.isFile() && stats.size < size * elementTypes[header.type]!.bytes)
    throw cutShort(path, wants(header));
}

async function readElements(
  file: FileHandle,
  path: string,
  header: Header,
  data: Float32Array,
): Promise<void> {
  const { bytes, read } = elementTypes[header.type]!;
  const buffer = Buffer.from(new ArrayBuffer(Math.min(CHUNK, data.length * bytes)));
  for (let done = 0; done < data.length; ) {
    const wanted = Math.min(buffer.length, (data.length - done) * bytes);
    const chunk = await readUpTo(file, buffer.subarray(0, wanted));
    if (chunk.length < wanted) throw cutShort(path, wants(header));
    if (header.swapped) swapBytes(chunk, bytes);
    data.set(read(chunk), done);
    done += wanted / bytes;
  }
}

/** Fills the buffer, or as much of it as the file still has. */
async function readUpTo(file: FileHandle, buffer: Buffer): Promise<Buffer> {
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, null);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

/** Column-major to row-major: axis 0 is the one whose neighbours are adjacent in memory. */
function fromFortranOrder(columns: Float32Array, shape: readonly number[]): Tensor {
  const rows = Tensor.zeros(shape);
  const strides = shape.map((_, axis) => elementCount(shape.slice(0, axis)));
  const index = shape.map(() => 0);
  for (let row = 0, column = 0; row < rows.data.length; row++) {
    rows.data[row] = columns[column]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      column += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      column -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return rows;
}

function swapBytes(chunk: Buffer, bytes: number): void {
  if (bytes === 2) chunk.swap16();
  if (bytes === 4) chunk.swap32();
  if (bytes === 8) chunk.swap64();
}

function viewOf(chunk: Buffer, bytes: number): [ArrayBuffer, number, number] {
  return [chunk.buffer as ArrayBuffer, chunk.byteOffset, chunk.length / bytes];
}

/** Integers beyond it are no longer all doubles. */
const EXACT = 2n ** 53n;

/**
 * A double that rounds to single precision as the integer itself does. Rounding an integer of more than 53 bits to a
 * double first may put it half-way between two floats. With its last bits cut off, and the lowest one kept set if any of
 * them was, it is a double that lies on the same side.
 */
function roundedOnce(value: bigint): number {
  if (-EXACT <= value && value <= EXACT) return Number(value);
  const cut = BigInt.asUintN(CUT_BITS, value);
  return Number(value - cut + (cut === 0n ? 0n : 1n << BigInt(CUT_BITS)) / 2n);
}

/** Of 64 bits 52 stay and one that says whether anything was cut off; a float has 24. */
const CUT_BITS = 12;

/** IEEE 754 binary16: 1 sign, 5 exponent and 10 fraction bits. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function wants(header: Header): string {
  return `${formatShape(header.shape)} elements of type ${header.type}`;
}

function cutShort(path: string, holding: string): InputError {
  return new InputError(`Expected ${path} to hold ${holding} but it ends before`);
}
