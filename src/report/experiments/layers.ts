import { native } from '../../native/addon.js';
import { WIDTH } from '../chart.js';
import { experiment } from '../experiment.js';
import { convolutionOf, directFlopsOf, inputOf, layerOf, layers, weightOf } from '../layers.js';
import { makeData, requireRight } from '../oracle.js';
import { digits, fixed, range, tableOf } from '../section.js';
import { alternate } from '../timing.js';

/** A reading of one layer. */
interface Reading {
  readonly layer: string;
  readonly plan: string;
  /** Milliseconds, planar to planar. */
  readonly time: number;
  readonly direct: number;
  /** Multiples of the FMA peak: direct convolution's operations over time, and the operations that are done. */
  readonly effective: number;
  readonly utilisation: number;
  /** Root mean square error over that of direct convolution in sequence; and as the plan expects it. */
  readonly error: number;
  readonly expected: number;
  /** Of prepared weights and of a pass. */
  readonly megabytes: number;
}

const SECONDS = { quick: 1, full: 4 };
const SAMPLES = 2048;
/** What a quick report shows: of each kind the one that is done soonest. */
const QUICK = [
  'vgg-256@56',
  'vgg-512@14',
  'resnet-64@56',
  'budden-4x4',
  'budden-5x5',
  'c3d-conv3b',
  'c3d-conv4b',
  'unet-64@32',
];
const PEAK_MILLISECONDS = 30;

/** Layers of known networks on one thread: plans, times, errors, memory; and how busy the pipes are (Budden et al., 4.1). */
export const layersExperiment = experiment<Reading>({
  id: 'layers',
  suite: 'layers',
  parts: ({ quick }) =>
    layers
      .filter(({ name }) => !quick || QUICK.includes(name))
      .map((layer) => ({
        name: layer.name,
        seconds: (quick ? SECONDS.quick : SECONDS.full) + directFlopsOf(layer, 1) / 3e9,
      })),
  async measure(part, { quick }) {
    const layer = layerOf(part);
    const data = makeData(layer, 1, SAMPLES);
    const [x, weight] = [inputOf(layer, data.input), weightOf(layer, data.weight)];
    const ways = (['auto', 'direct'] as const).map((algorithm) =>
      convolutionOf(layer, weight, { algorithm }),
    );
    const results = ways.map((conv) => conv.forwardSync(x));
    const plan = ways[0]!.plan(x.shape);
    const sampled = data.samples.map((at) => results[0]!.data[at]!);
    const error = requireRight(layer.name, sampled, data, plan.expectedError) / data.directError;
    const { isa } = native().cpuInfo();
    const before = native().fmaPeak(isa, PEAK_MILLISECONDS);
    const [own, direct] = await alternate(
      ways.map((conv, i) => () => void conv.forwardSync(x, results[i]!)),
      quick ? SECONDS.quick : SECONDS.full,
    );
    const peak = 1e6 * Math.max(before, native().fmaPeak(isa, PEAK_MILLISECONDS));
    const effective = directFlopsOf(layer, 1) / own!.median / peak;
    return {
      ...{ layer: layer.name, plan: plan.title, time: own!.median, direct: direct!.median, effective, error },
      utilisation: (effective * plan.productsPerOutput) / plan.taps,
      expected: plan.expectedError,
      megabytes: (plan.weightBytes + plan.workspaceBytes) / 1e6,
    };
  },
  present(results) {
    const lines = [...results.values()];
    const losses = lines
      .filter(({ plan, time, direct }) => plan !== 'direct' && time > direct)
      .map(({ layer }) => layer);
    const used = lines
      .filter(({ plan }) => plan.startsWith('Winograd'))
      .map(({ utilisation }) => utilisation);
    return {
      title: 'Layers of known networks',
      lead: `Effective rate on one thread, planar to planar, as a multiple of the FMA peak, which direct convolution cannot pass; ${losses.length === 0 ? 'no plan is slower than direct convolution' : `slower than direct convolution: ${losses.join(', ')}`}.`,
      claim: `Utilisation as in section 4.1 of Budden et al. counts the products alone, over the whole pass with its transforms and reshuffling: the paper claims more than 70 % of the peak; here it is ${range(used, (share) => `${(100 * share).toFixed(0)} %`)} of one core's where Winograd runs, least where sums are short or transforms weigh most.`,
      chart: {
        width: WIDTH,
        height: { step: 26 },
        data: {
          values: lines.map((line) => ({
            ...line,
            says: `${line.layer}: ${line.plan}, ${line.effective.toFixed(2)} × peak, error ${line.error.toFixed(2)}`,
          })),
        },
        layer: [
          {
            mark: { type: 'bar' },
            encoding: {
              y: { field: 'layer', type: 'nominal', title: null, sort: null },
              x: { field: 'effective', type: 'quantitative', title: 'effective GFLOP/s over FMA peak' },
              description: { field: 'says' },
            },
          },
          { mark: { type: 'rule', strokeDash: [4, 4], color: 'black' }, encoding: { x: { datum: 1 } } },
        ],
      },
      table: tableOf(lines, [
        { title: 'layer', value: (line) => line.layer },
        { title: 'plan', value: (line) => line.plan },
        { title: 'ms', value: (line) => line.time, format: digits(3) },
        { title: 'direct, ms', value: (line) => line.direct, format: digits(3) },
        { title: 'speed-up', value: (line) => line.direct / line.time, format: fixed(2) },
        { title: '× peak', value: (line) => line.effective, format: fixed(2) },
        { title: 'utilisation', value: (line) => line.utilisation, format: fixed(2) },
        { title: 'error', value: (line) => line.error, format: fixed(2) },
        { title: 'expected', value: (line) => line.expected, format: fixed(2) },
        { title: 'MB', value: (line) => line.megabytes, format: digits(3) },
      ]),
    };
  },
});
