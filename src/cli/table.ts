import {
  defaultModuli,
  defaultProducts,
  formatModulus,
  linearModuli,
  linearProducts,
  type Modulus,
  type ProductCount,
  PUBLISHED_TABLE_1,
  smallestTile,
  smallestTilePerAxis,
  synthesize,
  type Tile,
  type TileStatistics,
  tileStatistics,
} from '../../synth/index.js';
import { lines, plainTable, right } from './columns.js';

/** Which algorithm stands for F(S, G). */
export interface ProductRule {
  readonly moduli: (outputs: number, taps: number) => readonly Modulus[];
  readonly products: ProductCount;
}

/** The rules by their names. */
export const productRules: Readonly<Record<'linear' | 'synth', ProductRule>> = {
  linear: { moduli: linearModuli, products: linearProducts },
  synth: { moduli: defaultModuli, products: defaultProducts },
};

/** One row of the table, and what the paper prints for it. */
export interface Row extends TileStatistics {
  /** T^N mod W for N = 2 and 3. */
  readonly remainder: { readonly '2D': number; readonly '3D': number };
  readonly published?: TileStatistics;
}

/** The smallest tile for each kernel size, with its statistics. Sizes that no tile serves are left out. */
export function statistics(
  taps: readonly number[],
  width: number,
  dims: number,
  { moduli, products }: ProductRule,
): Row[] {
  return taps.flatMap((each) => {
    const tile = smallestTile(each, dims, width, products);
    if (tile === undefined) return [];
    const chosen = moduli(tile.outputs, tile.taps).map(formatModulus);
    const row = tileStatistics(synthesize({ outputs: tile.outputs, taps: tile.taps, moduli: chosen }));
    const published = PUBLISHED_TABLE_1.find(
      ({ outputs, taps, products }) =>
        outputs === row.outputs && taps === row.taps && products === row.products,
    );
    const remainder = { '2D': row.products ** 2 % width, '3D': row.products ** 3 % width };
    return [{ ...row, remainder, ...(published && { published }) }];
  });
}

/** The smallest tile for one kernel size, dimension and vector width. */
export interface Choice {
  readonly taps: number;
  readonly width: number;
  readonly dims: number;
  readonly tile: Tile | undefined;
}

const CHOICE_WIDTHS = [4, 8, 16];
const CHOICE_DIMS = [1, 2, 3, 4];

/** The smallest tiles for W = 4, 8, 16 and N = 1 … 4. */
export function choices(taps: readonly number[], { products }: ProductRule): Choice[] {
  return taps.flatMap((each) =>
    CHOICE_WIDTHS.flatMap((width) =>
      CHOICE_DIMS.map((dims) => ({
        taps: each,
        width,
        dims,
        tile: smallestTile(each, dims, width, products),
      })),
    ),
  );
}

/** The statistics as a table for a terminal, the paper's figures in brackets. */
export function printStatistics(rows: readonly Row[], width: number, dims: number): string {
  const table = plainTable();
  table.push(
    [
      ...['', '', '', ''],
      { content: 'sparsity', colSpan: 3 },
      { content: 'speed-up', colSpan: 2 },
      { content: `Tᴺ mod ${width}`, colSpan: 2 },
    ],
    [...['D', 'G', 'S', 'T'].map(right), 'A', 'B', 'C', '2-D', '3-D', ...['N=2', 'N=3'].map(right)],
    ...rows.map(({ inputs, taps, outputs, products, sparsity, speedup, remainder, published }) => [
      ...[inputs, taps, outputs, products].map(right),
      ...(['A', 'B', 'C'] as const).map((name) => beside(sparsity[name], published?.sparsity[name])),
      ...(['2D', '3D'] as const).map((name) => beside(speedup[name], published?.speedup[name])),
      ...[remainder['2D'], remainder['3D']].map(right),
    ]),
  );
  return lines([
    `The smallest F(S, G) with S·G/T > 1 and T${superscript(dims)} mod ${width} = 0:`,
    '',
    table.toString(),
    ...(rows.some(({ published }) => published) ? ['', 'In brackets: Table 1 of Budden et al. 2017.'] : []),
  ]);
}

/** The choices as a table for a terminal: one row for each kernel size. */
export function printChoices(tiles: readonly Choice[]): string {
  const table = plainTable();
  const taps = [...new Set(tiles.map((choice) => choice.taps))];
  table.push(
    ['', ...CHOICE_WIDTHS.flatMap((width) => ['', { content: `W = ${width}`, colSpan: CHOICE_DIMS.length }])],
    ['G', ...CHOICE_WIDTHS.flatMap(() => ['', ...CHOICE_DIMS.map((dims) => `N=${dims}`)])].map(right),
    ...taps.map((each) => {
      const own = tiles.filter((choice) => choice.taps === each);
      const sizes = CHOICE_WIDTHS.map((width) => own.filter((choice) => choice.width === width));
      return [each, ...sizes.flatMap((group) => ['', ...group.map(({ tile }) => size(tile))])].map(right);
    }),
  );
  const extra = tiles.some(({ tile }) => tile && tile.products !== tile.inputs)
    ? ' (T where it is not D)'
    : '';
  return lines([`D${extra} of the smallest F(S, G) with S·G/T > 1 and Tᴺ mod W = 0:`, '', table.toString()]);
}

/** The smallest tile with an own F(S, G) along every axis. */
export interface AxesChoice {
  readonly width: number;
  readonly tiles: readonly Tile[] | undefined;
}

/** For W = 4, 8, 16 the smallest tile whose axes have these kernel sizes. */
export function axesChoices(taps: readonly number[], { products }: ProductRule): AxesChoice[] {
  return CHOICE_WIDTHS.map((width) => ({ width, tiles: smallestTilePerAxis(taps, width, products) }));
}

/** These choices as a table for a terminal: one row for each vector width. */
export function printAxesChoices(choices: readonly AxesChoice[]): string {
  const table = plainTable();
  table.push(
    [right('W'), 'tile', right('products'), right('speed-up')],
    ...choices.map(({ width, tiles = [] }) => {
      const names = tiles.map(({ outputs, taps }) => `F(${outputs}, ${taps})`);
      const products = tiles.reduce((all, tile) => all * tile.products, 1);
      const direct = tiles.reduce((all, tile) => all * tile.outputs * tile.taps, 1);
      return [
        right(width),
        names.join(' × ') || '–',
        right(products),
        right(`${(direct / products).toFixed(2)}×`),
      ];
    }),
  );
  return lines([
    'The smallest tile with S·G/T > 1 along every convolved axis and Π T mod W = 0:',
    '',
    table.toString(),
  ]);
}

function size(tile: Tile | undefined): string {
  if (tile === undefined) return '–';
  return tile.products === tile.inputs ? `${tile.inputs}` : `${tile.inputs} (${tile.products})`;
}

/** `0.33 (0.33)`: ours, and the paper's if it has any; of one width in a column either way. */
function beside(ours: number, published: number | undefined): string {
  return published === undefined ? ours.toFixed(2) : `${ours.toFixed(2)} (${published.toFixed(2)})`;
}

function superscript(exponent: number): string {
  return [...`${exponent}`].map((digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)]).join('');
}
