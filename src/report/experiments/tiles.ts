import {
  formatModulus,
  linearModuli,
  PUBLISHED_TABLE_1,
  synthesize,
  type TileStatistics,
  tileStatistics,
} from '../../../synth/index.js';
import { experiment } from '../experiment.js';
import { fixed, tableOf } from '../section.js';

interface Pair {
  readonly published: TileStatistics;
  readonly own: TileStatistics;
}

/** Table 1 of Budden et al. 2017: sparsity and speed-up of tiles that fill vectors. */
export const tilesExperiment = experiment<readonly Pair[]>({
  id: 'table-1',
  suite: 'paper',
  parts: () => [{ name: 'tiles', seconds: 1 }],
  async measure() {
    return PUBLISHED_TABLE_1.map((published) => {
      const { outputs, taps } = published;
      const moduli = linearModuli(outputs, taps).map(formatModulus);
      return { published, own: tileStatistics(synthesize({ outputs, taps, moduli })) };
    });
  },
  present(results) {
    const pairs = [...results.values()].flat();
    const differ = pairs.filter(({ own, published }) =>
      (['A', 'B', 'C'] as const).some((m) => Math.abs(own.sparsity[m] - published.sparsity[m]) > 0.005),
    );
    return {
      title: 'Table 1: tiles that fill vectors',
      lead: 'Share of zeros in each matrix and products saved, as synthesized here (by linear moduli) and as printed.',
      claim:
        differ.length === 0
          ? 'Every figure agrees with the print.'
          : `Speed-ups agree throughout; shares of zeros differ for ${differ.map(({ own }) => `F(${own.outputs}, ${own.taps})`).join(', ')}, whose points the paper does not name.`,
      table: tableOf(pairs, [
        { title: 'F(S, G)', value: ({ own }) => `F(${own.outputs}, ${own.taps})` },
        { title: 'D', value: ({ own }) => own.inputs, format: fixed(0) },
        ...(['A', 'B', 'C'] as const).flatMap((matrix) => [
          { title: `zeros of ${matrix}`, value: ({ own }: Pair) => own.sparsity[matrix], format: fixed(2) },
          { title: 'printed', value: ({ published }: Pair) => published.sparsity[matrix], format: fixed(2) },
        ]),
        ...(['2D', '3D'] as const).flatMap((dims) => [
          { title: `speed-up, ${dims}`, value: ({ own }: Pair) => own.speedup[dims], format: fixed(2) },
          { title: 'printed', value: ({ published }: Pair) => published.speedup[dims], format: fixed(2) },
        ]),
      ]),
    };
  },
});
