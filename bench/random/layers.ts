import { type BenchLayer, directFlopsOf, outputOf } from '../../src/report/layers.js';
import { randomNumbers } from '../../synth/random.js';

/** A layer drawn by chance, and the images in a pass. */
export interface RandomLayer {
  readonly layer: BenchLayer;
  readonly batch: number;
}

/** Passes of direct convolution between some microseconds and a tenth of a second. */
const FLOPS = { least: 1e6, most: 1e10 } as const;
/** Numbers in the input and in the output. */
const MOST_NUMBERS = 5e7;

/** Sizes that networks have; half of all sizes are drawn from them, the others anywhere between. */
const usual = {
  inChannels: [3, 16, 32, 64, 96, 128, 192, 256, 384, 512],
  outChannels: [8, 16, 32, 64, 96, 128, 192, 256, 384, 512],
  width: [7, 14, 28, 56, 112, 224],
} as const;

const kernels = [1, 3, 3, 3, 3, 3, 3, 3, 5, 7] as const;
const ranks = [1, 2, 2, 2, 2, 3, 3, 3] as const;

/** Layers of one to three axes as networks have them, the same for the same seed, however many are taken. */
export function* randomLayers(seed: number): Generator<RandomLayer> {
  const next = randomNumbers(seed);
  const pick = <T>(values: readonly T[]) => values[Math.floor(next() * values.length)]!;
  const between = (least: number, most: number) => Math.round(least * (most / least) ** next());
  const size = (values: readonly number[]) =>
    next() < 0.5 ? pick(values) : between(values[0]!, values.at(-1)!);
  for (;;) {
    const [rank, kernel] = [pick(ranks), pick(kernels)];
    const width = size(usual.width);
    const input = [
      ...(rank === 3 ? [between(2, 64)] : []),
      ...(rank === 1 ? [between(56, 50_000)] : [next() < 0.8 ? width : size(usual.width), width]),
    ];
    const step = next() < 0.1 ? 2 : 1;
    const layer: Omit<BenchLayer, 'name'> = {
      inChannels: size(usual.inChannels),
      outChannels: size(usual.outChannels),
      groups: 1,
      input,
      kernel: input.map(() => kernel),
      stride: input.map(() => step),
      padding: input.map(() => (kernel - 1) / 2),
    };
    const random = { layer: { ...layer, name: nameOf(layer) }, batch: next() < 0.3 ? 4 : 1 };
    if (isSensible(random)) yield random;
  }
}

/** `96→16 3×3 @224×224`, with `/2` for stride 2. */
function nameOf({ inChannels, outChannels, kernel, stride, input }: Omit<BenchLayer, 'name'>): string {
  const step = stride[0] === 1 ? '' : `/${stride[0]}`;
  return `${inChannels}→${outChannels} ${kernel.join('×')}${step} @${input.join('×')}`;
}

function isSensible({ layer, batch }: RandomLayer): boolean {
  const output = outputOf(layer);
  const count = (channels: number, sizes: readonly number[]) =>
    sizes.reduce((product, each) => product * each, batch * channels);
  const numbers = Math.max(count(layer.inChannels, layer.input), count(layer.outChannels, output));
  const flops = directFlopsOf(layer, batch);
  return (
    output.every((each) => each >= 1) &&
    flops >= FLOPS.least &&
    flops <= FLOPS.most &&
    numbers <= MOST_NUMBERS
  );
}
