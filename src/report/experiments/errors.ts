import { InputError } from '../../../synth/errors.js';
import type { Accuracy } from '../../operators/convolution/accuracy.js';
import { HEIGHT, WIDTH } from '../chart.js';
import { experiment } from '../experiment.js';
import { type BenchLayer, convolutionOf, inputOf, layerOf, weightOf } from '../layers.js';
import { type draws, makeData, rootMeanSquare } from '../oracle.js';
import { digits, fixed, tableOf } from '../section.js';

const SAMPLES = { quick: 2048, full: 8192 };
const sampled = (quick: boolean) => (quick ? SAMPLES.quick : SAMPLES.full);
const LAYERS = ['resnet-64@56', 'c3d-conv4a', 'unet-64@32'];

/** Errors of a layer's sampled outputs by a plan, and what they are multiples of. */
function errorsOf(layer: BenchLayer, kind: keyof typeof draws, count: number, accuracy?: Accuracy) {
  const data = makeData(layer, 1, count, kind);
  const x = inputOf(layer, data.input);
  const conv = convolutionOf(layer, weightOf(layer, data.weight), accuracy === undefined ? {} : { accuracy });
  const plan = conv.plan(x.shape);
  const y = conv.forwardSync(x);
  const errors = data.samples.map((at, i) => y.data[at]! - data.expected[i]!);
  const error = rootMeanSquare(errors);
  return {
    plan,
    errors,
    ofDirect: error / data.directError,
    relative: error / rootMeanSquare(data.expected),
  };
}

interface Kinds {
  readonly layer: string;
  readonly kind: string;
  readonly error: number;
  readonly expected: number;
}

const kinds = ['uniform', 'normal', 'ReLU-like'] as const;

/** Whether predictions for uniform data hold for others. */
export const kindsExperiment = experiment<readonly Kinds[]>({
  id: 'data',
  suite: 'accuracy',
  parts: ({ quick }) => LAYERS.map((name) => ({ name, seconds: quick ? 1 : 4 })),
  async measure(part, { quick }) {
    return kinds.map((kind) => {
      const { ofDirect, plan } = errorsOf(layerOf(part), kind, sampled(quick));
      return { layer: part, kind, error: ofDirect, expected: plan.expectedError };
    });
  },
  present(results) {
    const lines = [...results.values()].flat();
    return {
      title: 'Error by kind of data',
      lead: 'Root mean square error of default plans as a multiple of direct convolution’s: predictions are for data of mean zero; behind a ReLU sums are longer than their spread, and direct convolution errs more, too.',
      chart: {
        width: WIDTH,
        height: HEIGHT,
        data: { values: lines },
        layer: [
          {
            mark: { type: 'bar' },
            encoding: {
              x: { field: 'layer', type: 'nominal', title: null, sort: null, axis: { labelAngle: 0 } },
              xOffset: { field: 'kind', sort: null },
              y: { field: 'error', type: 'quantitative', title: 'error, direct convolution = 1' },
              color: { field: 'kind', type: 'nominal', title: null, sort: null },
            },
          },
          {
            mark: { type: 'tick', color: 'black', thickness: 2 },
            encoding: {
              x: { field: 'layer', type: 'nominal', sort: null },
              y: { field: 'expected', type: 'quantitative' },
            },
          },
        ],
      },
      table: tableOf(lines, [
        { title: 'layer', value: ({ layer }) => layer },
        { title: 'data', value: ({ kind }) => kind },
        { title: 'error', value: ({ error }) => error, format: fixed(2) },
        { title: 'expected', value: ({ expected }) => expected, format: fixed(2) },
      ]),
    };
  },
});

interface Contract {
  readonly layer: string;
  readonly asked: string;
  /** Relative root mean square error that was asked for, and kept. */
  readonly tolerance: number | null;
  readonly kept: number;
  readonly plan: string;
  readonly productsPerOutput: number;
}

const asked: readonly Accuracy[] = ['fast', 1e-5, 3e-6, 1e-6, 3e-7];

