/**
 * Runs one operator as a network would: infers, computes what is constant, lowers, and runs the kernels in order; with
 * activations in the layout that is asked for, where the operator takes it.
 */
import fc from 'fast-check';
import { expect } from 'vitest';
import { machineOf } from '../../src/machine/machine.js';
import { native } from '../../src/native/addon.js';
import { operatorOf } from '../../src/operators/index.js';
import type {
  Attributes,
  Constant,
  KernelCall,
  Layout,
  Operand,
  Placed,
} from '../../src/operators/operator.js';

/** A tensor whose numbers are known when the graph is compiled, or only when it runs. */
export interface Input extends Constant {
  readonly known?: boolean;
}

/** A kernel of the addon, by the name of its operator and its description. */
interface Kernel {
  readonly inputBytes: readonly number[];
  readonly outputBytes: readonly number[];
  runSync(inputs: readonly (Float32Array | null)[], outputs: readonly Float32Array[]): object;
}

export interface Where {
  /** Kernel table. */
  readonly isa: string;
  readonly width: number;
  readonly threads: number;
  readonly layout: Layout;
}

/** A tensor of a node, of float32 unless said otherwise. */
export function tensor(shape: readonly number[], data: ArrayLike<number>): Input {
  return { type: 'float32', shape, data: Float32Array.from(data) };
}

/** Integers that are known when the graph is compiled. */
export function indices(...values: readonly number[]): Input {
  return { type: 'int64', shape: [values.length], data: Float64Array.from(values), known: true };
}

/** Small integers in a repeatable order: sums and products of them are exact. */
export function numbers(shape: readonly number[], seed = 1): Input {
  let state = seed;
  const count = shape.reduce((product, size) => product * size, 1);
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 16) % 17;
  };
  return tensor(
    shape,
    Array.from({ length: count }, () => next() - 8),
  );
}

/** Every kernel table of the machine, one or two threads, both layouts. */
export function places(): fc.Arbitrary<Where> {
  const tables = native().cpuInfo().kernels;
  return fc
    .tuple(fc.constantFrom(...tables), fc.constantFrom(1, 2), fc.constantFrom<Layout>('planar', 'blocked'))
    .map(([{ name, width }, threads, layout]) => ({ isa: name, width, threads, layout }));
}

/** The outputs, planar. Blocked ones are checked to have zeros for missing channels. */
export function runOperator(
  name: string,
  attributes: Attributes,
  inputs: readonly (Input | undefined)[],
  where: Where,
): Constant[] {
  const { isa, width, threads } = where;
  const row = operatorOf(name);
  const known = inputs.map((input) => (input?.known ? input : undefined));
  const types = row.infer(attributes, inputs, known);
  const settings = { machine: machineOf(isa), isa: { name: isa, width }, threads };
  const rule = row.layouts?.(attributes, inputs, types, settings);
  const allowed =
    rule?.inputs[0]?.includes(where.layout) && rule.outputs.every((each) => each.includes(where.layout));
  const layout: Layout = allowed ? where.layout : 'planar';
  const outputs = types.map((type): Placed => ({ ...type, layout }));
  const placed = inputs.map((input) => {
    if (input === undefined) return undefined;
    const { type, shape, data } = input;
    return input.known ? { type, shape, data, layout: 'planar' as const } : { type, shape, layout };
  });
  const lowered = row.lower!({ name: 'node', attributes, inputs: placed, outputs }, settings);
  const memory = inputs.map((input) =>
    input === undefined ? null : input.known || layout === 'planar' ? input.data : blocked(input, width),
  );
  if (lowered.alias === true)
    return types.map((type) => planar({ ...type, data: memory[0]! }, layout, width));
  const results = outputs.map(({ shape }) =>
    new Float32Array(lengthOf(shape, layout, width)).fill(Number.NaN),
  );
  const temporaries = (lowered.temporaries ?? []).map((bytes) =>
    new Float32Array(bytes / 4).fill(Number.NaN),
  );
  const read = (operand: Operand): Float32Array | null => {
    if (operand === undefined) return null;
    if ('input' in operand) return memory[operand.input] as Float32Array | null;
    if ('temporary' in operand) return temporaries[operand.temporary]!;
    if ('constant' in operand) return operand.constant as Float32Array;
    const kernel = prepare(operand.packed, threads);
    const to = new Float32Array(operand.bytes / 4);
    kernel.runSync(
      operand.inputs.map((input) => memory[input] as Float32Array),
      [to],
    );
    return to;
  };
  for (const step of lowered.steps) {
    const to = step.outputs.map((each) =>
      'output' in each ? results[each.output]! : temporaries[each.temporary]!,
    );
    const kernel = prepare(step, threads);
    // A temporary is as large as the kernel that writes it says.
    expect(to.map(({ byteLength }) => byteLength)).toEqual([...kernel.outputBytes]);
    kernel.runSync(step.inputs.map(read), to);
  }
  return types.map((type, i) => planar({ ...type, data: results[i]! }, layout, width));
}

/** With all threads, even where so little work is not worth them. */
function prepare({ operator, description }: KernelCall, threads: number): Kernel {
  const { Kernel } = native() as unknown as { Kernel: new (operator: string, description: object) => Kernel };
  return new Kernel(operator, { ...description, threads });
}

function lengthOf([batch = 1, channels = 1, ...spatial]: readonly number[], layout: Layout, width: number) {
  const vectors = layout === 'planar' ? channels : Math.ceil(channels / width) * width;
  return [batch, vectors, ...spatial].reduce((product, size) => product * size, 1);
}

/** Where each element of a planar tensor lies in a blocked one. */
function placesOf(shape: readonly number[], width: number): number[] {
  const [batch = 1, channels = 1, ...spatial] = shape;
  const pixels = spatial.reduce((product, size) => product * size, 1);
  const vectors = Math.ceil(channels / width);
  return Array.from({ length: batch * channels * pixels }, (_, i) => {
    const pixel = i % pixels;
    const channel = Math.floor(i / pixels) % channels;
    const image = Math.floor(i / pixels / channels);
    return ((image * vectors + Math.floor(channel / width)) * pixels + pixel) * width + (channel % width);
  });
}

function blocked({ shape, data }: Constant, width: number): Float32Array {
  const to = new Float32Array(lengthOf(shape, 'blocked', width));
  for (const [i, place] of placesOf(shape, width).entries()) to[place] = data[i]!;
  return to;
}

function planar(tensor: Constant, layout: Layout, width: number): Constant {
  if (layout === 'planar') return tensor;
  const rest = new Set(tensor.data.keys());
  const places = placesOf(tensor.shape, width);
  const data = Float32Array.from(places, (place) => tensor.data[place]!);
  for (const place of places) rest.delete(place);
  for (const place of rest) expect(tensor.data[place]).toBe(0);
  return { ...tensor, data };
}
