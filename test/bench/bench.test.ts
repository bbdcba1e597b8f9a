import { describe, expect, it } from 'vitest';
import { parseAlgorithm } from '../../bench/algorithm.js';
import { blockedIndex, toBlocked } from '../../bench/blocked.js';
import type { LayerContender } from '../../bench/protocol.js';
import { rowOf } from '../../bench/row.js';
import { parseLayers } from '../../bench/selection.js';
import { type BenchLayer, directFlopsOf, layers, outputOf } from '../../src/report/layers.js';
import { makeData } from '../../src/report/oracle.js';
import { referenceConvolution } from '../reference.js';

const uneven: BenchLayer = {
  name: 'uneven',
  inChannels: 3,
  outChannels: 5,
  groups: 1,
  input: [4, 7, 9],
  kernel: [3, 2, 3],
  stride: [1, 2, 1],
  padding: [1, 0, 1],
};

describe('the oracle', () => {
  const grouped = { ...uneven, inChannels: 6, outChannels: 4, groups: 2 };
  it.each([uneven, grouped])('computes sampled outputs as the naive convolution does, %#', (layer) => {
    const { input, weight, samples, expected, directError } = makeData(layer, 2);
    const { inChannels, outChannels, groups } = layer;
    const { data, shape } = referenceConvolution(
      {
        inputShape: [2, inChannels, ...layer.input],
        weightShape: [outChannels, inChannels / groups, ...layer.kernel],
        groups,
        stride: layer.stride,
        padding: layer.padding.map((size) => [size, size] as const),
      },
      input,
      weight,
    );
    expect(shape.slice(2)).toEqual(outputOf(layer));
    // Both sum at most 54 products below 1 in double precision, in some order.
    samples.forEach((at, i) => {
      expect(Math.abs(expected[i]! - data[at]!)).toBeLessThan(54 * 54 * 2 ** -52);
    });
    // A running sum in float32 errs, but by less than half a unit in the last place of 64 at each of 108 roundings.
    expect(directError).toBeGreaterThan(0);
    expect(directError).toBeLessThan(108 * 64 * 2 ** -24);
  });
});

describe('blocked layout', () => {
  it('places every element once and leaves missing channels zero', () => {
    const shape = { batch: 2, channels: 5, pixels: 3, width: 4 };
    const planar = Float32Array.from({ length: 30 }, (_, i) => i + 1);
    const blocked = new Float32Array(2 * 2 * 3 * 4);
    toBlocked(planar, blocked, shape);
    expect(Array.from(planar, (_, at) => blocked[blockedIndex(at, shape)])).toEqual([...planar]);
    expect(blocked.filter((value) => value === 0).length).toBe(blocked.length - planar.length);
    // Image 1, channel 4 is the first of the second block: N×⌈C/4⌉×pixels×4.
    expect(blockedIndex((1 * 5 + 4) * 3 + 2, shape)).toBe(((1 * 2 + 1) * 3 + 2) * 4);
  });
});

describe('rows', () => {
  const prepared = { values: [], library: 'some 1.0' };
  const contender = {} as LayerContender;
  const group = { layer: uneven, batch: 1, entries: [] };
  const measured = { id: 0, prepared, errorOverDirect: 1.5, stages: [], kernelMs: [] };

  it('divide the flops of direct convolution by the least time, over the peak of all threads', () => {
    const row = rowOf(
      group,
      { ...measured, entry: { contender, threads: 2, cold: false }, ms: [4, 2, 3] },
      10,
    );
    const gflops = directFlopsOf(uneven, 1) / 2e-3 / 1e9;
    expect(row).toMatchObject({ minMs: 2, medianMs: 3, fmaPeakGflops: 20, callMinMs: null, stages: null });
    expect(row.effectiveGflops).toBeCloseTo(gflops, 12);
    expect(row.overPeak).toBeCloseTo(gflops / 20, 12);
  });

  it('prefer the time of the kernel to that of the call', () => {
    const entry = { contender, threads: 1, cold: false };
    const row = rowOf(group, { ...measured, entry, ms: [9, 8], kernelMs: [5, 6] }, 10);
    expect(row).toMatchObject({ minMs: 5, medianMs: 5.5, callMinMs: 8 });
  });

  it('compare the flops of the products with the peak, for the utilisation of their stage', () => {
    const plan = {
      runs: 'F(2, 3)',
      tile: [2],
      block: { tiles: 1, outChannels: 1, inChannels: 0 },
      codelets: [],
      workspaceBytes: 1,
      weightBytes: 1,
      expectedError: 1,
      productShare: 0.5,
    };
    const stages = [{ input: 1, product: 2, output: 1 }];
    const entry = { contender, threads: 1, cold: false };
    const row = rowOf(group, { ...measured, entry, prepared: { ...prepared, plan }, ms: [4], stages }, 10);
    expect(row.stages).toEqual({ input: 0.25, product: 0.5, output: 0.25 });
    expect(row.gemmUtilisation).toBeCloseTo((0.5 * directFlopsOf(uneven, 1)) / 2e-3 / 1e9 / 10, 12);
  });
});

describe('names', () => {
  it('of layers are found by their parts, in the order of the list', () => {
    expect(parseLayers('conv3,VGG-512@14').map(({ name }) => name)).toEqual([
      'vgg-512@14',
      'c3d-conv3a',
      'c3d-conv3b',
    ]);
    expect(() => parseLayers('vgg,none')).toThrow(/received "none"/);
    expect(new Set(layers.map(({ name }) => name)).size).toBe(layers.length);
  });

  it.each(['', 'fast', '0', '4x', '4:sideways', 'auto:'])('of algorithms: %j is none', (name) => {
    expect(() => parseAlgorithm(name)).toThrow(/^Expected an algorithm to be among auto/);
  });

  it('of algorithms: tiles for one axis or each', () => {
    expect(parseAlgorithm('4')).toMatchObject({ algorithm: 'winograd', tile: 4 });
    expect(parseAlgorithm('4:positions')).toMatchObject({ tile: 4, lanes: 'positions' });
    expect(parseAlgorithm('auto:bfloat16')).toMatchObject({ algorithm: 'auto', roundedErrorLimit: Infinity });
    expect(parseAlgorithm('2x4x4:fold1')).toMatchObject({ algorithm: 'winograd', tile: [2, 4, 4] });
  });
});
