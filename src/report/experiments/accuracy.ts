import { synthesize } from '../../../synth/index.js';
import { layerErrorRatio } from '../../../synth/noise/gain.js';
import { formatSplitPoint } from '../../../synth/split/axis.js';
import { searchSplit } from '../../../synth/split/search.js';
import { compare } from '../../accuracy/compare.js';
import { compareWithPublished, type PublishedComparison } from '../../accuracy/published.js';
import { measureSplit } from '../../accuracy/split.js';
import { frontTransforms, frontWith } from '../../accuracy/subjects.js';
import { HEIGHT, WIDTH } from '../chart.js';
import { experiment } from '../experiment.js';
import { digits, fixed, range, tableOf } from '../section.js';

const names = { usual: 'usual points', real: 'best real', quadratic: 'best quadratic' } as const;
const RUNS = { quick: 24 ** 2, full: 96 ** 2 };

/** Errors of tiles of all sizes beside what is published (Barabasz et al. 2018). */
export const publishedExperiment = experiment<readonly PublishedComparison[]>({
  id: 'tile-errors',
  suite: 'accuracy',
  parts: ({ quick }) => [{ name: 'sizes', seconds: quick ? 12 : 60 }],
  measure: async (_, { quick }) => compareWithPublished(quick ? RUNS.quick : RUNS.full, 1, () => {}),
  present(results) {
    const all = [...results.values()].flat().filter(({ taps }) => taps === 3);
    const own = all.map((each) => ({
      ...each,
      family: `${names[each.subject]}, ${each.arithmetic === 'plain' ? 'plain sums' : 'in the engine'}`,
    }));
    const published = [...new Map(all.map((each) => [each.outputs, each])).values()].flatMap(
      ({ outputs, published: error }) =>
        error === undefined ? [] : [{ outputs, family: 'published best', measured: error }],
    );
    const off = own.map(({ measured, predicted }) => Math.max(measured / predicted, predicted / measured));
    return {
      title: 'Error by size of tile',
      lead: 'Mean error of F(S × S, 3 × 3) on one channel as a multiple of direct convolution’s, measured (points) and predicted from the matrices (lines): it grows with S, far less for good points and for x² + 1.',
      claim: `Measured and predicted differ by a factor of ${Math.max(...off).toFixed(2)} at the most. Published: the best points of Barabasz et al. 2018, in plain arithmetic.`,
      chart: {
        width: WIDTH,
        height: HEIGHT,
        layer: [
          {
            data: { values: own },
            mark: { type: 'line', strokeWidth: 1.5 },
            encoding: {
              x: {
                field: 'outputs',
                type: 'quantitative',
                title: 'S, outputs of a tile along an axis',
                axis: { format: 'd', tickMinStep: 1 },
              },
              y: {
                field: 'predicted',
                type: 'quantitative',
                scale: { type: 'log' },
                title: 'error, direct convolution = 1',
              },
              color: { field: 'family', type: 'nominal', title: null },
            },
          },
          {
            data: { values: [...own, ...published] },
            mark: { type: 'point', filled: true, size: 50 },
            encoding: {
              x: { field: 'outputs', type: 'quantitative' },
              y: { field: 'measured', type: 'quantitative', scale: { type: 'log' } },
              color: { field: 'family', type: 'nominal', title: null },
            },
          },
        ],
      },
      table: tableOf(own, [
        { title: 'tile', value: ({ outputs, taps }) => `F(${outputs}, ${taps})` },
        { title: 'algorithm', value: ({ family }) => family },
        {
          title: 'products/output',
          value: ({ products, outputs }) => (products / outputs) ** 2,
          format: fixed(2),
        },
        { title: 'error', value: ({ measured }) => measured, format: digits(3) },
        { title: 'predicted', value: ({ predicted }) => predicted, format: digits(3) },
        { title: 'published', value: (each) => each.published, format: digits(3) },
        { title: 'moduli', value: ({ moduli }) => moduli.join(', ') },
      ]),
    };
  },
});

