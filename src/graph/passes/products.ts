import { transposedWindow } from '../../operators/conv-transpose.js';
import type { Attributes } from '../../operators/operator.js';
import { given } from '../../support/given.js';
import { elementCount } from '../../tensor/shape.js';
import type { Node } from '../graph.js';
import { integerConstant } from '../literal.js';
import type { Pattern, Rewrite, Surroundings } from './rewrite.js';

/**
 * How a node of a convolution or of one of its gradients is carried out, as attribute `by` says (Barrachina et al. 2023):
 * a product with columns that exist, one with such as rows of all images together, one whose columns never do, or a
 * convolution of the reindexed input.
 */
export type ConvolutionBy = 'columns' | 'rows' | 'gemm' | 'reindexing';

/** Nodes, and constants among them, that take a node's place. */
class Replacement {
  readonly add: Node[] = [];
  readonly constants: Record<string, ReturnType<typeof integerConstant>> = {};

  constructor(
    private readonly node: Node,
    private readonly around: Surroundings,
  ) {}

  input(index: number): string {
    return this.node.inputs[index] ?? '';
  }

  shape(index: number): readonly number[] {
    return this.around.type(this.input(index)).shape;
  }

  get result(): readonly number[] {
    return this.around.type(this.node.outputs[0]!).shape;
  }

  /** A node and its result, which is the replaced node's if it is the last. */
  make(
    operator: string,
    what: string,
    inputs: readonly string[],
    attributes: Attributes = {},
    last = false,
  ): string {
    const name = `${this.node.name} ${what}`;
    const output = last ? this.node.outputs[0]! : name;
    this.add.push({ operator, name: last ? this.node.name : name, inputs, outputs: [output], attributes });
    return output;
  }

  integers(what: string, values: readonly number[]): string {
    const name = `${this.node.name} ${what}`;
    this.constants[name] = integerConstant(values);
    return name;
  }

  reshape(what: string, input: string, shape: readonly number[], last = false): string {
    return this.make('Reshape', what, [input, this.integers(`${what} shape`, shape)], {}, last);
  }

  /** Ends with a bias of channels, if there is one. */
  finish(value: string, shape: readonly number[], bias: string): Rewrite {
    if (bias === '') this.reshape('in order', value, shape, true);
    else {
      const channels = this.reshape('bias as channels', bias, [shape[1]!, ...shape.slice(2).map(() => 1)]);
      this.make('Add', '', [this.reshape('in order', value, shape), channels], {}, true);
    }
    return this;
  }
}

type Expansion = (to: Replacement, attributes: Attributes) => Rewrite;

/** y = W im2col(x). */
const convolutionByColumns: Expansion = (to, attributes) => {
  const [outputs, ...others] = to.shape(1) as [number, ...number[]];
  const columns = to.make('Im2Col', 'columns', [to.input(0)], windows(attributes, others.slice(1)));
  const weights = to.reshape('weights as rows', to.input(1), [outputs, elementCount(others)]);
  return to.finish(to.make('MatMul', 'product', [weights, columns]), to.result, to.input(2));
};

/** The image that columns of a transposed convolution are added up to. */
function addedUp(to: Replacement, columns: string, attributes: Attributes): Rewrite {
  const folded = to.make(
    'Col2Im',
    'image',
    [columns, to.integers('extents', to.result.slice(2)), to.integers('windows', to.shape(1).slice(2))],
    transposedWindow(attributes, to.shape(0), to.shape(1), to.result),
  );
  return to.finish(folded, to.result, to.input(2));
}

/** dx = col2im(Wᵀ dy). */
const transposedByColumns: Expansion = (to, attributes) => {
  const [outputs, ...others] = to.shape(1) as [number, ...number[]];
  const [batch, , ...spatial] = to.shape(0) as [number, number, ...number[]];
  const gradient = to.reshape('gradient as rows', to.input(0), [batch, outputs, elementCount(spatial)]);
  const weights = to.reshape('weights as rows', to.input(1), [outputs, elementCount(others)]);
  const columns = to.make('MatMul', 'columns', [weights, gradient], { transA: 1 });
  return addedUp(to, columns, attributes);
};

/**
 * dx = col2im((dyᵀ W)ᵀ), a row for each pixel of each image: one product for all of them, which reads the weights once and as
 * they are, where an image has too few pixels to fill a vector.
 */
