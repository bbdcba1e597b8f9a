import { expected } from '../../synth/errors.js';
import { elementCount } from '../tensor/shape.js';
import { flag, floats } from './attributes.js';
import type { Attributes, Layout, LoweringSettings, NodeToLower, Operator, Placed } from './operator.js';
import { threadsFor } from './threads.js';
import { noWindow, type Window, windowsOf } from './windows.js';

const layouts: readonly Layout[] = ['blocked', 'planar'];

/** An operator that makes one value of each window, channel by channel. */
function pooling(
  name: string,
  kind: 'maximum' | 'average',
  countsPadding: (attributes: Attributes) => boolean,
): Operator {
  return {
    name,
    infer(attributes, inputs) {
      const { type, shape } = floats(inputs, 0, 'X');
      return [{ type, shape: pooledShape(attributes, shape) }];
    },
    layouts: () => ({ inputs: [layouts], outputs: [layouts], alike: true }),
    lower({ attributes, inputs }: NodeToLower, settings) {
      const { description, title } = describe(
        kind,
        countsPadding(attributes),
        attributes,
        inputs[0]!,
        settings,
      );
      return {
        steps: [{ operator: 'pool', description, inputs: [{ input: 0 }], outputs: [{ output: 0 }] }],
        title,
      };
    },
  };
}

/** One value of each window. */
function pooledShape(attributes: Attributes, shape: readonly number[]): readonly number[] {
  return [...shape.slice(0, 2), ...windowsOf(attributes, shape).map(({ output }) => output)];
}

/** The kernel's description, for activations that lie like this one. */
function describe(
  kind: 'maximum' | 'average',
  countsPadding: boolean,
  attributes: Attributes,
  { shape, layout }: Placed,
  { isa, threads }: LoweringSettings,
) {
  const [batch = 1, channels = 1] = shape;
  const windows = windowsOf(attributes, shape);
  const axes = [...Array<Window>(3 - windows.length).fill(noWindow), ...windows];
  const perAxis = (member: keyof Window) => Int32Array.from(axes, (axis) => axis[member]);
  const lanes = layout === 'blocked' ? isa.width : 1;
  const bytes = 4 * elementCount(shape) * elementCount(windows.slice(0, -1).map(({ kernel }) => kernel));
  return {
    description: {
      ...{ isa: isa.name, threads: threadsFor(threads, bytes), kind, lanes, countsPadding },
      planes: batch * Math.ceil(channels / lanes),
      ...{ input: perAxis('input'), output: perAxis('output') },
      ...{ kernel: perAxis('kernel'), stride: perAxis('stride'), dilation: perAxis('dilation') },
      ...{ padBegin: perAxis('padBegin'), padEnd: perAxis('padEnd') },
    },
    title: `${kind} of ${windows.map(({ kernel }) => kernel).join('×')}`,
  };
}

/**
 * The gradient of a pooling's input: of the result's gradient and the input, which lie alike. Of a maximum, all goes to the
 * first of the largest values of a window; padding is none of them. Of a mean, each that was counted gets its share.
 */
function poolGradient(
  name: string,
  kind: 'maximum' | 'average',
  counts: (attributes: Attributes) => boolean,
): Operator {
  return {
    name,
    infer(attributes, inputs) {
      const [gradient, { type, shape }] = [floats(inputs, 0, 'dY'), floats(inputs, 1, 'X')];
      const made = pooledShape(attributes, shape);
      if (made.join() !== gradient.shape.join())
        throw expected('input dY', `of shape [${made.join(', ')}]`, gradient.shape);
      return [{ type, shape }];
    },
    layouts: () => ({ inputs: [layouts, layouts], outputs: [layouts], alike: true }),
    lower({ attributes, outputs }, settings) {
      const { description, title } = describe(kind, counts(attributes), attributes, outputs[0]!, settings);
      const inputs = kind === 'maximum' ? [{ input: 0 }, { input: 1 }] : [{ input: 0 }];
      return {
        steps: [{ operator: 'poolGradient', description, inputs, outputs: [{ output: 0 }] }],
        title: `gradient of ${title}`,
      };
    },
  };
}

const countsPad = (attributes: Attributes) => flag(attributes, 'count_include_pad');

/** The largest value of each window; padding never is. A NaN makes its windows NaN, as in PyTorch. */
export const maxPool = pooling('MaxPool', 'maximum', () => false);

/** The mean of each window; padding counts as zeros only with `count_include_pad`. */
export const averagePool = pooling('AveragePool', 'average', countsPad);

export const maxPoolGradient = poolGradient('MaxPoolGradient', 'maximum', () => false);

export const averagePoolGradient = poolGradient('AveragePoolGradient', 'average', countsPad);
