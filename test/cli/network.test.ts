import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Builder, readNpy, Tensor, writeNpy, writeOnnx } from '../../src/index.js';
import { hasOnnxruntime, ifOnnxruntime } from '../onnxruntime.js';
import { winograd } from './run.js';

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'winograd-cli-network-'));
  const b = new Builder({ seed: 2 });
  const x = b.input('clip', [1, 3, 6, 8, 8]);
  const y = b.relu(b.conv(x, { name: 'first', outChannels: 8, kernelSize: 3, padding: 1 }));
  await writeOnnx(join(folder, 'model.onnx'), b.build({ 'a/b': b.maxPool(y, { kernelSize: 2 }) }));
  await writeNpy(join(folder, 'x.npy'), Tensor.random([1, 3, 6, 8, 8]));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const inFolder = () => ({ cwd: folder, env: { WINOGRAD_WISDOM: join(folder, 'wisdom.json') } });

describe('winograd run', () => {
  it('writes every result, and shows where the time goes', async () => {
    const args = [
      'run',
      'model.onnx',
      '--input',
      'clip=x.npy',
      '--out',
      'out',
      '--profile',
      '--trace',
      't.json',
    ];
    const { code, stdout } = await winograd(args, inFolder());
    expect(code).toBe(0);
    expect(stdout).toMatch(/first +convolution +[\d.]+ +[\d.]+ %/);
    expect((await readNpy(join(folder, 'out/a_b.npy'))).shape).toEqual([1, 8, 3, 4, 4]);
    const { traceEvents } = JSON.parse(readFileSync(join(folder, 't.json'), 'utf8'));
    expect(traceEvents.map(({ ph }: { ph: string }) => ph)).toContain('X');
  });

  it('speaks JSON', async () => {
    const args = ['run', 'model.onnx', '--input', 'clip=x.npy', '--out', 'json', '--json'];
    const { stdout } = await winograd(args, inFolder());
    const { files, milliseconds, steps } = JSON.parse(stdout);
    expect(Object.keys(files)).toEqual(['a/b']);
    expect(milliseconds).toBeGreaterThan(0);
    expect(steps.length).toBeGreaterThan(0);
  });

  it('keeps the network with --cache, which `winograd cache` lists and clears', async () => {
    const env = { XDG_CACHE_HOME: join(folder, 'cache'), WINOGRAD_WISDOM: join(folder, 'wisdom.json') };
    const args = ['run', 'model.onnx', '--input', 'clip=x.npy', '--out', 'kept', '--cache'];
    const bytes: Buffer[] = [];
    for (let run = 0; run < 2; run++) {
      expect((await winograd(args, { cwd: folder, env })).code).toBe(0);
      bytes.push(readFileSync(join(folder, 'kept/a_b.npy')));
    }
    expect(bytes[1]!.equals(bytes[0]!)).toBe(true);
    expect((await winograd(['cache'], { env })).stdout).toMatch(/^model\.onnx +[\d.]+ kB +\d{4}-/m);
    const { programs } = JSON.parse((await winograd(['cache', '--json'], { env })).stdout);
    expect(programs.map(({ model }: { model: string }) => model)).toEqual(['model.onnx']);
    expect((await winograd(['cache', 'clear'], { env })).stdout).toMatch(/ kB removed\n$/);
    expect((await winograd(['cache'], { env })).stdout).toMatch(/^0 in .*prepared, 0 B\n$/);
  });

  it.each([
    ['no model', ['run', 'none.onnx', '--input', 'clip=x.npy', '--out', 'o'], /ENOENT/],
    ['what is no model', ['run', 'x.npy', '--input', 'clip=x.npy', '--out', 'o'], /no model/],
    [
      'no file',
      ['run', 'model.onnx', '--input', 'clip', '--out', 'o'],
      /Expected --input to be name=file.npy/,
    ],
    ['another input', ['run', 'model.onnx', '--input', 'clap=x.npy', '--out', 'o'], /one of clip/],
    ['a misspelt option', ['run', 'model.onnx', '--inputs', 'clip=x.npy', '--out', 'o'], /--input/],
  ])('refuses %s', async (_, args, message) => {
    const { code, stderr } = await winograd(args, inFolder());
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });
});

describe('winograd plan', () => {
  it('shows nodes, algorithms and memory', async () => {
    const { code, stdout } = await winograd(['plan', 'model.onnx', '--threads', '1'], inFolder());
    expect(code).toBe(0);
    expect(stdout).toMatch(/^clip 1 × 3 × 6 × 8 × 8 → a\/b/);
    expect(stdout).toMatch(/first +Conv/);
  });

  it('refuses a shape that does not fit', async () => {
    const { code, stderr } = await winograd(['plan', 'model.onnx', '--shape', 'clip=1,3,6,8'], inFolder());
    expect(code).toBe(2);
    expect(stderr).toContain('Expected input clip to be of shape');
  });
});

describe('winograd compare', () => {
  it.skipIf(!hasOnnxruntime)(`finds the results equal${ifOnnxruntime}`, async () => {
    const { code, stdout } = await winograd(['compare', 'model.onnx', '--rounds', '2', '--json'], inFolder());
    expect(code).toBe(0);
    expect(JSON.parse(stdout).distance).toBeLessThan(1e-5);
  });
});
