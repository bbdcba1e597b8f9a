import { randomNumbers } from '../../../synth/random.js';
import type { Rates } from '../../machine/rates.js';
import { Tensor } from '../../tensor/tensor.js';
import { CsrMatrix } from '../csr.js';
import { conv2d } from './convolution.js';

const parameters = { N: 1, C: 64, H: 56, W: 56, K: 64, R: 3, S: 3, padding: 1, threads: 1 } as const;

const DENSITIES = [0.3, 0.1, 0.03, 0.01, 0.003, 0.001];
const ROUNDS = 4;

/** Where a sparse filter, and a sparse image, take as long as dense ones in {@link conv2d} on this machine, on one thread. */
export async function breakEvenDensities(): Promise<Rates['sparseBelow']> {
  const { N, C, H, W, K, R, S } = parameters;
  const x = Tensor.random([N, C * H * W], { seed: 1 });
  const filter = Tensor.random([K, C * R * S], { seed: 2 });
  return {
    filter: await breakEven(filter, (sparse) => conv2d(x, sparse, { ...parameters, sparse: 'always' })),
    image: await breakEven(x, (sparse) => conv2d(sparse, filter, { ...parameters, sparse: 'always' })),
  };
}

/** From the densest down to the first that is faster than the dense matrix, and then between the two by the logarithm. */
async function breakEven(
  dense: Tensor,
  run: (operand: Tensor | CsrMatrix) => Promise<unknown>,
): Promise<number> {
  let before: { density: number; ratio: number } | undefined;
  for (const density of DENSITIES) {
    const ratio = await ratioOf(dense, pruned(dense, density), run);
    if (ratio <= 1) {
      if (before === undefined) return density;
      const share = -Math.log(ratio) / (Math.log(before.ratio) - Math.log(ratio));
      return density * (before.density / density) ** share;
    }
    before = { density, ratio };
  }
  return DENSITIES.at(-1)!;
}

/** Time with the sparse operand over that with the dense one, each the shortest of some, in turns. */
async function ratioOf(
  dense: Tensor,
  sparse: CsrMatrix,
  run: (operand: Tensor | CsrMatrix) => Promise<unknown>,
): Promise<number> {
  const best = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let round = 0; round < ROUNDS; round++)
    for (const [i, operand] of [sparse, dense].entries()) {
      const start = performance.now();
      await run(operand);
      best[i] = Math.min(best[i]!, performance.now() - start);
    }
  return best[0]! / best[1]!;
}

function pruned({ data, shape }: Tensor, density: number): CsrMatrix {
  const random = randomNumbers(3);
  return CsrMatrix.fromDense(
    new Tensor(
      data.map((each) => (random() < density ? each : 0)),
      shape,
    ),
  );
}
