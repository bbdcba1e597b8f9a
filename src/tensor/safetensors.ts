/*
 * The safetensors format (https://github.com/huggingface/safetensors): the length of the header in 8 bytes, a header in
 * JSON, and the elements, little-endian, one tensor behind the other without gaps.
 */
import { open } from 'node:fs/promises';
import { endianness } from 'node:os';
import { expected, InputError } from '../../synth/errors.js';
import { writeWhole } from '../support/files.js';
import { bytesOfFile, type NextBytes } from '../support/reading.js';
import { checkedTensors, type NamedTensors } from './named.js';
import { fillNumbers, littleEndianBytes, type NumberType, numberFormats } from './number-formats.js';
import { elementCount, formatShape, validateShape } from './shape.js';
import { allocate, Tensor } from './tensor.js';

/** The limit of the format's own implementation, in bytes. */
const MAX_HEADER = 100_000_000;

/** Element types by the format's names. */
const elementTypes: Readonly<Record<string, NumberType>> = {
  BOOL: 'bool',
  I8: 'int8',
  U8: 'uint8',
  I16: 'int16',
  U16: 'uint16',
  I32: 'int32',
  U32: 'uint32',
  I64: 'int64',
  U64: 'uint64',
  F16: 'float16',
  BF16: 'bfloat16',
  F32: 'float32',
  F64: 'float64',
};

/** Where a tensor lies behind the header. */
interface Entry {
  readonly name: string;
  readonly type: NumberType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/**
 * Reads a `.safetensors` file: every boolean, integer and real type up to 8 bytes, rounded to float32.
 *
 * @param names of the tensors that are wanted; default all
 * @returns them by name, in the file's order
 * @throws InputError naming the path when it is no such file, contradicts itself, is cut short, holds other element
 *   types, or has no tensor of a wanted name; the system's error when it cannot be read
 */
export async function readSafetensors(path: string, names?: Iterable<string>): Promise<Map<string, Tensor>> {
  const file = await open(path, 'r');
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw expected('the file of tensors', 'a regular file', path);
    const lengthField = await exactly(bytesOfFile(file, 0), 8, path);
    const length = Number(lengthField.readBigUInt64LE());
    if (length > Math.min(MAX_HEADER, stats.size - 8))
      throw expected(
        `the header of ${path}`,
        `at most ${Math.min(MAX_HEADER, stats.size - 8)} bytes`,
        length,
      );
    const header = await exactly(bytesOfFile(file, 8), length, path);
    const entries = entriesOf(header.toString('utf8'), stats.size - 8 - length, path);
    const wanted = new Set(names ?? entries.map(({ name }) => name));
    const tensors = new Map<string, Tensor>();
    for (const { name, type, shape, begin } of entries.filter((entry) => wanted.delete(entry.name))) {
      const data = allocate(elementCount(shape), false);
      const next = bytesOfFile(file, 8 + length + begin);
      await fillNumbers(data, type, (bytes) => filled(next, bytes, path), endianness() === 'BE');
      tensors.set(name, new Tensor(data, shape));
    }
    for (const name of wanted)
      throw expected(`the tensors of ${path}`, `one of the name ${name}`, [...tensors.keys()]);
    return tensors;
  } finally {
    await file.close();
  }
}

/**
 * Writes tensors as `.safetensors` of float32, whole or not at all.
 *
 * @param metadata texts by name
 * @throws InputError for the name `__metadata__`, which is the format's own, and for detached tensors; the system's
 *   error when the file cannot be written
 */
export async function writeSafetensors(
  path: string,
  tensors: NamedTensors,
  metadata?: Readonly<Record<string, string>>,
): Promise<void> {
  const named = checkedTensors(tensors);
  let end = 0;
  const entries = named.map(([name, { shape, data }]) => {
    if (name === METADATA) throw expected('the name of a tensor', `another than ${METADATA}`, name);
    const begin = end;
    end += 4 * data.length;
    return [name, { dtype: 'F32', shape, data_offsets: [begin, end] }] as const;
  });
  const header = JSON.stringify(
    Object.fromEntries([...(metadata ? [[METADATA, metadata]] : []), ...entries]),
  );
  const text = Buffer.from(header);
  // Spaces let the elements begin at a multiple of 8.
  const padding = Buffer.alloc((8 - (text.length % 8)) % 8, ' ');
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length + padding.length));
  const elements = named.map(([, { data }]) => littleEndianBytes(data, 'float32'));
  await writeWhole(path, [length, text, padding, ...elements]);
}

const METADATA = '__metadata__';

/** Checks the header as the format's own implementation does: tensors lie one behind the other and fill the file. */
function entriesOf(header: string, available: number, path: string): readonly Entry[] {
  let fields: unknown;
  try {
    fields = JSON.parse(header);
  } catch (cause) {
    throw new InputError(`Expected the header of ${path} to be JSON: ${(cause as Error).message}`, { cause });
  }
  if (!isObject(fields)) throw expected(`the header of ${path}`, 'an object', fields);
  const entries = Object.entries(fields)
    .filter(([name]) => name !== METADATA)
    .map(([name, field]) => entryOf(name, field, path))
    .sort((a, b) => a.begin - b.begin || a.end - b.end);
  let end = 0;
  for (const entry of entries) {
    if (entry.begin !== end) throw expected(`tensor ${entry.name} of ${path}`, `at byte ${end}`, entry.begin);
    end = entry.end;
  }
  if (end !== available) throw expected(`the elements of ${path}`, `${end} bytes`, available);
  return entries;
}

function entryOf(name: string, field: unknown, path: string): Entry {
  const called = `tensor ${name} of ${path}`;
  const { dtype, shape: sizes, data_offsets: offsets } = isObject(field) ? field : {};
  const type =
    typeof dtype === 'string' && Object.hasOwn(elementTypes, dtype) ? elementTypes[dtype] : undefined;
  if (type === undefined)
    throw expected(`the element type of ${called}`, `one of ${Object.keys(elementTypes).join(', ')}`, dtype);
  const shape = validateShape(sizes, `the shape of ${called}`);
  const [begin, end] = Array.isArray(offsets) && offsets.length === 2 ? (offsets as unknown[]) : [];
  if (!Number.isSafeInteger(begin) || !Number.isSafeInteger(end) || (begin as number) < 0)
    throw expected(`the place of ${called}`, 'two numbers of bytes', offsets);
  const length = (end as number) - (begin as number);
  if (length !== elementCount(shape) * numberFormats[type].bytes)
    throw expected(called, `${formatShape(shape)} elements of type ${dtype}`, `${length} bytes`);
  return { name, type, shape, begin: begin as number, end: end as number };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

async function exactly(next: NextBytes, length: number, path: string): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  await filled(next, bytes, path);
  return bytes;
}

async function filled(next: NextBytes, bytes: Buffer, path: string): Promise<void> {
  const got = await next(bytes);
  if (got.length < bytes.length) throw new InputError(`Expected ${path} to go on but it ends before`);
}
