/**
 * Operators of the kind y[i] = f(a[i], b[i], …), with NumPy's broadcasting (the table is in `rows.ts`). One
 * native kernel runs them all, and chains of them (`Fused`) in one pass.
 */
import { expected } from '../../../synth/errors.js';
import { elementCount } from '../../tensor/shape.js';
import type {
  Attributes,
  Constant,
  ElementType,
  Layout,
  LayoutRule,
  NodeToLower,
  Operator,
  TensorType,
} from '../operator.js';
import {
  evaluateFormula,
  type Formula,
  type FormulaOfTensors,
  fuseFormulas,
  mapOperands,
} from './formula.js';
import { elementFunction } from './functions.js';
import { aligned, lowerFormula } from './lower.js';
import { MAX_INPUTS, type Row, table } from './rows.js';

/** Most steps of one kernel. */
const MAX_STEPS = 64;

const byName = new Map(table.map((each) => [each.name, each]));

/** Rows of the list of operators. */
export const elementwiseOperators: readonly Operator[] = table.map(operatorOf);

/**
 * The formula of a node, if it is one of these operators.
 *
 * @throws InputError for wrong attributes
 */
export function formulaOfNode(node: {
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly attributes: Attributes;
}): FormulaOfTensors | undefined {
  const found = byName.get(node.operator);
  if (found === undefined) return undefined;
  const formula = found.formula(
    node.attributes,
    node.inputs.map((name) => name !== ''),
  );
  const used = node.inputs.flatMap((name, i) => (name === '' ? [] : [i]));
  return {
    inputs: used.map((i) => node.inputs[i]!),
    formula: mapOperands(
      formula,
      (operand) => ('input' in operand ? { input: used.indexOf(operand.input) } : operand),
      used.length,
    ),
  };
}

/**
 * Joins a chain of nodes, each of which reads the only output of the one before, into the attributes and inputs of one
 * `Fused` node with the last one's output. The results between are gone: nobody else may read them, and each has the shape
 * of the last, or more is computed than need be.
 *
 * @returns undefined if one of them is not elementwise, or they are too much for one kernel
 */
export function fuseChain(
  nodes: readonly {
    readonly operator: string;
    readonly inputs: readonly string[];
    readonly outputs: readonly string[];
    readonly attributes: Attributes;
  }[],
):
  | { readonly operator: 'Fused'; readonly inputs: readonly string[]; readonly attributes: Attributes }
  | undefined {
  let joined: FormulaOfTensors | undefined;
  for (const [i, node] of nodes.entries()) {
    const next = formulaOfNode(node);
    if (next === undefined) return undefined;
    joined = joined === undefined ? next : fuseFormulas(joined, nodes[i - 1]!.outputs[0]!, next);
  }
  if (joined === undefined || joined.inputs.length > MAX_INPUTS || joined.formula.steps.length > MAX_STEPS)
    return undefined;
  return { operator: 'Fused', inputs: joined.inputs, attributes: { formula: joined.formula } };
}

function operatorOf({ name, inputs: [least, most], formula }: Row): Operator {
  const formulaFor = (attributes: Attributes, inputs: readonly (TensorType | undefined)[]): Formula => {
    const missing = inputs.length < least || inputs.slice(0, least).includes(undefined);
    if (missing || inputs.length > most)
      throw expected('inputs', least === most ? `${least}` : `${least} to ${most}`, inputs.length);
    const made = formula(
      attributes,
      inputs.map((each) => each !== undefined),
    );
    if (made.inputs !== inputs.length)
      throw expected('attribute formula', `of ${inputs.length} inputs`, made.inputs);
    return made;
  };
  const infer = (attributes: Attributes, inputs: readonly (TensorType | undefined)[]): TensorType => {
    const made = formulaFor(attributes, inputs);
    const shapes = inputs.flatMap((each) => (each === undefined ? [] : [each.shape]));
    return { type: typeOf(made, inputs), shape: broadcastShape(shapes) };
  };
  return {
    name,
    infer: (attributes, inputs) => [infer(attributes, inputs)],
    evaluate(attributes, inputs) {
      const { type, shape } = infer(attributes, inputs);
      return [evaluate(formulaFor(attributes, inputs), inputs, type, shape)];
    },
    layouts: (_attributes, inputs, outputs) => layoutsOf(inputs, outputs),
    lower(node, settings) {
      checkFloats(node);
      return lowerFormula(node, formulaFor(node.attributes, node.inputs), settings);
    },
    inPlace: Array.from({ length: most }, (_, i) => i),
  };
}

