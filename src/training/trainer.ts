import { expected } from '../../synth/errors.js';
import { checkOptions, type OptionNames } from '../../synth/options.js';
import { randomNumbers } from '../../synth/random.js';
import { checkGraph, type Graph } from '../graph/graph.js';
import { Network, type NetworkOptions, type NetworkRun } from '../network/network.js';
import type { NetworkPlan } from '../network/plan.js';
import type { Accuracy } from '../operators/convolution/accuracy.js';
import { BoundedMap } from '../support/bounded-map.js';
import { given } from '../support/given.js';
import type { LongOptions } from '../support/long.js';
import { oneOf } from '../support/words.js';
import { readSafetensors, writeSafetensors } from '../tensor/safetensors.js';
import { elementCount } from '../tensor/shape.js';
import { allocate, Tensor } from '../tensor/tensor.js';
import { batchOf, countExamples, type Dataset } from './dataset.js';
import type { Loss } from './losses.js';
import { type Optimizer, type OptimizerOptions, validateOptimizer } from './optimizers.js';
import { LOSS, type Mask, newName, type Part, SHARE, type Step, scalarName, stepOf, TARGET } from './step.js';
import { type ConvolutionVariant, convolutionVariants, withVariant } from './variants.js';

/** How a network is trained. */
export interface TrainerOptions extends Omit<NetworkOptions, 'withoutPasses' | 'accuracy'> {
  /** Of every convolution, and of both its gradients; see `NetworkOptions`. */
  readonly accuracy?: Exclude<Accuracy, number>;
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
  /**
   * Most examples that are in memory at a time; by default all of a batch. Larger batches go part by part: their gradients are
   * added up before the update, so that it is that of the whole batch but for batch normalizations, which take each part's
   * statistics.
   */
  readonly microBatch?: number;
  /** Default 'auto'. */
  readonly convolutions?: ConvolutionVariant;
}

