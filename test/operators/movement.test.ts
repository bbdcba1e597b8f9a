import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { operatorOf } from '../../src/operators/index.js';
import type { Attributes } from '../../src/operators/operator.js';
import { at, build, type Numbers, take } from './reference.js';
import { type Input, indices, numbers, places, runOperator, type Where } from './run.js';

const RUNS = Number(process.env.WINOGRAD_TEST_RUNS ?? 40);

const shapes = (least: number, most: number) =>
  fc.array(fc.integer({ min: 1, max: 11 }), { minLength: least, maxLength: most }).map((shape) =>
    // Enough channels for several vectors and a part of one.
    shape.map((size, axis) => (axis === 1 && shape.length > 2 ? size * 3 : size)),
  );

/** Kernels on every table, and the evaluation of constants, give the same as the definition. */
function expectMoved(
  name: string,
  attributes: Attributes,
  [x, ...others]: readonly (Input | undefined)[],
  wanted: readonly Numbers[],
  where: Where,
) {
  const results = [
    runOperator(name, attributes, [x, ...others], where),
    operatorOf(name).evaluate!(attributes, [x, ...others], [x, ...others]),
  ];
  for (const result of results)
    for (const [i, { shape, data }] of wanted.entries()) {
      expect(result[i]!.shape).toEqual(shape);
      expect(Array.from(result[i]!.data)).toEqual(Array.from(data));
    }
}

/** Runs a property with a random input of a random shape. */
function forAll<T>(
  [least, most]: readonly [number, number],
  of: (shape: readonly number[]) => fc.Arbitrary<T>,
  body: (x: Input, given: T, where: Where) => void,
) {
  const cases = shapes(least, most).chain((shape) => fc.tuple(fc.constant(shape), of(shape)));
  fc.assert(
    fc.property(cases, places(), ([shape, given], where) => body(numbers(shape), given, where)),
    { numRuns: RUNS },
  );
}

const perAxis = <T>(shape: readonly number[], of: (size: number) => fc.Arbitrary<T>) =>
  fc.tuple(...shape.map(of));

