import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newData, writeData } from '../../src/report/data.js';
import { suites } from '../../src/report/experiment.js';
import { tilesExperiment } from '../../src/report/experiments/tiles.js';
import { hasOnnxruntime, ifOnnxruntime } from '../onnxruntime.js';
import { winograd } from './run.js';

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'winograd-cli-report-'));
  const results = {
    'table-1/tiles': await tilesExperiment.measure('tiles', {
      ...{ quick: true, threads: 1, peers: false, networks: {} },
    }),
  };
  await writeData(join(folder, 'data.json'), { ...newData(true), results });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const report = (...args: string[]) => winograd(['report', ...args], { cwd: folder });

describe('winograd report', () => {
  it('draws what was measured, and measures nothing', async () => {
    const { code, stdout, stderr } = await report('--from', 'data.json', '--out', 'drawn');
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'drawn/index.html\n', stderr: '' });
    expect(readdirSync(join(folder, 'drawn')).sort()).toEqual([
      ...['figures', 'index.html', 'report.json', 'report.md', 'tables'],
    ]);
  });

  it('compares', async () => {
    await report('--from', 'data.json', '--out', 'same');
    const { code, stdout } = await report('--compare', 'same', 'data.json');
    expect(code).toBe(0);
    expect(stdout).toMatch(/0 of \d+ numbers differ by more than 10 %/);
    const { stdout: json } = await report('--compare', 'same', 'data.json', '--json');
    expect(JSON.parse(json).changes).toEqual([]);
  });

  it('offers every suite there is, and refuses what it does not know', async () => {
    const { stdout: help } = await report('--help');
    expect(help.replaceAll(/\s+/g, ' ')).toContain(suites.map((name) => `"${name}"`).join(', '));
    writeFileSync(join(folder, 'report.json'), '{}');
    for (const args of [
      ['--suite', 'everything'],
      ['--from', 'nowhere'],
      ['--from', 'report.json'],
      ['--compare', 'data.json'],
      ['--from', 'data.json', '--quick'],
      ['--out', '.', '--quick'],
    ])
      expect((await report(...args)).code, args.join(' ')).toBe(2);
  });
});

it.skipIf(!hasOnnxruntime)(`has onnxruntime beside networks with --peers${ifOnnxruntime}`, async () => {
  const { code, stdout } = await report(
    '--suite',
    'networks',
    '--peers',
    '--quick',
    '--out',
    'peers',
    '--json',
  );
  expect(code).toBe(0);
  const { results } = JSON.parse(stdout);
  const { rival, nodes } = results['networks/resnet34 beside onnxruntime'];
  expect(rival.library).toMatch(/^onnxruntime-node /);
  expect(rival.difference).toBeLessThan(1e-5);
  for (const each of [nodes, rival.nodes])
    expect(each.some(({ kind }: { kind: string }) => kind === 'convolution')).toBe(true);
});
