import { expected } from '../../synth/errors.js';
import { checkNoMore, checkOptions, type OptionNames } from '../../synth/options.js';
import { kernelTable, machineOf } from '../machine/machine.js';
import { native } from '../native/addon.js';
import { blocksOf, turned } from '../operators/product.js';
import { threadsFor } from '../operators/threads.js';
import { WORTH_WAKING } from '../planner/schedule.js';
import { validateThreads } from '../problem/problem.js';
import { overlap } from '../tensor/engine-memory.js';
import { MAX_ELEMENTS } from '../tensor/shape.js';
import { allocate, checkData, Tensor } from '../tensor/tensor.js';
import { prepared } from './prepared.js';

/** A matrix: a tensor of rank 2, or numbers row by row, whose sizes are then told by `m`, `n` and `k`. */
export type MatrixOperand = Tensor | Float32Array;

/** C ← alpha · op(A) op(B) + beta · C, in BLAS's words; row-major, float32. */
export interface GemmOptions {
  /** m × k, or k × m if `transposeA`. */
  readonly a: MatrixOperand;
  /** k × n, or n × k if `transposeB`. */
  readonly b: MatrixOperand;
  /** m × n, written in place, apart from A and B; by default new and zero. */
  readonly c?: MatrixOperand;
  /** Sizes; by default those that the tensors A and B have. Smaller ones take a matrix' upper left part. */
  readonly m?: number;
  readonly n?: number;
  readonly k?: number;
  /** Floats from a row to the next as the matrix lies; by default its columns. */
  readonly lda?: number;
  readonly ldb?: number;
  readonly ldc?: number;
  /** Default false. */
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
  /** Default 1. */
  readonly alpha?: number;
  /** Default 0: then C is not read, whatever it holds. */
  readonly beta?: number;
  /** Default: as many as the system grants this process. Results do not depend on them. */
  readonly threads?: number;
  /** One of the kernel tables that `cpuInfo()` lists; by default the best, or what `WINOGRAD_ISA` forces. */
  readonly isa?: string;
}

const names: OptionNames<GemmOptions> = {
  ...{ a: true, b: true, c: true, m: true, n: true, k: true, lda: true, ldb: true, ldc: true },
  ...{ transposeA: true, transposeB: true, alpha: true, beta: true, threads: true, isa: true },
};

/**
 * A product of matrices off the main thread, by five loops around a micro-kernel that fill the caches (Goto and van de Geijn
 * 2008). Operands in the library's own memory (`Tensor.zeros`, results) are used in place and must not be written to
 * before the promise settles; others are copied at the call.
 *
 * @returns `c` as it was given, or a new tensor, m × n
 * @throws InputError (as a rejection) naming the option that does not fit
 */
export async function gemm<C extends MatrixOperand = Tensor>(
  options: GemmOptions & { readonly c?: C },
  ...extra: never[]
): Promise<C> {
  checkNoMore('gemm', 1, extra);
  const call = posed(options);
  const own = native().owns(call.c) ? call.c : allocate(call.c.length, false);
  if (own !== call.c) own.set(call.c);
  if (!trivial(call)) await preparedFor(call).soon([call.a, call.b], own);
  if (own !== call.c) {
    checkData(call.c, [own.length], 'c');
    call.c.set(own);
  }
  return call.result as C;
}

/** The same on the calling thread (and the others), which it blocks meanwhile; no operand is copied. */
export function gemmSync<C extends MatrixOperand = Tensor>(
  options: GemmOptions & { readonly c?: C },
  ...extra: never[]
): C {
  checkNoMore('gemmSync', 1, extra);
  const call = posed(options);
  if (!trivial(call)) preparedFor(call).sync([call.a, call.b, null], call.c);
  return call.result as C;
}

/** A checked call. */
interface Call {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly a: Float32Array;
  readonly b: Float32Array;
  readonly c: Float32Array;
  readonly strides: { readonly a: number; readonly b: number; readonly c: number };
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly alpha: number;
  readonly beta: number;
  readonly threads: number;
  readonly isa: { readonly name: string; readonly width: number };
  readonly result: MatrixOperand;
}