describe('movement', () => {
  it('transposes', () => {
    forAll(
      [1, 5],
      (shape) => fc.shuffledSubarray([...shape.keys()], { minLength: shape.length }),
      (x, perm, where) => {
        const wanted = build(
          perm.map((axis) => x.shape[axis]!),
          (index) =>
            at(
              x,
              x.shape.map((_, axis) => index[perm.indexOf(axis)]!),
            ),
        );
        expectMoved('Transpose', { perm }, [x], [wanted], where);
      },
    );
  });

  it('slices in any steps', () => {
    forAll(
      [1, 5],
      (shape) =>
        perAxis(shape, () =>
          fc.record({
            start: fc.integer({ min: -12, max: 12 }),
            end: fc.integer({ min: -13, max: 13 }),
            step: fc.constantFrom(1, 1, 2, -1, -3),
            sliced: fc.boolean(),
          }),
        ),
      (x, given, where) => {
        const axes = [...given.keys()].filter((axis) => given[axis]!.sliced);
        let wanted: Numbers = x;
        for (const axis of axes) {
          const { start, end, step } = given[axis]!;
          const all = [...Array(x.shape[axis]!).keys()];
          wanted = take(wanted, axis, pythonSlice(all, start, end, step));
        }
        const of = (member: 'start' | 'end' | 'step') => indices(...axes.map((axis) => given[axis]![member]));
        if (wanted.data.length === 0) return;
        expectMoved('Slice', {}, [x, of('start'), of('end'), indices(...axes), of('step')], [wanted], where);
      },
    );
  });

  it('splits', () => {
    forAll(
      [1, 4],
      (shape) => fc.integer({ min: 0, max: shape.length - 1 }),
      (x, axis, where) => {
        const size = x.shape[axis]!;
        const sizes = size > 2 ? [1, size - 2, 1] : [size];
        let first = 0;
        const wanted = sizes.map((count) => {
          first += count;
          return take(
            x,
            axis,
            Array.from({ length: count }, (_, i) => first - count + i),
          );
        });
        expectMoved('Split', { axis }, [x, indices(...sizes)], wanted, where);
      },
    );
  });

  it('divides a split as equally as may be, the last part smaller', () => {
    const x = { type: 'float32' as const, shape: [2, 7] };
    const made = operatorOf('Split').infer({ axis: 1, num_outputs: 3 }, [x, undefined], []);
    expect(made.map(({ shape }) => shape[1])).toEqual([3, 3, 1]);
  });

  it.each(['constant', 'edge', 'reflect', 'wrap'])('pads: %s', (mode) => {
    forAll(
      [1, 4],
      (shape) =>
        fc.tuple(
          perAxis(shape, (size) =>
            fc.tuple(fc.integer({ min: -1, max: 5 }), fc.integer({ min: size > 2 ? -1 : 0, max: 5 })),
          ),
          fc.constantFrom(0, 2.5),
        ),
      (x, [given, fill], where) => {
        let wanted: Numbers = x;
        for (const [axis, size] of x.shape.entries()) {
          const [before, after] =
            size > 1 ? given[axis]! : [Math.max(0, given[axis]![0]), Math.max(0, given[axis]![1])];
          wanted = padded(wanted, axis, before, after, mode, fill);
        }
        const pads = [0, 1].flatMap((side) =>
          x.shape.map((size, axis) => (size > 1 ? given[axis]![side]! : Math.max(0, given[axis]![side]!))),
        );
        const value: Input = { ...numbers([]), data: Float32Array.of(fill), known: true };
        expectMoved('Pad', { mode }, [x, indices(...pads), value], [wanted], where);
      },
    );
  });

  it('pads one element before and cuts one behind: a fill value is no step back', () => {
    fc.assert(
      fc.property(places(), (where) => {
        const wanted = { shape: [1, 1, 2], data: [0, 7] };
        const x = { ...numbers([1, 1, 2]), data: Float32Array.of(7, 8) };
        expectMoved('Pad', {}, [x, indices(0, 0, 1, 0, 0, -1)], [wanted], where);
        const back = { shape: [1, 1, 2], data: [8, 0] };
        expectMoved('Pad', {}, [x, indices(0, 0, -1, 0, 0, 1)], [back], where);
      }),
    );
  });

  it('gathers, repeats and expands', () => {
    forAll(
      [1, 4],
      (shape) =>
        fc.tuple(
          fc.integer({ min: 0, max: shape.length - 1 }),
          fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), {
            minLength: 1,
            maxLength: 6,
          }),
        ),
      (x, [axis, places], where) => {
        const size = x.shape[axis]!;
        const list = places.map((place) => Math.floor(place * size));
        const negative = list.map((index, i) => (i % 2 === 0 ? index : index - size));
        expectMoved('Gather', { axis }, [x, indices(...negative)], [take(x, axis, list)], where);
        const twice = [...Array(2 * size).keys()].map((i) => i % size);
        const repeats = x.shape.map((_, a) => (a === axis ? 2 : 1));
        expectMoved('Tile', {}, [x, indices(...repeats)], [take(x, axis, twice)], where);
        const one = take(x, axis, [0]);
        const narrow = { ...numbers(one.shape), data: Float32Array.from(one.data) };
        const sizes = [3, ...x.shape];
        const wanted = build(sizes, ([, ...index]) =>
          at(
            one,
            index.map((i, a) => (a === axis ? 0 : i)),
          ),
        );
        expectMoved('Expand', {}, [narrow, indices(...sizes)], [wanted], where);
      },
    );
  });

  it('puts the axes of indices where the indexed one was', () => {
    const x = numbers([2, 3, 4]);
    const matrix: Input = { type: 'int64', shape: [2, 2], data: Float64Array.of(0, 2, 1, 1), known: true };
    const [made] = operatorOf('Gather').evaluate!({ axis: 1 }, [x, matrix], [x, matrix]);
    expect(made!.shape).toEqual([2, 2, 2, 4]);
    expect(made!.data[made!.data.length - 1]).toBe(at(x, [1, 1, 3]));
    const scalar: Input = { type: 'int64', shape: [], data: Float64Array.of(-1), known: true };
    expect(operatorOf('Gather').evaluate!({ axis: 1 }, [x, scalar], [x, scalar])[0]!.shape).toEqual([2, 4]);
  });

  it('concatenates', () => {
    forAll(
      [1, 5],
      (shape) =>
        fc.tuple(
          fc.integer({ min: 0, max: shape.length - 1 }),
          fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 4 }),
        ),
      (x, [axis, sizes], where) => {
        const parts = sizes.map((size, i) =>
          numbers(
            x.shape.map((each, a) => (a === axis ? size : each)),
            i + 1,
          ),
        );
        const starts = sizes.map((_, i) => sizes.slice(0, i).reduce((sum, size) => sum + size, 0));
        const total = sizes.reduce((sum, size) => sum + size, 0);
        const wanted = build(
          x.shape.map((each, a) => (a === axis ? total : each)),
          (index) => {
            const part = starts.findLastIndex((start) => start <= index[axis]!);
            return at(
              parts[part]!,
              index.map((i, a) => (a === axis ? i - starts[part]! : i)),
            );
          },
        );
        expectMoved('Concat', { axis: axis - x.shape.length }, parts, [wanted], where);
      },
    );
  });

  it.each(['DCR', 'CRD'])('moves depth to space (%s) and back', (mode) => {
    fc.assert(
      fc.property(places(), fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 5 }), (where, b, c) => {
        const x = numbers([2, c * b * b, 3, 4]);
        const wanted = build([2, c, 3 * b, 4 * b], ([n, k, y, z]) => {
          const [i, j] = [y! % b, z! % b];
          const channel = mode === 'DCR' ? (i * b + j) * c + k! : (k! * b + i) * b + j;
          return at(x, [n!, channel, Math.floor(y! / b), Math.floor(z! / b)]);
        });
        expectMoved('DepthToSpace', { blocksize: b, mode }, [x], [wanted], where);
        const deep = { ...numbers(wanted.shape), data: Float32Array.from(wanted.data) };
        if (mode === 'DCR') expectMoved('SpaceToDepth', { blocksize: b }, [deep], [x], where);
      }),
      { numRuns: RUNS },
    );
  });

  const x = { type: 'float32' as const, shape: [2, 3] };
  it.each<[string, Attributes, (Input | undefined)[], string]>([
    ['Transpose', { perm: [0, 0] }, [], 'perm'],
    ['Slice', {}, [indices(0), indices(1, 2)], 'ends'],
    ['Slice', {}, [indices(0), indices(1), indices(2)], 'axes'],
    ['Slice', {}, [indices(0), indices(1), indices(0), indices(0)], 'steps'],
    ['Pad', { mode: 'mirror' }, [indices(0, 0, 0, 0)], 'mode'],
    ['Pad', {}, [indices(0, 0, 0)], 'pads'],
    ['Pad', {}, [indices(-2, 0, -1, 0)], 'pads'],
    ['Gather', { axis: 0 }, [indices(2)], 'indices'],
    ['Split', { axis: 1 }, [indices(1, 1)], 'split'],
    ['Concat', {}, [], 'axis'],
    ['Expand', {}, [indices(4, 2)], 'shape'],
    ['DepthToSpace', { blocksize: 2 }, [], 'rank 4'],
  ])('%s refuses %o by the name of %s', (name, attributes, others, word) => {
    expect(() => operatorOf(name).infer(attributes, [x, ...others], [undefined, ...others])).toThrow(word);
  });
});

