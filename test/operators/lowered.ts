/** Runs a lowered node as a program would, step by step, in the layouts asked for. */
import { machineOf } from '../../src/machine/machine.js';
import { native } from '../../src/native/addon.js';
import { operatorOf } from '../../src/operators/index.js';
import type {
  Attributes,
  Constant,
  Layout,
  Lowered,
  LoweringSettings,
  Operand,
  Placed,
} from '../../src/operators/operator.js';
import { allocate } from '../../src/tensor/tensor.js';

export interface Given {
  readonly shape: readonly number[];
  readonly data: Float32Array;
  /** Its numbers are known when the graph is compiled. */
  readonly constant?: boolean;
}

/** Kernel tables of this machine. */
export const tables = native().cpuInfo().kernels;

export function settingsFor(isa: { name: string; width: number }, threads: number): LoweringSettings {
  return { machine: machineOf(isa.name), isa, threads };
}

const count = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);

/** N×C×P to N×⌈C/width⌉×P×width, element by element. */
export function toBlocked(data: Float32Array, shape: readonly number[], width: number): Float32Array {
  const [batch = 1, channels = 1, ...spatial] = shape;
  const pixels = count(spatial);
  const blocks = Math.ceil(channels / width);
  const result = new Float32Array(batch * blocks * pixels * width);
  for (let i = 0; i < data.length; i++) {
    const [p, c, n] = [i % pixels, Math.floor(i / pixels) % channels, Math.floor(i / pixels / channels)];
    result[((n * blocks + Math.floor(c / width)) * pixels + p) * width + (c % width)] = data[i]!;
  }
  return result;
}

/** The way back. @throws Error if a channel that does not exist is not zero */
function toPlanar(data: Float32Array, shape: readonly number[], width: number): Float32Array {
  const marked = toBlocked(
    new Float32Array(count(shape)).map((_, i) => i + 1),
    shape,
    width,
  );
  const result = new Float32Array(count(shape));
  marked.forEach((mark, i) => {
    if (mark > 0) result[mark - 1] = data[i]!;
    else if (data[i] !== 0) throw new Error(`element ${i} stands for no channel and is ${data[i]}`);
  });
  return result;
}

/** Infers, lowers and runs an operator; the result in row-major order. */
export function runOperator(
  operator: string,
  attributes: Attributes,
  inputs: readonly (Given | undefined)[],
  layout: Layout,
  settings: LoweringSettings,
): { shape: readonly number[]; data: Float32Array; lowered: Lowered } {
  const row = operatorOf(operator);
  const types = inputs.map((each) => each && ({ type: 'float32', shape: each.shape } as const));
  const constants = inputs.map((each): Constant | undefined =>
    each?.constant ? { type: 'float32', shape: each.shape, data: each.data } : undefined,
  );
  const [output] = row.infer(attributes, types, constants);
  const rule = row.layouts?.(
    attributes,
    types.map((type, i) => constants[i] ?? type),
    [output!],
    settings,
  );
  const allowed = (of: readonly Layout[] | undefined): Layout => (of?.includes(layout) ? layout : 'planar');
  const result: Placed = { ...output!, layout: allowed(rule?.outputs[0]) };
  const width = settings.isa.width;
  const placed = inputs.map((each, i) => {
    if (each === undefined) return undefined;
    const place: Placed = { type: 'float32', shape: each.shape, layout: allowed(rule?.inputs[i]) };
    return constants[i] ? { ...place, layout: 'planar' as const, data: each.data } : place;
  });
  const lowered = row.lower!({ name: 'test', attributes, inputs: placed, outputs: [result] }, settings);
  const arrays = placed.map((each, i) => {
    const given = inputs[i];
    if (each === undefined || given === undefined) return undefined;
    return each.layout === 'blocked' ? toBlocked(given.data, given.shape, width) : given.data;
  });
  const out = run(lowered, arrays);
  const data = result.layout === 'blocked' ? toPlanar(out, output!.shape, width) : out;
  return { shape: output!.shape, data, lowered };
}

function run(
  { steps, temporaries = [] }: Lowered,
  inputs: readonly (Float32Array | undefined)[],
): Float32Array {
  const between = temporaries.map((bytes) => allocate(bytes / 4).fill(Number.NaN));
  let out = new Float32Array();
  const { Kernel } = native() as unknown as {
    Kernel: new (
      operator: string,
      description: object,
    ) => {
      readonly outputBytes: readonly number[];
      runSync(inputs: readonly (Float32Array | null)[], outputs: readonly Float32Array[]): unknown;
    };
  };
  const arrayOf = (operand: Operand): Float32Array | null => {
    if (operand === undefined) return null;
    if ('input' in operand) return owned(inputs[operand.input]);
    if ('temporary' in operand) return between[operand.temporary]!;
    if ('constant' in operand && operand.constant instanceof Float32Array) return owned(operand.constant);
    throw new Error('an operand of another kind');
  };
  for (const step of steps) {
    const kernel = new Kernel(step.operator, step.description);
    const outputs = step.outputs.map((place, i) => {
      if ('temporary' in place) return between[place.temporary]!;
      out = allocate(kernel.outputBytes[i]! / 4).fill(Number.NaN) as Float32Array<ArrayBuffer>;
      return out;
    });
    kernel.runSync(step.inputs.map(arrayOf), outputs);
  }
  return out;
}

function owned(data: Float32Array | undefined): Float32Array | null {
  if (data === undefined) return null;
  const copy = allocate(data.length);
  copy.set(data);
  return copy;
}
