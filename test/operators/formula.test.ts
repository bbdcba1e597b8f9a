import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  elementwiseOperators,
  formulaOfNode,
  fuseChain,
} from '../../src/operators/elementwise/elementwise.js';
import {
  describeFormula,
  evaluateFormula,
  type Formula,
  validateFormula,
} from '../../src/operators/elementwise/formula.js';
import { operatorOf } from '../../src/operators/index.js';
import { fuseNormalization } from '../../src/operators/normalize.js';

const node = (operator: string, inputs: string[], output: string, attributes = {}) => ({
  ...{ operator, name: output, inputs, outputs: [output], attributes },
});
const float = (...shape: number[]) => ({ type: 'float32' as const, shape });
const integers = (...data: number[]) => ({
  ...{ type: 'int64' as const, shape: [data.length], data: Float64Array.from(data) },
});

describe('a chain of nodes', () => {
  it('is one formula of all that they read', () => {
    const chain = [
      node('Add', ['x', 'y'], 'a'),
      node('LeakyRelu', ['a'], 'b', { alpha: 0.5 }),
      node('Mul', ['x', 'b'], 'c'),
      node('Clip', ['c', '', 'top'], 'd'),
    ];
    const fused = fuseChain(chain)!;
    expect(fused.inputs).toEqual(['x', 'y', 'top']);
    const formula = validateFormula(fused.attributes.formula);
    expect(evaluateFormula(formula, [2, -5, 10])).toBe(2 * -1.5);
    expect(evaluateFormula(formula, [2, 5, 10])).toBe(10);
  });

  it('gives what its nodes give one after the other', () => {
    const step = fc.record({
      operator: fc.constantFrom('Add', 'Sub', 'Mul', 'Max', 'Min', 'Greater', 'Relu', 'Neg', 'Abs', 'Where'),
      others: fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 2 })),
      first: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 1, maxLength: 8 }),
        fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 3, maxLength: 3 }),
        (steps, values) => {
          const names = ['x', 'y', 'z'];
          const known = new Map(names.map((name, i) => [name, values[i]!]));
          const chain = steps.map(({ operator, others: [a, b], first }, i) => {
            const count = operator === 'Where' ? 3 : ['Relu', 'Neg', 'Abs'].includes(operator) ? 1 : 2;
            const before = i === 0 ? names[a]! : `r${i - 1}`;
            const inputs = (first ? [before, names[a]!, names[b]!] : [names[a]!, before, names[b]!]).slice(
              0,
              count,
            );
            return node(
              operator,
              i > 0 && !inputs.includes(before) ? [before, ...inputs.slice(1)] : inputs,
              `r${i}`,
            );
          });
          for (const each of chain) {
            const { formula, inputs } = formulaOfNode(each)!;
            known.set(
              each.outputs[0]!,
              evaluateFormula(
                formula,
                inputs.map((name) => known.get(name)!),
              ),
            );
          }
          const fused = fuseChain(chain)!;
          const formula = fused.attributes.formula as Formula;
          expect(
            evaluateFormula(
              formula,
              fused.inputs.map((name) => known.get(name)!),
            ),
          ).toBe(known.get(`r${chain.length - 1}`));
        },
      ),
    );
  });

  it('ends where a node is not elementwise', () => {
    expect(fuseChain([node('Add', ['x', 'y'], 'a'), node('Softmax', ['a'], 'b')])).toBeUndefined();
  });

  it('follows a normalization', () => {
    const normalization = node('InstanceNormalization', ['x', 'scale', 'bias'], 'n', { epsilon: 1e-3 });
    const added = fuseNormalization(normalization, node('Add', ['r', 'n'], 'a'))!;
    expect(added.inputs).toEqual(['x', 'scale', 'bias', 'r']);
    const both = fuseNormalization({ ...normalization, ...added, outputs: ['a'] }, node('Relu', ['a'], 'b'))!;
    expect(both.inputs).toEqual(['x', 'scale', 'bias', 'r']);
    expect(both.attributes.epsilon).toBe(1e-3);
    expect(evaluateFormula(both.attributes.formula as Formula, [-5, 2])).toBe(0);
    expect(evaluateFormula(both.attributes.formula as Formula, [5, 2])).toBe(7);
  });
});

