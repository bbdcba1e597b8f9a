import { expected } from '../../synth/errors.js';
import type { Constant, ElementType } from '../operators/operator.js';
import { fillNumbers, type NumberType, numberFormats } from '../tensor/number-formats.js';
import { elementCount, formatShape, MAX_ELEMENTS } from '../tensor/shape.js';
import { allocate } from '../tensor/tensor.js';
import { dataTypes, type tensorSchema } from './schema.js';
import type { ByteSource, Neighbours, Range } from './source.js';
import { type Decoded, varints } from './wire.js';

type TensorMessage = Decoded<typeof tensorSchema>;

const typesByNumber = new Map<number, NumberType>(
  Object.entries(dataTypes).map(([name, number]) => [number, name as NumberType]),
);

/** Real numbers are float32 here, which is what kernels compute in: float16 and bfloat16 exactly, float64 rounded. */
const reals: ReadonlySet<NumberType> = new Set(['float16', 'bfloat16', 'float32', 'float64']);

/** Types of which protocol buffers pack single numbers into other fields than `int32_data`. */
const typedFields: Partial<Record<NumberType, 'float_data' | 'double_data' | 'int64_data' | 'uint64_data'>> =
  {
    float32: 'float_data',
    float64: 'double_data',
    int64: 'int64_data',
    uint64: 'uint64_data',
    uint32: 'uint64_data',
  };

/**
 * The type that elements have in a graph.
 *
 * @param number of ONNX's `TensorProto.DataType`
 * @param name what the error calls it
 * @throws InputError for what tensors hold nowhere here, such as strings
 */
export function elementTypeOf(number: number | undefined, name: string): ElementType {
  const type = numberTypeOf(number, name);
  return reals.has(type) ? 'float32' : type;
}

function numberTypeOf(number: number | undefined, name: string): NumberType {
  const type = typesByNumber.get(number ?? 0);
  if (type === undefined)
    throw expected(`the element type of ${name}`, `one of ${Object.keys(dataTypes).join(', ')}`, number);
  return type;
}

/** Reads the numbers of tensors from a model and from the files beside it. */
export class ConstantReader {
  readonly #source: ByteSource;
  readonly #neighbours: Neighbours;

  constructor(source: ByteSource, neighbours: Neighbours) {
    this.#source = source;
    this.#neighbours = neighbours;
  }

  /**
   * Reads a tensor straight into the array that it stays in. Memory is taken only once there is as much in the file.
   *
   * @param name what errors call it
   * @throws InputError naming it where type, shape, place and number of its elements do not fit each other
   */
  async read(tensor: TensorMessage, name: string): Promise<Constant> {
    const type = numberTypeOf(tensor.data_type, name);
    const shape = tensor.dims;
    if (!shape.every((size) => Number.isSafeInteger(size) && size >= 0 && size <= MAX_ELEMENTS))
      throw expected(`the shape of ${name}`, `sizes from 0 to ${MAX_ELEMENTS}`, shape);
    const count = elementCount(shape);
    if (count > MAX_ELEMENTS)
      throw expected(`the shape of ${name}`, `at most ${MAX_ELEMENTS} elements (4 GiB)`, shape);
    if (tensor.segment !== undefined) throw expected(name, 'in one piece', 'a segment');
    const wanted = `${formatShape(shape)} elements of type ${type}`;
    const data = await this.#numbers(tensor, { type, count, wanted, name });
    return { type: reals.has(type) ? 'float32' : type, shape, data };
  }

  async #numbers(tensor: TensorMessage, about: Wanted): Promise<Constant['data']> {
    const { type, count, wanted, name } = about;
    const size = numberFormats[type].bytes;
    if (tensor.data_location === 1) {
      const entry = (key: string) => tensor.external_data.find((pair) => pair.key === key)?.value;
      const file = await this.#neighbours.open(entry('location') ?? '');
      const offset = byteCount(entry('offset') ?? '0', `the offset of ${name}`);
      const length = byteCount(entry('length') ?? String(count * size), `the length of ${name}`);
      return await fixed(file, [{ offset, length }], about);
    }
    if (tensor.raw_data !== undefined) return await fixed(this.#source, [tensor.raw_data], about);
    const field = typedFields[type] ?? 'int32_data';
    const ranges = tensor[field];
    if (field === 'float_data' || field === 'double_data') return await fixed(this.#source, ranges, about);
    // Every number takes a byte or more.
    const bytes = ranges.reduce((sum, { length }) => sum + length, 0);
    if (bytes < count) throw expected(name, `${wanted}`, `${bytes} bytes of packed integers`);
    const data = place(type, count);
    let done = 0;
    for (const range of ranges) {
      const numbers = varints(this.#source.bytes(range), range.offset);
      if (done + numbers.length > count) throw expected(name, wanted, `more than ${count} numbers`);
      data.set(fromIntegers(numbers, type), done);
      done += numbers.length;
    }
    if (done < count) throw expected(name, wanted, `${done} numbers`);
    return data;
  }
}

interface Wanted {
  readonly type: NumberType;
  readonly count: number;
  /** The same in words. */
  readonly wanted: string;
  readonly name: string;
}

/** Numbers of a fixed number of bytes each, one after the other in some ranges. */
async function fixed(source: ByteSource, ranges: readonly Range[], { type, count, wanted, name }: Wanted) {
  const size = numberFormats[type].bytes;
  const bytes = ranges.reduce((sum, { length }) => sum + length, 0);
  const last = Math.max(0, ...ranges.slice(-1).map(({ offset, length }) => offset + length));
  if (bytes !== count * size) throw expected(name, wanted, `${bytes} bytes`);
  if (last > source.size) throw expected(name, `within ${source.name}`, `an end at byte ${last}`);
  const data = place(type, count);
  if (ranges.length === 1) {
    let { offset } = ranges[0]!;
    await fillNumbers(data, type, async (buffer) => {
      await source.fill(buffer, offset);
      offset += buffer.length;
    });
    return data;
  }
  const joined = Buffer.concat(ranges.map((range) => source.bytes(range)));
  let done = 0;
  await fillNumbers(data, type, async (buffer) => {
    joined.copy(buffer, 0, done, done + buffer.length);
    done += buffer.length;
  });
  return data;
}

function place(type: NumberType, count: number): Constant['data'] {
  // Not from the pool, to which so much would come back when weights are made of it.
  if (reals.has(type)) return allocate(count);
  return new Float64Array(count);
}

/** `int32_data` holds float16 and bfloat16 as their bits, and every smaller integer as itself. */
function fromIntegers(numbers: readonly number[], type: NumberType): ArrayLike<number> {
  if (type === 'bool') return numbers.map((value) => Number(value !== 0));
  if (type === 'uint64') return numbers.map((value) => (value < 0 ? value + 2 ** 64 : value));
  if (type !== 'float16' && type !== 'bfloat16') return numbers;
  return numberFormats[type].read(new Uint8Array(Uint16Array.from(numbers).buffer));
}

function byteCount(text: string, name: string): number {
  const count = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(count)) throw expected(name, 'a number of bytes', text);
  return count;
}
