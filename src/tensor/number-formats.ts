import { endianness } from 'node:os';

/** Element types that files hold, under one name each whatever a file calls them. */
export type NumberType =
  | 'bool'
  | 'int8'
  | 'uint8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'uint64'
  | 'float16'
  | 'bfloat16'
  | 'float32'
  | 'float64';

/** How elements of one type lie in memory. */
export interface NumberFormat {
  /** Bytes of an element. */
  readonly bytes: number;
  /** Elements as numbers, from bytes in the machine's order that begin at a multiple of an element's size. */
  readonly read: (bytes: Uint8Array) => ArrayLike<number>;
  /** The same for numbers that go on to single precision, where rounding twice would differ. */
  readonly readSingle?: (bytes: Uint8Array) => ArrayLike<number>;
  /** The reverse, in memory of its own; what the type cannot hold becomes the nearest that it can. */
  readonly write: (values: Float64Array | Float32Array) => ArrayBufferView;
}

/** Bytes converted at once; a multiple of every element size. */
const CHUNK = 4 << 20;

/** Most bytes that one system call reads. */
const MAX_READ = 1 << 30;

const littleEndian = endianness() === 'LE';

/** Integers of n bits: rounded and held within their limits. */
function clamped(low: number, high: number): (value: number) => number {
  return (value) => Math.min(Math.max(Math.round(value), low), high);
}

function clampedBig(low: bigint, high: bigint): (value: number) => bigint {
  return (value) => {
    const whole = BigInt(Number.isFinite(value) ? Math.round(value) : value > 0 ? high : value < 0 ? low : 0);
    return whole < low ? low : whole > high ? high : whole;
  };
}

export const numberFormats: Readonly<Record<NumberType, NumberFormat>> = {
  bool: {
    bytes: 1,
    read: (bytes) => bytes.map((byte) => Number(byte !== 0)),
    write: (values) => Uint8Array.from(values, (value) => Number(value !== 0)),
  },
  int8: {
    bytes: 1,
    read: (bytes) => new Int8Array(...viewOf(bytes, 1)),
    write: (values) => Int8Array.from(values, clamped(-(2 ** 7), 2 ** 7 - 1)),
  },
  uint8: {
    bytes: 1,
    read: (bytes) => bytes,
    write: (values) => Uint8Array.from(values, clamped(0, 2 ** 8 - 1)),
  },
  int16: {
    bytes: 2,
    read: (bytes) => new Int16Array(...viewOf(bytes, 2)),
    write: (values) => Int16Array.from(values, clamped(-(2 ** 15), 2 ** 15 - 1)),
  },
  uint16: {
    bytes: 2,
    read: (bytes) => new Uint16Array(...viewOf(bytes, 2)),
    write: (values) => Uint16Array.from(values, clamped(0, 2 ** 16 - 1)),
  },
  int32: {
    bytes: 4,
    read: (bytes) => new Int32Array(...viewOf(bytes, 4)),
    write: (values) => Int32Array.from(values, clamped(-(2 ** 31), 2 ** 31 - 1)),
  },
  uint32: {
    bytes: 4,
    read: (bytes) => new Uint32Array(...viewOf(bytes, 4)),
    write: (values) => Uint32Array.from(values, clamped(0, 2 ** 32 - 1)),
  },
  int64: {
    bytes: 8,
    read: (bytes) => Float64Array.from(new BigInt64Array(...viewOf(bytes, 8)), Number),
    readSingle: (bytes) => Float64Array.from(new BigInt64Array(...viewOf(bytes, 8)), roundedOnce),
    write: (values) => BigInt64Array.from([...values].map(clampedBig(-(2n ** 63n), 2n ** 63n - 1n))),
  },
  uint64: {
    bytes: 8,
    read: (bytes) => Float64Array.from(new BigUint64Array(...viewOf(bytes, 8)), Number),
    readSingle: (bytes) => Float64Array.from(new BigUint64Array(...viewOf(bytes, 8)), roundedOnce),
    write: (values) => BigUint64Array.from([...values].map(clampedBig(0n, 2n ** 64n - 1n))),
  },
  float16: {
    bytes: 2,
    read: (bytes) => Float32Array.from(new Uint16Array(...viewOf(bytes, 2)), halfToNumber),
    write: (values) => Uint16Array.from(values, halfWriter(10, -14)),
  },
  bfloat16: {
    bytes: 2,
    read: (bytes) => {
      // A bfloat16 is the upper half of a float32.
      const bits = Uint32Array.from(new Uint16Array(...viewOf(bytes, 2)), (half) => half << 16);
      return new Float32Array(bits.buffer);
    },
    write: (values) => Uint16Array.from(values, halfWriter(7, -126)),
  },
  float32: {
    bytes: 4,
    read: (bytes) => new Float32Array(...viewOf(bytes, 4)),
    write: (values) => Float32Array.from(values),
  },
  float64: {
    bytes: 8,
    read: (bytes) => new Float64Array(...viewOf(bytes, 8)),
    write: (values) => Float64Array.from(values),
  },
};

