import { expected } from '../../synth/errors.js';
import type { Graph, Node } from '../graph/graph.js';
import { type Shapes, typed } from '../graph/typed.js';
import { besidesChannels, perChannel } from '../operators/gradients/rule.js';
import { elementCount } from '../tensor/shape.js';
import { backward } from './backward.js';
import { addLoss, type Loss } from './losses.js';
import { addUpdate, type Optimizer } from './optimizers.js';
import { GraphTape } from './tape.js';

/** What is trained, and for what. */
export interface StepOptions {
  readonly loss: Loss;
  readonly optimizer: Optimizer;
  /** Which of the graph's outputs the loss reads. */
  readonly output: string;
  /** Whether a parameter stays as it is. */
  readonly isFrozen: (name: string) => boolean;
  /** Largest norm of all gradients together; longer ones are scaled down to it. */
  readonly clipNorm?: number | undefined;
  /** What running statistics take of each batch's. */
  readonly statisticsMomentum: number;
  /** What part of a batch it is: all, one whose gradients are added to a sum, or the last, which updates by that sum. */
  readonly part: Part;
}

/** See {@link StepOptions}. */
export type Part = 'whole' | 'further' | 'last';

/** Names of a step's tensors beyond the graph's own. */
export const TARGET = 'target';
export const LOSS = 'loss';
/** Of a parameter's state, of what changes after the step, of a scalar of the optimizer. */
const stateName = (parameter: string, state: string) => `${parameter} ${state}`;
export const newName = (name: string) => `${name} after`;
export const scalarName = (index: number) => `scalar ${index}`;
/** Of the sum of a parameter's gradients, and of what a part's own count in it. */
export const sumName = (parameter: string) => `${parameter} sum of gradients`;
export const SHARE = 'share of the batch';

/** Forward, loss, backward and update as one graph (Georganas et al. 2018, section II-L). */
export interface Step {
  /**
   * Inputs: those of the network, the target, masks, parameters, their states, running statistics and the optimizer's scalars.
   * Outputs: the loss, the network's output, and everything that the next step takes, under its {@link newName}.
   */
  readonly graph: Graph;
  /** What changes from step to step: parameters, what the optimizer keeps of each, running statistics. */
  readonly changing: readonly { readonly name: string; readonly shape: readonly number[] }[];
  readonly masks: readonly Mask[];
  /** Parameters that it only reads. */
  readonly fixed: readonly { readonly name: string; readonly shape: readonly number[] }[];
  /** Sums of gradients that it takes. */
  readonly sums: readonly { readonly name: string; readonly shape: readonly number[] }[];
}

/** Factors that drop elements: 0 with a probability, else what keeps the mean. */
export interface Mask {
  readonly name: string;
  readonly shape: readonly number[];
  readonly ratio: number;
}

/** Inputs of an operator that are learnt where they are constants of float32. */
const learnt: Readonly<Record<string, readonly number[]>> = {
  ...{ Conv: [1, 2], ConvTranspose: [1, 2], Gemm: [1, 2], MatMul: [1], PRelu: [1] },
  ...{ BatchNormalization: [1, 2], InstanceNormalization: [1, 2] },
  ...{ GroupNormalization: [1, 2], LayerNormalization: [1, 2] },
};

/** Inputs of a BatchNormalization. */
const [X, MEAN, VARIANCE] = [0, 3, 4];

/**
 * Puts a training step around a network, for inputs of these shapes. Batch normalizations take the statistics of the batch
 * and keep running ones; dropouts multiply by masks that every step gives.
 *
 * @throws InputError for an output that is not there, a network without parameters, and operators without a gradient
 */
export function stepOf(graph: Graph, shapes: Shapes, options: StepOptions): Step {
  if (!graph.outputs.includes(options.output))
    throw expected('output', `one of ${graph.outputs.join(', ')}`, options.output);
  const known = typed(graph, shapes);
  const tape = new GraphTape(known);
  const parameters = parametersOf(known.nodes, tape).filter((name) => !options.isFrozen(name));
  if (parameters.length === 0) throw expected('the network', 'one with parameters to train', 'none');
  const masks: Mask[] = [];
  const after = new Map<string, string>();
  for (const node of known.nodes) {
    if (node.operator === 'Dropout') addMask(node, tape, masks);
    else if (node.operator === 'BatchNormalization' && !options.isFrozen(node.inputs[1]!))
      addBatchNormalization(node, options.statisticsMomentum, tape, after);
    else tape.add(node);
  }
  for (const name of parameters) tape.release(name);
  const loss = addLoss(options.loss, options.output, TARGET, tape);
  const own = backward(tape, loss, new Set(parameters));
  const { sums, gradients } = options.part === 'whole' ? { sums: [], gradients: own } : summed(own, tape);
  if (options.part === 'further') for (const [name, sum] of gradients) after.set(sumName(name), sum);
  else update(parameters, gradients, options, tape, after);
  const results = new Map([
    [LOSS, loss],
    ...[...after].map(([name, made]) => [newName(name), made] as const),
  ]);
  for (const [name, made] of results)
    tape.add({ operator: 'Identity', name, inputs: [made], outputs: [name], attributes: {} });
  const inputs = graph.inputs.map((input) => ({ ...input, shape: tape.type(input.name).shape }));
  const outputs = [LOSS, options.output, ...[...results.keys()].slice(1)];
  const changing = [...after.keys()].map((name) => ({ name, shape: tape.type(name).shape }));
  const fixed = parameters
    .filter((name) => !after.has(name))
    .map((name) => ({ name, shape: tape.type(name).shape }));
  return { graph: tape.graph(inputs, outputs), changing, fixed, masks, sums };
}