/** A result of comparisons is bool; any other has the type of the values it comes from. */
function typeOf({ steps }: Formula, inputs: readonly (TensorType | undefined)[]): ElementType {
  const types: ElementType[] = [];
  for (const { function: name, operands } of steps) {
    const values = operands.slice(name === 'Where' ? 1 : 0).flatMap((operand) => {
      if ('input' in operand) return inputs[operand.input]!.type;
      return 'result' in operand ? types[operand.result]! : [];
    });
    if (new Set(values).size > 1) throw expected(`inputs of ${name}`, 'of one type', values);
    types.push(elementFunction(name)!.truth === true ? 'bool' : (values[0] ?? 'float32'));
  }
  return types.at(-1)!;
}

/**
 * NumPy's broadcasting: axes are aligned at the end, and each is as long as the others or 1.
 *
 * @throws InputError for shapes that do not fit
 */
export function broadcastShape(shapes: readonly (readonly number[])[]): readonly number[] {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  const all = shapes.map((shape) => aligned(shape, rank));
  return Array.from({ length: rank }, (_, axis) => {
    const sizes = [...new Set(all.map((shape) => shape[axis]!))].filter((size) => size !== 1);
    if (sizes.length > 1) throw expected('inputs', 'of shapes that are broadcast to one', shapes);
    return sizes[0] ?? 1;
  });
}

/** Any layout where each input with channels has all axes; others have a single channel or are constant. */
function layoutsOf(inputs: readonly (TensorType | undefined)[], [output]: readonly TensorType[]): LayoutRule {
  const rank = output!.shape.length;
  const any: readonly Layout[] = rank > 2 ? ['blocked', 'planar'] : ['planar'];
  return {
    inputs: inputs.map((each) => (each?.shape.length === rank ? any : ['planar'])),
    outputs: [any],
    alike: true,
  };
}

function checkFloats({ inputs, outputs }: NodeToLower): void {
  for (const tensor of [...inputs, ...outputs])
    if (tensor !== undefined && tensor.type !== 'float32')
      throw expected('inputs and results that each run computes', 'of type float32', tensor.type);
}

function evaluate(
  formula: Formula,
  inputs: readonly (Constant | undefined)[],
  type: ElementType,
  shape: readonly number[],
): Constant {
  const count = elementCount(shape);
  const data = type === 'float32' ? new Float32Array(count) : new Float64Array(count);
  const whole = type.includes('int');
  const picks = inputs.map((each) =>
    each === undefined ? undefined : { each, pick: pickOf(each.shape, shape) },
  );
  for (let i = 0; i < count; i++) {
    const values = picks.map((from) => (from === undefined ? Number.NaN : from.each.data[from.pick(i)]!));
    const value = evaluateFormula(formula, values);
    // Integers are divided towards zero.
    data[i] = whole ? Math.trunc(value) : value;
  }
  return { type, shape, data };
}

/** Which element of an input meets element i of the result. */
function pickOf(shape: readonly number[], result: readonly number[]): (i: number) => number {
  const sizes = aligned(shape, result.length);
  const strides = sizes.map((size, axis) => (size === 1 ? 0 : elementCount(sizes.slice(axis + 1))));
  return (i) => {
    let at = 0;
    let rest = i;
    for (let axis = result.length - 1; axis >= 0; axis--) {
      at += (rest % result[axis]!) * strides[axis]!;
      rest = Math.floor(rest / result[axis]!);
    }
    return at;
  };
}
