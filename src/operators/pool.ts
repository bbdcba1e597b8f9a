import { elementCount } from '../tensor/shape.js';
import { flag, floats } from './attributes.js';
import type { Attributes, Layout, NodeToLower, Operator, Placed } from './operator.js';
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
      const outputs = windowsOf(attributes, shape).map(({ output }) => output);
      return [{ type, shape: [...shape.slice(0, 2), ...outputs] }];
    },
    layouts: () => ({ inputs: [layouts], outputs: [layouts], alike: true }),
    lower({ attributes, inputs }: NodeToLower, { isa, threads }) {
      const { shape, layout } = inputs[0] as Placed;
      const [batch = 1, channels = 1] = shape;
      const windows = windowsOf(attributes, shape);
      const axes = [...Array<Window>(3 - windows.length).fill(noWindow), ...windows];
      const perAxis = (member: keyof Window) => Int32Array.from(axes, (axis) => axis[member]);
      const lanes = layout === 'blocked' ? isa.width : 1;
      const bytes = 4 * elementCount(shape) * elementCount(windows.slice(0, -1).map(({ kernel }) => kernel));
      const description = {
        ...{
          isa: isa.name,
          threads: threadsFor(threads, bytes),
          kind,
          lanes,
          countsPadding: countsPadding(attributes),
        },
        planes: batch * Math.ceil(channels / lanes),
        ...{ input: perAxis('input'), output: perAxis('output') },
        ...{ kernel: perAxis('kernel'), stride: perAxis('stride'), dilation: perAxis('dilation') },
        ...{ padBegin: perAxis('padBegin'), padEnd: perAxis('padEnd') },
      };
      return {
        steps: [{ operator: 'pool', description, inputs: [{ input: 0 }], outputs: [{ output: 0 }] }],
        title: `${kind} of ${windows.map(({ kernel }) => kernel).join('×')}`,
      };
    },
  };
}

/** The largest value of each window; padding never is. A NaN makes its windows NaN, as in PyTorch. */
export const maxPool = pooling('MaxPool', 'maximum', () => false);

/** The mean of each window; padding counts as zeros only with `count_include_pad`. */
export const averagePool = pooling('AveragePool', 'average', (attributes) =>
  flag(attributes, 'count_include_pad'),
);
