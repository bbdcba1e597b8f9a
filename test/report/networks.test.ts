import { describe, expect, it } from 'vitest';
import { Builder } from '../../src/index.js';
import { densityExperiment } from '../../src/report/experiments/density.js';
import { georganasExperiment } from '../../src/report/experiments/georganas.js';
import { networksExperiment } from '../../src/report/experiments/networks.js';
import { variantsExperiment } from '../../src/report/experiments/variants.js';

/** Goes by the name of a network that quick reports are about. */
function resnet34() {
  const b = new Builder({ seed: 1 });
  let x = b.input('image', ['n', 3, 32, 32]);
  x = b.maxPool(b.relu(b.batchNorm(b.conv(x, { outChannels: 8, kernelSize: 3, padding: 1 }))), {
    kernelSize: 2,
  });
  return b.build({ logits: b.linear(b.flatten(b.globalAveragePool(x)), { outFeatures: 10 }) });
}
const circumstances = { quick: true, threads: 1, peers: false, networks: { resnet34 } };

const column = (table: ReturnType<typeof networksExperiment.present>['table'], title: string) => {
  const at = table!.titles.indexOf(title);
  return table!.rows.map((row) => row[at]!);
};

describe('the experiment on networks', () => {
  it('says where the time goes', async () => {
    expect(networksExperiment.parts(circumstances).map(({ name }) => name)).toEqual(['resnet34']);
    const results = new Map([['resnet34', await networksExperiment.measure('resnet34', circumstances)]]);
    const { lead, table, claim } = networksExperiment.present(results);
    expect(lead).toMatch(/convolutions take \d+ % of the time/);
    expect(claim).toBeUndefined();
    expect(column(table, 'ms')[0]!.value).toBeGreaterThan(0);
    expect(column(table, 'error expected')[0]!.text).toMatch(/^\d\.\de-7$/);
    expect(column(table, 'onnxruntime, ms')[0]!.text).toBe('–');
  });
});

it("Table I has the paper's layers, in every direction", async () => {
  const full = georganasExperiment.parts({ ...circumstances, quick: false });
  expect(full).toHaveLength(20);
  const results = new Map([['13', await georganasExperiment.measure('13', circumstances)]]);
  const { table, claim } = georganasExperiment.present(results);
  expect(column(table, 'direction').map(({ text }) => text)).toEqual(['forward', 'backward', 'update']);
  expect(column(table, 'channels')[0]!.text).toBe('256 → 256');
  expect(claim).toContain('those of one tap, where there is nothing to save, none');
});

it('variants of training steps stand beside the planner', async () => {
  expect(variantsExperiment.parts(circumstances).map(({ name }) => name)).toEqual(['resnet34-cifar']);
  const results = new Map([
    ['resnet34-cifar', await variantsExperiment.measure('resnet34-cifar', circumstances)],
  ]);
  const { table } = variantsExperiment.present(results);
  expect(column(table, 'convolutions').map(({ text }) => text)).toEqual([
    'auto',
    'base',
    'rdx',
    'cgt',
    'cgt+dg',
  ]);
  expect(column(table, '× base')[1]!.value).toBe(1);
});

it('sparse weights are compared at every density, and are right', async () => {
  const results = new Map([
    ['resnet-128@28', await densityExperiment.measure('resnet-128@28', circumstances)],
  ]);
  const { table, claim } = densityExperiment.present(results);
  expect(
    column(table, 'non-zeros')
      .map(({ text }) => text)
      .slice(0, 4),
  ).toEqual(['1 %', '2 %', '5 %', '10 %']);
  for (const { value } of column(table, 'difference')) expect(value).toBeLessThan(1e-4);
  expect(claim).toMatch(/resnet-128@28 (up to [\d.]+ %|never)/);
});
