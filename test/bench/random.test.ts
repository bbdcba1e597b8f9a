import { expect, it } from 'vitest';
import { compare } from '../../bench/random/compare.js';
import { type RandomLayer, randomLayers } from '../../bench/random/layers.js';
import { slowness, summaryOf } from '../../bench/random/summary.js';
import { isas } from '../layers/cases.js';

function take(count: number, seed: number): RandomLayer[] {
  const layers = randomLayers(seed);
  return Array.from({ length: count }, () => layers.next().value as RandomLayer);
}

it('random layers are the same for a seed, and of all kinds', () => {
  const layers = take(300, 7);
  expect(take(20, 7)).toEqual(layers.slice(0, 20));
  expect(take(20, 8)).not.toEqual(layers.slice(0, 20));
  const values = (of: (layer: RandomLayer) => number) => new Set(layers.map(of));
  expect(values(({ layer }) => layer.input.length)).toEqual(new Set([1, 2, 3]));
  expect(values(({ batch }) => batch)).toEqual(new Set([1, 4]));
  for (const { layer } of layers) {
    expect(layer.inChannels).toBeGreaterThanOrEqual(3);
    expect(layer.inChannels).toBeLessThanOrEqual(512);
    expect(layer.outChannels).toBeGreaterThanOrEqual(8);
    expect(layer.outChannels).toBeLessThanOrEqual(512);
  }
});

it('a comparison checks results and times three ways', () => {
  const layer = {
    ...{ name: 'small', inChannels: 8, outChannels: 16, groups: 1, input: [12, 13] },
    ...{ kernel: [3, 3], stride: [1, 1], padding: [1, 1] },
  };
  const found = compare({ layer, batch: 2 }, { seed: 1, index: 0, isa: isas()[0]!, threads: 1 });
  expect(found).toMatchObject({ layer: 'small', batch: 2, direct: { runs: 'direct' } });
  for (const { ms } of [found.plan, found.direct, found.measured]) expect(ms).toBeGreaterThan(0);
  expect(slowness(found)).toBeGreaterThanOrEqual(1);
  const text = summaryOf([found, { ...found, plan: { ...found.plan, ms: 10 * found.direct.ms } }]);
  expect(text).toContain('2 layers; plans within 3 % of the best:');
  expect(text).toContain('slower than direct convolution by more than 3 %: 50.0 %');
});