interface Point {
  readonly tile: string;
  readonly productsPerOutput: number;
  /** As a multiple of direct convolution's: with many channels as the matrices say, and measured with {@link CHANNELS}. */
  readonly error: number;
  readonly measured: number;
  readonly moduli: string;
  readonly kind: string;
}

const FRONT_SIZES = [2, 3, 4, 5, 6, 7, 8];
const FRONT_RUNS = { quick: 4 ** 2, full: 16 ** 2 };
const CHANNELS = 64;
const SPLIT = 'split, all axes together';

/** Products against error: every algorithm of the fronts for three taps in two dimensions. */
export const frontExperiment = experiment<readonly Point[]>({
  id: 'fronts',
  suite: 'accuracy',
  parts: ({ quick }) =>
    FRONT_SIZES.map((outputs) => ({ name: `F(${outputs}, 3)`, seconds: quick ? 1 : outputs })),
  async measure(part, { quick }) {
    const outputs = Number(part[2]);
    const runs = quick ? FRONT_RUNS.quick : FRONT_RUNS.full;
    const trial = { channels: CHANNELS, runs, seed: 1 };
    const separable = frontTransforms(outputs, 3).map((transform): Point => {
      const excess = transform.products - (outputs + 2);
      const transforms = [transform, transform];
      return {
        tile: part,
        productsPerOutput: (transform.products / outputs) ** 2,
        error: layerErrorRatio(transforms),
        measured: compare({ transforms, ...trial, sumBlock: 0, arithmetic: 'engine' }).measured,
        moduli: transform.moduli.join(', '),
        kind: excess === 0 ? 'T = D, fewest products' : `${excess} more`,
      };
    });
    const split = searchSplit({ outputs, taps: 3, dims: 2 }).map((member): Point => {
      const { productsPerOutput, layerError, taps, dims, points } = member;
      return {
        ...{ tile: part, productsPerOutput, error: layerError, kind: SPLIT },
        measured: measureSplit({ outputs, taps, dims, points, ...trial }).ratio,
        moduli: points.map(formatSplitPoint).join(', '),
      };
    });
    return [...separable, ...split];
  },
  present(results) {
    const points = [...results.values()].flat();
    const says = points.map((point) => ({
      ...point,
      says: `${point.tile}, ${point.productsPerOutput.toFixed(2)} products per output: ${point.moduli}`,
    }));
    const encoding = (field: 'error' | 'measured') =>
      ({
        x: {
          field: 'productsPerOutput',
          type: 'quantitative',
          title: 'products per output',
          scale: { zero: false },
        },
        y: { field, type: 'quantitative', scale: { type: 'log' }, title: 'error, direct convolution = 1' },
        color: { field: 'kind', type: 'nominal', title: null, sort: null },
        description: { field: 'says' },
      }) as const;
    const off = points.map(({ error, measured }) => measured / error);
    return {
      title: 'What accuracy costs',
      lead: `Each algorithm for 3 × 3 taps is a point: fewer products to the left, less error below, with many channels (filled) and measured with ${CHANNELS} (rings). Quadratic moduli, with one or two products more, buy accuracy more cheaply than smaller tiles do; products of two quadratics split over both axes more cheaply still. The line is the product count that no bilinear algorithm of the largest tile here can pass.`,
      claim: `Measured over expected: ${range(off)}; what is above one are the roundings inside the transforms, which weigh most where the error is least. Split algorithms are proved and measured here in simulated arithmetic; the engine does not run them.`,
      chart: {
        width: WIDTH,
        height: HEIGHT,
        layer: [
          {
            data: { values: says },
            mark: { type: 'point', filled: true, size: 70, opacity: 0.85 },
            encoding: encoding('error'),
          },
          {
            data: { values: says },
            mark: { type: 'point', size: 70, strokeWidth: 1.5 },
            encoding: encoding('measured'),
          },
          {
            data: { values: [{ bound: (1 + 2 / FRONT_SIZES.at(-1)!) ** 2 }] },
            mark: { type: 'rule', strokeDash: [4, 4] },
            encoding: { x: { field: 'bound', type: 'quantitative' } },
          },
          {
            data: { values: [{}] },
            mark: { type: 'rule', strokeDash: [1, 3] },
            encoding: { y: { datum: 1 } },
          },
        ],
      },
      table: tableOf(points, [
        { title: 'tile', value: ({ tile }) => tile },
        { title: 'kind', value: ({ kind }) => kind },
        { title: 'products/output', value: (point) => point.productsPerOutput, format: fixed(3) },
        { title: 'error', value: ({ error }) => error, format: digits(3) },
        { title: 'measured', value: ({ measured }) => measured, format: digits(3) },
        { title: 'moduli', value: ({ moduli }) => moduli },
      ]),
    };
  },
});

