/** How products of matrices are cut for the caches and packed: what Gemm and MatMul share. */
import { createHash } from 'node:crypto';
import type { NativeActivation, ProductBlocks } from '../native/addon.js';
import { productBlocks } from '../planner/product-blocks.js';
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

/** Rows and columns of a matrix, or of what it is transposed. */
export function turned<T>([rows, columns]: readonly [T, T], transposed: boolean): [T, T] {
  return transposed ? [columns, rows] : [rows, columns];
}

/** How a product runs. */
export interface Blocks extends ProductBlocks {
  /** Whether blocks of A are copied before they are multiplied. */
  readonly packA: boolean;
}

/** Rows of A this many bytes apart fall into few sets of the first level of cache. */
const ALIASED_BYTES = 1024;
/** Register tiles of rows that are copied at a time: more do not stay in the first level of cache. */
const COPIED_TILES = 4;
/** @param stride floats between A's rows as they lie; by default its columns */
export function blocksOf(
  { m, n, k, a, transposeA }: Pick<Product, 'm' | 'n' | 'k' | 'a' | 'transposeA'>,
  packed: boolean,
  { machine, threads }: Pick<LoweringSettings, 'machine' | 'threads'>,
  stride = k,
): Blocks {
  const { width, gemmRows: tile } = machine.table;
  const blocks = productBlocks({ m, n, k, results: a.length, packed }, threads, machine);
  const packA = m > tile && !transposeA && n > 2 * width && (4 * stride) % ALIASED_BYTES === 0;
  const copied = packA || transposeA ? COPIED_TILES * tile : m;
  return { ...blocks, packA, rowBlock: Math.min(blocks.rowBlock, Math.max(copied, tile)) };
}

/**
 * A row by a transposed matrix as the matrix by a column: the same numbers, and the matrix is read where it lies, in the order in
 * which it lies, instead of being turned for the one use that it has.
 */
function asColumn(product: Product): Product {
  const { n, matrices, a, b, biasStrides } = product;
  return {
    ...product,
    ...{ m: n, n: 1, a: b, b: a, matrices: { a: matrices.b, b: matrices.a } },
    ...{ transposeA: false, transposeB: false },
    ...(biasStrides && { biasStrides: Int32Array.of(biasStrides[1]!, 0) }),
  };
}

/** One kernel; a second factor that never changes is packed once. */
export function lowerProduct(given: Product, node: NodeToLower, settings: LoweringSettings): Lowered {
  const [, other] = node.inputs;
  const fixed = other !== undefined && ('data' in other || other.made === true);
  const exchanged = given.m === 1 && given.transposeB && !fixed;
  const product = exchanged ? asColumn(given) : given;
  const { isa } = settings;
  const { m, n, k, matrices, transposeB, alpha } = product;
  const results = product.a.length;
  const bytes = 4 * (matrices.a * m * k + matrices.b * k * n + results * m * n);
  const threads = threadsFor(settings.threads, bytes, 2 * results * m * n * k);
  const blocks = blocksOf(product, fixed, { ...settings, threads });
  const call: KernelCall = {
    operator: 'pack gemm',
    description: {
      ...{ isa: isa.name, threads: settings.threads, matrices: matrices.b, n, k },
      ...{ sumBlock: blocks.sumBlock, transposeB, alpha },
    },
  };
  const second: Operand = fixed
    ? { packed: call, inputs: [1], key: keyOf(call), bytes: packedBytes(product, isa.width) }
    : { input: exchanged ? 0 : 1 };
  const inputs: Operand[] = [{ input: exchanged ? 1 : 0 }, second];
  inputs.push(product.biasStrides === undefined ? undefined : { input: 2 });
  return {
    steps: [
      {
        operator: 'gemm',
        description: { isa: isa.name, threads, ...product, ...blocks, packed: fixed },
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
