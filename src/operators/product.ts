/** How products of matrices are cut for the caches and packed: what Gemm and MatMul share. */
import { createHash } from 'node:crypto';
import type { NativeActivation } from '../native/addon.js';
import type { KernelCall, Lowered, LoweringSettings, NodeToLower, Operand } from './operator.js';
import { threadsFor } from './threads.js';

/** C[i] = activation(alpha · A[a[i]] B[b[i]] + beta · bias), m × k by k × n. */
export interface Product {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** How many there are of A and B, and which ones each result takes. */
  readonly matrices: { readonly a: number; readonly b: number };
  readonly a: Int32Array;
  readonly b: Int32Array;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly alpha: number;
  readonly beta: number;
  /** Elements between rows and columns of the bias; undefined without one. */
  readonly biasStrides?: Int32Array;
  readonly activation?: NativeActivation;
}

/** Blocks of the five loops around the micro-kernel (Goto and van de Geijn 2008), and how threads share them. */
export interface ProductBlocks {
  /** Rows of A and columns of B that are multiplied together, and the sums that are taken at once. */
  readonly rowBlock: number;
  readonly columnBlock: number;
  readonly sumBlock: number;
  /** Each thread takes blocks of columns and packs its own, or all pack together and each takes blocks of rows. */
  readonly shared: 'columns' | 'rows';
}

export interface Blocks extends ProductBlocks {
  /** Whether blocks of A are copied before they are multiplied. */
  readonly packA: boolean;
}

/** Items for each thread, so that the last ones end together. */
const ITEMS_PER_THREAD = 4;
/** Columns that are worth an item of their own: a row of B is read as far as it is contiguous. */
const WORTH_SHARING = 128;
/** Rows of A this many bytes apart fall into few sets of the first level of cache. */
const ALIASED_BYTES = 1024;
/** Register tiles of rows that are copied at a time: more do not stay in the first level of cache. */
const COPIED_TILES = 4;
/**
 * Shares of the second level of cache: of a panel of B, which register tiles read from front to back, and of a block of B,
 * which all rows of A meet there. Zen 4, 1 MiB: 2048³ runs at 0.99 of OpenBLAS with 512 sums by 512 columns, at 0.93
 * with half as many sums, and a third slower where a block of A has the second level and panels of B the first.
 */
const PANEL_SHARE = 1 / 16;
const BLOCK_SHARE = 1;

/** What a product's blocks depend on: sizes, how many there are, and whether B comes packed. */
export interface Sizes {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly results: number;
  readonly packed: boolean;
}

export function productBlocks(
  { m, n, k, results, packed }: Sizes,
  { machine, threads }: Pick<LoweringSettings, 'machine' | 'threads'>,
): ProductBlocks {
  const { width, gemmRows: tile } = machine.table;
  const { l2 } = machine.caches;
  const panel = 2 * width;
  const sumBlock = m <= tile ? k : evenly(k, Math.floor((PANEL_SHARE * l2) / (4 * panel)), width);
  const most = Math.floor((BLOCK_SHARE * l2) / (4 * sumBlock));
  const wanted = threads === 1 ? 1 : ITEMS_PER_THREAD * threads;
  const shared = threads === 1 || results * n >= wanted * WORTH_SHARING ? 'columns' : 'rows';
  const columns = Math.min(most, shared === 'columns' ? Math.ceil((n * results) / wanted) : n);
  const rows = shared === 'rows' || packed ? Math.ceil((m * results) / wanted) : m;
  return {
    ...{ sumBlock, shared, rowBlock: evenly(m, rows, tile) },
    columnBlock: evenly(n, Math.max(columns, Math.min(n, WORTH_SHARING)), panel),
  };
}

export function blocksOf(
  product: Pick<Product, 'm' | 'n' | 'k' | 'a' | 'transposeA'>,
  packed: boolean,
  settings: LoweringSettings,
): Blocks {
  const { m, n, k, a, transposeA } = product;
  const { width, gemmRows: tile } = settings.machine.table;
  const blocks = productBlocks({ m, n, k, results: a.length, packed }, settings);
  const packA = m > tile && !transposeA && n > 8 * width && (4 * k) % ALIASED_BYTES === 0;
  const copied = packA || transposeA ? COPIED_TILES * tile : m;
  return { ...blocks, packA, rowBlock: Math.min(blocks.rowBlock, Math.max(copied, tile)) };
}

/** The size of parts that are as equal as may be, at most about `most`, in whole `steps`. */
function evenly(size: number, most: number, step: number): number {
  const parts = Math.ceil(size / Math.max(most, step));
  return Math.ceil(size / parts / step) * step;
}

/** One kernel; a second factor that never changes is packed once. */
export function lowerProduct(product: Product, node: NodeToLower, settings: LoweringSettings): Lowered {
  const { isa } = settings;
  const { m, n, k, matrices, transposeB, alpha } = product;
  const results = product.a.length;
  const bytes = 4 * (matrices.a * m * k + matrices.b * k * n + results * m * n);
  const threads = threadsFor(settings.threads, bytes, 2 * results * m * n * k);
  const [, factor] = node.inputs;
  const packed = factor !== undefined && ('data' in factor || factor.made === true);
  const blocks = blocksOf(product, packed, { ...settings, threads });
  const call: KernelCall = {
    operator: 'pack gemm',
    description: {
      ...{ isa: isa.name, threads: settings.threads, matrices: matrices.b, n, k },
      ...{ sumBlock: blocks.sumBlock, transposeB, alpha },
    },
  };
  const second: Operand = packed
    ? { packed: call, inputs: [1], key: keyOf(call), bytes: packedBytes(product, isa.width) }
    : { input: 1 };
  const inputs: Operand[] = [{ input: 0 }, second];
  inputs.push(product.biasStrides === undefined ? undefined : { input: 2 });
  return {
    steps: [
      {
        operator: 'gemm',
        description: { isa: isa.name, threads, ...product, ...blocks, packed },
        inputs,
        outputs: [{ output: 0 }],
      },
    ],
    title: `${results > 1 ? `${results} × ` : ''}${m} × ${k} by ${k} × ${n}`,
  };
}

function packedBytes({ n, k, matrices }: Product, width: number): number {
  return 4 * matrices.b * k * Math.ceil(n / width) * width;
}

/** Says how a factor is packed; two calls with the same key pack the same way. */
function keyOf({ description }: KernelCall): string {
  const { threads: _, ...packing } = description as Record<string, unknown>;
  return createHash('sha256').update(JSON.stringify(packing)).digest('hex').slice(0, 16);
}
