import type { NativeActivation } from '../../native/addon.js';
import type { Constant } from '../../operators/operator.js';
import { allocate } from '../../tensor/tensor.js';
import type { Node } from '../graph.js';
import type { Pattern, Surroundings } from './rewrite.js';

/** Inputs of a convolution: x, weight, bias, residual. */
const [BIAS, RESIDUAL] = [2, 3];
const LINEAR = { slope: 1, low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };

/** Operators that end in sums, one for each output channel, and in the epilogue of the convolution's kernels. */
const SUMS = ['Conv', 'ConvTranspose'];

/**
 * A normalization with fixed statistics after a convolution is a factor and a term for each channel, which weights and bias
 * take: w' = w · scale / √(variance + ε), b' = (b − mean) · scale / √(variance + ε) + offset, in double precision.
 */
export const foldBatchNormalization: Pattern = {
  name: 'batch normalization folded into the weights before it',
  operators: ['BatchNormalization'],
  match(node, around) {
    const convolution = plainMaker(node.inputs[0], around);
    if (convolution === undefined) return undefined;
    const [scale, offset, mean, variance] = node.inputs
      .slice(1, 5)
      .map((name) => around.constant(name)?.data);
    const weight = around.constant(convolution.inputs[1]);
    const bias = convolution.inputs[BIAS] ? around.constant(convolution.inputs[BIAS]) : undefined;
    if (!scale || !offset || !mean || !variance || !weight) return undefined;
    if (convolution.inputs[BIAS] && bias === undefined) return undefined;
    const epsilon = (node.attributes.epsilon as number | undefined) ?? 1e-5;
    const factors = Float64Array.from(scale, (value, c) => value / Math.sqrt(variance[c]! + epsilon));
    const names = [
      `${convolution.inputs[1]} × ${node.name}`,
      `${convolution.name} bias × ${node.name}`,
    ] as const;
    return {
      remove: [convolution],
      add: [
        {
          ...convolution,
          inputs: [convolution.inputs[0]!, ...names, ...convolution.inputs.slice(RESIDUAL)],
          outputs: [node.outputs[0]!],
        },
      ],
      constants: {
        [names[0]]: scaled(weight, factors, convolution),
        [names[1]]: {
          type: 'float32',
          shape: [factors.length],
          data: Float32Array.from(
            factors,
            (factor, c) => ((bias?.data[c] ?? 0) - mean[c]!) * factor + offset[c]!,
          ),
        },
      },
    };
  },
};

/** An activation of the epilogue's form after a convolution is applied to its sums while they are in registers. */
export const fuseActivation: Pattern = {
  name: 'activation at the end of a convolution',
  operators: ['Relu', 'LeakyRelu', 'Clip'],
  match(node, around) {
    const convolution = plainMaker(node.inputs[0], around, true);
    const activation = convolution && epilogueOf(node, around);
    if (convolution === undefined || activation === undefined) return undefined;
    return {
      remove: [convolution],
      add: [
        {
          ...convolution,
          outputs: node.outputs,
          attributes: { ...convolution.attributes, activation },
        },
      ],
    };
  },
};

/** A sum of a convolution and another tensor of its shape is one more term of the convolution's sums. */
export const fuseResidual: Pattern = {
  name: 'residual added by a convolution',
  operators: ['Add'],
  match(node, around) {
    const shape = around.type(node.outputs[0]!).shape.join();
    for (const [own, other] of [
      [0, 1],
      [1, 0],
    ] as const) {
      const [name, added] = [node.inputs[own]!, node.inputs[other]!];
      const convolution = plainMaker(name, around);
      if (convolution?.operator !== 'Conv' || name === added) continue;
      if (around.type(name).shape.join() !== shape || around.type(added).shape.join() !== shape) continue;
      if (around.constant(added) !== undefined) continue;
      const [x, weight, bias = ''] = convolution.inputs;
      return {
        remove: [convolution],
        add: [{ ...convolution, inputs: [x!, weight!, bias, added], outputs: node.outputs }],
      };
    }
    return undefined;
  },
};

