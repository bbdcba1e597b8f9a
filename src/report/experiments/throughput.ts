import { Conv2d } from '../../layers/layers.js';
import { Sequential } from '../../layers/sequential.js';
import { Tensor } from '../../tensor/tensor.js';
import { HEIGHT, WIDTH } from '../chart.js';
import { experiment } from '../experiment.js';
import { digits, fixed, tableOf } from '../section.js';
import { alternate } from '../timing.js';

const CHANNELS = 32;
const SIDE = 224;
const SECONDS = { quick: 2.5, full: 12 };
/** What the paper prints for one core and for 18. */
const PRINTED = { one: 0.89, all: 10.9, rivals: '0.18 for TensorFlow and 0.19 for Caffe' };

interface Throughput {
  readonly batch: number;
  /** Megavoxels per second, fast and direct, on one thread and on all. */
  readonly rates: readonly { readonly algorithm: string; readonly threads: number; readonly rate: number }[];
}

/** Figure 4 of Budden et al. 2017: images through three layers of 32 4 × 4 kernels. */
export const throughputExperiment = experiment<Throughput>({
  id: 'throughput',
  suite: 'paper',
  parts: ({ quick }) =>
    (quick ? [1, 20] : [1, 20, 200]).map((batch) => ({
      name: String(batch),
      seconds: (quick ? SECONDS.quick : SECONDS.full) + batch / 10,
    })),
  async measure(part, { quick, threads }) {
    const batch = Number(part);
    const x = Tensor.random([batch, CHANNELS, SIDE, SIDE], { seed: 1 });
    const counts = threads > 1 ? [1, threads] : [1];
    const ways = (['auto', 'direct'] as const).flatMap((algorithm) =>
      counts.map((count) => ({ algorithm, threads: count, chain: chain(algorithm, count) })),
    );
    const out = ways[0]!.chain.forwardSync(x);
    const timings = await alternate(
      ways.map((way) => () => void way.chain.forwardSync(x, out)),
      quick ? SECONDS.quick : SECONDS.full,
    );
    const voxels = batch * SIDE ** 2;
    return {
      batch,
      rates: ways.map(({ algorithm, threads: count }, i) => ({
        algorithm: algorithm === 'auto' ? 'fast' : 'direct',
        threads: count,
        rate: voxels / timings[i]!.median / 1000,
      })),
    };
  },
  present(results) {
    const lines = [...results.values()].flatMap(({ batch, rates }) =>
      rates.map((each) => ({
        ...each,
        batch: `batch ${batch}`,
        way: `${each.algorithm}, ${each.threads} thread${each.threads > 1 ? 's' : ''}`,
      })),
    );
    const best = (wanted: (line: (typeof lines)[0]) => boolean) =>
      Math.max(...lines.filter(wanted).map(({ rate }) => rate));
    const one = best(({ threads, algorithm }) => threads === 1 && algorithm === 'fast');
    return {
      title: 'Figure 4: throughput of three layers',
      lead: `Megavoxels per second of images of ${SIDE} × ${SIDE} through three layers of ${CHANNELS} kernels of 4 × 4 on ${CHANNELS} channels, no padding; results are planar, and errors stay below 2.5 times direct convolution's.`,
      claim: `The paper prints ${PRINTED.one} MVox/s on one core (${PRINTED.rivals}) and ${PRINTED.all} on 18 of an older machine; here one thread reaches ${digits(3)(one)}, ${digits(3)(one / best(({ threads, algorithm }) => threads === 1 && algorithm === 'direct'))} times direct convolution, and the batch matters little, as the paper says.`,
      chart: {
        width: WIDTH,
        height: HEIGHT,
        data: { values: lines },
        mark: { type: 'bar' },
        encoding: {
          x: { field: 'batch', type: 'nominal', title: null, sort: null, axis: { labelAngle: 0 } },
          xOffset: { field: 'way', sort: null },
          y: { field: 'rate', type: 'quantitative', title: 'MVox/s' },
          color: { field: 'way', type: 'nominal', title: null, sort: null },
        },
      },
      table: tableOf(lines, [
        { title: 'images', value: (line) => line.batch },
        { title: 'algorithm', value: (line) => line.algorithm },
        { title: 'threads', value: (line) => line.threads, format: fixed(0) },
        { title: 'MVox/s', value: (line) => line.rate, format: digits(3) },
      ]),
    };
  },
});

function chain(algorithm: 'auto' | 'direct', threads: number): Sequential {
  const layers = [1, 2, 3].map(
    (seed) =>
      new Conv2d(
        { inChannels: CHANNELS, outChannels: CHANNELS, kernelSize: 4, algorithm, threads },
        { weight: Tensor.random([CHANNELS, CHANNELS, 4, 4], { seed }) },
      ),
  );
  return new Sequential(layers);
}
