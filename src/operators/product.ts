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

/** Blocks of the five loops around the micro-kernel (Goto and van de Geijn 2008). */
export interface Blocks {
  /** Rows of A and columns of B that are one item of a thread, and the sums that are taken at once. */
  readonly rowBlock: number;
  readonly columnBlock: number;
  readonly sumBlock: number;
  /** Whether blocks of A are copied before they are multiplied. */
  readonly packA: boolean;
}

/** Items for each thread, so that the last ones end together. */
const ITEMS_PER_THREAD = 4;

/** Rows of A this many bytes apart fall into few sets of the first level of cache. */
const ALIASED_BYTES = 1024;

/**
 * A panel of B (two vectors wide) takes half of the first level of cache, a block of A half of the second. Few rows are
 * multiplied in one sweep over B, as then nothing but B takes time.
 */
export function blocksOf(
  { m, n, k, a, transposeA }: Pick<Product, 'm' | 'n' | 'k' | 'a' | 'transposeA'>,
  { machine, isa, threads }: LoweringSettings,
): Blocks {
  const panel = 2 * isa.width;
  const tile = machine.table.gemmRows;
  const few = m <= tile;
  const inFirst = Math.max(256, Math.floor(machine.caches.l1 / 2 / (4 * panel)));
  const sumBlock = few ? k : evenly(k, inFirst, isa.width);
  const inSecond = Math.max(tile, Math.floor(machine.caches.l2 / 2 / (4 * sumBlock)));
  const wanted = threads === 1 ? 1 : ITEMS_PER_THREAD * threads;
  const rowBlock = evenly(m, Math.min(inSecond, Math.ceil((m * a.length) / wanted)), tile);
  const items = a.length * Math.ceil(m / rowBlock);
  const inThird = Math.max(panel, Math.floor(machine.caches.l3 / 2 / (4 * sumBlock)));
  const columnBlock = evenly(n, Math.min(inThird, Math.ceil((n * items) / wanted)), panel);
  const packA = !few && !transposeA && n > 4 * panel && (4 * k) % ALIASED_BYTES === 0;
  return { rowBlock, columnBlock, sumBlock, packA };
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
  const blocks = blocksOf(product, { ...settings, threads });
  const [, factor] = node.inputs;
  const packed = factor !== undefined && ('data' in factor || factor.made === true);
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
