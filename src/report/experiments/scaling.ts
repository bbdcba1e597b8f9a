import { Conv2d } from '../../layers/layers.js';
import { Tensor } from '../../tensor/tensor.js';
import { HEIGHT, WIDTH } from '../chart.js';
import { type Circumstances, experiment } from '../experiment.js';
import { fixed, tableOf } from '../section.js';
import { alternate } from '../timing.js';

const algorithms = ['winograd', 'direct'] as const;
const SIDE = 1024;
const CHANNELS = 32;
const SECONDS = { quick: 3, full: 15 };

interface Scaling {
  /** Milliseconds by algorithm and threads, from 1 on. */
  readonly times: Readonly<Record<(typeof algorithms)[number], readonly number[]>>;
  /** Expected, as multiples of direct convolution's in sequence. */
  readonly errors: Readonly<Record<(typeof algorithms)[number], number>>;
}

/** Figure 3 of Budden et al. 2017: one layer of 4 × 4 kernels on a 1024 × 1024 image, on more and more threads. */
export const scalingExperiment = experiment<Scaling>({
  id: 'scaling',
  suite: 'paper',
  parts: ({ quick }) => [{ name: 'threads', seconds: quick ? SECONDS.quick + 2 : SECONDS.full + 3 }],
  async measure(_, { quick, threads }: Circumstances) {
    const options = { inChannels: CHANNELS, outChannels: CHANNELS, kernelSize: 4 };
    const weight = Tensor.random([CHANNELS, CHANNELS, 4, 4], { seed: 1 });
    const x = Tensor.random([1, CHANNELS, SIDE, SIDE], { seed: 2 });
    const counts = Array.from({ length: threads }, (_, i) => i + 1);
    const ways = algorithms.flatMap((algorithm) =>
      counts.map((count) => new Conv2d({ ...options, algorithm, threads: count }, { weight })),
    );
    const out = ways[0]!.forwardSync(x);
    const timings = await alternate(
      ways.map((conv) => () => void conv.forwardSync(x, out)),
      quick ? SECONDS.quick : SECONDS.full,
    );
    const times = timings.map((each) => each.median);
    const errorOf = (way: number) => ways[way]!.plan(x.shape).expectedError;
    return {
      times: { winograd: times.slice(0, threads), direct: times.slice(threads) },
      errors: { winograd: errorOf(0), direct: errorOf(threads) },
    };
  },
  present(results) {
    const [{ times, errors }] = results.values() as unknown as [Scaling];
    const lines = algorithms.flatMap((algorithm) =>
      times[algorithm].map((time, i) => ({
        algorithm: algorithm === 'winograd' ? 'fast' : 'direct',
        threads: i + 1,
        time,
        speedUp: times[algorithm][0]! / time,
        error: errors[algorithm],
      })),
    );
    const most = times.winograd.length;
    const share = (algorithm: (typeof algorithms)[number]) =>
      ((100 * times[algorithm][0]!) / times[algorithm].at(-1)! / most).toFixed(0);
    return {
      title: 'Figure 3: scaling over threads',
      lead: `A layer of ${CHANNELS} kernels of 4 × 4 on ${CHANNELS} channels of 1024 × 1024 pixels: speed-up over one thread, and the ideal line.`,
      claim: `The paper reaches 95 % of ideal scaling on 18 cores; this machine grants ${most} threads, on which the fast algorithm reaches ${share('winograd')} % and direct convolution ${share('direct')} %. More cores than these could not be tried.`,
      chart: {
        width: WIDTH,
        height: HEIGHT,
        data: { values: lines },
        layer: [
          {
            mark: { type: 'line', point: true, strokeWidth: 2 },
            encoding: {
              x: { field: 'threads', type: 'quantitative', title: 'threads', axis: { tickMinStep: 1 } },
              y: { field: 'speedUp', type: 'quantitative', title: 'speed-up' },
              color: { field: 'algorithm', type: 'nominal', title: null, sort: null },
            },
          },
          {
            mark: { type: 'line', strokeDash: [4, 4], color: 'gray' },
            encoding: {
              x: { field: 'threads', type: 'quantitative' },
              y: { field: 'threads', type: 'quantitative' },
            },
          },
        ],
      },
      table: tableOf(lines, [
        { title: 'algorithm', value: (line) => line.algorithm },
        { title: 'threads', names: true, value: (line) => line.threads, format: fixed(0) },
        { title: 'ms', value: (line) => line.time, format: fixed(1) },
        { title: 'speed-up', value: (line) => line.speedUp, format: fixed(2) },
        { title: 'error expected', value: ({ error }) => error, format: fixed(2) },
      ]),
    };
  },
});
