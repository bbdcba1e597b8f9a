import { expected } from '../../synth/errors.js';
import { elementCount } from '../tensor/shape.js';
import { axisOf, flag, floats, integer, number, required } from './attributes.js';
import { formulaOfNode } from './elementwise/elementwise.js';
import {
  describeFormula,
  type Formula,
  type FormulaOfTensors,
  type FormulaOperand,
  type FormulaStep,
  fuseFormulas,
  mapOperands,
  validateFormula,
} from './elementwise/formula.js';
import { lowerFormula } from './elementwise/lower.js';
import type {
  Attributes,
  Constant,
  Layout,
  LayoutRule,
  Lowered,
  LoweringSettings,
  NodeToLower,
  Operator,
  Placed,
  TensorType,
} from './operator.js';

/** Most inputs of the formula that follows. */
const MOST_INPUTS = 16;

/** x, scale and bias come first; then what else the attribute `formula` reads, of the shape of x. */
const OTHERS = 3;

/**
 * Normalizations. Where statistics are computed, an elementwise formula may follow at once (see `fuseNormalization`): its
 * first input is the normalized tensor.
 */
export const normalizeOperators: readonly Operator[] = [
  batchNormalization(),
  groupNormalization('InstanceNormalization', (_attributes, channels) => channels),
  groupNormalization('GroupNormalization', (attributes, channels) =>
    integer(attributes, 'num_groups', undefined, 1, channels),
  ),
  layerNormalization(),
];

/** Inputs of a BatchNormalization: x, scale, bias, mean, variance. */
function normalizing(factor: FormulaOperand): FormulaStep {
  return { function: 'Normalize', operands: [{ input: 0 }, { input: 3 }, factor, { input: 2 }] };
}

/** (x − mean) / √(variance + ε) · scale + bias with statistics that are given: an elementwise formula. */
function batchNormalization(): Operator {
  return {
    name: 'BatchNormalization',
    infer(attributes, inputs) {
      if (flag(attributes, 'training_mode')) throw expected('attribute training_mode', '0', 1);
      const { type, shape } = floats(inputs, 0, 'X');
      if (shape.length < 2) throw expected('input X', 'of rank 2 or more', shape);
      for (const [i, name] of ['scale', 'B', 'mean', 'var'].entries()) {
        required(inputs, i + 1, name);
        checkLength(inputs, i + 1, name, shape[1]!);
      }
      return [{ type, shape }];
    },
    layouts: (_attributes, inputs) => activationsOf(inputs, 1),
    lower(node, settings) {
      const epsilon = number(node.attributes, 'epsilon', 1e-5);
      const [x, scale, , , variance] = node.inputs;
      // One number a channel, for every element of it.
      const channelwise: NodeToLower['inputs'] = node.inputs.map(
        (each, i) =>
          each &&
          (i === 0 ? each : { ...each, shape: [1, ...each.shape, ...x!.shape.slice(2).map(() => 1)] }),
      );
      if (isConstant(scale) && isConstant(variance)) {
        // Known when the graph is compiled: the factor takes the place of the scale.
        const data = Float32Array.from(
          scale.data,
          (value, c) => value / Math.sqrt(variance.data[c]! + epsilon),
        );
        const factored = channelwise.with(1, { ...scale, shape: channelwise[1]!.shape, data });
        return lowerFormula(
          { ...node, inputs: factored },
          { inputs: 5, steps: [normalizing({ input: 1 })] },
          settings,
        );
      }
      const formula: Formula = {
        inputs: 5,
        steps: [
          { function: 'Add', operands: [{ input: 4 }, { constant: epsilon }] },
          { function: 'Sqrt', operands: [{ result: 0 }] },
          { function: 'Div', operands: [{ input: 1 }, { result: 1 }] },
          normalizing({ result: 2 }),
        ],
      };
      return lowerFormula({ ...node, inputs: channelwise }, formula, settings);
    },
    inPlace: [0],
  };
}

/** Over the pixels of each group of channels. */
function groupNormalization(
  name: string,
  groupsOf: (attributes: Attributes, channels: number) => number,
): Operator {
  return {
    name,
    infer(attributes, inputs) {
      const { type, shape } = floats(inputs, 0, 'X');
      if (shape.length < 2) throw expected('input X', 'of rank 2 or more', shape);
      const channels = shape[1]!;
      const groups = groupsOf(attributes, channels);
      epsilonOf(attributes);
      if (channels % groups !== 0) throw expected('channels', `a multiple of ${groups}`, channels);
      for (const [i, input] of ['scale', 'bias'].entries()) checkLength(inputs, i + 1, input, channels);
      checkOthers(attributes, inputs, shape);
      return [{ type, shape }];
    },
    layouts: (_attributes, inputs) => activationsOf(inputs, OTHERS),
    lower(node, settings) {
      const { layout, shape } = node.inputs[0]!;
      const channels = shape[1]!;
      const groups = groupsOf(node.attributes, channels);
      return lowerNormalization(node, settings, 'group normalization', {
        ...{ layout, shape: Int32Array.from(shape), groups },
      });
    },
    inPlace: [0, 3, 4, 5],
  };
}

