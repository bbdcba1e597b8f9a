import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gemm, gemmSync, Tensor } from '../../src/index.js';
import { native } from '../../src/native/addon.js';

const RUNS = Number(process.env.WINOGRAD_TEST_RUNS ?? 60);
const tables = native()
  .cpuInfo()
  .kernels.map(({ name }) => name);
const size = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 10, max: 90 }), fc.constant(520));

const integers = (count: number, seed: number) =>
  Tensor.random([count], { seed, low: -4, high: 4 }).data.map(Math.round);

describe('gemm', () => {
  it('is its definition, with transposes, gaps between rows and an old C', async () => {
    const cases = fc.record({
      ...{ m: size, n: size, k: size, transposeA: fc.boolean(), transposeB: fc.boolean() },
      ...{ gaps: fc.tuple(fc.nat(3), fc.nat(3), fc.nat(3)), alpha: fc.constantFrom(1, -2, 0.5) },
      ...{ beta: fc.constantFrom(0, 1, -0.5), threads: fc.constantFrom(1, 2, 3) },
      isa: fc.constantFrom(...tables),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ gaps, ...c }) => {
        const { m, n, k } = c;
        const [lda, ldb, ldc] = [
          (c.transposeA ? m : k) + gaps[0],
          (c.transposeB ? k : n) + gaps[1],
          n + gaps[2],
        ];
        const a = integers((c.transposeA ? k : m) * lda, 1);
        const b = integers((c.transposeB ? n : k) * ldb, 2);
        const before = integers(m * ldc, 3);
        const wanted = before.slice();
        for (let i = 0; i < m; i++)
          for (let j = 0; j < n; j++) {
            let sum = 0;
            for (let s = 0; s < k; s++)
              sum +=
                a[c.transposeA ? s * lda + i : i * lda + s]! * b[c.transposeB ? j * ldb + s : s * ldb + j]!;
            wanted[i * ldc + j] = c.alpha * sum + (c.beta === 0 ? 0 : c.beta * before[i * ldc + j]!);
          }
        const plain = (values: Float32Array) => Array.from(values, (value) => value + 0);
        const call = { ...c, a, b, lda, ldb, ldc };
        expect(plain(gemmSync({ ...call, c: before.slice() }))).toEqual(plain(wanted));
        expect(plain(await gemm({ ...call, c: before.slice() }))).toEqual(plain(wanted));
      }),
      { numRuns: RUNS },
    );
  });

  it('takes sizes from tensors, and makes a new one', async () => {
    const [a, b] = [Tensor.random([3, 4]), Tensor.random([5, 4])];
    const c = await gemm({ a, b, transposeB: true });
    expect(c.shape).toEqual([3, 5]);
    expect(gemmSync({ a, b, transposeB: true, m: 2, n: 2 }).toArray()).toEqual(
      [0, 1].map((row) => [0, 1].map((column) => c.data[5 * row + column])),
    );
    expect((await gemm({ a: Tensor.zeros([0, 4]), b, transposeB: true })).shape).toEqual([0, 5]);
    const old = Tensor.from([[2]]);
    expect(gemmSync({ a: Tensor.zeros([1, 0]), b: Tensor.zeros([0, 1]), c: old, beta: 3 }).toArray()).toEqual(
      [[6]],
    );
    // A C that is not asked for may hold anything.
    const dirty = Tensor.from([[Number.NaN]]);
    expect(gemmSync({ a: Tensor.from([[2]]), b: Tensor.from([[3]]), c: dirty }).toArray()).toEqual([[6]]);
  });

  it('has the same bits for any number of threads', () => {
    const [a, b] = [Tensor.random([130, 600]), Tensor.random([600, 700], { seed: 2 })];
    const [first, ...others] = [1, 2, 4].map((threads) => gemmSync({ a, b, threads }));
    for (const other of others) expect(other.data).toEqual(first!.data);
  });

  it('refuses what does not fit, saying what was expected', async () => {
    const a = Tensor.zeros([3, 4]);
    const b = Tensor.zeros([4, 5]);
    for (const [options, message] of [
      [{ a, b: a }, 'Expected b to be of 4 rows, as A has columns but received 3'],
      [{ a: a.data, b }, 'Expected m to be given as a size, or by tensors of rank 2'],
      [{ a: [1], b }, 'Expected a to be a Float32Array or a Tensor of rank 2'],
      [{ a, b, lda: 3 }, 'Expected lda to be an integer from 4, the columns of a but received 3'],
      [{ a, b, k: 5 }, 'Expected a to be at least 3 × 5 but received [3, 4]'],
      [{ a, b, c: new Float32Array(14) }, 'Expected c to be at least 15 elements long, 3 rows 5 apart'],
      [{ a, b, c: b.data.subarray(0, 15) }, 'Expected c to be apart from b'],
      [{ a, b, alpha: '1' }, 'Expected alpha to be a number'],
      [{ a, b, transposeA: 1 }, 'Expected transposeA to be true or false'],
      [{ a, b, tranposeA: true }, 'transposeA, which is nearest,'],
    ] as const) {
      expect(() => gemmSync(options as never)).toThrow(message);
      await expect(gemm(options as never)).rejects.toThrow(message);
    }
  });
});