/** Whether layers keep the tolerance that they are asked for. */
export const contractExperiment = experiment<readonly Contract[]>({
  id: 'tolerances',
  suite: 'accuracy',
  parts: ({ quick }) => LAYERS.map((name) => ({ name, seconds: quick ? 2 : 6 })),
  async measure(part, { quick }) {
    return asked.map((accuracy): Contract => {
      const tolerance = typeof accuracy === 'number' ? accuracy : null;
      const line = { layer: part, asked: String(accuracy), tolerance };
      try {
        const { plan, relative } = errorsOf(layerOf(part), 'uniform', sampled(quick), accuracy);
        return { ...line, kept: relative, plan: plan.title, productsPerOutput: plan.productsPerOutput };
      } catch (error) {
        // No algorithm keeps it, which the layer says in words.
        if (!(error instanceof InputError)) throw error;
        return { ...line, kept: 0, plan: `refused: ${error.message}`, productsPerOutput: 0 };
      }
    });
  },
  present(results) {
    const lines = [...results.values()].flat();
    const broken = lines.filter(({ tolerance, kept }) => tolerance !== null && kept > tolerance);
    return {
      title: 'Tolerances asked for, and kept',
      lead: 'Relative root mean square error by `accuracy`: a plan is the fastest that is expected to keep the tolerance, and what no algorithm keeps is refused.',
      claim:
        broken.length === 0
          ? 'Every tolerance was kept.'
          : `Not kept: ${broken.map(({ layer, asked: wanted, kept }) => `${layer} at ${wanted} (${kept.toExponential(2)})`).join(', ')}; predictions hold within some per cent.`,
      table: tableOf(lines, [
        { title: 'layer', value: ({ layer }) => layer },
        { title: 'accuracy', value: (line) => line.asked },
        {
          title: 'error',
          value: ({ kept }) => (kept === 0 ? undefined : kept),
          format: (value) => value.toExponential(1),
        },
        { title: 'products/output', value: (line) => line.productsPerOutput || undefined, format: digits(3) },
        { title: 'plan', value: ({ plan }) => plan },
      ]),
    };
  },
});

interface Distribution {
  /** Of errors over their root mean square: shares of bins, each with its middle. */
  readonly bins: readonly { readonly at: number; readonly share: number }[];
  readonly largest: number;
  readonly bound: number;
  readonly plan: string;
}

const DISTRIBUTED = 'c3d-conv4a';
const BIN = 0.25;

/** How the errors of one layer are spread. */
export const distributionExperiment = experiment<Distribution>({
  id: 'distribution',
  suite: 'accuracy',
  parts: ({ quick }) => [{ name: DISTRIBUTED, seconds: quick ? 2 : 4 }],
  async measure(part, { quick }) {
    const { errors, plan } = errorsOf(layerOf(part), 'uniform', 2 * sampled(quick));
    const size = rootMeanSquare(errors);
    const counts = new Map<number, number>();
    for (const error of errors) {
      const bin = Math.round(error / size / BIN);
      counts.set(bin, (counts.get(bin) ?? 0) + 1);
    }
    const bins = [...counts].sort(([a], [b]) => a - b);
    return {
      bins: bins.map(([bin, count]) => ({ at: bin * BIN, share: count / errors.length })),
      largest: Math.max(...errors.map(Math.abs)) / size,
      bound: plan.errorBound / size,
      plan: plan.title,
    };
  },
  present(results) {
    const [{ bins, largest, bound, plan }] = results.values() as unknown as [Distribution];
    const normal = bins.map(({ at }) => ({
      at,
      share: (BIN * Math.exp((-at * at) / 2)) / Math.sqrt(2 * Math.PI),
    }));
    return {
      title: 'One layer’s errors',
      lead: `Errors of ${DISTRIBUTED} (${plan}) over their root mean square, beside the normal distribution (line): they are spread like it, with heavier tails, for outputs at some places of a tile err more than others.`,
      claim: `The largest of the sample is ${digits(2)(largest)} root mean squares; the rigorous bound, which takes every rounding at its worst and data at their largest, is ${digits(2)(bound)}.`,
      chart: {
        width: WIDTH,
        height: HEIGHT,
        layer: [
          {
            data: { values: [...bins] },
            mark: { type: 'bar', size: 14 },
            encoding: {
              x: { field: 'at', type: 'quantitative', title: 'error over its root mean square' },
              y: { field: 'share', type: 'quantitative', title: 'share of outputs' },
            },
          },
          {
            data: { values: normal },
            mark: { type: 'line', color: '#d55e00', interpolate: 'monotone' },
            encoding: {
              x: { field: 'at', type: 'quantitative' },
              y: { field: 'share', type: 'quantitative' },
            },
          },
        ],
      },
      table: tableOf(bins, [
        { title: 'error', names: true, value: ({ at }) => at, format: fixed(2) },
        { title: 'share', value: ({ share }) => share, format: fixed(4) },
      ]),
    };
  },
});
