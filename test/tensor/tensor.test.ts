import { inspect } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { InputError, Tensor } from '../../src/index.js';
import { native } from '../../src/native/addon.js';

describe('Tensor', () => {
  it('wraps without copying, views included', () => {
    const data = Float32Array.of(9, 1, 2, 3, 4, 5, 6);
    const tensor = new Tensor(data.subarray(1), [2, 3]);
    data[1] = 7;
    expect(tensor.toArray()).toEqual([
      [7, 2, 3],
      [4, 5, 6],
    ]);
    expect([tensor.rank, tensor.size]).toEqual([2, 6]);
    expect(tensor.reshape([3, 2]).data).toBe(tensor.data);
  });

  it('freezes its own copy of the shape', () => {
    const shape = [2, 3];
    const tensor = new Tensor(new Float32Array(6), shape);
    shape[0] = 5;
    expect(tensor.shape).toEqual([2, 3]);
    expect(() => (tensor.shape as number[]).push(1)).toThrow(TypeError);
  });

  it('allocates zeros on a 64-byte boundary that the engine owns', () => {
    const tensor = Tensor.zeros([3, 5]);
    expect(tensor.data.every((value) => value === 0)).toBe(true);
    expect(native().owns(tensor.data)).toBe(true);
    expect(native().owns(new Float32Array(15))).toBe(false);
    expect(native().owns(tensor.clone().data)).toBe(true);
  });

  it('copies nested arrays, down to scalars and empty ones', () => {
    expect(Tensor.from([[[1], [2]]])).toMatchObject({ shape: [1, 2, 1] });
    expect(Tensor.from(5).toArray()).toBe(5);
    expect(Tensor.from([]).shape).toEqual([0]);
    expect(Tensor.from([[], []]).shape).toEqual([2, 0]);
    expect(Tensor.from([[], []]).toArray()).toEqual([[], []]);
    expect(() => Tensor.from([[1, 2], [3]])).toThrow(
      'Expected values to be an array of 2 at depth 1, as its first but received [3]',
    );
    expect(() => Tensor.from([1, [2]])).toThrow(
      'Expected values to be nested arrays of numbers but received [2]',
    );
    expect(() => Tensor.from(['1'] as never)).toThrow(InputError);
  });

  it('refuses arrays that contain themselves, and shows them cut', () => {
    const endless: unknown[] = [1];
    endless[0] = endless;
    expect(() => Tensor.from(endless as never)).toThrow(
      'Expected values to be arrays nested at most 64 deep but received [[[[[…]]]]]',
    );
    const twice: unknown[] = [[1, 2]];
    twice.push(twice);
    expect(() => Tensor.from(twice as never)).toThrow(InputError);
  });

  it('refuses holes in values and in shapes', () => {
    const holes = new Array(3);
    holes[1] = 3;
    expect(() => Tensor.from(holes)).toThrow('to be nested arrays of numbers but received undefined');
    expect(() => Tensor.zeros(holes)).toThrow('but received [undefined, 3, undefined]');
    expect(() => Tensor.zeros([1]).reshape(new Array(1))).toThrow('but received [undefined]');
  });

  it.each([
    [null, 'the options of Tensor.random to be an object but received null'],
    [1, 'the options of Tensor.random to be an object but received 1'],
    [{ seed: 1.5 }, 'seed to be an integer but received 1.5'],
    [{ low: Number.NaN }, 'low to be a finite number but received NaN'],
    [{ high: '2' }, 'high to be a finite number but received "2"'],
    [{ low: 2 }, 'low to be at most high (1) but received 2'],
  ])('draws nothing with the options %j', (options, message) => {
    expect(() => Tensor.random([2], options as never)).toThrow(new InputError(`Expected ${message}`));
  });

  it('comes back from a message with its data and shape', () => {
    const tensor = Tensor.random([2, 3]);
    const message = structuredClone(tensor);
    expect(message).not.toBeInstanceOf(Tensor);
    const back = Tensor.fromMessage(message);
    expect(back).toBeInstanceOf(Tensor);
    expect(back.data).toBe((message as Tensor).data);
    expect(back.toArray()).toEqual(tensor.toArray());
    expect(Tensor.fromMessage(tensor)).toBe(tensor);
    expect(() => Tensor.fromMessage([1])).toThrow('Expected message to be { data, shape } of a Tensor');
    expect(() => Tensor.fromMessage({ data: [1], shape: [1] })).toThrow('Expected data to be a Float32Array');
  });

  it('draws the same numbers for the same seed, within the range', () => {
    const first = Tensor.random([1000], { seed: 7 });
    expect(Tensor.random([1000], { seed: 7 }).data).toEqual(first.data);
    expect(Tensor.random([1000], { seed: 8 }).data).not.toEqual(first.data);
    expect(first.data.every((value) => value >= -1 && value < 1)).toBe(true);
    const mean = first.data.reduce((sum, value) => sum + value, 0) / 1000;
    expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(3 * 1000)); // four standard errors of a uniform mean
  });

  it('prints its shape and first elements', () => {
    expect(String(Tensor.zeros([1, 3, 8]))).toBe('Tensor(1 × 3 × 8)');
    expect(inspect(Tensor.from([1.5, -2]))).toBe('Tensor(2) [ 1.5, -2 ]');
    expect(inspect(Tensor.zeros([9]))).toBe('Tensor(9) [ 0, 0, 0, 0, 0, 0, 0, 0, … ]');
    expect(String(Tensor.from(1))).toBe('Tensor(scalar)');
  });

  it.each([
    [[2, 4], 'Expected data to be 8 elements long, as its shape 2 × 4 says but received 6'],
    [[2, -3], 'Expected shape to be an array of non-negative integers but received [2, -3]'],
    [[2, Number.NaN], 'Expected shape to be an array of non-negative integers but received [2, NaN]'],
    [[1.5, 4], 'Expected shape to be an array of non-negative integers but received [1.5, 4]'],
    ['6', 'Expected shape to be an array of non-negative integers but received "6"'],
    [
      [2 ** 16, 2 ** 16],
      'Expected shape to be at most 1073741824 elements (4 GiB) but received [65536, 65536]',
    ],
    [[2 ** 52, 2 ** 52], 'Expected shape to be at most 1073741824 elements (4 GiB) but received'],
  ])('refuses the shape %j', (shape, message) => {
    expect(() => new Tensor(new Float32Array(6), shape as number[])).toThrow(message);
  });

  it('refuses what is no Float32Array', () => {
    expect(() => new Tensor([1, 2] as never, [2])).toThrow(
      'Expected data to be a Float32Array but received [1, 2]',
    );
    expect(() => new Tensor(new Float64Array(2) as never, [2])).toThrow(
      'Expected data to be a Float32Array but received an object of type Float64Array',
    );
  });

  it('refuses detached and resizable buffers', () => {
    const data = new Float32Array(6);
    structuredClone(data.buffer, { transfer: [data.buffer] });
    expect(() => new Tensor(data, [6])).toThrow(
      'Expected data to be 6 elements long but its buffer is detached',
    );
    const Resizable = ArrayBuffer as unknown as new (bytes: number, options: object) => ArrayBuffer;
    const resizable = new Float32Array(new Resizable(24, { maxByteLength: 48 }));
    expect(() => new Tensor(resizable, [6])).toThrow(
      'Expected data to be on a buffer of fixed length but received a resizable one',
    );
    const Growable = SharedArrayBuffer as unknown as new (
      bytes: number,
      options: object,
    ) => SharedArrayBuffer;
    const growable = new Float32Array(new Growable(24, { maxByteLength: 48 }));
    expect(() => new Tensor(growable, [6])).toThrow('a resizable one');
  });

  it('says so when memory runs out', () => {
    const reuse = vi.spyOn(native(), 'reuse').mockReturnValue(undefined);
    const alloc = vi.spyOn(native(), 'alloc').mockImplementation(() => {
      throw new Error('out of memory');
    });
    expect(() => Tensor.zeros([10])).toThrow(
      new InputError('Expected 40 bytes of memory to be free but the system refused them'),
    );
    alloc.mockRestore();
    reuse.mockRestore();
    expect(Tensor.zeros([10]).size).toBe(10);
  });
});
