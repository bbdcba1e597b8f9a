/** Lowers a formula to one native kernel. */
import { elementCount } from '../../tensor/shape.js';
import { floatsOf } from '../movement.js';
import type {
  Constant,
  Lowered,
  LoweredStep,
  LoweringSettings,
  NodeToLower,
  Operand,
  Placed,
} from '../operator.js';
import { lowerReorder } from '../reorder.js';
import { describeFormula, type Formula, mapOperands, titleOf } from './formula.js';

/** What a kernel needs to know of a formula and of the tensors that it reads, which are broadcast to a shape. */
interface FormulaInputs {
  readonly description: object;
  readonly operands: readonly Operand[];
  /** That bring inputs into the layout, and what they leave. */
  readonly before: readonly LoweredStep[];
  readonly temporaries: readonly number[];
  readonly title: string;
}

/** @param result the shape and layout of what the formula makes */
export function describeInputs(
  tensors: NodeToLower['inputs'],
  formula: Formula,
  result: Pick<Placed, 'shape' | 'layout'>,
  settings: LoweringSettings,
): FormulaInputs {
  const { isa } = settings;
  const numbers = tensors.map((input) => (input === undefined ? undefined : numberOf(input)));
  // Numbers are a part of the formula, and no inputs of the kernel; nor is what the formula does not read.
  const used = formula.steps
    .flatMap(({ operands }) => operands)
    .flatMap((each) => ('input' in each ? each.input : []));
  const kept = tensors.flatMap((_, i) => (used.includes(i) && numbers[i] === undefined ? [i] : []));
  // A kernel has an input, even if everything is known.
  const read = kept.length > 0 ? kept : [0];
  const known = mapOperands(
    formula,
    (operand) => {
      if (!('input' in operand)) return operand;
      const at = read.indexOf(operand.input);
      return at >= 0 ? { input: at } : { constant: numbers[operand.input]! };
    },
    read.length,
  );
  const before: LoweredStep[] = [];
  const temporaries: number[] = [];
  const inputs = read.map((index) => {
    const input = tensors[index]!;
    const shape = aligned(input.shape, result.shape.length);
    const wanted = result.layout === 'blocked' && shape[1] !== 1 ? 'blocked' : input.layout;
    const layout = 'data' in input && wanted !== 'blocked' ? 'planar' : wanted;
    const description = { layout, shape: Int32Array.from(shape) };
    if ('data' in input) {
      const data = input.data instanceof Float32Array ? input.data : Float32Array.from(input.data);
      return {
        description,
        operand: { constant: layout === 'blocked' ? blocked(data, shape, isa.width) : data },
      };
    }
    if (layout === input.layout) return { description, operand: { input: index } };
    const temporary = temporaries.push(4 * floatsOf(shape, 'blocked', isa.width)) - 1;
    before.push({
      ...lowerReorder({ type: input.type, shape }, 'blocked', settings),
      ...{ inputs: [{ input: index }], outputs: [{ temporary }] },
    });
    return { description, operand: { temporary } };
  });
  return {
    description: { inputs: inputs.map(({ description }) => description), formula: describeFormula(known) },
    operands: inputs.map(({ operand }): Operand => operand),
    ...{ before, temporaries, title: titleOf(known) },
  };
}

/** The formula of a node's inputs, whose shapes are broadcast to its output's. */
export function lowerFormula(node: NodeToLower, formula: Formula, settings: LoweringSettings): Lowered {
  const result = node.outputs[0]!;
  const { isa, threads, machine } = settings;
  const { description, operands, before, temporaries, title } = describeInputs(
    node.inputs,
    formula,
    result,
    settings,
  );
  const bytes = 4 * elementCount(result.shape);
  const step: LoweredStep = {
    operator: 'elementwise',
    description: {
      ...{ isa: isa.name, threads, layout: result.layout, shape: Int32Array.from(result.shape) },
      ...description,
      // What does not fit the caches is not kept there for whoever reads it.
      streamed: bytes > machine.caches.l3,
    },
    inputs: operands,
    outputs: [{ output: 0 }],
  };
  return { steps: [...before, step], temporaries, title };
}

function numberOf(input: Placed | (Placed & Constant)): number | undefined {
  return 'data' in input && input.data.length === 1 ? input.data[0] : undefined;
}

/** With ones before, up to that rank. */
export function aligned(shape: readonly number[], rank: number): readonly number[] {
  return [...new Array<number>(rank - shape.length).fill(1), ...shape];
}

/** N×C×spatial as N×⌈C/width⌉×spatial×width, missing channels zero. */
export function blocked(
  data: Float32Array,
  shape: readonly number[],
  width: number,
): Float32Array<ArrayBuffer> {
  const [batch = 1, channels = 1, ...spatial] = shape;
  const pixels = elementCount(spatial);
  const blocks = Math.ceil(channels / width);
  const result = new Float32Array(floatsOf(shape, 'blocked', width));
  for (let n = 0, from = 0; n < batch; n++)
    for (let c = 0; c < channels; c++) {
      const to = (n * blocks + Math.floor(c / width)) * pixels * width + (c % width);
      for (let p = 0; p < pixels; p++) result[to + p * width] = data[from++]!;
    }
  return result;
}
