import { describe, expect, it } from 'vitest';
import { evaluateElementwise } from '../../src/operators/constants.js';
import { operatorOf } from '../../src/operators/index.js';
import type { Attributes, Constant, TensorType } from '../../src/operators/operator.js';
import { indices, tensor } from './run.js';

const scalar = (value: number): Constant => ({ type: 'int64', shape: [], data: Float64Array.of(value) });

/** Type, shape and numbers; what is inferred is what is evaluated. */
function evaluate(name: string, attributes: Attributes, inputs: readonly Constant[]): (string | number[])[] {
  const row = operatorOf(name);
  const [made] = row.evaluate!(attributes, inputs, inputs);
  const { type, shape } = made!;
  expect(row.infer(attributes, inputs, inputs)).toEqual([{ type, shape }]);
  return [type, [...shape], Array.from(made!.data)];
}

describe('shape arithmetic', () => {
  const image: TensorType = { type: 'float32', shape: [2, 3, 4, 5] };

  it('knows sizes from types alone', () => {
    const of = (name: string, attributes: Attributes) =>
      Array.from(operatorOf(name).evaluate!(attributes, [undefined], [image])[0]!.data);
    expect(of('Shape', {})).toEqual([2, 3, 4, 5]);
    expect(of('Shape', { start: 1, end: -1 })).toEqual([3, 4]);
    expect(of('Size', {})).toEqual([120]);
    expect(operatorOf('Shape').fromTypes).toBe(true);
  });

  it.each<[string, Attributes, Constant[], (string | number[])[]]>([
    ['ConstantOfShape', {}, [indices(2, 2)], ['float32', [2, 2], [0, 0, 0, 0]]],
    ['ConstantOfShape', { value: indices(7) }, [indices(2)], ['int64', [2], [7, 7]]],
    ['Range', {}, [scalar(10), scalar(3), scalar(-3)], ['int64', [3], [10, 7, 4]]],
    ['Range', {}, [scalar(0), scalar(0), scalar(1)], ['int64', [0], []]],
    ['Cast', { to: 7 }, [tensor([3], [1.9, -1.9, 3])], ['int64', [3], [1, -1, 3]]],
    ['Cast', { to: 9 }, [indices(0, 2)], ['bool', [2], [0, 1]]],
    ['Cast', { to: 'float32' }, [indices(16777217)], ['float32', [1], [16777216]]],
    ['Unsqueeze', {}, [indices(4, 5), indices(0, -1)], ['int64', [1, 2, 1], [4, 5]]],
    ['Reshape', {}, [indices(1, 2, 3, 4, 5, 6), indices(2, -1)], ['int64', [2, 3], [1, 2, 3, 4, 5, 6]]],
    ['Equal', {}, [indices(1, 2), scalar(2)], ['bool', [2], [0, 1]]],
    ['Where', {}, [indices(1, 0), indices(5, 6), scalar(9)], ['int64', [2], [5, 9]]],
    ['Concat', { axis: 0 }, [indices(1), indices(2, 3)], ['int64', [3], [1, 2, 3]]],
    ['Gather', { axis: 0 }, [indices(7, 8, 9), scalar(-1)], ['int64', [], [9]]],
    ['Slice', {}, [indices(7, 8, 9), indices(1), indices(2 ** 31)], ['int64', [2], [8, 9]]],
  ])('%s %o', (name, attributes, inputs, wanted) => {
    expect(evaluate(name, attributes, inputs)).toEqual(wanted);
  });

  it.each<[string, number, number, number]>([
    ['Add', 5, 3, 8],
    ['Sub', 3, 5, -2],
    ['Mul', -4, 3, -12],
    ['Div', 7, 2, 3],
    ['Div', -7, 2, -3],
    ['Mod', -7, 3, 2],
    ['Max', 2, 9, 9],
    ['Pow', 2, 10, 1024],
  ])('%s of %i and %i', (name, a, b, wanted) => {
    expect(Array.from(evaluateElementwise(name, [scalar(a), scalar(b)]).data)).toEqual([wanted]);
  });

  it('stretches operands', () => {
    const rows: Constant = { type: 'int64', shape: [2, 1], data: Float64Array.of(10, 20) };
    const sum = evaluateElementwise('Add', [rows, indices(1, 2, 3)]);
    expect(sum.shape).toEqual([2, 3]);
    expect(Array.from(sum.data)).toEqual([11, 12, 13, 21, 22, 23]);
    expect(() => evaluateElementwise('Add', [indices(1, 2), indices(1, 2, 3)])).toThrow('go together');
    expect(() => evaluateElementwise('Div', [scalar(1), scalar(0)])).toThrow('divisor');
  });

  it('reshapes by ONNX rules', () => {
    const reshaped = (wanted: number[], attributes: Attributes = {}) => {
      const shape = indices(...wanted);
      return operatorOf('Reshape').infer(attributes, [image, shape], [undefined, shape])[0]!.shape;
    };
    expect(reshaped([0, -1])).toEqual([2, 60]);
    expect(reshaped([-1])).toEqual([120]);
    expect(() => reshaped([0, -1], { allowzero: 1 })).toThrow('input shape');
    expect(() => reshaped([7, -1])).toThrow('input shape');
    expect(() => reshaped([-1, -1])).toThrow('input shape');
    expect(operatorOf('Flatten').infer({ axis: 2 }, [image], [])[0]!.shape).toEqual([6, 20]);
    expect(operatorOf('Flatten').infer({ axis: -1 }, [image], [])[0]!.shape).toEqual([24, 5]);
    expect(operatorOf('Squeeze').infer({}, [{ type: 'float32', shape: [1, 3, 1] }], [])[0]!.shape).toEqual([
      3,
    ]);
    expect(() => operatorOf('Squeeze').infer({}, [image, indices(0)], [undefined, indices(0)])).toThrow(
      'axes',
    );
  });
});
