import { machineOf } from '../../machine/machine.js';
import { native } from '../../native/addon.js';
import { Tensor } from '../../tensor/tensor.js';
import { HEIGHT, WIDTH } from '../chart.js';
import { experiment } from '../experiment.js';
import { convolutionOf, inputOf, layerOf, weightOf } from '../layers.js';
import { makeData } from '../oracle.js';
import { digits, fixed, range, tableOf } from '../section.js';
import { median } from '../statistics.js';
import { alternate } from '../timing.js';

/** Where one core reads from. */
const levels = ['second cache', 'third cache', 'memory'] as const;
type Level = (typeof levels)[number];

interface Reading {
  readonly layer: string;
  readonly algorithm: string;
  readonly plan: string;
  /** Operations that are done, two for each product, transforms left out; bytes of input, weights made ready and output. */
  readonly operations: number;
  readonly bytes: number;
  /** Milliseconds, planar to planar. */
  readonly time: number;
  /** As a multiple of direct convolution's, as the plan expects it. */
  readonly error: number;
}

interface Layer {
  readonly readings: readonly Reading[];
  /** Of one core while the layer was measured, GFLOP/s and GB/s. */
  readonly peak: number;
  readonly rates: Readonly<Record<Level, number>>;
}

const algorithms = {
  'Winograd, default': {},
  'Winograd, 2 outputs': { tile: 2 },
  direct: { algorithm: 'direct' },
  'matrix product': { algorithm: 'gemm' },
} as const;

const QUICK = ['vgg-256@56', 'c3d-conv4b', 'unet-64@32'];
const FULL = [...QUICK, 'vgg-64@224', 'vgg-512@14', 'resnet-128@28', 'c3d-conv2a', 'c3d-conv3b'];
const SECONDS = { quick: 1, full: 4 };
const MILLISECONDS = 30;
/** Read from memory whatever the third cache is told to be. */
const FAR_BYTES = 256 << 20;
/** From where on the roof is drawn, operations per byte. */
const LEAST_INTENSE = 0.5;

