import { randomNumbers } from '../../../synth/random.js';
import { native } from '../../native/addon.js';
import { WIDTH } from '../chart.js';
import { experiment } from '../experiment.js';
import { convolutionOf, directFlopsOf, inputOf, layerOf, weightOf } from '../layers.js';
import { makeData } from '../oracle.js';
import { digits, fixed, tableOf } from '../section.js';
import { alternate } from '../timing.js';

const LAYERS = {
  quick: ['resnet-128@28'],
  full: ['resnet-128@28', 'vgg-256@56', '1x1-256@56', 'c3d-conv4b'],
};
const DENSITIES = [0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.8];
/** For every density. */
const SECONDS = { quick: 0.4, full: 1.2 };

interface Reading {
  readonly layer: string;
  /** Share of the weights that are not zero. */
  readonly density: number;
  /** Milliseconds, planar to planar on one thread: sparse, direct, and the plan for dense weights. */
  readonly sparse: number;
  readonly direct: number;
  readonly dense: number;
  /** Largest difference between the sparse and the direct results, over the largest result. */
  readonly difference: number;
  /** What the planner takes of its own accord. */
  readonly chosen: string;
}

/** From which share of zeros on sparse weights are worth it, as SystemML's switch between dense and sparse operators asks. */
export const densityExperiment = experiment<readonly Reading[]>({
  id: 'density',
  suite: 'layers',
  parts: ({ quick }) =>
    LAYERS[quick ? 'quick' : 'full'].map((name) => ({
      name,
      seconds:
        DENSITIES.length * ((quick ? SECONDS.quick : SECONDS.full) + directFlopsOf(layerOf(name), 1) / 4e10),
    })),
  async measure(part, { quick }) {
    const layer = layerOf(part);
    const data = makeData(layer, 1, 1);
    const x = inputOf(layer, data.input);
    const readings: Reading[] = [];
    for (const density of DENSITIES) {
      const pruned = weightOf(layer, prunedTo(density, data.weight));
      const ways = [
        convolutionOf(layer, pruned, { algorithm: 'sparse' }),
        convolutionOf(layer, pruned, { algorithm: 'direct' }),
        convolutionOf(layer, weightOf(layer, data.weight), {}),
      ];
      const [own, exact, other] = ways.map((conv) => conv.forwardSync(x));
      let [largest, difference] = [0, 0];
      for (const [i, value] of exact!.data.entries()) {
        largest = Math.max(largest, Math.abs(value));
        difference = Math.max(difference, Math.abs(value - own!.data[i]!));
      }
      const [sparse, direct, dense] = await alternate(
        ways.map((conv, i) => () => void conv.forwardSync(x, [own!, exact!, other!][i]!)),
        quick ? SECONDS.quick : SECONDS.full,
      );
      readings.push({
        ...{ layer: part, density, sparse: sparse!.median, direct: direct!.median, dense: dense!.median },
        difference: difference / largest,
        chosen: convolutionOf(layer, pruned, {}).plan(x.shape).title,
      });
    }
    return readings;
  },
  present(results) {
    const lines = [...results.values()].flat();
    const bars = lines.flatMap((line) => [
      { ...line, against: `${line.layer}, over direct`, speed: line.direct / line.sparse },
      { ...line, against: `${line.layer}, over the dense plan`, speed: line.dense / line.sparse },
    ]);
    const wins = [...results].map(([layer, readings]) => {
      const winning = readings.filter(({ sparse, dense }) => sparse <= dense).map(({ density }) => density);
      const most = Math.max(0, ...winning);
      return `${layer} ${most === 0 ? 'never' : `up to ${100 * most} %`}`;
    });
    return {
      title: 'Sparse weights: from which density on they win',
      lead: 'How many times as fast weights without their zeros are as direct convolution, and as the plan that dense weights get, by the share of weights that is left; random zeros, one thread, planar to planar.',
      claim: `SystemML stores matrices of fewer than 40 % non-zeros as sparse ones and picks its operators by that. Here sparse weights beat the dense plan, which is Winograd’s where there is something to save, on ${wins.join('; ')}; ${native().cpuInfo().isa} vectors.`,
      chart: {
        width: WIDTH,
        height: 320,
        data: { values: bars },
        layer: [
          {
            mark: { type: 'line', point: true },
            encoding: {
              x: {
                field: 'density',
                type: 'quantitative',
                scale: { type: 'log' },
                title: 'share of weights that are not zero (logarithmic)',
                axis: { values: DENSITIES, format: '%' },
              },
              y: {
                field: 'speed',
                type: 'quantitative',
                scale: { type: 'log' },
                title: 'times as fast (logarithmic)',
              },
              color: { field: 'against', type: 'nominal', title: null, sort: null },
            },
          },
          { mark: { type: 'rule', strokeDash: [4, 4] }, encoding: { y: { datum: 1 } } },
        ],
      },
      table: tableOf(lines, [
        { title: 'layer', value: ({ layer }) => layer },
        {
          title: 'non-zeros',
          names: true,
          value: ({ density }) => density,
          format: (x) => `${Math.round(100 * x)} %`,
        },
        { title: 'sparse, ms', value: ({ sparse }) => sparse, format: digits(3) },
        { title: 'direct, ms', value: ({ direct }) => direct, format: digits(3) },
        { title: 'dense plan, ms', value: ({ dense }) => dense, format: digits(3) },
        { title: 'over direct', value: (line) => line.direct / line.sparse, format: fixed(2) },
        { title: 'over the plan', value: (line) => line.dense / line.sparse, format: fixed(2) },
        { title: 'chosen', value: ({ chosen }) => chosen },
        { title: 'difference', value: ({ difference }) => difference, format: (x) => x.toExponential(1) },
      ]),
    };
  },
});

/** The same numbers, but for some that are zero: which ones does not depend on how many. */
function prunedTo(density: number, weight: Float32Array): Float32Array {
  const random = randomNumbers(1);
  return weight.map((value) => (random() < density ? value : 0));
}