const optionNames: OptionNames<TrainerOptions> = {
  ...{ loss: true, optimizer: true, schedule: true, output: true, frozen: true, clipNorm: true },
  ...{ statisticsMomentum: true, seed: true, convolutions: true, microBatch: true },
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

/** Shapes of batches, and parts of such, that programs are kept for. */
const MAX_PROGRAMS = 6;

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

  readonly #programs = new BoundedMap<string, { step: Step; network: Network }>(MAX_PROGRAMS);
  /** What each step takes and gives: parameters, their states, statistics. */
  #now = new Map<string, Tensor>();
  /** Memory for what the step that runs gives; then the two change places. */
  #next = new Map<string, Tensor>();
  /** The same for what parts of a batch hand on: sums of gradients, and statistics as they are between them. */
  #between: [Map<string, Tensor>, Map<string, Tensor>] = [new Map(), new Map()];
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
    const { accuracy, microBatch = 1 } = options;
    if (typeof accuracy === 'number')
      throw expected('accuracy', "'direct' or 'fast', where a network is trained", accuracy);
    if (!Number.isSafeInteger(microBatch) || microBatch < 1)
      throw expected('microBatch', 'a positive integer', microBatch);
    if (options.output === undefined && graph.outputs.length !== 1)
      throw expected('output', `one of ${graph.outputs.join(', ')}`, undefined);
    oneOf('convolutions', options.convolutions ?? 'auto', convolutionVariants);
    this.#graph = checkGraph(graph);
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
   * @param shapes of all inputs of the network, by name; where batches go in parts, those of a part
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
    const count = this.#steps + 1;
    const rate = this.#optimizer.learningRate * (this.#options.schedule?.(count) ?? 1);
    if (!Number.isFinite(rate)) throw expected('the learning rate', 'a finite number', rate);
    const random = randomNumbers(Math.imul(count, 0x9e3779b1) ^ (this.#options.seed ?? 0));
    const parts = partsOf(inputs, target, this.#options.microBatch);
    const runs: NetworkRun[] = [];
    const outputs: Tensor[] = [];
    let loss = 0;
    for (const [i, { share, ...batch }] of parts.entries()) {
      const part = parts.length === 1 ? 'whole' : i + 1 < parts.length ? 'further' : 'last';
      const { step, network } = this.#program(batch.inputs, part);
      const taken: Record<string, Tensor> = { ...batch.inputs, [TARGET]: batch.target };
      for (const mask of step.masks) taken[mask.name] = drawn(mask, random);
      if (part !== 'further')
        for (const [s, value] of this.#optimizer.scalars(count, rate).entries())
          taken[scalarName(s)] = new Tensor(Float32Array.of(value), [1]);
      if (part !== 'whole') taken[SHARE] = new Tensor(Float32Array.of(share), [1]);
      const out = this.#exchange(step, part, i === 0, taken);
      const results = await network.run(taken, { ...long, out });
      runs.push(network.lastRun!);
      outputs.push(results[this.#output]!);
      const own = results[LOSS]!.data[0]!;
      loss += share * own;
      if (!Number.isFinite(own)) throw expected(`the loss of step ${count}`, 'a finite number', own);
      if (part === 'further') this.#between.reverse();
      else
        for (const { name } of step.changing) {
          this.#next.set(name, this.#now.get(name)!);
          this.#now.set(name, out[newName(name)]!);
        }
    }
    this.#steps = count;
    const milliseconds = runs.reduce((sum, run) => sum + run.milliseconds, 0);
    this.lastRun = { milliseconds, steps: runs.flatMap(({ steps }) => steps) };
    return { step: count, loss, output: joined(outputs), milliseconds };
  }

  /** Adds what a part of a step takes from before it. @returns where what it changes goes */
  #exchange(step: Step, part: Part, first: boolean, taken: Record<string, Tensor>): Record<string, Tensor> {
    const [before, after] = this.#between;
    for (const { name, shape } of step.sums) {
      const sum = placeIn(before, name, shape);
      taken[name] = first ? new Tensor(sum.data.fill(0), shape) : sum;
    }
    for (const { name, shape } of step.fixed) taken[name] = this.#current(name, shape);
    const out: Record<string, Tensor> = {};
    for (const { name, shape } of step.changing) {
      if (taken[name] === undefined) {
        const current = this.#current(name, shape);
        // Statistics go from part to part; the step has them only once it is done.
        taken[name] = part === 'whole' || first ? current : (before.get(name) ?? current);
      }
      out[newName(name)] = placeIn(part === 'further' ? after : this.#next, name, shape);
    }
    return out;
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

  #program(inputs: Readonly<Record<string, Tensor>>, part: Part) {
    for (const [name, tensor] of Object.entries(inputs))
      if (!(tensor instanceof Tensor)) throw expected(`input ${name}`, 'a Tensor', tensor);
    return this.#programFor(
      Object.fromEntries(Object.entries(inputs).map(([name, { shape }]) => [name, shape])),
      part,
    );
  }

  #programFor(shapes: Readonly<Record<string, readonly number[]>>, part: Part = 'whole') {
    const { frozen = [], clipNorm, loss } = this.#options;
    return this.#programs.getOrMake(JSON.stringify([part, shapes]), () => {
      const step = stepOf(this.#graph, shapes, {
        ...{ loss, optimizer: this.#optimizer, output: this.#output, clipNorm },
        isFrozen: (name) => frozen.some((beginning) => name.startsWith(beginning)),
        ...{ statisticsMomentum: this.#options.statisticsMomentum ?? 0.1, part },
      });
      const stepGraph = withVariant(step.graph, this.#options.convolutions ?? 'auto');
      return { step, network: new Network(stepGraph, this.networkOptions) };
    });
  }
}

/** A part of a batch, and its share of the examples. */
interface BatchPart extends Dataset {
  readonly share: number;
}

/** A batch in parts of at most so many examples, as equal as may be. */
function partsOf(
  inputs: Readonly<Record<string, Tensor>>,
  target: Tensor,
  most: number = Number.POSITIVE_INFINITY,
): readonly BatchPart[] {
  const count = target instanceof Tensor ? (target.shape[0] ?? 1) : 1;
  if (count <= most) return [{ inputs, target, share: 1 }];
  countExamples({ inputs, target });
  const size = Math.ceil(count / Math.ceil(count / most));
  return Array.from({ length: Math.ceil(count / size) }, (_, i) => {
    const examples = Math.min(size, count - i * size);
    const order = Int32Array.from({ length: examples }, (_, each) => i * size + each);
    return { ...batchOf({ inputs, target }, order), share: examples / count };
  });
}

/** Outputs of the parts of a batch, below each other. */
function joined(outputs: readonly Tensor[]): Tensor {
  const [first] = outputs as [Tensor];
  if (outputs.length === 1) return first;
  const rows = outputs.reduce((sum, { shape }) => sum + shape[0]!, 0);
  const data = allocate(
    outputs.reduce((sum, each) => sum + each.data.length, 0),
    false,
  );
  let at = 0;
  for (const each of outputs) {
    data.set(each.data, at);
    at += each.data.length;
  }
  return new Tensor(data, [rows, ...first.shape.slice(1)]);
}

/** A tensor of a map, made at first need. */
function placeIn(map: Map<string, Tensor>, name: string, shape: readonly number[]): Tensor {
  const made = map.get(name) ?? new Tensor(allocate(elementCount(shape), false), shape);
  map.set(name, made);
  return made;
}

function drawn({ shape, ratio }: Mask, random: () => number): Tensor {
  const data = allocate(elementCount(shape), false);
  for (let i = 0; i < data.length; i++) data[i] = random() < ratio ? 0 : 1 / (1 - ratio);
  return new Tensor(data, shape);
}
