import { describe, expect, test } from 'vitest';
import { directionColour, motionPicture, wheelPicture } from '../../../examples/motion/colour.js';

describe('directionColour', () => {
  test.each([
    [0, [255, 0, 0]],
    [60, [255, 255, 0]],
    [120, [0, 255, 0]],
    [180, [0, 255, 255]],
    [240, [0, 0, 255]],
    [300, [255, 0, 255]],
    [-60, [255, 0, 255]],
    [720, [255, 0, 0]],
  ])('%i° is %j, as in HSV', (degrees, colour) => {
    directionColour((degrees * Math.PI) / 180).forEach((value, c) => {
      expect(value).toBeCloseTo(colour[c]!, 6);
    });
  });
});

describe('motionPicture', () => {
  test('mixes the colour of the direction into the dimmed frame by confidence', () => {
    const field = {
      ...{ frames: 1, height: 1, width: 3 },
      right: Float32Array.of(1, -1, 1),
      up: Float32Array.of(0, 0, 0),
      confidence: Float32Array.of(1, 0.5, 0),
      clarity: Float32Array.of(1, 1, 1),
    };
    expect([...motionPicture(field, 0, Float32Array.of(100, 100, 100))]).toEqual([
      ...[255, 0, 0],
      ...[20, 148, 148],
      ...[40, 40, 40],
    ]);
  });
});

describe('wheelPicture', () => {
  test('has the colour of each direction where the direction points, and is clear outside the disc', () => {
    const size = 65;
    const wheel = wheelPicture(size);
    const at = (x: number, y: number) => [...wheel.subarray(4 * (y * size + x), 4 * (y * size + x) + 4)];
    expect(at(64, 32)).toEqual([255, 0, 0, 128]);
    expect(at(0, 32)).toEqual([0, 255, 255, 128]);
    expect(at(32, 2)[1]).toBeGreaterThan(at(32, 2)[2]!);
    expect(at(32, 62)[2]).toBeGreaterThan(at(32, 62)[1]!);
    expect(at(0, 0)[3]).toBe(0);
  });
});