/** Gradients of a part added to those of the parts before, as the mean over all examples has them. */
function summed(own: ReadonlyMap<string, string>, tape: GraphTape) {
  const share = tape.input(SHARE, [1]);
  const sums: { name: string; shape: readonly number[] }[] = [];
  const gradients = new Map<string, string>();
  for (const [name, gradient] of own) {
    const { shape } = tape.type(gradient);
    const before = tape.input(sumName(name), shape);
    sums.push({ name: before, shape });
    gradients.set(name, tape.node('Add', [before, tape.node('Mul', [gradient, share])]));
  }
  return { sums, gradients };
}

/** Adds what parameters and their states are after the step to `after`. */
function update(
  parameters: readonly string[],
  gradients: ReadonlyMap<string, string>,
  { optimizer, clipNorm }: StepOptions,
  tape: GraphTape,
  after: Map<string, string>,
): void {
  const scale = clipNorm === undefined ? undefined : clipping([...gradients.values()], clipNorm, tape);
  const scalars = optimizer.scalars(1, 1).map((_, i) => tape.input(scalarName(i), [1]));
  for (const name of parameters.filter((each) => gradients.has(each))) {
    const raw = gradients.get(name)!;
    const gradient = scale === undefined ? raw : tape.node('Mul', [raw, scale]);
    const states = optimizer.states.map((state) => tape.input(stateName(name, state), tape.type(name).shape));
    const made = addUpdate(optimizer, [name, gradient, ...states, ...scalars], tape);
    for (const [i, state] of states.entries()) after.set(state, made[i]!);
    after.set(name, made.at(-1)!);
  }
}

/** Constants that are learnt, in the order in which nodes read them, each once. */
function parametersOf(nodes: readonly Node[], tape: GraphTape): readonly string[] {
  const names = nodes.flatMap(({ operator, inputs }) =>
    (learnt[operator] ?? []).flatMap((index) => {
      const name = inputs[index] ?? '';
      return name !== '' && tape.constant(name)?.type === 'float32' ? [name] : [];
    }),
  );
  return [...new Set(names)];
}

function addMask({ inputs, outputs, name }: Node, tape: GraphTape, masks: Mask[]): void {
  const [x = '', ratioName = ''] = inputs;
  const ratio = tape.constant(ratioName)?.data[0] ?? 0.5;
  if (!(ratio >= 0 && ratio < 1)) throw expected(`the ratio of ${name}`, 'a number from 0 to below 1', ratio);
  const { shape } = tape.type(x);
  const mask = tape.input(`${name} mask`, shape);
  masks.push({ name: mask, shape, ratio });
  tape.add({ operator: 'Mul', name, inputs: [x, mask], outputs: outputs.slice(0, 1), attributes: {} });
}

/** Adds the next values of its running statistics to `after`. */
function addBatchNormalization(
  node: Node,
  momentum: number,
  tape: GraphTape,
  after: Map<string, string>,
): void {
  const x = node.inputs[X]!;
  const { shape } = tape.type(x);
  const axes = tape.integers(besidesChannels(shape));
  const mean = tape.node('ReduceMean', [x, axes], { keepdims: 0 });
  const centred = tape.node('Sub', [x, perChannel(mean, shape.length, tape)]);
  const squares = tape.node('ReduceSumSquare', [centred, axes], { keepdims: 0 });
  const variance = tape.node('Mul', [squares, tape.floats(shape[1]! / elementCount(shape))]);
  const inputs = node.inputs.with(MEAN, mean).with(VARIANCE, variance);
  tape.add({ ...node, inputs, attributes: { ...node.attributes, batch_statistics: 1 } });
  // As PyTorch has it: the running variance is that of the population.
  const count = shape.reduce((product, size, axis) => (axis === 1 ? product : product * size), 1);
  const unbiased = count / Math.max(1, count - 1);
  for (const [i, name] of node.inputs.slice(MEAN, VARIANCE + 1).entries()) {
    tape.release(name);
    const fresh = tape.node('Mul', [[mean, variance][i]!, tape.floats(momentum * (i === 0 ? 1 : unbiased))]);
    after.set(name, tape.node('Add', [tape.node('Mul', [name, tape.floats(1 - momentum)]), fresh]));
  }
}

/** What all gradients are multiplied with: 1 where their norm is small enough. */
function clipping(gradients: readonly string[], most: number, tape: GraphTape): string {
  if (!(most > 0)) throw expected('clipNorm', 'a positive number', most);
  const squares = gradients.map((name) => tape.node('ReduceSumSquare', [name], { keepdims: 0 }));
  const sum = squares.reduce((total, square) => tape.node('Add', [total, square]));
  const norm = tape.node('Add', [tape.node('Sqrt', [sum]), tape.floats(1e-6)]);
  return tape.node('Min', [tape.node('Div', [tape.floats(most), norm]), tape.floats(1)]);
}