/**
 * Fills an array with numbers of a file: float32 is read where it shall lie, every other type in pieces.
 *
 * @param read puts the next bytes of the file into all of what it is given
 * @param swapped whether the file's byte order is not the machine's
 */
export async function fillNumbers(
  data: Float32Array | Float64Array,
  type: NumberType,
  read: (bytes: Buffer) => Promise<unknown>,
  swapped = !littleEndian,
): Promise<void> {
  const format = numberFormats[type];
  const numbersOf = data instanceof Float32Array ? (format.readSingle ?? format.read) : format.read;
  if (type === 'float32' && data instanceof Float32Array && !swapped) {
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    for (let at = 0; at < bytes.length; at += MAX_READ) await read(bytes.subarray(at, at + MAX_READ));
    return;
  }
  const buffer = Buffer.from(new ArrayBuffer(Math.min(CHUNK, data.length * format.bytes)));
  for (let done = 0; done < data.length; ) {
    const bytes = buffer.subarray(0, Math.min(buffer.length, (data.length - done) * format.bytes));
    await read(bytes);
    if (swapped) swapBytes(bytes, format.bytes);
    data.set(numbersOf(bytes), done);
    done += bytes.length / format.bytes;
  }
}

/** Numbers as little-endian bytes of a type: float32 as a view, without a copy, where the machine has that order. */
export function littleEndianBytes(values: Float32Array | Float64Array, type: NumberType): Uint8Array {
  const { bytes: size, write } = numberFormats[type];
  const direct = littleEndian && type === 'float32' && values instanceof Float32Array;
  const view = direct ? values : write(values);
  const bytes = Buffer.from(view.buffer, view.byteOffset, view.byteLength);
  if (!littleEndian) swapBytes(bytes, size);
  return bytes;
}

/** Reverses the bytes of each element. */
function swapBytes(chunk: Buffer, bytes: number): void {
  if (bytes === 2) chunk.swap16();
  if (bytes === 4) chunk.swap32();
  if (bytes === 8) chunk.swap64();
}

function viewOf(bytes: Uint8Array, size: number): [ArrayBuffer, number, number] {
  return [bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length / size];
}

/** IEEE 754 binary16: 1 sign, 5 exponent and 10 fraction bits. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/**
 * Gives the bits of the nearest number of two bytes, ties to even.
 *
 * @param fraction how many bits it has behind the point
 * @param smallest exponent of a normal number
 */
function halfWriter(fraction: number, smallest: number): (value: number) => number {
  // Exponents are counted from one below the smallest; all bits set stand for infinity.
  const infinity = (3 - 2 * smallest) << fraction;
  const quietNaN = infinity | (1 << (fraction - 1));
  return (value) => {
    const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
    const magnitude = Math.abs(value);
    if (Number.isNaN(value)) return quietNaN;
    if (magnitude === Infinity) return sign | infinity;
    // Below the smallest normal number, the spacing no longer shrinks.
    const exponent = Math.max(Math.floor(Math.log2(magnitude)), smallest);
    const steps = magnitude / 2 ** (exponent - fraction);
    const floor = Math.floor(steps);
    const up = steps - floor > 0.5 || (steps - floor === 0.5 && floor % 2 === 1);
    // A fraction that rounds up to the next power of two carries into the exponent by itself, up to infinity.
    return sign | Math.min((exponent - smallest) * 2 ** fraction + floor + Number(up), infinity);
  };
}

/** Integers beyond it are no longer all doubles. */
const EXACT = 2n ** 53n;
/** Of 64 bits 52 stay and one that says whether anything was cut off; a float has 24. */
const CUT_BITS = 12;

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
