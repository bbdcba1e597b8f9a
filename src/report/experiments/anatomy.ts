import { machineOf } from '../../machine/machine.js';
import { native } from '../../native/addon.js';
import { deciding } from '../../operators/convolution/decide.js';
import { type Rank, validateInput, validateLayer } from '../../problem/problem.js';
import { atOnce } from '../../support/unhurried.js';
import { HEIGHT, WIDTH } from '../chart.js';
import { experiment } from '../experiment.js';
import { convolutionOf, inputOf, layerOf, weightOf } from '../layers.js';
import { makeData } from '../oracle.js';
import { digits, range, tableOf } from '../section.js';
import { median } from '../statistics.js';

const stages = ['input', 'product', 'output'] as const;
type Stage = (typeof stages)[number];

interface Reading {
  readonly layer: string;
  readonly stage: Stage;
  /** Milliseconds. */
  readonly measured: number;
  readonly estimated: number;
  /** Of the layer, expected, as a multiple of direct convolution's. */
  readonly error: number;
}

const QUICK = ['vgg-256@56', 'budden-5x5', 'c3d-conv4b', 'unet-64@32'];
const FULL = [
  ...QUICK,
  'vgg-64@224',
  'vgg-512@14',
  'resnet-128@28',
  'budden-4x4',
  'c3d-conv2a',
  'c3d-conv3b',
];
const ROUNDS = { quick: 5, full: 15 };
const PEAK_MILLISECONDS = 30;

/** Where a layer's time goes, and where the planner thinks that it does. */
export const anatomyExperiment = experiment<readonly Reading[]>({
  id: 'anatomy',
  suite: 'layers',
  parts: ({ quick }) => (quick ? QUICK : FULL).map((name) => ({ name, seconds: quick ? 1 : 3 })),
  async measure(part, { quick }) {
    const layer = layerOf(part);
    const { isa } = native().cpuInfo();
    const data = makeData(layer, 1, 1);
    const x = inputOf(layer, data.input);
    const conv = convolutionOf(layer, weightOf(layer, data.weight), {});
    const out = conv.forwardSync(x);
    const runs = Array.from({ length: quick ? ROUNDS.quick : ROUNDS.full }, () => {
      conv.forwardSync(x, out);
      return conv.lastRun!.stages;
    });
    const { inChannels, outChannels, kernel, stride, padding } = layer;
    const posed = validateLayer(
      { inChannels, outChannels, kernelSize: kernel, stride, padding, threads: 1 },
      layer.input.length as Rank,
    );
    const { choice } = atOnce(deciding(validateInput(posed, x.shape), {}, machineOf(isa)));
    const perMillisecond = 1e6 * native().fmaPeak(isa, PEAK_MILLISECONDS);
    return stages.map((stage) => ({
      ...{ layer: part, stage, measured: median(runs.map((each) => each[stage])) },
      estimated: choice.cost.stages[stage] / perMillisecond,
      error: choice.error,
    }));
  },
  present(results) {
    const lines = [...results.values()].flat();
    const bars = lines.flatMap(({ layer, stage, measured, estimated }) => [
      { layer, stage, kind: 'measured', time: measured },
      { layer, stage, kind: 'estimated', time: estimated },
    ]);
    const totals = [...results.values()].map((readings) => {
      const sum = (of: (reading: Reading) => number) => readings.reduce((all, each) => all + of(each), 0);
      return sum(({ measured }) => measured) / sum(({ estimated }) => estimated);
    });
    return {
      title: 'Anatomy of layers: the cost model against measurement',
      lead: 'Time in the transform of the input, in the products and in the transform of the output, planar to planar on one thread, beside the planner’s estimate of each.',
      claim: `Passes take ${range(totals)} times the estimate; plans are chosen by comparing estimates, so that a common factor does not matter.`,
      chart: {
        width: WIDTH,
        height: HEIGHT,
        data: { values: bars },
        mark: { type: 'bar' },
        encoding: {
          x: { field: 'layer', type: 'nominal', title: null, sort: null, axis: { labelAngle: -30 } },
          xOffset: { field: 'kind', sort: ['measured', 'estimated'] },
          y: { field: 'time', type: 'quantitative', title: 'milliseconds' },
          color: { field: 'stage', type: 'nominal', title: null, sort: [...stages] },
          opacity: {
            field: 'kind',
            type: 'ordinal',
            title: null,
            scale: { domain: ['measured', 'estimated'], range: [1, 0.45] },
          },
        },
      },
      table: tableOf(lines, [
        { title: 'layer', value: ({ layer }) => layer },
        { title: 'stage', value: ({ stage }) => stage },
        { title: 'ms', value: ({ measured }) => measured, format: digits(3) },
        { title: 'estimated', value: ({ estimated }) => estimated, format: digits(3) },
        { title: 'layer’s error expected', value: ({ error }) => error, format: digits(3) },
      ]),
    };
  },
});
