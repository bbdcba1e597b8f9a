import { open } from 'node:fs/promises';
import { endianness } from 'node:os';
import { expected, InputError } from '../../synth/errors.js';
import { writeWhole } from '../support/files.js';
import { bytesOfFile, type NextBytes } from '../support/reading.js';
import { fillNumbers, littleEndianBytes, type NumberType, numberFormats } from './number-formats.js';
import { elementCount, formatShape, MAX_ELEMENTS } from './shape.js';
import { allocate, Tensor } from './tensor.js';

/*
 * NumPy's .npy format (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html):
 * "\x93NUMPY", major, minor, header length (2 bytes in version 1, 4 later), a Python dictionary, the elements.
 */

const MAGIC = Buffer.from('\x93NUMPY', 'latin1');

/** Longer headers belong to record types, which are not tensors. */
const MAX_HEADER = 1 << 20;

/** Element types by NumPy's code without its byte order. */
const elementTypes: Readonly<Record<string, NumberType>> = {
  b1: 'bool',
  i1: 'int8',
  u1: 'uint8',
  i2: 'int16',
  u2: 'uint16',
  i4: 'int32',
  u4: 'uint32',
  i8: 'int64',
  u8: 'uint64',
  f2: 'float16',
  f4: 'float32',
  f8: 'float64',
};

interface Header {
  readonly type: NumberType;
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
    const stats = await file.stat();
    return await parseNpy(bytesOfFile(file), stats.isFile() ? stats.size : undefined, path);
  } finally {
    await file.close();
  }
}

/**
 * Reads an array in NumPy's format from wherever it lies.
 *
 * @param available bytes there are, header included, where that is known
 * @param name what errors call it
 * @throws InputError naming it
 * @internal
 */
export async function parseNpy(
  next: NextBytes,
  available: number | undefined,
  name: string,
): Promise<Tensor> {
  const header = await readHeader(next, name);
  const data = await numbersOf(next, available, name, header, allocate);
  return header.fortranOrder ? fromFortranOrder(data, header.shape) : new Tensor(data, header.shape);
}

/**
 * The same for a list, in double precision, which holds integers up to 2⁵³.
 *
 * @throws InputError as {@link parseNpy} does, and for an array of several axes
 * @internal
 */
export async function parseNpyList(
  next: NextBytes,
  available: number | undefined,
  name: string,
): Promise<Float64Array> {
  const header = await readHeader(next, name);
  if (header.shape.length > 1) throw expected(name, 'an array of one axis', header.shape);
  return numbersOf(next, available, name, header, (size) => new Float64Array(size));
}

/** A string of bytes, as `numpy.bytes_` is written. @throws InputError for anything else @internal */
export async function parseNpyText(next: NextBytes, name: string): Promise<string> {
  const header = await readHeaderText(next, name);
  const length = Number(/['"]descr['"] ?: ?['"]\|S(\d{1,4})['"]/.exec(header)?.[1] ?? Number.NaN);
  if (Number.isNaN(length)) throw expected(name, 'a string', header.trim());
  const bytes = await next(Buffer.alloc(length));
  if (bytes.length < length) throw cutShort(name, `${length} characters`);
  return bytes.toString('latin1').replace(/\0+$/, '');
}

async function numbersOf<T extends Float32Array | Float64Array>(
  next: NextBytes,
  available: number | undefined,
  name: string,
  header: Header,
  make: (size: number) => T,
): Promise<T> {
  const size = elementCount(header.shape);
  // What is too short is refused before memory is taken for what its header claims.
  if (available !== undefined && available < size * numberFormats[header.type].bytes)
    throw cutShort(name, wants(header));
  const data = make(size);
  const read = async (bytes: Buffer) => {
    if ((await next(bytes)).length < bytes.length) throw cutShort(name, wants(header));
  };
  await fillNumbers(data, header.type, read, header.swapped);
  return data;
}

/**
 * Writes a tensor as `.npy`: little-endian float32, C order, format version 1; whole or not at all.
 *
 * @throws InputError when the tensor's buffer is detached; the system's error when the file cannot be written
 */
export async function writeNpy(path: string, tensor: Tensor): Promise<void> {
  await writeWhole(path, npyBytes(tensor));
}

/** A tensor as the bytes of a `.npy` file, its elements where they lie. @throws InputError when its buffer is detached */
export function npyBytes(tensor: Tensor): readonly Uint8Array[] {
  const { data, shape } = new Tensor(tensor.data, tensor.shape);
  return npyArray(shape, '<f4', littleEndianBytes(data, 'float32'));
}

/** An array as the bytes of a `.npy` file. @param descr its type as NumPy writes it */
export function npyArray(shape: readonly number[], descr: string, bytes: Uint8Array): readonly Uint8Array[] {
  return [header(shape, descr), bytes];
}

function header(shape: readonly number[], descr: string): Buffer {
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const dictionary = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${tuple}), }`;
  const prefix = MAGIC.length + 4;
  // NumPy pads with spaces and one newline so that the elements start at a multiple of 64.
  const total = Math.ceil((prefix + dictionary.length + 1) / 64) * 64;
  const text = `${dictionary.padEnd(total - prefix - 1)}\n`;
  const length = Buffer.alloc(2);
  length.writeUInt16LE(text.length);
  return Buffer.concat([MAGIC, Buffer.of(1, 0), length, Buffer.from(text, 'latin1')]);
}

async function readHeader(next: NextBytes, path: string): Promise<Header> {
  return parseHeader(await readHeaderText(next, path), path);
}

async function readHeaderText(next: NextBytes, path: string): Promise<string> {
  const start = await next(Buffer.alloc(MAGIC.length + 2));
  if (start.length < MAGIC.length + 2 || !start.subarray(0, MAGIC.length).equals(MAGIC))
    throw new InputError(
      `Expected ${path} to be a .npy file but ${start.length === 0 ? 'it is empty' : 'it begins otherwise'}`,
    );
  const major = start[MAGIC.length]!;
  if (major < 1 || major > 3) throw expected(`the .npy version of ${path}`, '1, 2 or 3', major);
  const lengthBytes = major === 1 ? 2 : 4;
  const lengthField = await next(Buffer.alloc(lengthBytes));
  if (lengthField.length < lengthBytes) throw cutShort(path, 'its header');
  const length = lengthField.readUIntLE(0, lengthBytes);
  if (length > MAX_HEADER) throw expected(`the header of ${path}`, `at most ${MAX_HEADER} bytes`, length);
  const text = await next(Buffer.alloc(length));
  if (text.length < length) throw cutShort(path, 'its header');
  return text.toString('latin1');
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
    type: elementTypes[type!]!,
    swapped: order === foreign,
    fortranOrder: field('fortran_order', '(True|False)') === 'True',
    shape,
  };
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

function wants(header: Header): string {
  return `${formatShape(header.shape)} elements of type ${header.type}`;
}

function cutShort(path: string, holding: string): InputError {
  return new InputError(`Expected ${path} to hold ${holding} but it ends before`);
}
