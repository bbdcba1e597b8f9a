import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CsrMatrix, systemml, Tensor } from '../../src/index.js';

const RUNS = Number(process.env.WINOGRAD_TEST_RUNS ?? 60);

const options = fc
  .record({
    ...{
      N: fc.integer({ min: 1, max: 3 }),
      C: fc.integer({ min: 1, max: 4 }),
      K: fc.integer({ min: 1, max: 5 }),
    },
    ...{ H: fc.integer({ min: 1, max: 8 }), W: fc.integer({ min: 1, max: 8 }) },
    ...{ R: fc.integer({ min: 1, max: 3 }), S: fc.integer({ min: 1, max: 3 }) },
    stride: fc.tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 3 })),
    padding: fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 2 })),
    threads: fc.constantFrom(1, 2),
  })
  .filter(({ H, W, R, S, padding }) => H + 2 * padding[0] >= R && W + 2 * padding[1] >= S);

function matrix(rows: number, columns: number, seed: number, density: number): Tensor {
  const kept = Tensor.random([rows, columns], { seed: seed + 500, low: 0, high: 1 });
  const values = Tensor.random([rows, columns], { seed, low: -4, high: 4 });
  return new Tensor(
    values.data.map((value, i) => (kept.data[i]! < density ? Math.round(value) : 0)),
    [rows, columns],
  );
}

const plain = ({ data }: Tensor) => Array.from(data, (value) => value + 0);
const close = (found: Tensor, wanted: Tensor) => {
  const largest = wanted.data.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  expect(found.shape).toEqual(wanted.shape);
  for (const [i, value] of wanted.data.entries())
    expect(Math.abs(found.data[i]! - value)).toBeLessThan(1e-4 * largest);
};

