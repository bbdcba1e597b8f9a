import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { emit, targets } from '../../synth/emit/index.js';
import { printJson, synthesize, toJSON } from '../../synth/index.js';
import { winograd } from './run.js';

const folder = mkdtempSync(join(tmpdir(), 'winograd-cli-emit-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('winograd emit', () => {
  it('lists its targets when asked for none', async () => {
    const { code, stdout } = await winograd(['emit']);
    expect(code).toBe(0);
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => line.split(' ')[0]),
    ).toEqual(targets.map(({ name }) => name));
  });

  it('prints what the library emits', async () => {
    const { code, stdout } = await winograd(['emit', '2', '3', '--target', 'avx2', '--moduli', '0, ±1, inf']);
    expect(code).toBe(0);
    expect(stdout).toBe(emit(synthesize({ outputs: 2, taps: 3, moduli: '0, ±1, inf' }), 'avx2'));
  });

  it('writes a file, with names of the caller', async () => {
    const out = join(folder, 'tile.h');
    const { code, stdout } = await winograd(['emit', '2', '3', '-t', 'c', '-n', 'tile', '-o', out]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(readFileSync(out, 'utf8')).toContain('static inline void tile_input(');
  });

  it('takes an algorithm from a file or from standard input', async () => {
    const transform = synthesize({ outputs: 3, taps: 2 });
    const file = join(folder, 'f3x2.json');
    writeFileSync(file, printJson(toJSON(transform)));
    const wanted = emit(transform, 'numpy');
    expect((await winograd(['emit', '-t', 'numpy', '--from', file])).stdout).toBe(wanted);
    const piped = await winograd(['emit', '-t', 'numpy', '--from', '-'], {
      input: printJson(toJSON(transform)),
    });
    expect(piped.stdout).toBe(wanted);
  });

  it('refuses an algorithm that is wrong', async () => {
    const json = toJSON(synthesize({ outputs: 2, taps: 3 }));
    const file = join(folder, 'wrong.json');
    writeFileSync(file, printJson({ ...json, A: json.A.map((row) => row.map(() => '1')) }));
    const { code, stdout, stderr } = await winograd(['emit', '-t', 'c', '--from', file]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^winograd: .*wrong\.json: The identity fails at output 0/);
  });

  it.each([
    [['emit', '2', '-t', 'c'], 'Expected G to be a positive integer'],
    [['emit', '-t', 'c'], 'Expected S to be a positive integer'],
    [['emit', '0', '3', '-t', 'c'], 'Expected S to be a positive integer but received "0"'],
    [['emit', '2', '3', '-t', 'fortran'], 'Expected target to be one of json, text'],
    [['emit', '2', '3', '-t', 'c', '-n', 'a b'], 'Expected name to be an identifier but received "a b"'],
    [['emit', '2', '3', '-t', 'c', '--from', 'x.json'], 'Expected either S and G or --from'],
    [['emit', '-t', 'c', '--from', '/nowhere.json'], 'ENOENT'],
    [['emit', '-t', 'c', '--from', '-'], 'Unexpected end of JSON'],
  ])('refuses %j', async (args, message) => {
    const out = join(folder, 'never');
    const { code, stdout, stderr } = await winograd([...args, '--out', out]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
    expect(existsSync(out)).toBe(false);
  });
});
