import { ConstantStore } from '../graph/constants.js';
import type { Program } from '../graph/program.js';
import { Runner } from '../graph/runner.js';
import type { Shapes } from '../graph/typed.js';
import type { Rank } from '../problem/problem.js';
import { inEngineMemory, validateOut, validateResidual, validateTensor } from '../tensor/engine-memory.js';
import { checkData, type Tensor } from '../tensor/tensor.js';
import { chainOf, type Link } from './chain.js';
import { type Ready, ReadyByShape } from './results.js';

/** One for all chains: a layer's weights are packed once, whether it runs by itself or in a row with others. */
const constants = new ConstantStore();

/** A call whose tensors are checked. */
interface Call {
  readonly ready: Ready<Program>;
  readonly inputs: readonly Float32Array[];
  readonly result: Tensor;
}

/** A chain of layers as it is called: with one input and perhaps something to add, for one result. */
export class Calls {
  readonly #runner: Runner;
  readonly #ready = new ReadyByShape<Program>();

  /**
   * @param rank spatial axes
   * @param shapesOf shapes of all inputs of the chain, with batch axis, for a shape of the first, with or without; throws
   *   InputError for what does not fit
   * @param ended takes the times of a run (see `NativeProgram`) and returns the milliseconds in all
   */
  constructor(
    links: readonly Link[],
    private readonly rank: Rank,
    private readonly shapesOf: (inputShape: readonly number[]) => Shapes,
    private readonly ended: (program: Program, times: Float64Array) => number,
  ) {
    this.#runner = new Runner(chainOf(links), links[0]!.layer.lowering, [], constants);
  }

  /** @param inputShape with or without batch axis. @throws InputError when it does not fit */
  program(inputShape: readonly number[]): Program {
    return this.#runner.program(this.shapesOf(inputShape));
  }

  /** Checks what a call is given, and finds what runs. @throws InputError when something does not fit */
  enter(x: Tensor, out: Tensor | undefined, residual?: Tensor): Call {
    validateTensor(x);
    const ready = this.#ready.of(x.shape, this.rank, () => {
      const runs = this.program(x.shape);
      return { runs, outputShape: runs.outputs[0]!.shape };
    });
    checkData(x.data, x.shape, "the input's data");
    if (residual !== undefined) validateResidual(residual, ready.shape);
    if (out !== undefined) validateOut(out, ready.shape, residual === undefined ? [x] : [x, residual]);
    const inputs = residual === undefined ? [x.data] : [x.data, residual.data];
    return { ready, inputs, result: out ?? ready.result() };
  }

  /** Runs off the main thread. */
  async run({ ready, inputs, result }: Call): Promise<Tensor> {
    const times = await ready.runs.native.run(inputs.map(inEngineMemory), [result.data]);
    ready.milliseconds = this.ended(ready.runs, times);
    return result;
  }

  /** Runs on the calling thread, and the program's others. */
  runSync({ ready, inputs, result }: Call): Tensor {
    const times = ready.runs.native.runSync(inputs, [result.data]);
    ready.milliseconds = this.ended(ready.runs, times);
    return result;
  }
}