/** Over all axes from one on. */
function layerNormalization(): Operator {
  const extents = (attributes: Attributes, shape: readonly number[]) => {
    const axis = axisOf(integer(attributes, 'axis', -1), shape.length);
    return { rows: elementCount(shape.slice(0, axis)), length: elementCount(shape.slice(axis)) };
  };
  return {
    name: 'LayerNormalization',
    infer(attributes, inputs) {
      const { type, shape } = floats(inputs, 0, 'X');
      const { length } = extents(attributes, shape);
      epsilonOf(attributes);
      for (const [i, input] of ['Scale', 'B'].entries()) checkLength(inputs, i + 1, input, length);
      checkOthers(attributes, inputs, shape);
      return [{ type, shape }];
    },
    lower(node, settings) {
      const { rows, length } = extents(node.attributes, node.inputs[0]!.shape);
      // Rows of nothing have no results.
      const extent = length === 0 ? { rows: 0, length: 1 } : { rows, length };
      return lowerNormalization(node, settings, 'layer normalization', extent);
    },
    inPlace: [0, 3, 4, 5],
  };
}

/** @throws InputError where it could make a square root of what is below 0 */
function epsilonOf(attributes: Attributes): number {
  const epsilon = number(attributes, 'epsilon', 1e-5);
  if (epsilon >= 0 && Number.isFinite(epsilon)) return epsilon;
  throw expected('attribute epsilon', 'a finite number of at least 0', epsilon);
}

function lowerNormalization(
  { attributes, inputs }: NodeToLower,
  { isa, threads }: LoweringSettings,
  operator: string,
  extents: object,
): Lowered {
  const formula = formulaAfter(attributes);
  const description = {
    ...{ isa: isa.name, threads, epsilon: epsilonOf(attributes) },
    ...extents,
    ...{ scale: inputs[1] !== undefined, bias: inputs[2] !== undefined },
    ...(formula && { inputs: formula.inputs, formula: describeFormula(formula) }),
  };
  const operands = Array.from({ length: Math.max(OTHERS, inputs.length) }, (_, i) =>
    inputs[i] === undefined ? undefined : { input: i },
  );
  const title = ['normalize', ...(formula?.steps.map((step) => step.function) ?? [])].join(', ');
  return { steps: [{ operator, description, inputs: operands, outputs: [{ output: 0 }] }], title };
}

function formulaAfter(attributes: Attributes): Formula | undefined {
  return attributes.formula === undefined ? undefined : validateFormula(attributes.formula);
}

/**
 * Joins an instance, group or layer normalization with an elementwise node that reads its only output. Whatever else that
 * node reads must have the shape of the result, which is for the caller to know.
 *
 * @returns inputs and attributes of the normalization that does both; undefined where the node is not elementwise
 */
export function fuseNormalization(
  normalization: NodeLike & { readonly outputs: readonly string[] },
  consumer: NodeLike,
): { readonly inputs: readonly string[]; readonly attributes: Attributes } | undefined {
  const next = formulaOfNode(consumer);
  if (next === undefined || normalization.operator === 'BatchNormalization') return undefined;
  const own = normalization.inputs;
  const formula = formulaAfter(normalization.attributes);
  const result = normalization.outputs[0]!;
  const joined =
    formula === undefined
      ? withFirst(next, result)
      : // The normalized tensor itself has no name any more.
        fuseFormulas({ formula, inputs: ['', ...own.slice(OTHERS)] }, result, next);
  if (joined.inputs.length > MOST_INPUTS) return undefined;
  const vectors = Array.from({ length: OTHERS }, (_, i) => own[i] ?? '');
  return {
    inputs: [...vectors, ...joined.inputs.slice(1)],
    attributes: { ...normalization.attributes, formula: joined.formula },
  };
}

interface NodeLike {
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly attributes: Attributes;
}

/** The same formula with this tensor for its first input. */
function withFirst({ formula, inputs }: FormulaOfTensors, first: string): FormulaOfTensors {
  const names = [first, ...new Set(inputs.filter((name) => name !== first))];
  return {
    inputs: names,
    formula: mapOperands(
      formula,
      (operand) => ('input' in operand ? { input: names.indexOf(inputs[operand.input]!) } : operand),
      names.length,
    ),
  };
}

function isConstant(input: Placed | (Placed & Constant) | undefined): input is Placed & Constant {
  return input !== undefined && 'data' in input;
}

/** Checks a vector that may be left out. */
function checkLength(
  inputs: readonly (TensorType | undefined)[],
  index: number,
  name: string,
  length: number,
): void {
  if (inputs[index] === undefined) return;
  const { shape } = floats(inputs, index, name);
  if (elementCount(shape) !== length) throw expected(`input ${name}`, `of ${length} numbers`, shape);
}

function checkOthers(
  attributes: Attributes,
  inputs: readonly (TensorType | undefined)[],
  shape: readonly number[],
) {
  const count = formulaAfter(attributes)?.inputs ?? 1;
  const others = inputs.slice(OTHERS);
  if (others.length !== count - 1) throw expected('inputs', `${count - 1} for the formula`, others.length);
  for (const [i] of others.entries()) {
    const other = required(inputs, OTHERS + i, `${OTHERS + i}`);
    if (other.shape.join() !== shape.join())
      throw expected(`input ${OTHERS + i}`, `of shape ${shape.join(' × ')}`, other.shape);
  }
}

/** Any layout for the first input, those from `others` on, and the result; vectors are planar. */
function activationsOf(inputs: readonly (TensorType | undefined)[], others: number): LayoutRule {
  const any: readonly Layout[] = inputs[0]!.shape.length > 2 ? ['blocked', 'planar'] : ['planar'];
  const vectors = others === 1 ? inputs.length : OTHERS;
  return {
    inputs: inputs.map((_, i) => (i === 0 || i >= vectors ? any : ['planar'])),
    outputs: [any],
    alike: true,
  };
}