/** Zeros around the spatial axes of a convolution's input are its own padding. */
export const fusePadding: Pattern = {
  name: 'zeros around a convolution',
  operators: ['Conv'],
  match(node, around) {
    const pad = around.maker(node.inputs[0]);
    if (pad?.operator !== 'Pad' || !around.readOnce(node.inputs[0]!)) return undefined;
    if ((pad.attributes.mode ?? 'constant') !== 'constant' || pad.inputs[3]) return undefined;
    const pads = around.constant(pad.inputs[1])?.data;
    const fill = pad.inputs[2] ? around.constant(pad.inputs[2])?.data[0] : 0;
    const own = (node.attributes.pads as readonly number[] | undefined) ?? [];
    const automatic = (node.attributes.auto_pad as string | undefined) ?? 'NOTSET';
    if (pads === undefined || fill !== 0 || automatic !== 'NOTSET') return undefined;
    const rank = pads.length / 2;
    const spatial = rank - 2;
    const side = (index: 0 | 1) => [...pads.subarray(index * rank, (index + 1) * rank)];
    const [before, after] = [side(0), side(1)];
    if ([...before.slice(0, 2), ...after.slice(0, 2)].some((size) => size !== 0)) return undefined;
    if ([...before, ...after].some((size) => size < 0)) return undefined;
    const sums = [...before.slice(2), ...after.slice(2)].map((size, i) => size + (own[i] ?? 0));
    return {
      remove: [pad],
      add: [
        {
          ...node,
          inputs: [pad.inputs[0]!, ...node.inputs.slice(1)],
          attributes: { ...node.attributes, pads: sums.length === 2 * spatial ? sums : own },
        },
      ],
    };
  },
};

/**
 * The convolution that makes a tensor for one reader, with nothing in its epilogue so far.
 *
 * @param residual whether it may add a residual
 */
function plainMaker(name: string | undefined, around: Surroundings, residual = false): Node | undefined {
  const maker = around.maker(name);
  if (maker === undefined || !SUMS.includes(maker.operator) || !around.readOnce(name!)) return undefined;
  if (maker.attributes.activation !== undefined) return undefined;
  return residual || !maker.inputs[RESIDUAL] ? maker : undefined;
}

function epilogueOf(
  { operator, attributes, inputs }: Node,
  around: Surroundings,
): NativeActivation | undefined {
  if (operator === 'Relu') return { ...LINEAR, slope: 0 };
  if (operator === 'LeakyRelu') return { ...LINEAR, slope: (attributes.alpha as number | undefined) ?? 0.01 };
  const [low, high] = [inputs[1], inputs[2]].map((name) =>
    name ? around.constant(name)?.data[0] : undefined,
  );
  if ((inputs[1] && low === undefined) || (inputs[2] && high === undefined)) return undefined;
  return { slope: 1, low: low ?? LINEAR.low, high: high ?? LINEAR.high };
}

/** Weights times a factor for each output channel: the first axis, or within groups the second of a transposed one. */
function scaled({ shape, data }: Constant, factors: Float64Array, { operator }: Node): Constant {
  const inner = shape.slice(2).reduce((product, size) => product * size, 1);
  const second = shape[1]!;
  // Not from the pool, to which so much would come back when weights are made of it.
  const result = allocate(data.length);
  const inputsOfGroup = operator === 'Conv' ? 0 : (shape[0]! * second) / factors.length;
  for (let first = 0, at = 0; first < shape[0]!; first++)
    for (let j = 0; j < second; j++) {
      const channel = operator === 'Conv' ? first : Math.floor(first / inputsOfGroup) * second + j;
      const factor = factors[channel]!;
      for (let i = 0; i < inner; i++, at++) result[at] = data[at]! * factor;
    }
  return { type: 'float32', shape, data: result };
}