/** How near each algorithm comes to what the machine grants (Williams, Waterman & Patterson 2009). */
export const rooflineExperiment = experiment<Layer>({
  id: 'roofline',
  suite: 'layers',
  parts: ({ quick }) =>
    (quick ? QUICK : FULL).map((name) => ({ name, seconds: (quick ? SECONDS.quick : SECONDS.full) + 1 })),
  async measure(part, { quick }) {
    const layer = layerOf(part);
    const data = makeData(layer, 1, 1);
    const [x, weight] = [inputOf(layer, data.input), weightOf(layer, data.weight)];
    const ways = Object.entries(algorithms).map(([algorithm, options]) => {
      const conv = convolutionOf(layer, weight, options);
      return { algorithm, conv, plan: conv.plan(x.shape), out: conv.forwardSync(x) };
    });
    const { peak, rates } = granted();
    const timings = await alternate(
      ways.map(
        ({ conv, out }) =>
          () =>
            void conv.forwardSync(x, out),
      ),
      quick ? SECONDS.quick : SECONDS.full,
    );
    const readings = ways.map(({ algorithm, plan, out }, i): Reading => {
      const { directFlops, productsPerOutput, taps, weightBytes, expectedError } = plan;
      return {
        ...{ layer: part, algorithm, plan: plan.title, time: timings[i]!.median, error: expectedError },
        operations: (directFlops * productsPerOutput) / taps,
        bytes: 4 * (x.size + out.size) + weightBytes,
      };
    });
    return { readings, peak, rates };
  },
  present(results) {
    const layers = [...results.values()];
    const peak = median(layers.map((layer) => layer.peak));
    const rateOf = (level: Level) => median(layers.map(({ rates }) => rates[level]));
    const lines = layers.flatMap(({ readings }) =>
      readings.map((reading) => ({
        ...reading,
        intensity: reading.operations / reading.bytes,
        rate: reading.operations / reading.time / 1e6,
      })),
    );
    const roofOver = (intensity: number, level: Level) => Math.min(peak, rateOf(level) * intensity);
    const shareOfRoof = ({ rate, intensity }: (typeof lines)[number]) => rate / roofOver(intensity, 'memory');
    const most = Math.max(...lines.map(({ intensity }) => intensity));
    const roofs = levels.flatMap((level) => {
      const knee = peak / rateOf(level);
      return [LEAST_INTENSE, Math.max(knee, LEAST_INTENSE), Math.max(knee, most)].map((intensity) => ({
        roof: `from ${level === 'memory' ? '' : 'the '}${level}`,
        intensity,
        rate: roofOver(intensity, level),
      }));
    });
    const kept = lines.filter(({ algorithm }) => algorithm === 'Winograd, default');
    const shares = kept.map(shareOfRoof);
    return {
      title: 'Roofline: what the machine grants',
      lead: `Operations done a second against operations per byte that must come or go at least: under the FMA peak of one core (${fixed(0)(peak)} GFLOP/s) and what it reads a second from its caches and from memory (${levels.map((level) => fixed(0)(rateOf(level))).join(', ')} GB/s). Winograd does fewer operations, and so stands lower and to the left for the same layer, and is done sooner.`,
      claim: `By default Winograd's products run at ${range(shares, (share) => `${(100 * share).toFixed(0)} %`)} of what memory and the FMA units grant; the rest are its transforms, which this figure does not count as operations, and the matrices between its stages.`,
      chart: {
        width: WIDTH,
        height: HEIGHT,
        layer: [
          {
            data: { values: roofs },
            mark: { type: 'line', color: 'gray' },
            encoding: {
              x: {
                field: 'intensity',
                type: 'quantitative',
                scale: { type: 'log', nice: false },
                title: 'operations per byte',
              },
              y: { field: 'rate', type: 'quantitative', scale: { type: 'log' }, title: 'GFLOP/s done' },
              strokeDash: { field: 'roof', type: 'nominal', title: null, sort: null },
            },
          },
          {
            data: {
              values: lines.map((line) => ({
                ...line,
                says: `${line.layer}, ${line.plan}: ${line.rate.toFixed(0)} GFLOP/s in ${line.time.toPrecision(3)} ms`,
              })),
            },
            mark: { type: 'point', filled: true, size: 60, opacity: 0.85 },
            encoding: {
              x: { field: 'intensity', type: 'quantitative' },
              y: { field: 'rate', type: 'quantitative' },
              color: { field: 'algorithm', type: 'nominal', title: null, sort: null },
              description: { field: 'says' },
            },
          },
        ],
      },
      table: tableOf(lines, [
        { title: 'layer', value: ({ layer }) => layer },
        { title: 'algorithm', value: ({ algorithm }) => algorithm },
        { title: 'plan', value: ({ plan }) => plan },
        { title: 'ms', value: ({ time }) => time, format: digits(3) },
        { title: 'operations/byte', value: ({ intensity }) => intensity, format: digits(3) },
        { title: 'GFLOP/s done', value: ({ rate }) => rate, format: digits(3) },
        {
          title: 'of the roof',
          value: shareOfRoof,
          format: fixed(2),
        },
        { title: 'expected error', value: ({ error }) => error, format: fixed(2) },
      ]),
    };
  },
});

/** Peak and reading rates of one core now. */
function granted(): Pick<Layer, 'peak' | 'rates'> {
  const { isa } = native().cpuInfo();
  const { caches } = machineOf(isa);
  // Half of a cache: what fits with room for what else is read.
  const bytes = { 'second cache': caches.l2 / 2, 'third cache': caches.l3 / 2, memory: FAR_BYTES };
  const rates = Object.fromEntries(
    levels.map((level) => {
      const { data } = Tensor.zeros([Math.floor(bytes[level] / 4)]);
      return [level, native().readRate(isa, data.fill(1), MILLISECONDS)];
    }),
  ) as Record<Level, number>;
  return { peak: native().fmaPeak(isa, MILLISECONDS), rates };
}
