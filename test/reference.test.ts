import { describe, expect, it } from 'vitest';
import { referenceConvolution } from './reference.js';

describe('the oracle itself, against results worked out by hand', () => {
  it('correlates without flipping', () => {
    const y = referenceConvolution(
      { inputShape: [1, 1, 4], weightShape: [1, 1, 3] },
      [1, 2, 3, 4],
      [1, 10, 100],
    );
    expect([...y.data]).toEqual([321, 432]);
    expect(y.shape).toEqual([1, 1, 2]);
  });

  it('pads each side by its own amount', () => {
    const y = referenceConvolution(
      { inputShape: [1, 1, 2], weightShape: [1, 1, 2], padding: [[0, 2]] },
      [1, 2],
      [1, 10],
    );
    expect([...y.data]).toEqual([21, 2, 0]);
  });

  it('strides and dilates', () => {
    const y = referenceConvolution(
      { inputShape: [1, 1, 7], weightShape: [1, 1, 2], stride: [2], dilation: [3] },
      [1, 2, 3, 4, 5, 6, 7],
      [1, 10],
    );
    expect([...y.data]).toEqual([41, 63]);
  });

  it('walks rows and columns, channels, groups, batch, bias and relu', () => {
    const y = referenceConvolution(
      { inputShape: [2, 2, 1, 2], weightShape: [2, 1, 1, 2], groups: 2, activation: (v) => Math.max(v, 0) },
      [1, 2, 3, 4, 5, 6, 7, 8],
      [1, 1, -1, 1],
      [0.5, -2],
    );
    expect([...y.data]).toEqual([3.5, 0, 11.5, 0]);
  });

  it('sums magnitudes', () => {
    const y = referenceConvolution(
      { inputShape: [1, 1, 2], weightShape: [1, 1, 2] },
      [1, -2],
      [-3, 4],
      [-5],
      {
        magnitudes: true,
      },
    );
    expect([...y.data]).toEqual([16]);
  });
});
