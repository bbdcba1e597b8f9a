import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Builder, Network, Tensor, writeNpz, writeOnnx } from '../../src/index.js';
import { winograd } from './run.js';

let folder: string;
const clips = Tensor.random([12, 1, 3, 6, 6], { seed: 3 });
const target = new Tensor(
  Float32Array.from({ length: 12 }, (_, i) => i % 3),
  [12],
);
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'winograd-cli-train-'));
  const b = new Builder({ seed: 2 });
  const x = b.relu(b.conv(b.input('clip', ['n', 1, 3, 6, 6]), { outChannels: 8, kernelSize: 3, padding: 1 }));
  const y = b.linear(b.flatten(b.globalAveragePool(x)), { name: 'last', outFeatures: 3 });
  await writeOnnx(join(folder, 'model.onnx'), b.build({ y }));
  await writeNpz(join(folder, 'data.npz'), { clip: clips, target });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const train = (...args: string[]) => winograd(['train', 'model.onnx', ...args], { cwd: folder });
const data = ['--data', 'data.npz', '--batch', '5', '--threads', '1'];

describe('winograd train', () => {
  it('writes a network that has learnt, a checkpoint and a page', async () => {
    const files = ['--out', 'out.onnx', '--checkpoint', 'c.safetensors', '--page', 'page.html'];
    const { code, stdout, stderr } = await train(
      ...data,
      ...files,
      '--test',
      'data.npz',
      '--epochs',
      '4',
      '--learning-rate',
      '0.01',
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^epoch +loss +test, top 1/m);
    expect(stdout).toMatch(/^4 +\d\.\d{4} +[\d.]+ % /m);
    const { y } = await (await Network.load(join(folder, 'out.onnx'))).run({ clip: clips });
    expect(y!.shape).toEqual([12, 3]);
    expect(readFileSync(join(folder, 'page.html'), 'utf8')).toContain('<svg');
    expect(readdirSync(folder)).toContain('c.safetensors');
  });

  it('goes on from a checkpoint', async () => {
    const files = ['--checkpoint', 'r.safetensors', '--resume', '--json', '--optimizer', 'sgd'];
    const first = await train(...data, ...files, '--out', 'first.onnx', '--epochs', '2');
    expect(JSON.parse(first.stdout).steps).toBe(6);
    const second = await train(...data, ...files, '--out', 'second.onnx', '--epochs', '3');
    const report = JSON.parse(second.stdout);
    expect(report.steps).toBe(9);
    expect(report.epochs.map(({ epoch }: { epoch: number }) => epoch)).toEqual([3]);
    const whole = await train(
      ...data,
      '--json',
      '--optimizer',
      'sgd',
      '--out',
      'whole.onnx',
      '--epochs',
      '3',
    );
    expect(JSON.parse(whole.stdout).epochs[2].losses).toEqual(report.epochs[0].losses);
  });

  it.each([
    [['--out', 'x.onnx'], /--data/],
    [['--data', 'none.npz', '--out', 'x.onnx'], /ENOENT/],
    [['--data', 'rubbish.npz', '--out', 'x.onnx'], /rubbish/],
    [['--data', 'half.npz', '--out', 'x.onnx'], /target/],
    [[...data, '--out', 'x.onnx', '--loss', 'hinge'], /'crossEntropy', 'meanSquaredError' or 'dice'/],
    [[...data, '--out', 'x.onnx', '--optimizer', 'rmsprop'], /'sgd', 'adam' or 'adamw'/],
    [[...data, '--out', 'x.onnx', '--learning-rate', 'fast'], /--learning-rate to be a number/],
    [[...data, '--out', 'x.onnx', '--resume'], /--checkpoint/],
    [[...data, '--out', 'none/x.onnx', '--epochs', '1'], /ENOENT/],
    [[...data, '--out', 'x.onnx', '--epoch', '1'], /--epochs/],
  ])('refuses %j', async (args, message) => {
    writeFileSync(join(folder, 'rubbish.npz'), 'no archive');
    await writeNpz(join(folder, 'half.npz'), { clip: clips });
    const { code, stderr } = await train(...args);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
    expect(readdirSync(folder)).not.toContain('x.onnx');
  });
});

describe('winograd demo-volume', () => {
  it('finds vessels and nodules that no threshold finds, and goes on where it was stopped', async () => {
    const args = ['demo-volume', '--out', 'volume', '--size', '48', '--json'];
    const { code, stdout, stderr } = await winograd([...args, '--epochs', '6'], { cwd: folder });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const report = JSON.parse(stdout);
    expect(report.dice.both).toBeGreaterThan(2 * report.threshold);
    expect(report.dice.both).toBeGreaterThan(0.6);
    const page = readFileSync(join(folder, 'volume/volume.html'), 'utf8');
    expect(page.match(/<img alt="what was found/g)).toHaveLength(4);
    const more = await winograd([...args, '--epochs', '7', '--resume'], { cwd: folder });
    expect(JSON.parse(more.stdout).epochs.map(({ epoch }: { epoch: number }) => epoch)).toEqual([7]);
    expect((await winograd(['demo-volume', '--size', '33'], { cwd: folder })).code).toBe(2);
  });
});

describe('winograd demo-train', () => {
  it('tells eight directions of motion apart', async () => {
    const { code, stdout, stderr } = await winograd(['demo-train', '--out', 'motion', '--json'], {
      cwd: folder,
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const report = JSON.parse(stdout);
    expect(report.accuracy).toBeGreaterThanOrEqual(0.95);
    expect(readdirSync(join(folder, 'motion')).sort()).toEqual([
      'motion.onnx',
      'motion.safetensors',
      'training.html',
    ]);
  });
});
