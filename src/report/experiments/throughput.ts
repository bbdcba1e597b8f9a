import { Builder } from '../../graph/builder.js';
import { Conv2d } from '../../layers/layers.js';
import { Sequential } from '../../layers/sequential.js';
import { requireOnnxruntime, Session } from '../../network/onnxruntime.js';
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
  readonly rates: readonly Rate[];
}

interface Rate {
  readonly algorithm: string;
  readonly threads: number;
  readonly rate: number;
  /** Of a layer here, expected, as a multiple of direct convolution's. */
  readonly error: number | null;
  /** Of a rival: its largest difference from the results here over the largest of these. */
  readonly difference?: number;
}

/** Figure 4 of Budden et al. 2017: images through three layers of 32 4 × 4 kernels. */
export const throughputExperiment = experiment<Throughput>({
  id: 'throughput',
  suite: 'paper',
  parts: ({ quick, peers }) =>
    (quick ? [1, 20] : [1, 20, 200]).map((batch) => ({
      name: peers ? `${batch} beside onnxruntime` : String(batch),
      seconds: (peers ? 1.5 : 1) * (quick ? SECONDS.quick : SECONDS.full) + batch / 10,
    })),
  async measure(part, { quick, threads, peers }) {
    const batch = Number.parseInt(part, 10);
    const x = Tensor.random([batch, CHANNELS, SIDE, SIDE], { seed: 1 });
    const counts = threads > 1 ? [1, threads] : [1];
    const own = (['auto', 'direct'] as const).flatMap((algorithm) =>
      counts.map((count) => ({
        ...{ algorithm: algorithm === 'auto' ? 'fast' : 'direct', threads: count, difference: undefined },
        ...{ chain: chain(algorithm, count), error: layer(algorithm, count, 1).plan(x.shape).expectedError },
      })),
    );
    const out = own[0]!.chain.forwardSync(x);
    const rivals = peers ? await Promise.all(counts.map((count) => rivalOf(x, out, count))) : [];
    const ways = [
      ...own.map((way) => ({ ...way, run: () => void way.chain.forwardSync(x, out) })),
      ...rivals.map((rival) => ({ ...rival, error: null })),
    ];
    const timings = await alternate(
      ways.map(({ run }) => run),
      quick ? SECONDS.quick : SECONDS.full,
    );
    const voxels = batch * SIDE ** 2;
    return {
      batch,
      rates: ways.map(({ algorithm, threads: count, error, difference }, i) => ({
        ...{ algorithm, threads: count, error },
        rate: voxels / timings[i]!.median / 1000,
        ...(difference !== undefined && { difference }),
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
    const rival = best(({ threads, algorithm }) => threads === 1 && algorithm.startsWith('onnxruntime'));
    const beside = rival > 0 ? ` and ${digits(3)(one / rival)} times onnxruntime` : '';
    return {
      title: 'Figure 4: throughput of three layers',
      lead: `Megavoxels per second of images of ${SIDE} × ${SIDE} through three layers of ${CHANNELS} kernels of 4 × 4 on ${CHANNELS} channels, no padding; results are planar, and errors stay below 2.5 times direct convolution's.`,
      claim: `The paper prints ${PRINTED.one} MVox/s on one core (${PRINTED.rivals}) and ${PRINTED.all} on 18 of an older machine; here one thread reaches ${digits(3)(one)}, ${digits(3)(one / best(({ threads, algorithm }) => threads === 1 && algorithm === 'direct'))} times direct convolution${beside}, and the batch matters little, as the paper says.`,
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
        { title: 'threads', names: true, value: (line) => line.threads, format: fixed(0) },
        { title: 'MVox/s', value: (line) => line.rate, format: digits(3) },
        { title: 'error expected', value: (line) => line.error ?? undefined, format: fixed(2) },
        { title: 'difference', value: (line) => line.difference, format: (x) => x.toExponential(1) },
      ]),
    };
  },
});

const SEEDS = [1, 2, 3] as const;

function weightOf(seed: number): Tensor {
  return Tensor.random([CHANNELS, CHANNELS, 4, 4], { seed });
}

function layer(algorithm: 'auto' | 'direct', threads: number, seed: number): Conv2d {
  const options = { inChannels: CHANNELS, outChannels: CHANNELS, kernelSize: 4 };
  return new Conv2d({ ...options, algorithm, threads }, { weight: weightOf(seed) });
}

function chain(algorithm: 'auto' | 'direct', threads: number): Sequential {
  return new Sequential(SEEDS.map((seed) => layer(algorithm, threads, seed)));
}

/** The same three layers in onnxruntime, as users call it. @throws InputError where it is not installed */
async function rivalOf(x: Tensor, own: Tensor, threads: number) {
  const { ort, version } = requireOnnxruntime();
  const weights = new Map(SEEDS.map((seed) => [`layer${seed}.weight`, weightOf(seed)]));
  const b = new Builder({ weights });
  const options = { outChannels: CHANNELS, kernelSize: 4, bias: false };
  const y = SEEDS.reduce(
    (value, seed) => b.conv(value, { ...options, name: `layer${seed}` }),
    b.input('x', x.shape),
  );
  const session = await Session.create(ort, b.build({ y }), threads);
  const inputs = new Map([['x', { type: 'float32' as const, shape: x.shape, data: x.data }]]);
  const theirs = (await session.run(inputs)).get('y')!.data;
  let [off, largest] = [0, 0];
  own.data.forEach((value, i) => {
    off = Math.max(off, Math.abs(value - theirs[i]!));
    largest = Math.max(largest, Math.abs(value));
  });
  const difference = off / largest;
  if (!(difference < 1e-4)) throw new Error(`onnxruntime differs by ${difference} on three layers`);
  return {
    ...{ algorithm: `onnxruntime ${version}`, threads, difference },
    run: async () => void (await session.run(inputs)),
  };
}
