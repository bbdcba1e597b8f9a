import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/support/package.js';
import { fromJSON, printJson, printLatex, printText, synthesize, toJSON, verify } from '../../synth/index.js';
import { winograd } from './run.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'winograd-'));
});

/** A file in the scratch folder. */
function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

describe('winograd synth', () => {
  test('prints matrices and proof', async () => {
    expect(await winograd(['synth', '2', '3'])).toEqual({
      code: 0,
      stdout: printText(synthesize({ outputs: 2, taps: 3 })),
      stderr: '',
    });
  });

  test.each([
    ['json', (transform) => printJson(toJSON(transform))],
    ['latex', printLatex],
  ] as [string, typeof printLatex][])('prints %s', async (format, print) => {
    const { code, stdout } = await winograd(['synth', '4', '3', '--format', format]);
    expect(code).toBe(0);
    expect(stdout).toBe(print(synthesize({ outputs: 4, taps: 3 })));
  });

  test('ends quietly when nobody reads on', async () => {
    const main = join(packageRoot(), 'dist/src/cli/main.js');
    const child = spawn(process.execPath, [main, 'synth', '8', '8']);
    child.stdout.destroy();
    let stderr = '';
    child.stderr.on('data', (text) => {
      stderr += text;
    });
    await new Promise((resolve) => child.on('close', resolve));
    expect(stderr).toBe('');
  });

  test.each([
    [['3', '--dims', '3', '--vector', '8'], { outputs: 2, taps: 3 }],
    [['--dims', '3', '--vector', '8'], { outputs: 2, taps: 3 }],
    [['5', '-w', '16', '-n', '1'], { outputs: 10, taps: 5 }],
    [['3', '--moduli', '0, ±1, ±2, inf'], { outputs: 4, taps: 3, moduli: '0, ±1, ±2, inf' }],
  ])('chooses S for %j', async (args, request) => {
    const { code, stdout } = await winograd(['synth', ...args]);
    expect(code).toBe(0);
    expect(stdout).toBe(printText(synthesize(request)));
  });

  test.each([
    [
      ['4', '3', '--vector', '8'],
      'Expected S to be left out with --vector, which settles it, but received 4',
    ],
    [['4', '3', '--dims', '3'], 'Expected --dims to be left out without --vector but received 3'],
    [['3', '--vector', '8', '-m', '0, ±1, inf'], 'Expected --vector to be left out with --moduli'],
    [['4'], 'Expected G to be a positive integer but received undefined'],
    [[], 'Expected S to be a positive integer but received undefined'],
  ])('refuses %j', async (args, message) => {
    const { code, stderr } = await winograd(['synth', ...args]);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });

  test('takes moduli that begin with a minus', async () => {
    const { code, stdout } = await winograd([
      'synth',
      '4',
      '3',
      '-f',
      'json',
      '--moduli',
      '-5/8, 5/8, 0, ±3/2, inf',
    ]);
    expect(code).toBe(0);
    expect(fromJSON(JSON.parse(stdout)).moduli).toEqual(['-5/8', '5/8', '0', '3/2', '-3/2', 'inf']);
  });

  test('takes any polynomial, with the points of its product', async () => {
    const moduli = '0, (x-1)*(x+1), x^2+1@(0 1 inf), inf'; // Evaluated at its roots, x² − 1 needs no third product.
    const { code, stdout } = await winograd(['synth', '4', '3', '--format', 'json', '--moduli', moduli]);
    expect(code).toBe(0);
    const transform = fromJSON(JSON.parse(stdout));
    expect(transform.products).toBe(7);
    expect(verify(transform).ok).toBe(true);
  });

  test('writes to a file, whole', async () => {
    const path = join(folder, 'f23.txt');
    expect(await winograd(['synth', '2', '3', '--out', path])).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(readFileSync(path, 'utf8')).toBe(printText(synthesize({ outputs: 2, taps: 3 })));
  });

  test.each([
    [['synth', '4'], /Expected G to be a positive integer but received undefined/],
    [['synth', 'four', '3'], /Expected S to be a positive integer but received "four"/],
    [['synth', '0', '3'], /Expected S to be a positive integer but received "0"/],
    [['synth', '-2', '3'], /"-2"|unknown option '-2'/],
    [['synth', '4', '3.5'], /Expected G to be a positive integer but received "3.5"/],
    [['synth', '4', '3', '--format', 'xml'], /--format to be one of text, json, latex but received "xml"/],
    [['synth', '4', '3', '--moduli', '0, 1, 2'], /add up to 6 .* received 3 \(0, 1, 2\)/],
    [['synth', '2', '3', '--moduli', '0, 1, 1, inf'], /1 is given twice/],
    [['synth', '2', '3', '--moduli', 'x^2-1, 1, inf'], /common factor x-1/],
    [['synth', '2', '3', '--moduli'], /argument missing/],
    [['synth', '2', '3', '--out', '/nowhere/f23.txt'], /ENOENT.*\/nowhere/],
  ])('refuses %j', async (args, message) => {
    const { code, stdout, stderr } = await winograd(args);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/ at .*\.js/);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  test('leaves nothing half-written where it cannot write', async () => {
    const { code } = await winograd(['synth', '2', '3', '--out', folder]);
    expect(code).toBe(2);
    expect(readdirSync(folder).filter((name) => name.includes(`${folder}.`))).toEqual([]);
  });
});

describe('winograd verify', () => {
  const f43 = toJSON(synthesize({ outputs: 4, taps: 3 }));
  const wrong = { ...f43, B: f43.B.map((row, t) => (t === 0 ? row.map(() => '1') : row)) };

  test('proves every shipped transform', async () => {
    const transforms = join(packageRoot(), 'transforms');
    const shipped = readdirSync(transforms)
      .filter((name) => name.endsWith('.json'))
      .map((name) => join(transforms, name));
    const { code, stdout } = await winograd(['verify', ...shipped]);
    expect(code).toBe(0);
    const verdicts = stdout.trim().split('\n');
    expect(verdicts.length).toBeGreaterThanOrEqual(shipped.length);
    for (const verdict of verdicts)
      expect(verdict).toMatch(
        /^✓ .*: proved, \d+ coefficients exact; moduli, noiseGain, operations, fillsVectors, smaller right$/,
      );
  });

  test('says no to one that does not hold, and proves the others', async () => {
    const files = [file('right.json', JSON.stringify(f43)), file('wrong.json', JSON.stringify(wrong))];
    const { code, stdout, stderr } = await winograd(['verify', ...files]);
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(stdout).toMatch(
      /^✓ .*right\.json: F\(4, 3\), 6 products: proved, 72 coefficients exact; moduli right$/m,
    );
    expect(stdout).toMatch(
      /^✗ .*wrong\.json: F\(4, 3\), 6 products: WRONG\. The identity fails at output 0, tap 0/m,
    );
  });

  test('reads arrays and standard input, and prints JSON', async () => {
    const { code, stdout } = await winograd(['verify', '-', '--json'], {
      input: JSON.stringify([f43, wrong]),
    });
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject([
      { file: '-', index: 0, ok: true, equations: 72, claims: ['moduli'] },
      { file: '-', index: 1, ok: false, error: expect.stringContaining('must be') },
    ]);
  });

  test.each([
    [{ moduli: ['0', '1', '-1', '3', '-3', 'inf'] }, 'The claim moduli is wrong'],
    [{ noiseGain: 3 }, 'The claim noiseGain is wrong: it is 3.78674, not 3'],
    [{ operations: { A: 12, B: 120, C: 9 } }, 'The claim operations.B is wrong: a program has 12, not 120'],
    [{ fillsVectors: { 8: 1 } }, 'The claim fillsVectors.8 is wrong'],
    [{ smaller: [toJSON(synthesize({ outputs: 2, taps: 3 }))] }, 'The claim smaller[0] is wrong'],
  ])('says which claim of a file is wrong: %j', async (claim, message) => {
    const input = JSON.stringify({ ...f43, ...claim });
    const { code, stdout } = await winograd(['verify', '-'], { input });
    expect(code).toBe(1);
    expect(stdout).toContain(`✗ standard input: F(4, 3), 6 products: WRONG. ${message}`);
    const refused = await winograd(['emit', '--from', '-', '--target', 'c'], { input });
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain(message);
  });

  test('refuses claims that are malformed', async () => {
    const { code, stderr } = await winograd(['verify', '-'], {
      input: JSON.stringify({ ...f43, noiseGain: 'low' }),
    });
    expect(code).toBe(2);
    expect(stderr).toContain('Expected noiseGain to be a number but received "low"');
  });

  test('takes what synth gives', async () => {
    const { stdout } = await winograd(['synth', '6', '3', '--format', 'json']);
    expect((await winograd(['verify', '-'], { input: stdout })).code).toBe(0);
  });

  test.each([
    ['not JSON', '{', /Expected JSON/],
    ['an empty file', '', /Expected JSON/],
    ['no transform', '{"outputs": 4}', /Expected taps to be a positive integer but received undefined/],
    ['no transforms', '[]', /to hold a transform but received an empty array/],
    [
      'a row too short',
      JSON.stringify({ ...f43, C: [['1'], ...f43.C.slice(1)] }),
      /row 0 of C to have 3 entries/,
    ],
  ])('refuses %s', async (_, content, message) => {
    const path = file('bad.json', content);
    const { code, stdout, stderr } = await winograd(['verify', path]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).toContain(path);
  });

  test('refuses a file that is not there', async () => {
    const { code, stderr } = await winograd(['verify', join(folder, 'missing.json')]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/ENOENT/);
  });
});

describe('winograd table', () => {
  test('recomputes Table 1 of Budden et al. 2017 beside its figures', async () => {
    const { code, stdout } = await winograd(['table']);
    expect(code).toBe(0);
    const compared = [...stdout.matchAll(/(\d+\.\d\d) \((\d+\.\d\d)\)/g)];
    expect(compared).toHaveLength(25);
    for (const [, ours, published] of compared) expect(ours).toBe(published);
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  });

  test('prints JSON', async () => {
    const { stdout } = await winograd(['table', '--json']);
    const { width, dims, rows, choices } = JSON.parse(stdout);
    expect({ width, dims }).toEqual({ width: 8, dims: 2 });
    expect(
      rows.map((row: { inputs: number; taps: number; outputs: number }) => [
        row.inputs,
        row.taps,
        row.outputs,
      ]),
    ).toEqual([
      [4, 2, 3],
      [4, 3, 2],
      [8, 4, 5],
      [8, 5, 4],
      [8, 6, 3],
    ]);
    for (const { remainder, published } of rows) {
      expect(remainder).toEqual({ '2D': 0, '3D': 0 });
      expect(published.sparsity).toHaveProperty('C');
    }
    expect(choices).toHaveLength(5 * 3 * 4);
    for (const choice of choices) expect(choice.tile.products ** choice.dims % choice.width).toBe(0);
  });

  test('chooses for other kernels, vectors and dimensions', async () => {
    const { stdout } = await winograd([
      'table',
      '--taps',
      '3,7',
      '--width',
      '16',
      '--dims',
      '1',
      '--products',
      'synth',
      '--json',
    ]);
    const { rows } = JSON.parse(stdout);
    expect(rows.map((row: { taps: number; products: number }) => [row.taps, row.products])).toEqual([
      [3, 16],
      [7, 16],
    ]);
  });

  test('chooses an own F(S, G) for every axis', async () => {
    const { stdout } = await winograd(['table', '--axes', '1,3,3']);
    expect(stdout).toMatch(/^ 8 +F\(1, 1\) × F\(2, 3\) × F\(2, 3\) +16 +2\.25×$/m);
    const { stdout: json } = await winograd(['table', '--axes', '2,3', '--json']);
    expect(JSON.parse(json).map(({ width }: { width: number }) => width)).toEqual([4, 8, 16]);
  });

  test.each([
    [['--taps', '3,0'], /--taps to be a positive integer but received "0"/],
    [['--width', '1.5'], /--width to be a positive integer/],
    [['--dims', 'two'], /--dims to be a positive integer/],
    [['--products', 'best'], /--products to be one of linear, synth/],
  ])('refuses %j', async (args, message) => {
    const { code, stderr } = await winograd(['table', ...args]);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });
});
