import { WIDTH } from '../chart.js';
import { experiment } from '../experiment.js';
import { type Direction, type DirectionTime, directions, directionTimes } from '../gradients.js';
import { type BenchLayer, directFlopsOf, square } from '../layers.js';
import { fixed, range, tableOf } from '../section.js';

/** Table I of Georganas et al. 2018: input and output channels, pixels, taps and stride of ResNet-50's layers. */
const TABLE_I: readonly (readonly [number, number, number, number, number])[] = [
  [3, 64, 224, 7, 2],
  [64, 256, 56, 1, 1],
  [64, 64, 56, 1, 1],
  [64, 64, 56, 3, 1],
  [256, 64, 56, 1, 1],
  [256, 512, 56, 1, 2],
  [256, 128, 56, 1, 2],
  [128, 128, 28, 3, 1],
  [128, 512, 28, 1, 1],
  [512, 128, 28, 1, 1],
  [512, 1024, 28, 1, 2],
  [512, 256, 28, 1, 2],
  [256, 256, 14, 3, 1],
  [256, 1024, 14, 1, 1],
  [1024, 256, 14, 1, 1],
  [1024, 2048, 14, 1, 2],
  [1024, 512, 14, 1, 2],
  [512, 512, 7, 3, 1],
  [512, 2048, 7, 1, 1],
  [2048, 512, 7, 1, 1],
];

const layers: readonly BenchLayer[] = TABLE_I.map(([inChannels, outChannels, pixels, taps, stride], i) =>
  square(String(i + 1), [inChannels, outChannels], pixels, taps, stride),
);

/** Of each kind of layer one. */
const QUICK = ['3', '4', '6', '13'];
const ROUNDS = { quick: 3, full: 9 };
/** What the paper reads off figure 4 for the forward pass on Skylake. */
const PRINTED = 'about 80 % of the peak with 3 × 3 taps, 70 % with one and 55 % in layers 2 and 3';

interface Reading extends DirectionTime {
  readonly layer: string;
}

/** Table I of Georganas et al. 2018, forward, backward and update, as shares of the peak (figures 4 to 9). */
export const georganasExperiment = experiment<readonly Reading[]>({
  id: 'georganas',
  suite: 'training',
  parts: ({ quick }) =>
    layers
      .filter(({ name }) => !quick || QUICK.includes(name))
      .map((layer) => ({ name: layer.name, seconds: 1 + (30 * directFlopsOf(layer, 1)) / 1e11 })),
  async measure(part, { quick }) {
    const layer = layers.find(({ name }) => name === part)!;
    const times = await directionTimes(layer, quick ? ROUNDS.quick : ROUNDS.full);
    return times.map((time) => ({ ...time, layer: part }));
  },
  present(results) {
    const lines = [...results.values()].flat();
    const words: Readonly<Record<Direction, string>> = {
      forward: 'forward',
      data: 'backward',
      weights: 'update',
    };
    const names = directions.map((direction) => words[direction]);
    const bars = lines.map((line) => ({
      ...line,
      direction: words[line.direction],
      says: `layer ${line.layer}, ${words[line.direction]}: ${line.effective.toFixed(2)} × peak`,
    }));
    const among = (taps: number) =>
      lines.filter(({ layer }) => TABLE_I[Number(layer) - 1]![3] === taps).map(({ effective }) => effective);
    return {
      title: 'Table I of Georganas et al.: ResNet-50 forward, backward, update',
      lead: 'One image, one thread, weights that change at every step, planar tensors in and out; direct convolution’s operations over time, as a multiple of one core’s FMA peak.',
      claim: `The paper’s direct kernels reach ${PRINTED} (figure 4: Skylake, 28 cores and images, blocked tensors); here layers of 3 × 3 taps, by Winograd where it pays, reach ${range(among(3))}, and those of one tap, where there is nothing to save, ${range(among(1))}.`,
      chart: {
        width: WIDTH,
        height: 320,
        data: { values: bars },
        layer: [
          {
            mark: { type: 'bar' },
            encoding: {
              x: {
                field: 'layer',
                type: 'nominal',
                title: 'layer of Table I',
                sort: null,
                axis: { labelAngle: 0 },
              },
              xOffset: { field: 'direction', sort: names },
              y: { field: 'effective', type: 'quantitative', title: 'effective GFLOP/s over FMA peak' },
              color: { field: 'direction', type: 'nominal', title: null, sort: names },
              description: { field: 'says' },
            },
          },
          { mark: { type: 'rule', strokeDash: [4, 4] }, encoding: { y: { datum: 1 } } },
        ],
      },
      table: tableOf(lines, [
        { title: 'layer', value: ({ layer }) => layer },
        { title: 'channels', value: ({ layer }) => TABLE_I[Number(layer) - 1]!.slice(0, 2).join(' → ') },
        { title: 'pixels', value: ({ layer }) => TABLE_I[Number(layer) - 1]![2], format: fixed(0) },
        { title: 'taps', value: ({ layer }) => TABLE_I[Number(layer) - 1]![3], format: fixed(0) },
        { title: 'stride', value: ({ layer }) => TABLE_I[Number(layer) - 1]![4], format: fixed(0) },
        { title: 'direction', value: ({ direction }) => words[direction] },
        { title: 'ms', value: ({ time }) => time, format: fixed(3) },
        { title: '× peak', value: ({ effective }) => effective, format: fixed(2) },
        { title: 'error expected', value: ({ expected }) => expected, format: fixed(2) },
      ]),
    };
  },
});