interface Channels {
  readonly tile: string;
  readonly channels: number;
  readonly measured: number;
  readonly predicted: number;
}

/** How the error of a layer goes with its channels, in one to three dimensions. */
export const channelsExperiment = experiment<readonly Channels[]>({
  id: 'channels',
  suite: 'accuracy',
  parts: ({ quick }) => [1, 2, 3].map((dims) => ({ name: `${dims}-D`, seconds: quick ? 2 : 8 })),
  async measure(part, { quick }) {
    const dims = Number(part[0]);
    const counts = quick ? [1, 16, 128] : [1, 4, 16, 64, 256];
    const tiles = [frontWith(4, 3, 6)[0]!, synthesize({ outputs: 2, taps: 3 })];
    return tiles.flatMap((tile) =>
      counts.map((channels) => {
        const transforms = Array.from({ length: dims }, () => tile);
        const runs = quick ? 256 : 1024;
        const { measured, predicted } = compare({
          transforms,
          channels,
          sumBlock: 0,
          arithmetic: 'engine',
          runs,
          seed: 1,
        });
        return { tile: `F(${tile.outputs}, 3), ${dims}-D`, channels, measured, predicted };
      }),
    );
  },
  present(results) {
    const lines = [...results.values()].flat();
    const off = lines.map(({ measured, predicted }) => Math.max(measured / predicted, predicted / measured));
    return {
      title: 'Error by channels',
      lead: 'Mean error as a multiple of direct convolution’s, measured in the engine (points) and predicted (lines): with more channels both sum longer, and the ratio tends to a limit.',
      claim: `Measured and predicted differ by a factor of ${Math.max(...off).toFixed(2)} at the most.`,
      chart: {
        width: WIDTH,
        height: HEIGHT,
        data: { values: lines },
        layer: [
          {
            mark: { type: 'line' },
            encoding: {
              x: {
                field: 'channels',
                type: 'quantitative',
                scale: { type: 'log', base: 2 },
                title: 'channels',
              },
              y: { field: 'predicted', type: 'quantitative', title: 'error, direct convolution = 1' },
              color: { field: 'tile', type: 'nominal', title: null },
            },
          },
          {
            mark: { type: 'point', filled: true, size: 50 },
            encoding: {
              x: { field: 'channels', type: 'quantitative', scale: { type: 'log', base: 2 } },
              y: { field: 'measured', type: 'quantitative' },
              color: { field: 'tile', type: 'nominal', title: null },
            },
          },
        ],
      },
      table: tableOf(lines, [
        { title: 'tile', value: ({ tile }) => tile },
        { title: 'channels', names: true, value: ({ channels }) => channels, format: fixed(0) },
        { title: 'error', value: ({ measured }) => measured, format: digits(3) },
        { title: 'predicted', value: ({ predicted }) => predicted, format: digits(3) },
      ]),
    };
  },
});