function posed(options: GemmOptions): Call {
  checkOptions('gemm', options, names);
  const transposeA = booleanOf('transposeA', options.transposeA);
  const transposeB = booleanOf('transposeB', options.transposeB);
  const [aRows, aColumns] = turned(shapeOf('a', options.a), transposeA);
  const [bRows, bColumns] = turned(shapeOf('b', options.b), transposeB);
  const m = sizeOf('m', options.m ?? aRows);
  const n = sizeOf('n', options.n ?? bColumns);
  const k = sizeOf('k', options.k ?? aColumns ?? bRows);
  if (options.k === undefined && aColumns !== undefined && bRows !== undefined && aColumns !== bRows)
    throw expected('b', `of ${aColumns} rows, as A has columns${transposeA ? ', transposed' : ''}`, bRows);
  const a = matrix('a', options.a, 'lda', options.lda, transposeA ? [k, m] : [m, k]);
  const b = matrix('b', options.b, 'ldb', options.ldb, transposeB ? [n, k] : [k, n]);
  const result = options.c ?? Tensor.zeros([m, n]);
  const c = matrix('c', result, 'ldc', options.ldc, [m, n]);
  for (const [name, { data }] of Object.entries({ a, b }))
    if (overlap(data, c.data)) throw expected('c', `apart from ${name}`, result);
  return {
    ...{ m, n, k, a: a.data, b: b.data, c: c.data, transposeA, transposeB, result },
    strides: { a: a.stride, b: b.stride, c: c.stride },
    ...{ alpha: numberOf('alpha', options.alpha, 1), beta: numberOf('beta', options.beta, 0) },
    ...{ threads: validateThreads(options.threads), isa: kernelTable(options.isa) },
  };
}

function preparedFor(call: Call) {
  const { m, n, k, transposeA, transposeB, alpha, beta, strides, isa, threads } = call;
  const key = [
    m,
    n,
    k,
    transposeA,
    transposeB,
    alpha,
    beta,
    strides.a,
    strides.b,
    strides.c,
    isa.name,
    threads,
  ];
  return prepared('gemm', key.join(), () => descriptionOf(call));
}

function descriptionOf(call: Call): object {
  const { m, n, k, transposeA, transposeB, alpha, beta, strides, isa } = call;
  const bytes = 4 * (m * k + k * n + m * n);
  const flops = 2 * m * n * k;
  const threads = threadsFor(call.threads, bytes, flops);
  const machine = machineOf(isa.name);
  const product = { m, n, k, a: Int32Array.of(0), transposeA };
  return {
    ...{
      isa: isa.name,
      threads,
      wake: flops >= WORTH_WAKING,
      m,
      n,
      k,
      transposeA,
      transposeB,
      alpha,
      beta,
      strides,
    },
    ...{ accumulates: beta !== 0, matrices: { a: 1, b: 1 }, a: Int32Array.of(0), b: Int32Array.of(0) },
    ...{ packed: false, ...blocksOf(product, false, { machine, threads }, strides.a) },
  };
}

/** Done here if there is nothing to multiply: a sum of nothing is zero. */
function trivial({ m, n, k, c, beta, strides }: Call): boolean {
  if (m === 0 || n === 0) return true;
  if (k > 0) return false;
  for (let row = 0; row < m; row++)
    for (let i = row * strides.c; i < row * strides.c + n; i++) c[i] = beta === 0 ? 0 : beta * c[i]!;
  return true;
}

/** Rows and columns of a tensor; of an array nothing is known. */
function shapeOf(name: string, operand: unknown): [number, number] | [undefined, undefined] {
  if (operand instanceof Float32Array) return [undefined, undefined];
  if (!(operand instanceof Tensor) || operand.rank !== 2)
    throw expected(
      name,
      'a Float32Array or a Tensor of rank 2',
      operand instanceof Tensor ? [...operand.shape] : operand,
    );
  return [operand.shape[0]!, operand.shape[1]!];
}

function matrix(
  name: string,
  operand: MatrixOperand,
  strideName: string,
  given: number | undefined,
  [rows, columns]: readonly [number, number],
) {
  const [ownRows, ownColumns] = shapeOf(name, operand);
  const data = operand instanceof Tensor ? operand.data : operand;
  checkData(data, operand instanceof Tensor ? operand.shape : [data.length], name);
  if (ownRows !== undefined && given === undefined && (ownRows < rows || ownColumns < columns))
    throw expected(name, `at least ${rows} × ${columns}`, [ownRows, ownColumns]);
  const stride = given ?? ownColumns ?? columns;
  if (!Number.isInteger(stride) || stride < columns || stride > MAX_ELEMENTS)
    throw expected(strideName, `an integer from ${columns}, the columns of ${name}`, stride);
  const least = rows === 0 || columns === 0 ? 0 : (rows - 1) * stride + columns;
  if (data.length < least)
    throw expected(name, `at least ${least} elements long, ${rows} rows ${stride} apart`, data.length);
  return { data: data.subarray(0, least), stride };
}

function sizeOf(name: string, value: unknown): number {
  if (!Number.isInteger(value) || (value as number) < 0 || (value as number) > MAX_ELEMENTS)
    throw expected(name, 'given as a size, or by tensors of rank 2', value);
  return value as number;
}

function numberOf(name: string, value: unknown, fallback: number): number {
  const number = value ?? fallback;
  if (typeof number !== 'number') throw expected(name, 'a number', value);
  return number;
}

function booleanOf(name: string, value: unknown): boolean {
  if (value !== undefined && typeof value !== 'boolean') throw expected(name, 'true or false', value);
  return value === true;
}