describe('SystemML’s operators', () => {
  it('are their definition in all three directions, whichever operands are sparse', async () => {
    await fc.assert(
      fc.asyncProperty(options, fc.constantFrom(0, 0.1, 0.5, 1), async (given, density) => {
        const p = new systemml.Parameters({ ...given, sparse: 'always' });
        const exact = new systemml.Parameters({ ...given, precision: 'double' });
        const x = matrix(p.N, p.C * p.H * p.W, 1, density);
        const filter = matrix(p.K, p.C * p.R * p.S, 2, density);
        const dout = matrix(p.N, p.K * p.P * p.Q, 3, density);
        const directions = [
          [systemml.conv2d, x, filter],
          [systemml.conv2dBackwardData, filter, dout],
          [systemml.conv2dBackwardFilter, x, dout],
        ] as const;
        for (const [operator, a, b] of directions) {
          const wanted = await operator(a, b, exact);
          for (const first of [a, CsrMatrix.fromDense(a)])
            for (const second of [b, CsrMatrix.fromDense(b)]) {
              const found = await operator(first, second, p);
              // By Winograd where both are dense; sums of integers are exact else.
              if (first === a && second === b) close(found, wanted);
              else expect(plain(found)).toEqual(plain(wanted));
            }
        }
      }),
      { numRuns: RUNS },
    );
  });

  it('pool: padding is no zero, the first maximum wins, a window without one drops its gradient', async () => {
    await fc.assert(
      fc.asyncProperty(options, fc.boolean(), async ({ K: _, ...given }, sparse) => {
        const p = new systemml.Parameters(given);
        const { N, C, H, W, R, S, P, Q, stride, padding } = p;
        const x = matrix(N, C * H * W, 1, 0.6);
        const dout = matrix(N, C * P * Q, 2, 1);
        const pooled = new Float32Array(N * C * P * Q).fill(-3.4028234663852886e38);
        const gradient = new Float32Array(x.size);
        const afterRelu = new Float32Array(x.size);
        for (let plane = 0; plane < N * C; plane++)
          for (let o = 0; o < P * Q; o++) {
            let at = -1;
            for (let r = 0; r < R; r++)
              for (let s = 0; s < S; s++) {
                const h = Math.floor(o / Q) * stride[0] + r - padding[0];
                const w = (o % Q) * stride[1] + s - padding[1];
                if (h < 0 || h >= H || w < 0 || w >= W) continue;
                const place = (plane * H + h) * W + w;
                if (at < 0 || x.data[place]! > x.data[at]!) at = place;
              }
            if (at < 0) continue;
            const value = x.data[at]!;
            pooled[plane * P * Q + o] = value;
            gradient[at] = gradient[at]! + dout.data[plane * P * Q + o]!;
            if (value > 0) afterRelu[at] = afterRelu[at]! + dout.data[plane * P * Q + o]!;
          }
        const given1 = sparse ? CsrMatrix.fromDense(x) : x;
        const given2 = sparse ? CsrMatrix.fromDense(dout) : dout;
        expect(plain(await systemml.maxPool(given1, p))).toEqual(Array.from(pooled, (value) => value + 0));
        expect(plain(await systemml.reluMaxPool(given1, p))).toEqual(
          Array.from(pooled, (value) => Math.max(value, 0)),
        );
        const numbers = (values: Float32Array) => Array.from(values, (value) => value + 0);
        expect(plain(await systemml.maxPoolBackward(given1, given2, p))).toEqual(numbers(gradient));
        expect(plain(await systemml.reluMaxPoolBackward(given1, given2, p))).toEqual(numbers(afterRelu));
      }),
      { numRuns: RUNS },
    );
  });

  const sizes = { N: 2, C: 1, H: 2, W: 2, K: 2, R: 1, S: 1 };
  const empty = (rows: number, columns: number) =>
    new CsrMatrix(rows, columns, new Float32Array(0), new Int32Array(0), new Int32Array(rows + 1));
  const x = matrix(2, 4, 1, 1);
  const filter = Tensor.from([[2], [-1]]);
  const bias = Tensor.from([[10], [20]]);

  it('add and multiply a bias, in the semantics of empty blocks', async () => {
    const convolved = await systemml.conv2d(x, filter, sizes);
    const each = (combine: (value: number, bias: number) => number) =>
      Array.from(convolved.data, (value, i) => combine(value, Math.floor(i / 4) % 2 === 0 ? 10 : 20));
    expect([...systemml.biasAdd(convolved, bias, sizes).data]).toEqual(each((value, of) => value + of));
    expect([...systemml.biasMultiply(convolved, bias, sizes).data]).toEqual(each((value, of) => value * of));
    const sum = await systemml.conv2dBiasAdd(x, filter, CsrMatrix.fromDense(bias), sizes);
    expect([...sum.data]).toEqual(each((value, of) => value + of));
    // Nothing and nothing is nothing; nothing and a bias is the bias; a convolution and nothing is itself.
    const nothing = await systemml.conv2dBiasAdd(empty(2, 4), filter, empty(2, 1), sizes);
    expect(nothing.data.every((value) => value === 0)).toBe(true);
    const biases = await systemml.conv2dBiasAdd(x, empty(2, 1), bias, sizes);
    expect([...biases.data]).toEqual(each((_, of) => of));
    const itself = await systemml.conv2dBiasAdd(x, filter, empty(2, 1), sizes);
    expect(itself.toArray()).toEqual(convolved.toArray());
  });

  it('take ReLU’s gradient where X is positive', () => {
    const [input, gradient] = [Tensor.from([[1, 0, -1]]), Tensor.from([[5, 6, 7]])];
    expect(systemml.reluBackward(input, gradient).toArray()).toEqual([[5, 0, 0]]);
    expect(systemml.reluBackward(CsrMatrix.fromDense(input), gradient).toArray()).toEqual([[5, 0, 0]]);
    expect(() => systemml.reluBackward(input, Tensor.from([[1, 2]]))).toThrow(
      'Expected dout to be of 1 × 3, as X but received [1, 2]',
    );
  });

  it('print their parameters when an operand does not fit', async () => {
    await expect(systemml.conv2d(Tensor.zeros([2, 3]), filter, sizes)).rejects.toThrow(
      'Expected X to be a Tensor or CsrMatrix of 2 × 4 for (NCHW=[2 1 2 2] KCRS=[2 1 1 1] PQ=[2 2] stride=[1 1] ' +
        'padding=[0 0]) but received [2, 3]',
    );
    await expect(systemml.conv2dBiasAdd(x, filter, Tensor.zeros([1, 2]), sizes)).rejects.toThrow(
      'Incorrect shape of bias matrix: [1 2]. Expected: [2, 1]',
    );
    expect(() => new systemml.Parameters({ ...sizes, R: 3 })).toThrow(
      'Expected the padded image to be at least as large as a window, 3 × 1',
    );
    expect(() => new systemml.Parameters({ ...sizes, strides: 1 } as never)).toThrow(
      'stride, which is nearest,',
    );
  });

  it('count calls and time when asked to', async () => {
    expect(systemml.statistics()).toBeUndefined();
    systemml.startStatistics();
    await systemml.conv2d(x, CsrMatrix.fromDense(filter), { ...sizes, sparse: 'always' });
    // Half of it is not zero: dense is faster.
    await systemml.conv2d(x, CsrMatrix.fromDense(filter), sizes);
    await systemml.conv2d(x, filter, sizes);
    const counted = systemml.stopStatistics()!;
    expect(counted.calls).toEqual({ 'conv2d dense sparse': 1, 'conv2d dense dense': 2 });
    expect(counted.milliseconds.im2col).toBeGreaterThan(0);
    expect(counted.milliseconds.product).toBeGreaterThan(0);
    expect(systemml.statistics()).toBeUndefined();
  });
});
