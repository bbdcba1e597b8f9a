/**
 * Protocol buffers, read field by field from a file and written as pieces: models of gigabytes are never in memory as
 * a whole, and where their weights lie is all that is read of these at first.
 *
 * https://protobuf.dev/programming-guides/encoding/ says how fields lie; the tags and numbers themselves are read and
 * written by the `wire` module of @bufbuild/protobuf.
 */
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { InputError } from '../../synth/errors.js';
import type { ByteSource, Range } from './source.js';

/** What a field holds: a number, text, or bytes that stay where they are. */
type Scalar = 'int' | 'float' | 'string' | 'range';

/** A message: of each field its number, what it holds, and whether it may come several times. */
export interface Schema {
  readonly [field: string]: readonly [number: number, holds: Scalar | Schema, repeated?: 'repeated'];
}

type Value<Holds, Bytes> = Holds extends 'int' | 'float'
  ? number
  : Holds extends 'string'
    ? string
    : Holds extends 'range'
      ? Bytes
      : Holds extends Schema
        ? Message<Holds, Bytes>
        : never;

/** A message as an object; absent fields are undefined, repeated ones always an array. */
type Message<S extends Schema, Bytes> = {
  [F in keyof S]: S[F] extends readonly [number, infer Holds, 'repeated']
    ? Value<Holds, Bytes>[]
    : S[F] extends readonly [number, infer Holds]
      ? Value<Holds, Bytes> | undefined
      : never;
};

/** A message that was read: fields of bytes say where in the file these lie. */
export type Decoded<S extends Schema> = Message<S, Range>;

/** A message to write, in which whatever is absent may be left out. */
export type Encodable<S extends Schema> = {
  readonly [F in keyof S]?:
    | (S[F] extends readonly [number, infer Holds, 'repeated']
        ? readonly EncodableValue<Holds>[]
        : S[F] extends readonly [number, infer Holds]
          ? EncodableValue<Holds>
          : never)
    | undefined;
};
type EncodableValue<Holds> = Holds extends Schema ? Encodable<Holds> : Value<Holds, Uint8Array>;

/** Most bytes before the content of a field: its tag, and a number or a length. */
const MAX_HEAD = 20;

/** Names and labels are shorter. */
const MAX_STRING = 1 << 20;

/** Most bytes of numbers that one field of a message may pack. */
const MAX_PACKED = 1 << 24;

/** Most values of one model: each takes a hundred times the room in memory that it may take in a file. */
const MAX_VALUES = 1 << 21;

/** Payloads from this size on are written from where they lie. */
const BORROWED = 1 << 16;

/**
 * Reads a message; unknown fields are skipped. How deep messages nest is the schema's, whatever the file holds.
 *
 * @throws InputError saying what is wrong at which byte
 */
export function decode<S extends Schema>(source: ByteSource, range: Range, schema: S): Decoded<S> {
  return new Decoder(source).message(range, schema) as Decoded<S>;
}

type Loose = Record<string, unknown>;

class Decoder {
  readonly #source: ByteSource;
  #values = 0;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  /** @param into what earlier pieces of the same message have given: protocol buffers merge them */
  message({ offset, length }: Range, schema: Schema, into?: Loose): Loose {
    const fields = fieldsOf(schema);
    const message = into ?? blank(fields);
    const end = offset + length;
    for (let at = offset; at < end; ) {
      const field = this.#field(at, end);
      at = field.end;
      const known = fields.get(field.number);
      if (known === undefined) continue;
      const { name, holds, repeated } = known;
      for (const value of this.#content(field, holds, repeated ? undefined : message[name])) {
        if (++this.#values > MAX_VALUES) throw corrupt(at, `there are more than ${MAX_VALUES} values`);
        if (repeated) (message[name] as unknown[]).push(value);
        else message[name] = value;
      }
    }
    return message;
  }

  /** The field at a position: its number, type, and where its content begins and ends. */
  #field(at: number, end: number): Field {
    const { bytes, from } = this.#source.around(at, MAX_HEAD);
    const reader = readerOf(bytes);
    reader.pos = at - from;
    let head: { number: number; type: WireType; length: number | undefined; integer: number; start: number };
    try {
      const [number, type] = reader.tag();
      let start = from + reader.pos;
      let length = sizes.get(type);
      let integer = 0;
      if (type === WireType.LengthDelimited) {
        length = reader.uint32();
        start = from + reader.pos;
      } else if (type === WireType.Varint) {
        integer = Number(reader.int64());
        length = from + reader.pos - start;
      }
      head = { number, type, length, integer, start };
    } catch (cause) {
      throw corrupt(at, cause instanceof Error ? cause.message : String(cause), cause);
    }
    const { number, type, length, integer, start } = head;
    if (length === undefined) throw corrupt(at, `a field of type ${type} is not ONNX's`);
    if (start + length > end) throw corrupt(at, `field ${number} is longer than what it lies in`);
    return { number, type, range: { offset: start, length }, integer, end: start + length };
  }

