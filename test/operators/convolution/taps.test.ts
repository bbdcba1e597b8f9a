import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { familyAlgorithms, knownAlgorithms, wholeAxisAlgorithms } from '../../../src/catalogue/catalogue.js';
import { cover, tilingOf } from '../../../src/catalogue/cover.js';
import { layerAxis, relativeDirectError } from '../../../src/operators/convolution/expected-error.js';
import { tapsMet } from '../../../src/operators/convolution/taps.js';
import { validateInput, validateLayer } from '../../../src/problem/problem.js';
import { totalNoise } from '../../../synth/noise/axis.js';

const problems = fc
  .record({
    size: fc.integer({ min: 1, max: 70 }),
    taps: fc.integer({ min: 1, max: 7 }),
    stride: fc.integer({ min: 1, max: 4 }),
    dilation: fc.integer({ min: 1, max: 9 }),
    padding: fc.tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 40 })),
  })
  .filter(({ size, taps, dilation, padding: [a, b] }) => size + a + b > dilation * (taps - 1))
  .map(({ size, taps, stride, dilation, padding }) =>
    validateInput(
      validateLayer(
        { inChannels: 1, outChannels: 1, kernelSize: taps, stride, dilation, padding: [padding] },
        1,
      ),
      [1, 1, size],
    ),
  );

/** Taps of every output, one by one. */
function tapsOneByOne({
  input,
  output,
  kernel,
  stride,
  dilation,
  padBegin,
}: ReturnType<typeof validateInput>) {
  return Array.from(
    { length: output[2] },
    (_, o) =>
      Array.from({ length: kernel[2] }, (_, tap) => o * stride[2] + tap * dilation[2] - padBegin[2]).filter(
        (at) => at >= 0 && at < input[2],
      ).length,
  );
}

describe('the taps that outputs meet', () => {
  it('are those that are counted one by one', () => {
    fc.assert(
      fc.property(problems, (problem) => {
        const met = tapsOneByOne(problem);
        expect(tapsMet(problem, 2)).toEqual({
          sum: met.reduce((sum, each) => sum + each, 0),
          squares: met.reduce((sum, each) => sum + each * each, 0),
        });
      }),
    );
  });

  it('may be none, which errs by nothing', () => {
    const layer = validateLayer({ inChannels: 1, outChannels: 1, kernelSize: 2, dilation: 5, padding: 2 }, 1);
    expect(relativeDirectError(validateInput(layer, [1, 1, 2]))).toBe(0);
  });
});

describe('the noise of an axis', () => {
  it('is that of its tiles, one by one', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 90 }),
        fc.constantFrom(2, 3, 5),
        fc.constantFrom(1, 2, 3),
        fc.tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 30 })),
        fc.nat(),
        (size, taps, stride, padding, pick) => {
          fc.pre(size + padding[0] + padding[1] >= taps);
          const problem = validateInput(
            validateLayer({ inChannels: 1, outChannels: 1, kernelSize: taps, stride, padding: [padding] }, 1),
            [1, 1, size],
          );
          const extent = problem.output[2];
          const all = [
            ...knownAlgorithms(taps, stride),
            ...familyAlgorithms(taps, stride, extent),
            ...(stride === 1 ? wholeAxisAlgorithms(problem, 2) : []),
          ];
          const covering = cover(all[pick % all.length]!, extent, stride);
          const { forms } = covering.algorithm;
          let [start, gain, input] = [0, 0, 0];
          for (const index of tilingOf(covering).sequence) {
            const { transform, native } = forms[index]!;
            const from = start * stride + native.offset - padding[0];
            const inside = (at: number) => Math.min(Math.max(at, 0), native.inputs);
            const noise = totalNoise(
              { transform: transform as never },
              {
                inputs: [inside(-from), inside(size - from)],
                outputs: Math.min(native.outputs, extent - start),
              },
            );
            gain += noise.gain / extent;
            input += noise.input / extent;
            start += native.outputs;
          }
          const { noise } = layerAxis(problem, 2, covering);
          expect(noise!.gain).toBeCloseTo(gain, 9);
          expect(noise!.input).toBeCloseTo(input, 9);
        },
      ),
      { numRuns: 200 },
    );
  });
});