function pythonSlice(all: number[], start: number, end: number, step: number): number[] {
  const size = all.length;
  const from = start < 0 ? start + size : start;
  const to = end < 0 ? end + size : end;
  const list: number[] = [];
  if (step > 0) for (let i = Math.max(from, 0); i < Math.min(to, size); i += step) list.push(i);
  else for (let i = Math.min(from, size - 1); i > Math.max(to, -1); i += step) if (i >= 0) list.push(i);
  return list;
}

function padded(
  x: Numbers,
  axis: number,
  before: number,
  after: number,
  mode: string,
  fill: number,
): Numbers {
  const size = x.shape[axis]!;
  const shape = x.shape.map((each, a) => (a === axis ? each + before + after : each));
  return build(shape, (index) => {
    let i = index[axis]! - before;
    const inside = () => i >= 0 && i < size;
    if (mode === 'constant' && !inside()) return fill;
    while (!inside()) {
      if (mode === 'edge') i = i < 0 ? 0 : size - 1;
      else if (mode === 'wrap') i += i < 0 ? size : -size;
      else if (size === 1) i = 0;
      else i = i < 0 ? -i : 2 * (size - 1) - i;
    }
    return at(
      x,
      index.map((each, a) => (a === axis ? i : each)),
    );
  });
}