const transposedByRows: Expansion = (to, attributes) => {
  const [outputs, ...others] = to.shape(1) as [number, ...number[]];
  const [batch, , ...spatial] = to.shape(0) as [number, number, ...number[]];
  const [pixels, columns] = [elementCount(spatial), elementCount(others)];
  const turned = { perm: [0, 2, 1] };
  const gradient = to.reshape('gradient by pixels', to.input(0), [batch, outputs, pixels]);
  const rows = to.reshape('gradient as rows', to.make('Transpose', 'pixels', [gradient], turned), [
    batch * pixels,
    outputs,
  ]);
  const weights = to.reshape('weights as rows', to.input(1), [outputs, columns]);
  const products = to.reshape('rows by image', to.make('MatMul', 'rows', [rows, weights]), [
    ...[batch, pixels, columns],
  ]);
  return addedUp(to, to.make('Transpose', 'columns', [products], turned), attributes);
};

/** dW = Σₙ dyₙ im2col(xₙ)ᵀ. */
const weightsByColumns: Expansion = (to, attributes) => {
  const [batch, outputs, ...spatial] = to.shape(1) as [number, number, ...number[]];
  const columns = to.make('Im2Col', 'columns', [to.input(0)], windows(attributes, to.result.slice(2)));
  const gradient = to.reshape('gradient as rows', to.input(1), [batch, outputs, elementCount(spatial)]);
  const products = to.make('MatMul', 'products', [gradient, columns], { transB: 1 });
  const sum =
    batch === 1
      ? products
      : to.make('ReduceSum', 'sum', [products, to.integers('sum axes', [0])], { keepdims: 0 });
  to.reshape('in order', sum, to.result, true);
  return to;
};

/** The convolution of the reindexed input, images as channels and channels as images, by the gradient. */
const weightsByReindexing: Expansion = (to, attributes) => {
  const spatial = to.shape(1).slice(2);
  const order = [1, 0, ...spatial.map((_, a) => a + 2)];
  const exchanged = (what: string, input: string, last = false) =>
    to.make('Transpose', what, [input], { perm: order }, last);
  const reindexed = to.make('Reindex', 'reindexed', [to.input(0)], windows(attributes, to.result.slice(2)));
  const gradient = exchanged('gradient as weights', to.input(1));
  const convolved = to.make('Conv', 'convolved', [exchanged('images as channels', reindexed), gradient], {
    kernel_shape: spatial,
    strides: spatial,
    wishes: { algorithm: 'gemm' },
  });
  exchanged('in order', convolved, true);
  return to;
};

/** Nodes in the place of one, of one group. */
function expanded(expansion: Expansion): Pattern['match'] {
  return (node, around) => {
    const { by: _, group = 1, ...attributes } = node.attributes;
    if (group !== 1) return undefined;
    const { add, constants = {} } = expansion(new Replacement(node, around), attributes);
    return { add, constants };
  };
}

/** The same node, changed. */
function changed(change: (attributes: Attributes) => Partial<Node>): Pattern['match'] {
  return (node) => {
    const { by: _, ...attributes } = node.attributes;
    return { add: [{ ...node, attributes, ...change(attributes) }] };
  };
}

const wished = changed((attributes) => ({ attributes: { ...attributes, wishes: { algorithm: 'gemm' } } }));

/** By operator, then by what its attribute says. */
const expansions: Readonly<Record<string, Partial<Record<ConvolutionBy, Pattern['match']>>>> = {
  Conv: { columns: expanded(convolutionByColumns), gemm: wished },
  ConvTranspose: {
    columns: expanded(transposedByColumns),
    rows: expanded(transposedByRows),
    gemm: changed(() => ({ operator: 'ConvInputGradient' })),
  },
  ConvWeightsGradient: {
    columns: expanded(weightsByColumns),
    reindexing: expanded(weightsByReindexing),
    gemm: wished,
  },
};

/** Convolutions whose attribute `by` says how, as products of matrices; with columns that exist those of one group. */
export const expandProducts: Pattern = {
  name: 'convolutions as products of matrices',
  operators: Object.keys(expansions),
  match: (node, around) => expansions[node.operator]![node.attributes.by as ConvolutionBy]?.(node, around),
};

/** What Im2Col wants of a convolution's attributes. */
function windows({ strides, dilations, pads, auto_pad }: Attributes, kernel: readonly number[]): Attributes {
  return given({ kernel_shape: kernel, strides, dilations, pads, auto_pad });
}
