import { expected } from '../../synth/errors.js';
import { checkOptions, type OptionNames } from '../../synth/options.js';
import { randomNumbers } from '../../synth/random.js';
import type { Graph } from '../graph/graph.js';
import { Network, type NetworkOptions, type NetworkRun } from '../network/network.js';
import type { NetworkPlan } from '../network/plan.js';
import { BoundedMap } from '../support/bounded-map.js';
import { given } from '../support/given.js';
import type { LongOptions } from '../support/long.js';
import { oneOf } from '../support/words.js';
import { readSafetensors, writeSafetensors } from '../tensor/safetensors.js';
import { elementCount } from '../tensor/shape.js';
import { allocate, Tensor } from '../tensor/tensor.js';
import type { Loss } from './losses.js';
import { type Optimizer, type OptimizerOptions, validateOptimizer } from './optimizers.js';
import { LOSS, type Mask, newName, type Step, scalarName, stepOf, TARGET } from './step.js';
import { type ConvolutionVariant, convolutionVariants, withVariant } from './variants.js';

/** How a network is trained. */
export interface TrainerOptions extends Omit<NetworkOptions, 'withoutPasses'> {
  readonly loss: Loss;
  /** Default `{ name: 'sgd' }`. */
  readonly optimizer?: OptimizerOptions;
  /** Factor on the learning rate by the number of the step, from 1 on; by default 1 always. */
  readonly schedule?: (step: number) => number;
  /** Which of the graph's outputs the loss reads. Default: the only one. */
  readonly output?: string;
  /** Beginnings of names of parameters that stay as they are, with the running statistics beside them. */
  readonly frozen?: readonly string[];
  /** Largest norm of all gradients together; longer ones are scaled down to it. By default any. */
  readonly clipNorm?: number;
  /** What running statistics of batch normalizations take of each batch's. Default 0.1. */
  readonly statisticsMomentum?: number;
  /** Of dropouts; an integer, default 0. */
  readonly seed?: number;
  /** Default 'auto'. */
  readonly convolutions?: ConvolutionVariant;
}

const optionNames: OptionNames<TrainerOptions> = {
  ...{ loss: true, optimizer: true, schedule: true, output: true, frozen: true, clipNorm: true },
  ...{ statisticsMomentum: true, seed: true, convolutions: true },
  ...{ threads: true, accuracy: true, effort: true, maxMemory: true, isa: true },
};

/** What a step gives. */
export interface TrainingStep {
  /** From 1 on. */
  readonly step: number;
  /** Of this batch, before the update. */
  readonly loss: number;
  /** The network's output on this batch, before the update. */
  readonly output: Tensor;
  /** Of the kernels. */
  readonly milliseconds: number;
}

/** Shapes of batches that programs are kept for. */
const MAX_SHAPES = 4;

/** Name of the count of steps in checkpoints: two numbers, the second in units of 2²⁴. */
const STEPS = '#steps';
const UNIT = 2 ** 24;

/**
 * Trains a network: every step is one program of forward pass, loss, backward pass and update, which runs off the main thread
 * in one arena and allocates nothing but its output. The same seed, thread count and batches give the same bits; a
 * checkpoint goes on where it was written.
 *
 * ```js
 * const trainer = new Trainer(graph, { loss: 'crossEntropy', optimizer: { name: 'adam' } });
 * for (const { clip, label } of batches) console.log((await trainer.step({ clip }, label)).loss);
 * await trainer.save('motion.safetensors');
 * const network = new Network(trainer.graph());
 * ```
 */
export class Trainer {
  readonly #graph: Graph;
  readonly #options: TrainerOptions;
  readonly #optimizer: Optimizer;
  readonly #output: string;
  /** The step that ended last, node by node. */
  lastRun: NetworkRun | undefined;

  readonly #programs = new BoundedMap<string, { step: Step; network: Network }>(MAX_SHAPES);
  /** What each step takes and gives: parameters, their states, statistics. */
  #now = new Map<string, Tensor>();
  /** Memory for what the step that runs gives; then the two change places. */
  #next = new Map<string, Tensor>();
  #steps = 0;
  #last: Promise<unknown> = Promise.resolve();

