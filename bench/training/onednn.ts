import { createWriteStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Graph, Node } from '../../src/graph/graph.js';
import { typed } from '../../src/graph/typed.js';
import { Contender } from '../../src/support/contender.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { expected } from '../../synth/errors.js';

/** A step by oneDNN's primitives: how long it took, and the loss before its update. */
type StepContender = Contender<
  { readonly request: 'step'; readonly rate: number },
  { step: { readonly ms: number; readonly loss: number; readonly library: string } }
>;

/** A network in a process of oneDNN's; to be closed. */
export interface OneDnnStep {
  step(rate: number): Promise<{ readonly ms: number; readonly loss: number; readonly library: string }>;
  close(): Promise<void>;
}

/**
 * Starts training steps of a network by oneDNN's primitives (bench/peers/onednn/step.cc), on these inputs, each example n of
 * class n modulo 10.
 *
 * @param program its path
 * @throws InputError for operators that its process does not have
 */
export async function startOneDnnStep(
  program: string,
  graph: Graph,
  input: Tensor,
  { threads, best }: { readonly threads: number; readonly best: boolean },
): Promise<OneDnnStep> {
  const { lines, numbers } = described(graph, input);
  const folder = await mkdtemp(join(tmpdir(), 'winograd-onednn-'));
  const [network, data] = [join(folder, 'network'), join(folder, 'data')];
  await writeFile(network, [`file ${data}`, ...lines, 'end', ''].join('\n'));
  const file = createWriteStream(data);
  for (const each of numbers)
    await new Promise((done) =>
      file.write(new Uint8Array(each.buffer, each.byteOffset, each.byteLength), done),
    );
  await new Promise<void>((done) => file.end(done));
  const name = best ? 'oneDNN, best' : 'oneDNN';
  const contender: StepContender = new Contender(name, [
    program,
    String(threads),
    network,
    ...(best ? ['best'] : []),
  ]);
  return {
    step: (rate) => contender.ask({ request: 'step', rate }),
    async close() {
      contender.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A network whose dropouts do nothing, so that two libraries compute the same. */
export function withoutDropout(graph: Graph): Graph {
  const nodes = graph.nodes.map((node) =>
    node.operator === 'Dropout'
      ? { ...node, operator: 'Identity', inputs: node.inputs.slice(0, 1), attributes: {} }
      : node,
  );
  return { ...graph, nodes };
}

/** A network in the words of that process, and the numbers of its input and parameters in their order. */
function described(graph: Graph, input: Tensor) {
  const { nodes, constants, types } = typed(graph, { [graph.inputs[0]!.name]: input.shape });
  const lines: string[] = [];
  const numbers: Float32Array[] = [];
  const names = new Map<string, string>();
  const shapeOf = (tensor: string) => (types.get(tensor) ?? constants.get(tensor))!.shape;
  const readers = (tensor: string) => nodes.filter(({ inputs }) => inputs.includes(tensor));
  const named = (tensor: string) => names.get(tensor)!;
  const declare = (kind: string, tensor: string, shape: readonly number[]) => {
    names.set(tensor, `t${names.size}`);
    lines.push([kind, named(tensor), shape.length, ...shape].join(' '));
  };
  const parameter = (tensor: string, shape: readonly number[]) => {
    declare('parameter', tensor, shape);
    numbers.push(constants.get(tensor)!.data as Float32Array);
    return named(tensor);
  };
  const result = (tensor: string) => {
    declare('tensor', tensor, shapeOf(tensor));
    return named(tensor);
  };
  declare('input', graph.inputs[0]!.name, input.shape);
  numbers.push(input.data);
  const merged = new Set<Node>();
  /** The ReLU that alone reads a node's result, which then runs inside of it. */
  const reluBehind = ({ outputs }: Node): Node | undefined => {
    const [only, ...others] = readers(outputs[0]!);
    if (only?.operator !== 'Relu' || others.length > 0) return undefined;
    merged.add(only);
    return only;
  };
  const emit = (...words: readonly (string | number | readonly number[])[]) =>
    lines.push(words.flat().join(' '));
  const same = ({ inputs, outputs }: Node) => void names.set(outputs[0]!, named(inputs[0]!));
  const write: Readonly<Record<string, (node: Node) => void>> = {
    Conv(node) {
      const [x, w, b] = node.inputs;
      if (node.attributes.group !== 1) throw expected(`groups of ${node.name}`, '1', node.attributes.group);
      const relu = reluBehind(node);
      const weight = parameter(w!, shapeOf(w!));
      const bias = b === undefined ? '-' : parameter(b, shapeOf(b));
      const y = result((relu ?? node).outputs[0]!);
      emit(
        'convolution',
        named(x!),
        weight,
        bias,
        y,
        windowOf(node, shapeOf(x!), shapeOf(node.outputs[0]!)),
        relu ? 1 : 0,
      );
    },
    ConvTranspose(node) {
      const [x, w, b] = node.inputs;
      const [inChannels, outChannels, ...kernel] = shapeOf(w!);
      const weight = parameter(w!, [outChannels!, inChannels!, ...kernel]);
      const bias = b === undefined ? '-' : parameter(b, shapeOf(b));
      const y = result(node.outputs[0]!);
      emit(
        'transposed',
        named(x!),
        weight,
        bias,
        y,
        windowOf(node, shapeOf(node.outputs[0]!), shapeOf(x!)),
        0,
      );
    },
    BatchNormalization(node) {
      const [x, scale, shift] = node.inputs;
      const relu = reluBehind(node);
      const parameters = [scale!, shift!].map((each) => parameter(each, shapeOf(each)));
      const y = result((relu ?? node).outputs[0]!);
      emit('norm', named(x!), parameters.join(' '), y, Number(node.attributes.epsilon ?? 1e-5), relu ? 1 : 0);
    },
    Relu: ({ inputs, outputs }) => emit('relu', named(inputs[0]!), result(outputs[0]!)),
    MaxPool: (node) => pool('max', node),
    AveragePool: (node) => pool(node.attributes.count_include_pad === 1 ? 'average' : 'averageInside', node),
    GlobalAveragePool({ inputs, outputs }) {
      const spatial = shapeOf(inputs[0]!).slice(2);
      const [ones, zeros] = [spatial.map(() => 1), spatial.map(() => 0)];
      emit('averageInside', named(inputs[0]!), result(outputs[0]!), spatial, ones, zeros, zeros);
    },
    LRN({ inputs, outputs, attributes: { size, alpha = 1e-4, beta = 0.75, bias = 1 } }) {
      emit(
        'lrn',
        named(inputs[0]!),
        result(outputs[0]!),
        Number(size),
        Number(alpha),
        Number(beta),
        Number(bias),
      );
    },
    Add: ({ inputs, outputs }) => emit('add', inputs.map(named).join(' '), result(outputs[0]!)),
    Concat: ({ inputs, outputs }) =>
      emit('concat', inputs.length, inputs.map(named).join(' '), result(outputs[0]!)),
    Gemm({ inputs: [x, w, b], outputs }) {
      // Of what was flattened each number has a weight where it lies.
      const [, ...axes] = shapeOf(flattened.get(x!) ?? x!);
      const weight = parameter(w!, [shapeOf(w!)[0]!, ...axes]);
      emit('dense', named(x!), weight, parameter(b!, shapeOf(b!)), result(outputs[0]!));
    },
    Flatten(node) {
      same(node);
      flattened.set(node.outputs[0]!, node.inputs[0]!);
    },
    Identity(node) {
      same(node);
      const from = flattened.get(node.inputs[0]!);
      if (from !== undefined) flattened.set(node.outputs[0]!, from);
    },
  };
  const flattened = new Map<string, string>();
  const pool = (kind: string, node: Node) => {
    const [[x], [y]] = [node.inputs, node.outputs];
    emit(kind, named(x!), result(y!), windowOf(node, shapeOf(x!), shapeOf(y!)));
  };
  for (const node of nodes) {
    if (merged.has(node)) continue;
    const writes = write[node.operator];
    if (writes === undefined)
      throw expected(`the operator of ${node.name}`, 'one of oneDNN’s step', node.operator);
    writes(node);
  }
  emit('crossEntropy', named(graph.outputs[0]!));
  return { lines, numbers };
}

/** Kernel, stride, and padding at both sides as far as windows reach; from the larger to the smaller tensor. */
function windowOf(
  { attributes }: Node,
  larger: readonly number[],
  smaller: readonly number[],
): readonly number[] {
  const kernel = attributes.kernel_shape as readonly number[];
  const stride = (attributes.strides as readonly number[] | undefined) ?? kernel.map(() => 1);
  const pads = (attributes.pads as readonly number[] | undefined) ?? [...kernel, ...kernel].map(() => 0);
  const left = kernel.map((_, a) => pads[a]!);
  const right = kernel.map(
    (taps, a) => (smaller[a + 2]! - 1) * stride[a]! + taps - larger[a + 2]! - left[a]!,
  );
  return [...kernel, ...stride, ...left, ...right];
}
