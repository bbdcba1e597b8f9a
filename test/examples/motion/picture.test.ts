import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gaussianBlur } from '../../../examples/motion/blur.js';
import { areaResize, fittedSize } from '../../../examples/motion/resize.js';

const side = fc.integer({ min: 1, max: 40 });

describe('fittedSize', () => {
  test.each([
    [{ height: 1080, width: 1920 }, 320, { height: 180, width: 320 }],
    [{ height: 100, width: 50 }, 320, { height: 100, width: 50 }],
    [{ height: 1, width: 5000 }, 10, { height: 1, width: 10 }],
  ])('%j within %i', (size, most, fitted) => {
    expect(fittedSize(size, most)).toEqual(fitted);
  });
});

describe('areaResize', () => {
  test('weighs pixels by the area covered', () => {
    const resize = areaResize({ height: 2, width: 3 }, { height: 1, width: 2 });
    // Each new pixel covers one and a half columns of both rows.
    expect([...resize([0, 3, 6, 0, 3, 6])]).toEqual([1, 5]);
  });

  test('keeps the mean of any picture of any size', () => {
    fc.assert(
      fc.property(side, side, fc.integer({ min: 1, max: 40 }), (height, width, most) => {
        const from = { height, width };
        const to = fittedSize(from, most);
        const picture = Float32Array.from({ length: height * width }, (_, i) => (i * 7919) % 256);
        const mean = (values: Float32Array) => values.reduce((a, b) => a + b, 0) / values.length;
        // Sums of at most 1600 values up to 255 in float32.
        expect(mean(areaResize(from, to)(picture))).toBeCloseTo(mean(picture), 2);
      }),
    );
  });
});

describe('gaussianBlur', () => {
  test('leaves an even picture of any size even, up to its border', () => {
    fc.assert(
      fc.property(side, side, (height, width) => {
        const blurred = gaussianBlur(height, width, 2.5)(new Float32Array(height * width).fill(3));
        for (const value of blurred) expect(value).toBeCloseTo(3, 5);
      }),
    );
  });

  test('spreads a point as a Gaussian, equally on both axes', () => {
    const [size, centre, sigma] = [31, 15, 2];
    const picture = new Float32Array(size * size);
    picture[centre * size + centre] = 1;
    const blurred = gaussianBlur(size, size, sigma)(picture);
    const at = (y: number, x: number) => blurred[(centre + y) * size + centre + x]!;
    expect(blurred.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5);
    expect(at(0, 2) / at(0, 0)).toBeCloseTo(Math.exp(-0.5), 5);
    expect(at(3, 0)).toBeCloseTo(at(0, -3), 7);
  });
});
