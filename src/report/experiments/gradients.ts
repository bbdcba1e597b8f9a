import { HEIGHT, WIDTH } from '../chart.js';
import { experiment } from '../experiment.js';
import { type DirectionTime, directionTimes } from '../gradients.js';
import { directFlopsOf, layerOf } from '../layers.js';
import { fixed, tableOf } from '../section.js';

interface Reading extends DirectionTime {
  readonly layer: string;
}

const QUICK = ['resnet-128@28', 'vgg-256@56', 'unet-64@32'];
const FULL = [...QUICK, 'c3d-conv2a', 'c3d-conv3b', 'c3d-conv4b', 'unet-32@64', 'resnet-64@56', '1x1-256@56'];
const ROUNDS = { quick: 5, full: 15 };

/** A layer forward, and both its gradients, with weights that change every time (Georganas et al. 2018, section II). */
export const gradientsExperiment = experiment<readonly Reading[]>({
  id: 'gradients',
  suite: 'training',
  parts: ({ quick }) =>
    (quick ? QUICK : FULL).map((name) => ({
      name,
      seconds: 2 + (3 * (quick ? ROUNDS.quick : ROUNDS.full) * directFlopsOf(layerOf(name), 1)) / 1.5e11,
    })),
  async measure(part, { quick }) {
    const times = await directionTimes(layerOf(part), quick ? ROUNDS.quick : ROUNDS.full);
    return times.map((time) => ({ ...time, layer: part }));
  },
  present(results) {
    const lines = [...results.values()].flat();
    return {
      title: 'Training: a layer and both its gradients',
      lead: 'One image, one thread, times the FMA peak; everything counted: transforms of weights that change at every step, planar tensors in and out. Direct convolution cannot pass 1.',
      chart: {
        width: WIDTH,
        height: HEIGHT,
        data: { values: lines },
        layer: [
          {
            mark: { type: 'bar' },
            encoding: {
              x: { field: 'layer', type: 'nominal', title: null, sort: null, axis: { labelAngle: -30 } },
              xOffset: { field: 'direction', sort: null },
              y: { field: 'effective', type: 'quantitative', title: 'effective GFLOP/s over FMA peak' },
              color: { field: 'direction', type: 'nominal', title: null, sort: null },
            },
          },
          { mark: { type: 'rule', strokeDash: [4, 4] }, encoding: { y: { datum: 1 } } },
        ],
      },
      table: tableOf(lines, [
        { title: 'layer', value: ({ layer }) => layer },
        {
          title: 'gradient by',
          value: ({ direction }) => (direction === 'forward' ? '(forward)' : direction),
        },
        { title: 'ms', value: ({ time }) => time, format: fixed(2) },
        { title: '× peak', value: ({ effective }) => effective, format: fixed(2) },
        { title: 'error expected', value: ({ expected }) => expected, format: fixed(2) },
      ]),
    };
  },
});