describe('a formula for the engine', () => {
  it('counts inputs, then numbers, then results', () => {
    const formula: Formula = {
      inputs: 2,
      steps: [
        { function: 'MultiplyAdd', operands: [{ input: 1 }, { constant: 3 }, { input: 0 }] },
        { function: 'Pow', operands: [{ result: 0 }, { constant: 2 }] },
        { function: 'Max', operands: [{ result: 1 }, { constant: 3 }] },
      ],
    };
    expect(describeFormula(formula)).toEqual({
      constants: Float32Array.of(3),
      functions: [
        { name: 'MultiplyAdd', operands: Int32Array.of(1, 2, 0) },
        { name: 'Mul', operands: Int32Array.of(3, 3) },
        { name: 'Max', operands: Int32Array.of(4, 2) },
      ],
    });
  });

  it.each([
    ['nothing', undefined],
    ['no steps', { inputs: 1, steps: [] }],
    ['an unknown function', { inputs: 1, steps: [{ function: 'toString', operands: [{ input: 0 }] }] }],
    ['an input that is not there', { inputs: 1, steps: [{ function: 'Relu', operands: [{ input: 1 }] }] }],
    ['a later result', { inputs: 1, steps: [{ function: 'Relu', operands: [{ result: 0 }] }] }],
    ['too few operands', { inputs: 1, steps: [{ function: 'Add', operands: [{ input: 0 }] }] }],
    [
      'a wrong number',
      { inputs: 1, steps: [{ function: 'Add', operands: [{ input: 0 }, { constant: '1' }] }] },
    ],
  ])('refuses %s', (_, formula) => {
    expect(() => validateFormula(formula)).toThrow('Expected attribute formula to be a formula');
  });
});

describe('types and numbers that are known', () => {
  it('broadcasts shapes', () => {
    expect(operatorOf('Add').infer({}, [float(2, 1, 4), float(3, 1)], [])).toEqual([float(2, 3, 4)]);
    expect(() => operatorOf('Add').infer({}, [float(2, 3), float(4)], [])).toThrow(
      'of shapes that are broadcast',
    );
    expect(() => operatorOf('Add').infer({}, [float(2)], [])).toThrow(
      'Expected inputs to be 2 but received 1',
    );
    const mixed = [float(2), { type: 'int64' as const, shape: [2] }];
    expect(() => operatorOf('Add').infer({}, mixed, [])).toThrow('of one type');
  });

  it('tells the type of a result', () => {
    expect(operatorOf('Less').infer({}, [float(2), float(2)], [])[0]!.type).toBe('bool');
    const where = [{ type: 'bool' as const, shape: [2] }, float(2), float(1)];
    expect(operatorOf('Where').infer({}, where, [])).toEqual([float(2)]);
  });

  it('computes shapes', () => {
    const types = [integers(7, -7), integers(2)];
    expect(operatorOf('Div').evaluate!({}, types, types)[0]!.data).toEqual(Float64Array.of(3, -3));
    expect(operatorOf('ReduceProd').evaluate!({ keepdims: 0 }, [integers(2, 3, 4)], types)[0]).toEqual({
      ...{ type: 'int64', shape: [], data: Float64Array.of(24) },
    });
  });

  it('passes on what it is given', () => {
    const [data, mask] = operatorOf('Dropout').evaluate!({}, [integers(7, 8)], []);
    expect(data).toEqual(integers(7, 8));
    expect(mask).toEqual({ type: 'bool', shape: [2], data: Float64Array.of(1, 1) });
    const training = [undefined, undefined, { type: 'bool' as const, shape: [], data: Float64Array.of(1) }];
    expect(() => operatorOf('Dropout').infer({}, [float(2)], training)).toThrow('training_mode');
  });

  it('refuses what only floats can do at run time', () => {
    const placed = { type: 'int64' as const, shape: [2], layout: 'planar' as const };
    const lower = () =>
      operatorOf('Add').lower!(
        { name: 'add', attributes: {}, inputs: [placed, placed], outputs: [placed] },
        undefined as never,
      );
    expect(lower).toThrow('of type float32');
  });

  it.each([
    ['BatchNormalization', [float(2, 3, 4), float(3)], {}, 'Expected input B to be given'],
    [
      'BatchNormalization',
      [float(2, 3, 4), float(3), float(3), float(4), float(3)],
      {},
      'Expected input mean to be of 3',
    ],
    ['BatchNormalization', [float(2, 3)], { training_mode: 1 }, 'Expected attribute training_mode'],
    ['InstanceNormalization', [float(3)], {}, 'Expected input X to be of rank 2 or more'],
    ['GroupNormalization', [float(2, 6, 4)], { num_groups: 4 }, 'Expected channels to be a multiple of 4'],
    ['LayerNormalization', [float(2, 3), float(2)], {}, 'Expected input Scale to be of 3 numbers'],
    ['Softmax', [float(2, 3)], { axis: 2 }, 'Expected attribute axis to be an axis of 2'],
    ['LRN', [float(2, 3, 4)], {}, 'Expected attribute size to be an integer'],
    [
      'ReduceMean',
      [float(2, 3)],
      { keepdims: 2 },
      'Expected attribute keepdims to be an integer from 0 to 1',
    ],
    [
      'LeakyRelu',
      [float(2)],
      { alpha: 'steep' },
      'Expected attribute alpha to be a number but received "steep"',
    ],
    ['Gelu', [float(2)], { approximate: 'some' }, 'Expected attribute approximate to be one of'],
    ['Fused', [float(2)], {}, 'Expected attribute formula to be a formula'],
  ])('refuses %s of %j, %j', (name, inputs, attributes, message) => {
    expect(() => operatorOf(name).infer(attributes, inputs, [])).toThrow(message);
  });

  it('names every operator once', () => {
    expect(new Set(elementwiseOperators.map(({ name }) => name)).size).toBe(elementwiseOperators.length);
  });
});
