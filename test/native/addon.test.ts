import { describe, expect, it } from 'vitest';
import { candidatesOf } from '../../src/catalogue/candidates.js';
import { machineOf } from '../../src/machine/machine.js';
import {
  type ConvolutionDescription,
  type NativeKernel,
  type NativeProgramParts,
  native,
} from '../../src/native/addon.js';
import { convolutionAlgorithms } from '../../src/operators/convolution/algorithms.js';
import { lower } from '../../src/planner/lower.js';
import { choose } from '../../src/planner/planner.js';
import { validateInput, validateLayer } from '../../src/problem/problem.js';
import { allocate } from '../../src/tensor/tensor.js';
import { isas } from '../layers/cases.js';

/** One channel, weights of two, three pixels. */
function description(): ConvolutionDescription {
  const layer = validateLayer({ inChannels: 1, outChannels: 1, kernelSize: 1, threads: 1 }, 1);
  const problem = validateInput(layer, [1, 1, 3]);
  const machine = machineOf(isas()[0]!);
  const { choice } = choose(problem, {
    ...{ algorithms: convolutionAlgorithms, algorithm: 'direct', machine },
    ...{ candidates: candidatesOf(problem, {}), errorLimit: 1 },
  });
  return lower(problem, choice, machine, { bias: false, residual: false });
}

function kernels(): { pack: NativeKernel; kernel: NativeKernel } {
  const { Kernel } = native();
  return {
    pack: new Kernel('pack convolution weights', description()),
    kernel: new Kernel('convolution', description()),
  };
}

function packed(): Float32Array {
  const { pack } = kernels();
  const to = allocate(pack.outputBytes[0]! / 4);
  pack.runSync([Float32Array.of(2)], [to]);
  return to;
}

const prepare = (value: unknown) => () =>
  new (native().Kernel)('convolution', value as ConvolutionDescription);

/** A program of one kernel, which reads its input and a constant. */
const oneStep = () =>
  ({
    ...{ arenaBytes: 0, inputBytes: [12], outputBytes: [12], wakes: false },
    steps: [
      {
        inputs: [
          { in: 'input', index: 0, offset: 0, bytes: 12 },
          { in: 'constant', index: 0, offset: 0, bytes: 4 * packed().length },
          ...[{ in: 'nowhere' }, { in: 'nowhere' }],
        ],
        outputs: [{ in: 'output', index: 0, offset: 0, bytes: 12 }],
      },
    ],
  }) as NativeProgramParts;

describe('a kernel', () => {
  it('runs on arrays', () => {
    const { kernel } = kernels();
    const [x, y] = [allocate(3), allocate(3)];
    x.set([1, 2, 3]);
    const times = kernel.runSync([x, packed(), null, null], [y]);
    expect([...y]).toEqual([2, 4, 6]);
    expect(times.total).toBeGreaterThanOrEqual(0);
    const z = allocate(3);
    kernel.runSync([y, packed(), null, undefined as never], [z]);
    expect([...z]).toEqual([4, 8, 12]);
  });

  it('refuses arrays that do not fit', () => {
    const { kernel } = kernels();
    const [x, y, weights] = [allocate(3), allocate(3), packed()];
    const run = (inputs: unknown, outputs: unknown) => () =>
      kernel.runSync(inputs as Float32Array[], outputs as Float32Array[]);
    expect(run([x, weights], [y])).toThrow('Expected inputs to be an array of 4 but received one of 2');
    expect(run(x, [y])).toThrow('Expected inputs to be an array');
    expect(run([null, weights, null, null], [y])).toThrow('Expected inputs[0] to be a Float32Array');
    expect(run([x, weights, x, null], [y])).toThrow('Expected inputs[2] to be a Float32Array of 0');
    expect(run([x, weights, null, null], [allocate(4)])).toThrow(
      'Expected outputs[0] to be a Float32Array of 3 but received one of 4',
    );
    expect(run([x, weights, null, null], [x])).toThrow(
      'Expected outputs[0] to be memory that nothing else uses',
    );
    const gone = new Float32Array(3);
    structuredClone(gone.buffer, { transfer: [gone.buffer] });
    expect(run([gone, weights, null, null], [y])).toThrow('received one of 0 (a detached one has none)');
    // Reading the outputs detaches the input.
    const lost = new Float32Array(3);
    const outputs = {
      get 0() {
        structuredClone(lost.buffer, { transfer: [lost.buffer] });
        return y;
      },
    };
    const list = Object.assign([], { length: 1 });
    Object.defineProperty(list, 0, Object.getOwnPropertyDescriptor(outputs, 0)!);
    expect(run([lost, weights, null, null], list)).toThrow('received one of 0');
  });

  it('makes part of programs, and nothing else does', async () => {
    const { Program, Constant } = native();
    const parts = oneStep();
    const constants = [new Constant(packed())];
    expect(() => new Program(parts, [{} as NativeKernel], constants)).toThrow(
      'Expected kernel to be an instance of Kernel',
    );
    const program = new Program(parts, [kernels().kernel], constants);
    const [x, y] = [allocate(3), allocate(3)];
    x.set([1, 2, 3]);
    expect(await program.run([x], [y])).toHaveLength(4);
    expect([...y]).toEqual([2, 4, 6]);
    expect(() => program.run([new Float32Array(3)], [y])).toThrow('Expected inputs to be arrays from alloc');
    expect(program.runSync([new Float32Array(3)], [y])).toHaveLength(4);
    expect([...y]).toEqual([0, 0, 0]);
  });

  it('has constants that are copied, and let go without harm to what was made with them', async () => {
    const { Program, Constant } = native();
    const constant = new Constant(Float32Array.of(1, 2, 3));
    const bytes = new Uint8Array(8);
    constant.copy(bytes, 4);
    expect([...new Float32Array(bytes.buffer)]).toEqual([2, 3]);
    constant.copy(new Uint8Array(0), 12);
    for (const [array, offset] of [
      [new Uint8Array(8), 5],
      [new Uint8Array(13), 0],
      [new Uint8Array(1), -1],
      [new Uint8Array(1), 2 ** 40],
      [new Uint8Array(1), 0.5],
      [new Float32Array(1), 0],
      [{}, 0],
      [undefined, 0],
    ])
      expect(() => constant.copy(array as Uint8Array, offset as number)).toThrow(
        /^Expected (array|offset) to be/,
      );
    const detached = new Uint8Array(4);
    structuredClone(detached.buffer, { transfer: [detached.buffer] });
    constant.copy(detached, 0);
    const weights = new Constant(packed());
    const parts = oneStep();
    const program = new Program(parts, [kernels().kernel], [weights]);
    weights.release();
    weights.release();
    const [x, y] = [allocate(3), allocate(3)];
    x.set([1, 2, 3]);
    await program.run([x], [y]);
    expect([...y]).toEqual([2, 4, 6]);
    expect(() => weights.bytes).toThrow('Expected constant to be one that is not released');
    expect(() => weights.copy(new Uint8Array(1), 0)).toThrow('not released');
    expect(() => new Program(parts, [kernels().kernel], [weights])).toThrow('not released');
  });
});

