/** `npm run bench -- --products`: products of matrices beside OpenBLAS, and convolution's own products among them. */
import { gemmSync } from '../../src/index.js';
import { native } from '../../src/native/addon.js';
import { median } from '../../src/report/statistics.js';
import type { Contender } from '../../src/support/contender.js';
import { Tensor } from '../../src/tensor/tensor.js';
import { startOpenBlas } from '../peers.js';
import { Progress } from '../progress.js';
import type { Column } from '../table.js';

/** m × k by k × n. */
interface Shape {
  readonly name: string;
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

/** Square ones, and ResNet-50's layers: output channels by (input channels · taps) by outputs. */
const shapes: readonly Shape[] = [
  ...[128, 256, 384, 512, 1024, 2048].map((size) => ({ name: 'square', m: size, n: size, k: size })),
  { name: '1×1, 64→64 @ 56', m: 64, n: 3136, k: 64 },
  { name: '3×3, 64→64 @ 56', m: 64, n: 3136, k: 576 },
  { name: '1×1, 64→256 @ 56', m: 256, n: 3136, k: 64 },
  { name: '1×1, 256→64 @ 56', m: 64, n: 3136, k: 256 },
  { name: '3×3, 128→128 @ 28', m: 128, n: 784, k: 1152 },
  { name: '1×1, 512→128 @ 28', m: 128, n: 784, k: 512 },
  { name: '1×1, 128→512 @ 28', m: 512, n: 784, k: 128 },
  { name: '3×3, 256→256 @ 14', m: 256, n: 196, k: 2304 },
  { name: '1×1, 1024→256 @ 14', m: 256, n: 196, k: 1024 },
  { name: '1×1, 256→1024 @ 14', m: 1024, n: 196, k: 256 },
  { name: '3×3, 512→512 @ 7', m: 512, n: 49, k: 4608 },
  { name: '1×1, 2048→512 @ 7', m: 512, n: 49, k: 2048 },
  { name: '1×1, 512→2048 @ 7', m: 2048, n: 49, k: 512 },
];

export interface ProductRow extends Shape {
  readonly threads: number;
  readonly ms: number;
  readonly gflops: number;
  /** Share of the FMA peak of all threads. */
  readonly overPeak: number;
  /** OpenBLAS's time over ours, the median of rounds; undefined where it is not there. */
  readonly overOpenBlas: number | undefined;
  readonly openBlas: string | undefined;
}

type Request = { readonly request: 'product'; readonly passes: number; readonly threads: number } & Shape;
interface Answers {
  readonly product: { readonly ms: number; readonly sum: number; readonly library: string };
}
export type ProductContender = Contender<Request, Answers>;

/** Flops of a burst. */
const BURST = 4e9;

/** @throws Error when the two do not agree */
export async function runProducts(threads: readonly number[], rounds: number): Promise<ProductRow[]> {
  const peer = startOpenBlas();
  const progress = new Progress(shapes.length);
  const rows: ProductRow[] = [];
  for (const shape of shapes) {
    progress.on(shape.name);
    for (const count of threads) rows.push(await measured(shape, count, rounds, peer));
  }
  progress.end();
  peer?.close();
  return rows;
}

async function measured(
  shape: Shape,
  threads: number,
  rounds: number,
  peer: ProductContender | undefined,
): Promise<ProductRow> {
  const { m, n, k } = shape;
  const [a, b, c] = [integers([m, k], 1), integers([k, n], 2), Tensor.zeros([m, n])];
  const passes = Math.max(1, Math.round(BURST / (2 * m * n * k)));
  const own: number[] = [];
  const ratios: number[] = [];
  const burst = () => {
    const begin = performance.now();
    for (let i = 0; i < passes; i++) gemmSync({ a, b, c, threads });
    return (performance.now() - begin) / passes;
  };
  let peak = 0;
  let library: string | undefined;
  // The first round warms up.
  for (let round = 0; round <= rounds; round++) {
    peak = Math.max(peak, native().fmaPeak(native().cpuInfo().isa, 10));
    // Each begins with a burst that is not timed: sleeping threads wake, and those of the other stop spinning.
    burst();
    const ms = burst();
    const ask = () => peer?.ask({ request: 'product', ...shape, threads, passes });
    await ask();
    const answer = await ask();
    if (answer !== undefined && answer.sum !== sumOf(c))
      throw new Error(`Expected both to agree on ${m} × ${k} by ${k} × ${n} but received another sum`);
    library = answer?.library;
    if (round === 0) continue;
    own.push(ms);
    if (answer !== undefined) ratios.push(answer.ms / ms);
  }
  const ms = median(own);
  const gflops = (2 * m * n * k) / ms / 1e6;
  return {
    ...shape,
    ...{ threads, ms, gflops, overPeak: gflops / peak / threads, openBlas: library },
    overOpenBlas: ratios.length > 0 ? median(ratios) : undefined,
  };
}

/** As bench/peers/openblas/products.cc makes them. */
function integers(shape: readonly number[], seed: number): Tensor {
  const tensor = Tensor.zeros(shape);
  for (let i = 0; i < tensor.size; i++) tensor.data[i] = ((i * 7 + seed) % 11) - 5;
  return tensor;
}

function sumOf({ data }: Tensor): number {
  return data.reduce((sum, value, i) => sum + value * (i % 13), 0);
}

export const productColumns: readonly Column<ProductRow>[] = [
  { head: 'product', align: 'left', text: ({ name }) => name },
  { head: 'm × k by k × n', align: 'left', text: ({ m, n, k }) => `${m} × ${k} × ${n}` },
  { head: 'threads', text: ({ threads }) => String(threads) },
  { head: 'ms', text: ({ ms }) => ms.toPrecision(3) },
  { head: 'GFLOP/s', text: ({ gflops }) => gflops.toFixed(0) },
  { head: '× peak', text: ({ overPeak }) => overPeak.toFixed(2) },
  { head: '× OpenBLAS', text: ({ overOpenBlas }) => overOpenBlas?.toFixed(2) ?? '–' },
];
