import { describe, expect, it } from 'vitest';
import { type NumberType, numberFormats } from '../../src/tensor/number-formats.js';

const bits = (view: ArrayBufferView) => new Uint16Array(view.buffer, view.byteOffset, view.byteLength / 2);

describe('number formats', () => {
  it.each<[NumberType, number]>([
    ['float16', 0x7c00],
    ['bfloat16', 0x7f80],
  ])('write every %s as it was read', (type, infinity) => {
    const all = Uint16Array.from({ length: 2 ** 16 }, (_, i) => i);
    const { read, write } = numberFormats[type];
    const back = bits(write(Float64Array.from(read(new Uint8Array(all.buffer)))));
    for (const word of all) {
      if ((word & 0x7fff) > infinity) expect((back[word]! & 0x7fff) > infinity).toBe(true);
      else if (back[word] !== word) expect(back[word], `word ${word}`).toBe(word);
    }
  });

  it.each<[NumberType, number]>([
    ['float16', 0x7c00],
    ['bfloat16', 0x7f80],
  ])('round to the nearest %s, ties to even', (type, infinity) => {
    const { read, write } = numberFormats[type];
    const all = Uint16Array.from({ length: infinity }, (_, i) => i);
    const values = Float64Array.from(read(new Uint8Array(all.buffer)));
    for (let i = 0; i + 1 < values.length; i += 37) {
      const middle = (values[i]! + values[i + 1]!) / 2;
      const near = Math.min(2 ** -20 * middle, (middle - values[i]!) / 2);
      const [tie, below, above] = bits(write(Float64Array.of(middle, middle - near, middle + near)));
      expect([tie, below, above], `above ${values[i]}`).toEqual([i % 2 === 0 ? i : i + 1, i, i + 1]);
    }
  });

  it('hold integers within their limits', () => {
    const values = Float64Array.of(-1e30, -1.6, 0.4, 1e30);
    const written = (type: NumberType) => [
      ...(numberFormats[type].write(values) as unknown as Iterable<unknown>),
    ];
    expect(written('int8')).toEqual([-128, -2, 0, 127]);
    expect(written('uint8')).toEqual([0, 0, 0, 255]);
    expect(written('int32')).toEqual([-(2 ** 31), -2, 0, 2 ** 31 - 1]);
    expect(written('int64')).toEqual([-(2n ** 63n), -2n, 0n, 2n ** 63n - 1n]);
    expect(written('uint64')).toEqual([0n, 0n, 0n, 2n ** 64n - 1n]);
    expect(written('bool')).toEqual([1, 1, 1, 1]);
  });
});