describe('a description', () => {
  it('is refused with the place that does not fit', () => {
    const { problem, schedule } = description();
    expect(prepare({ problem: { ...problem, batch: 'two' }, schedule })).toThrow(
      'Expected problem.batch to be an integer from 1 to 2147483647 but received "two"',
    );
    expect(prepare({ problem, schedule: { ...schedule, chunks: 0 } })).toThrow(
      'Expected schedule.chunks to be an integer from 1 to 3 but received 0',
    );
    expect(prepare({ problem: { ...problem, direction: 'sideways' }, schedule })).toThrow(
      'Expected problem.direction to be "forward"',
    );
    expect(prepare({ problem })).toThrow('Expected schedule to be an object but received nothing');
    expect(prepare(undefined)).toThrow('Expected the description to be an object but received nothing');
    expect(prepare({ problem: () => 1 })).toThrow('Expected problem to be a plain value');
    expect(prepare({ problem: { batch: 1n } })).toThrow('Expected problem.batch to be a plain value');
    expect(() => new (native().Kernel)('convolve' as 'convolution', description())).toThrow(
      /Expected operator to be one of .*, convolution, .* but received "convolve"/,
    );
  });

  it('ends, whatever refers to what', () => {
    const own: Record<string, unknown> = {};
    own.problem = { inner: [own] };
    expect(prepare(own)).toThrow('Expected problem.inner[0] to be no object that contains it');
    let deep: unknown = {};
    for (let i = 0; i < 100; i++) deep = { deep };
    expect(prepare(deep)).toThrow('to be no deeper within the description');
    let wide: unknown = 0;
    for (let i = 0; i < 30; i++) wide = [wide, wide];
    expect(prepare({ wide })).toThrow('Expected the description to be of at most 2^20 values');
  });

  it('passes on what its getters throw', () => {
    const bad = {
      get problem(): never {
        throw new RangeError('none of your business');
      },
    };
    expect(prepare(bad)).toThrow(RangeError);
  });
});

describe('rates of the machine', () => {
  it('are positive, and refuse what they cannot measure', () => {
    const { fmaPeak, readRate } = native();
    const isa = isas()[0]!;
    const data = new Float32Array(4096).fill(1);
    expect(fmaPeak(isa, 1)).toBeGreaterThan(0);
    for (const name of isas()) expect(readRate(name, data, 1)).toBeGreaterThan(0);
    expect(() => readRate('vax', data, 1)).toThrow(
      'Expected isa to be a kernel table that this machine runs',
    );
    expect(() => readRate(isa, new Float32Array(8), 1)).toThrow('a Float32Array of at least 1024');
    expect(() => readRate(isa, [1] as never, 1)).toThrow('Expected data to be a Float32Array');
    structuredClone(data.buffer, { transfer: [data.buffer] });
    expect(() => readRate(isa, data, 1)).toThrow('a Float32Array of at least 1024');
    for (const bad of [0, 1e9, 0.5]) expect(() => fmaPeak(isa, bad)).toThrow('Expected milliseconds');
  });
});
