import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as networks from '../../examples/networks/index.js';
import { chartPng, chartSvg } from '../../src/report/chart.js';
import { changesBetween, changesTable } from '../../src/report/compare.js';
import { writeComparison } from '../../src/report/comparison.js';
import { newData, type ReportData, readData, writeData } from '../../src/report/data.js';
import { suites } from '../../src/report/experiment.js';
import { frontExperiment } from '../../src/report/experiments/accuracy.js';
import { gradientsExperiment } from '../../src/report/experiments/gradients.js';
import { experiments } from '../../src/report/experiments/index.js';
import { reductionExperiment } from '../../src/report/experiments/reduction.js';
import { rooflineExperiment } from '../../src/report/experiments/roofline.js';
import { tilesExperiment } from '../../src/report/experiments/tiles.js';
import { markdownTable } from '../../src/report/markdown.js';
import { partsOf, runReport } from '../../src/report/run.js';
import { tableOf } from '../../src/report/section.js';
import { median } from '../../src/report/statistics.js';
import { csvOf, sectionsOf, writeReport } from '../../src/report/write.js';

const quick = { quick: true, threads: 2, peers: false, networks: {} };
/** As the commands have it. */
const known = { ...quick, networks: { ...networks } };

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'winograd-report-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** The data of two experiments that count and do not measure. */
async function counted(): Promise<ReportData> {
  const results = {
    'table-1/tiles': await tilesExperiment.measure('tiles', quick),
    'reduction/counts': await reductionExperiment.measure('counts', quick),
  };
  return { ...newData(true), results };
}

describe('the numbers behind the figures', () => {
  it('Table 1 as printed', async () => {
    const { claim, table } = tilesExperiment.present(
      new Map([['tiles', await tilesExperiment.measure('tiles', quick)]]),
    );
    expect(claim).toBe('Every figure agrees with the print.');
    expect(table!.rows.map(([tile]) => tile!.text)).toEqual([
      'F(3, 2)',
      'F(2, 3)',
      'F(5, 4)',
      'F(4, 5)',
      'F(3, 6)',
    ]);
  });

  it("figure 1's reductions, by equation 4", async () => {
    const { table, claim } = reductionExperiment.present(
      new Map([['counts', await reductionExperiment.measure('counts', quick)]]),
    );
    const value = (kind: RegExp, kernels: string, channels: number) =>
      table!.rows.find(([a, b, c]) => kind.test(a!.text) && b!.text === kernels && c!.value === channels)![3]!
        .value as number;
    // 6³ matrices: 6·6·(36+36+36) operations for a channel's data, 4·6·(36+24+16) for a kernel's results.
    const dense = (channels: number, kernels: number) =>
      (27 * 64) / (216 + (36 * 108) / kernels + (24 * 76) / channels);
    expect(value(/dense/, '100 kernels', 100)).toBeCloseTo(dense(100, 100), 9);
    expect(value(/dense/, '10 kernels', 10)).toBeCloseTo(dense(10, 10), 9);
    expect(value(/dense/, '1 kernel', 1)).toBeCloseTo(dense(1, 1), 9);
    expect(value(/dense/, '∞ kernels', 100)).toBeCloseTo(dense(100, Infinity), 9);
    expect(value(/programs/, '100 kernels', 100)).toBeGreaterThan(dense(100, 100));
    expect(value(/programs/, '∞ kernels', 100)).toBeLessThan(8);
    expect(claim).toContain('counted 4M² + 24M, 4M² + 14M');
  });

  it('fronts that fall, separable and split, as measured too', async () => {
    const points = (await frontExperiment.measure('F(6, 3)', quick)) as {
      productsPerOutput: number;
      error: number;
      measured: number;
      kind: string;
    }[];
    expect(points.length).toBeGreaterThan(6);
    for (const { productsPerOutput, error, measured } of points) {
      expect(productsPerOutput).toBeGreaterThan(1);
      expect(error).toBeGreaterThan(0.3);
      expect(measured / error).toBeGreaterThan(0.7);
      expect(measured / error).toBeLessThan(1.7);
    }
    // At 2.44 products an output the split algorithm errs less than half of what the best separable one does.
    const least = (split: boolean) =>
      Math.min(
        ...points
          .filter((point) => point.kind.startsWith('split') === split && point.productsPerOutput < 2.45)
          .map(({ error }) => error),
      );
    expect(least(true)).toBeLessThan(0.55 * least(false));
  });

  it('a roof that no algorithm passes', async () => {
    const { peak, rates, readings } = (await rooflineExperiment.measure('unet-64@32', quick)) as {
      peak: number;
      rates: Record<string, number>;
      readings: { operations: number; bytes: number; time: number }[];
    };
    expect(rates['second cache']).toBeGreaterThan(rates.memory!);
    for (const { operations, bytes, time } of readings) {
      expect(operations / bytes).toBeGreaterThan(1);
      // The peak is measured by slices, on machines that others use as well.
      expect(operations / time / 1e6).toBeLessThan(1.3 * peak);
    }
  });

  it('gradients of a layer, three ways', async () => {
    const readings = (await gradientsExperiment.measure('resnet-128@28', quick)) as {
      direction: string;
      effective: number;
    }[];
    expect(readings.map(({ direction }) => direction)).toEqual(['forward', 'data', 'weights']);
    for (const { effective } of readings) expect(effective).toBeGreaterThan(0);
  });

  it('the middle of values', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
  });
});