  /**
   * @param graph a network as data, with its first parameters: from `Builder`, or from a file
   * @throws InputError naming the option that does not fit
   */
  constructor(graph: Graph, options: TrainerOptions) {
    checkOptions('a trainer', options, optionNames);
    const { seed = 0, statisticsMomentum = 0.1, schedule } = options;
    if (!Number.isSafeInteger(seed)) throw expected('seed', 'an integer', seed);
    if (!(statisticsMomentum >= 0 && statisticsMomentum <= 1))
      throw expected('statisticsMomentum', 'a number from 0 to 1', statisticsMomentum);
    if (schedule !== undefined && typeof schedule !== 'function')
      throw expected('schedule', 'a function of the step', schedule);
    if (options.output === undefined && graph.outputs.length !== 1)
      throw expected('output', `one of ${graph.outputs.join(', ')}`, undefined);
    oneOf('convolutions', options.convolutions ?? 'auto', convolutionVariants);
    this.#graph = graph;
    this.#options = options;
    this.#output = options.output ?? graph.outputs[0]!;
    this.#optimizer = validateOptimizer(options.optimizer ?? { name: 'sgd' });
  }

  /** Steps that have been done, those before a checkpoint included. */
  get steps(): number {
    return this.#steps;
  }

  /** Which of the graph's outputs the loss reads. */
  get output(): string {
    return this.#output;
  }

  /** How its programs run. */
  get networkOptions(): NetworkOptions {
    const { threads, accuracy, effort, maxMemory, isa } = this.#options;
    return given({ threads, accuracy, effort, maxMemory, isa });
  }

  /**
   * One step on a batch. Steps that are asked for meanwhile wait for it.
   *
   * @param inputs of the network, by name
   * @param target what the output shall be, as the loss has it: numbers of classes (N, or N × pixels), or values
   * @param long progress is that of planning, which the first step on batches of a shape does
   * @returns loss and output before the update
   * @throws InputError for what does not fit and for a loss that is no number any more, the signal's reason when it was
   *   aborted; then nothing has changed
   */
  step(
    inputs: Readonly<Record<string, Tensor>>,
    target: Tensor,
    long: LongOptions = {},
  ): Promise<TrainingStep> {
    return this.#queued(() => this.#step(inputs, target, long));
  }

  /**
   * How a step on batches of these shapes runs, and the memory that it takes: `plan(shapes).memory.run` is the most that lives
   * at once, beside parameters and their states.
   *
   * @param shapes of all inputs of the network, by name
   * @throws InputError when one does not fit
   */
  async plan(shapes: Readonly<Record<string, readonly number[]>>): Promise<NetworkPlan> {
    const { network, step } = this.#programFor(shapes);
    return network.plan(
      Object.fromEntries(step.graph.inputs.map(({ name, shape }) => [name, shape as number[]])),
    );
  }