  #content(field: Field, holds: Scalar | Schema, earlier: unknown): readonly unknown[] {
    const { range, type, number, integer } = field;
    if (holds === 'range') return [range];
    if (holds === 'int' && type === WireType.Varint) return [integer];
    const delimited = type === WireType.LengthDelimited;
    if (typeof holds === 'object' && delimited)
      return [this.message(range, holds, earlier as Loose | undefined)];
    if (holds === 'string' && delimited) {
      if (range.length > MAX_STRING) throw corrupt(range.offset, `a name has ${range.length} bytes`);
      return [this.#source.bytes(range).toString('utf8')];
    }
    // Repeated numbers come one by one or packed into one field, whatever the writer liked.
    if ((holds === 'int' && delimited) || (holds === 'float' && (delimited || type === WireType.Bit32))) {
      if (range.length > MAX_PACKED) throw corrupt(range.offset, `an attribute has ${range.length} bytes`);
      const bytes = this.#source.bytes(range);
      return holds === 'int' ? varints(bytes, range.offset) : floats(bytes, range.offset);
    }
    throw corrupt(range.offset, `field ${number} has a type that is not ONNX's`);
  }
}

interface Field {
  readonly number: number;
  readonly type: WireType;
  /** Its content, without tag and length. */
  readonly range: Range;
  /** The number that a varint is. */
  readonly integer: number;
  readonly end: number;
}

const sizes: ReadonlyMap<WireType, number> = new Map([
  [WireType.Bit32, 4],
  [WireType.Bit64, 8],
]);

/** Signed integers of up to 64 bits that follow each other; beyond 2⁵³ the nearest double. */
export function varints(bytes: Uint8Array, offset = 0): number[] {
  const reader = new BinaryReader(bytes);
  const numbers: number[] = [];
  try {
    while (reader.pos < reader.len) numbers.push(Number(reader.int64()));
  } catch (cause) {
    throw corrupt(offset, 'an integer ends too late', cause);
  }
  return numbers;
}

function floats(bytes: Uint8Array, offset: number): number[] {
  if (bytes.length % 4 !== 0) throw corrupt(offset, `${bytes.length} bytes are no whole number of floats`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(4 * i, true));
}

/** A reader a window of the file, for its making costs more than most fields. */
const readers = new WeakMap<Uint8Array, BinaryReader>();

function readerOf(bytes: Uint8Array): BinaryReader {
  const reader = readers.get(bytes) ?? new BinaryReader(bytes);
  readers.set(bytes, reader);
  return reader;
}

interface KnownField {
  readonly name: string;
  readonly holds: Scalar | Schema;
  readonly repeated: boolean;
}

const known = new WeakMap<Schema, ReadonlyMap<number, KnownField>>();

/** Fields by their numbers. */
function fieldsOf(schema: Schema): ReadonlyMap<number, KnownField> {
  let fields = known.get(schema);
  if (fields === undefined) {
    const entries = Object.entries(schema);
    fields = new Map(
      entries.map(([name, [number, holds, repeated]]) => [
        number,
        { name, holds, repeated: repeated !== undefined },
      ]),
    );
    known.set(schema, fields);
  }
  return fields;
}

function blank(fields: ReadonlyMap<number, KnownField>): Loose {
  const message: Loose = {};
  for (const { name, repeated } of fields.values()) message[name] = repeated ? [] : undefined;
  return message;
}

function corrupt(at: number, what: string, cause?: unknown): InputError {
  return new InputError(`${what} (at byte ${at})`, { cause });
}

/**
 * Writes a message.
 *
 * @returns its bytes in pieces; large payloads are the caller's memory, not copies of it
 */
export function encode<S extends Schema>(schema: S, message: Encodable<S>): readonly Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let writer = new BinaryWriter();
  const append = (piece: Uint8Array) => {
    if (piece.length < BORROWED) return void writer.raw(piece);
    pieces.push(writer.finish(), piece);
    writer = new BinaryWriter();
  };
  const delimited = (number: number, parts: readonly Uint8Array[]) => {
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    writer.tag(number, WireType.LengthDelimited).uint32(length);
    parts.forEach(append);
  };
  for (const [name, [number, holds]] of Object.entries(schema)) {
    const values = [message[name] ?? []].flat(1) as unknown[];
    for (const value of values) {
      if (typeof holds === 'object') delimited(number, encode(holds, value as Encodable<typeof holds>));
      else if (holds === 'range') delimited(number, [value as Uint8Array]);
      else if (holds === 'string') writer.tag(number, WireType.LengthDelimited).string(value as string);
      else if (holds === 'float') writer.tag(number, WireType.Bit32).float(value as number);
      else writer.tag(number, WireType.Varint).int64(BigInt.asIntN(64, wholeNumber(value as number)));
    }
  }
  const rest = writer.finish();
  return rest.length === 0 ? pieces : [...pieces, rest];
}

/** What 64 bits hold, for the largest integer of all stands for "to the end" and is none that a double holds. */
function wholeNumber(value: number): bigint {
  const whole = BigInt(Math.trunc(value));
  const limit = 2n ** 63n;
  return whole >= limit ? limit - 1n : whole < -limit ? -limit : whole;
}