describe('a run', () => {
  it('measures what is missing, keeps the rest, and draws everything', async () => {
    const before = await counted();
    const all = partsOf(suites, quick).map(({ key }) => key);
    const missing = 'table-1/tiles';
    const results = Object.fromEntries(all.filter((key) => key !== missing).map((key) => [key, 'kept']));
    await writeData(join(folder, 'report.json'), { ...before, results });
    const seen: string[] = [];
    const data = await runReport({
      ...{ folder, suites, quick: true },
      onProgress: ({ what }) => seen.push(what),
    });
    expect(seen).toEqual([expect.stringContaining(missing)]);
    expect(Object.values(data.results).filter((result) => result === 'kept')).toHaveLength(all.length - 1);
    expect((await readData(join(folder, 'report.json'))).results).toEqual(data.results);
  });

  it('keeps what was measured when it is stopped, and goes on', async () => {
    const stopping = new AbortController();
    const reason = new Error('stopped');
    const options = { folder, suites: ['paper' as const], quick: true };
    const stopped = runReport({
      ...{ ...options, signal: stopping.signal },
      onProgress: ({ what }) => what.startsWith('reduction') && stopping.abort(reason),
    });
    await expect(stopped).rejects.toBe(reason);
    expect(Object.keys((await readData(join(folder, 'report.json'))).results)).toEqual(['table-1/tiles']);
  });

  it('puts data of another machine aside', async () => {
    const other = await counted();
    const environment = { ...other.environment, machine: 'another' };
    await writeData(join(folder, 'report.json'), { ...other, environment });
    await runReport({ folder, suites: [], quick: true });
    const names = await readdir(folder);
    expect(names).toHaveLength(2);
    const aside = names.find((name) => name !== 'report.json')!;
    expect((await readData(join(folder, aside))).environment.machine).toBe('another');
  });

  it('refuses data that are none, and leaves them', async () => {
    const path = join(folder, 'report.json');
    for (const text of ['{', '[]', '{"format":"winograd-nd report 1","results":[]}', 'null']) {
      await writeFile(path, text);
      await expect(runReport({ folder, suites: ['paper'], quick: true })).rejects.toThrow(
        /to be the data of a report/,
      );
      expect(await readFile(path, 'utf8')).toBe(text);
    }
  });

  it('says when it cannot write', async () => {
    const path = join(folder, 'file');
    await writeFile(path, '');
    await expect(runReport({ folder: path, suites: ['paper'], quick: true })).rejects.toThrow(
      /EEXIST|ENOTDIR/,
    );
  });
});

describe('what is written', () => {
  it('stands on one page, and beside it as files', async () => {
    const data = await counted();
    const page = await writeReport(data, folder);
    const html = await readFile(page, 'utf8');
    expect(html).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
    expect(html).toContain('<svg role="img" aria-label="Operations of direct convolution');
    expect(html).toContain('F(5, 4)');
    expect(JSON.parse(/id="data">(.*?)<\/script>/s.exec(html)![1]!)).toEqual(data);
    expect((await readdir(join(folder, 'figures'))).sort()).toEqual(['reduction.png', 'reduction.svg']);
    const png = await readFile(join(folder, 'figures/reduction.png'));
    expect(png.subarray(1, 4).toString()).toBe('PNG');
    const csv = await readFile(join(folder, 'tables/table-1.csv'), 'utf8');
    expect(csv.split('\r\n')[0]).toBe(
      '"F(S, G)",D,zeros of A,printed,zeros of B,printed,zeros of C,printed,"speed-up, 2D",printed,"speed-up, 3D",printed',
    );
    const markdown = await readFile(join(folder, 'report.md'), 'utf8');
    expect(markdown).toContain(
      '![Figure 1: reduction in computations, 3 × 3 × 3 kernels](figures/reduction.svg)',
    );
    expect(await readData(join(folder, 'report.json'))).toEqual(data);
  });

  it('says in charts what marks are, to keyboards and pointers', async () => {
    const points = await frontExperiment.measure('F(2, 3)', quick);
    const svg = await chartSvg(frontExperiment.present(new Map([['F(2, 3)', points]])).chart!);
    expect(svg).toMatch(/<path aria-label="F\(2, 3\), [^"]*"[^>]*><title>F\(2, 3\), /);
    expect((await chartPng(svg)).length).toBeGreaterThan(10_000);
  });

  it('escapes cells', () => {
    const table = tableOf(
      [{ a: 'x, "y"|z', b: 0.123456 }],
      [
        { title: 'a', value: ({ a }) => a },
        { title: 'b', value: ({ b }) => b },
        { title: 'c', value: () => undefined },
      ],
    );
    expect(csvOf(table)).toBe('a,b,c\r\n"x, ""y""|z",0.123456,\r\n');
    expect(markdownTable(table)).toBe('| a | b | c |\n|---|--:|---|\n| x, "y"\\|z | 0.123 | – |');
  });

  it('has a name, a suite and parts of its own for every experiment', () => {
    expect(new Set(experiments.map(({ id }) => id)).size).toBe(experiments.length);
    const full = partsOf(suites, { ...known, quick: false, peers: true });
    expect(new Set(full.map(({ key }) => key)).size).toBe(full.length);
    expect(full.reduce((sum, { seconds }) => sum + seconds, 0)).toBeLessThan(30 * 60);
    const short = partsOf(suites, known);
    expect(short.reduce((sum, { seconds }) => sum + seconds, 0)).toBeLessThan(3 * 60);
  });
});