  /** The network as it is now, its parameters copied. */
  graph(): Graph {
    const constants = new Map(this.#graph.constants);
    for (const [name, { data, shape }] of this.#now)
      if (constants.has(name)) constants.set(name, { type: 'float32', shape, data: data.slice() });
    return { ...this.#graph, constants };
  }

  /**
   * Writes a checkpoint as safetensors: parameters, statistics, the optimizer's state and the count of steps, as they are
   * after the steps that were asked for before; later ones wait.
   */
  save(path: string): Promise<void> {
    return this.#queued(() => {
      const steps = new Tensor(Float32Array.of(this.#steps % UNIT, Math.floor(this.#steps / UNIT)), [2]);
      return writeSafetensors(path, new Map([...this.#now, [STEPS, steps]]));
    });
  }

  /**
   * Goes on from a checkpoint, as if the steps before it had been done here. Waits for steps that were asked for before, and
   * later ones wait for it.
   *
   * @throws InputError naming the path for a file that is none; the system's error when it cannot be read
   */
  load(path: string): Promise<void> {
    return this.#queued(() => this.#load(path));
  }

  async #load(path: string): Promise<void> {
    const tensors = await readSafetensors(path);
    const steps = tensors.get(STEPS);
    if (steps?.data.length !== 2) throw expected(path, 'a checkpoint of a training', 'another file');
    tensors.delete(STEPS);
    for (const [name, { shape }] of tensors) {
      const known = this.#graph.constants.get(name);
      if (known !== undefined && known.shape.join() !== shape.join())
        throw expected(`${name} of ${path}`, `of shape [${known.shape.join(', ')}]`, shape);
    }
    this.#now = tensors;
    this.#next = new Map();
    this.#steps = steps.data[0]! + UNIT * steps.data[1]!;
  }

  /** Runs tasks one after another, whatever becomes of those before. */
  #queued<T>(task: () => Promise<T>): Promise<T> {
    const own = this.#last.then(task);
    this.#last = own.catch(() => undefined);
    return own;
  }

  async #step(
    inputs: Readonly<Record<string, Tensor>>,
    target: Tensor,
    long: LongOptions,
  ): Promise<TrainingStep> {
    const { step, network } = this.#program(inputs);
    const count = this.#steps + 1;
    const rate = this.#optimizer.learningRate * (this.#options.schedule?.(count) ?? 1);
    if (!Number.isFinite(rate)) throw expected('the learning rate', 'a finite number', rate);
    const taken: Record<string, Tensor> = { ...inputs, [TARGET]: target };
    for (const [i, value] of this.#optimizer.scalars(count, rate).entries())
      taken[scalarName(i)] = new Tensor(Float32Array.of(value), [1]);
    const random = randomNumbers(Math.imul(count, 0x9e3779b1) ^ (this.#options.seed ?? 0));
    for (const mask of step.masks) taken[mask.name] = drawn(mask, random);
    const out: Record<string, Tensor> = {};
    for (const { name, shape } of step.changing) {
      taken[name] = this.#current(name, shape);
      out[newName(name)] = this.#place(name, shape);
    }
    const results = await network.run(taken, { ...long, out });
    const loss = results[LOSS]!.data[0]!;
    if (!Number.isFinite(loss)) throw expected(`the loss of step ${count}`, 'a finite number', loss);
    for (const { name } of step.changing) {
      this.#next.set(name, this.#now.get(name)!);
      this.#now.set(name, out[newName(name)]!);
    }
    this.#steps = count;
    this.lastRun = network.lastRun;
    return { step: count, loss, output: results[this.#output]!, milliseconds: network.lastRun!.milliseconds };
  }

  /** What the step before has given; at first what the graph says, and zeros for states. */
  #current(name: string, shape: readonly number[]): Tensor {
    const known = this.#now.get(name);
    if (known !== undefined) return known;
    const data = allocate(elementCount(shape));
    const constant = this.#graph.constants.get(name);
    if (constant !== undefined) data.set(constant.data);
    const made = new Tensor(data, shape);
    this.#now.set(name, made);
    return made;
  }

  #place(name: string, shape: readonly number[]): Tensor {
    const known = this.#next.get(name);
    if (known !== undefined) return known;
    const made = new Tensor(allocate(elementCount(shape), false), shape);
    this.#next.set(name, made);
    return made;
  }

  #program(inputs: Readonly<Record<string, Tensor>>) {
    for (const [name, tensor] of Object.entries(inputs))
      if (!(tensor instanceof Tensor)) throw expected(`input ${name}`, 'a Tensor', tensor);
    return this.#programFor(
      Object.fromEntries(Object.entries(inputs).map(([name, { shape }]) => [name, shape])),
    );
  }

  #programFor(shapes: Readonly<Record<string, readonly number[]>>) {
    const { frozen = [], clipNorm, loss } = this.#options;
    return this.#programs.getOrMake(JSON.stringify(shapes), () => {
      const step = stepOf(this.#graph, shapes, {
        ...{ loss, optimizer: this.#optimizer, output: this.#output, clipNorm },
        isFrozen: (name) => frozen.some((beginning) => name.startsWith(beginning)),
        statisticsMomentum: this.#options.statisticsMomentum ?? 0.1,
      });
      const stepGraph = withVariant(step.graph, this.#options.convolutions ?? 'auto');
      return { step, network: new Network(stepGraph, this.networkOptions) };
    });
  }
}

function drawn({ shape, ratio }: Mask, random: () => number): Tensor {
  const data = allocate(elementCount(shape), false);
  for (let i = 0; i < data.length; i++) data[i] = random() < ratio ? 0 : 1 / (1 - ratio);
  return new Tensor(data, shape);
}