/** The same with speed-ups of the first tiles of Table 1 times these. */
function sped(before: ReportData, ...factors: readonly number[]): ReportData {
  const results = structuredClone(before.results) as Record<
    string,
    { own: { speedup: Record<string, number> } }[]
  >;
  factors.forEach((factor, tile) => {
    results['table-1/tiles']![tile]!.own.speedup['2D']! *= factor;
  });
  return { ...before, results };
}

describe('two reports', () => {
  it('differ where numbers do by more than the noise', async () => {
    const before = await counted();
    const after = sped(before, 1.5, 1.05);
    const { shared, changes } = changesBetween(before, after);
    expect(shared).toBeGreaterThan(60);
    expect(changes).toEqual([
      expect.objectContaining({
        row: 'F(3, 2)',
        column: 'speed-up, 2D',
        before: 2.25,
        after: 3.375,
        ratio: 1.5,
      }),
    ]);
    expect(changesTable(changes).rows[0]!.at(-1)!.text).toBe('1.50');
    expect(changesBetween(before, before).changes).toEqual([]);
    expect(sectionsOf({ ...before, results: {} })).toEqual([]);
  });

  it('compare rows by the numbers that name them, and draw what keeps its sign', async () => {
    const distribution = (shares: readonly number[]) => ({
      bins: shares.map((share, i) => ({ at: i - 1, share })),
      ...{ largest: 1, bound: 2, plan: 'direct' },
    });
    const report = (shares: readonly number[]): ReportData => ({
      ...newData(true),
      results: { 'distribution/c3d-conv4a': distribution(shares) },
    });
    const { changes } = changesBetween(report([0.25, 0.5, 0.25]), report([0.25, 1, -0.25]));
    expect(changes.map(({ row, ratio }) => [row, ratio])).toEqual(
      expect.arrayContaining([
        ['0.00', 2],
        ['1.00', -1],
      ]),
    );
    expect(changes).toHaveLength(2);
    await writeComparison(report([0.25, 0.5, 0.25]), report([0.25, 1, -0.25]), folder);
    const svg = await readFile(join(folder, 'figures/changes.svg'), 'utf8');
    expect(svg).toContain('0.00, share: 0.500 → 1.00');
    expect(svg).not.toContain('NaN');
  });

  it('stand side by side on a page, with what only one of them has', async () => {
    const after = await counted();
    const before = { ...after, results: { 'table-1/tiles': after.results['table-1/tiles'] } };
    const page = await writeComparison(before, after, folder);
    expect(page).toBe(join(folder, 'index.html'));
    expect((await readdir(join(folder, 'figures'))).sort()).toEqual([
      'reduction-second.png',
      'reduction-second.svg',
    ]);
    const html = await readFile(page, 'utf8');
    expect(html).toContain('Two reports side by side');
    expect(html).toContain('Not in the first report.');
    expect(html).toContain('<figcaption>The second report</figcaption>');
    expect(html).toContain('Nothing differs by more than the noise.');
    expect(await readFile(join(folder, 'report.md'), 'utf8')).toContain(
      '![The second report](figures/reduction-second.svg)',
    );
  });

  it('show what changed as points and rows, and two figures of each section', async () => {
    const before = await counted();
    const page = await writeComparison(before, sped(before, 2), folder);
    expect((await readdir(join(folder, 'figures'))).filter((name) => name.endsWith('svg')).sort()).toEqual([
      'changes.svg',
      'reduction-first.svg',
      'reduction-second.svg',
    ]);
    expect(await readFile(page, 'utf8')).toContain('F(3, 2), speed-up, 2D: 2.25 → 4.50');
    expect(await readFile(join(folder, 'tables/table-1.csv'), 'utf8')).toBe(
      'row,number,first,second,ratio\r\n"F(3, 2)","speed-up, 2D",2.25,4.5,2\r\n',
    );
  });
});
