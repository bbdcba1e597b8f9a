import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Builder, InputError, readOnnx } from '../../src/index.js';
import { onnxBytes } from '../../src/onnx/export.js';
import { randomNumbers } from '../../synth/random.js';
import { floats, integers, modelBytes, node, real, valueInfo } from './model.js';

const MUTANTS = 4000;

/** Small models that have everything in them. */
function seeds(): Buffer[] {
  const b = new Builder();
  let x = b.input('image', ['N', 3, 16, 16]);
  x = b.relu(b.batchNorm(b.conv(x, { outChannels: 4, kernelSize: 3, padding: 1 })));
  x = b.concat([b.maxPool(x, { kernelSize: 2 }), b.averagePool(x, { kernelSize: 2 })]);
  x = b.upsample(b.leakyRelu(x), { factor: 2 });
  const built = Buffer.concat(onnxBytes(b.build({ y: b.softmax(x), z: x })));
  const old = modelBytes(
    {
      node: [
        node('Constant', [], ['c'], { value: integers('', [2], [0, -1]) }),
        node('Clip', ['x'], ['a'], { min: real(-1), max: real(1) }),
        node('Softmax', ['a'], ['b'], { axis: 1 }),
        node('Unsqueeze', ['b'], ['d'], { axes: [0, 2] }),
        node('Reshape', ['d', 'c'], ['y']),
      ],
      input: [valueInfo('x', ['N', 3, 4]), valueInfo('w', [2])],
      output: [valueInfo('y'), valueInfo('w')],
      initializer: [
        floats('w', [2], [1, 2]),
        { name: 'v', dims: [3], data_type: 7, int64_data: [Uint8Array.of(1, 2, 3)] },
      ],
    },
    9,
  );
  return [built, old];
}

/** How bytes go wrong. */
const mutations: Record<string, (bytes: Buffer, next: (below: number) => number) => Buffer> = {
  'flipped bits'(bytes, next) {
    const mutant = Buffer.from(bytes);
    for (let i = next(8); i >= 0; i--) mutant[next(mutant.length)]! ^= 1 << next(8);
    return mutant;
  },
  'other bytes'(bytes, next) {
    const mutant = Buffer.from(bytes);
    const extremes = [0, 1, 0x7f, 0x80, 0xff];
    for (let i = next(6); i >= 0; i--) mutant[next(mutant.length)] = extremes[next(extremes.length)]!;
    return mutant;
  },
  truncation: (bytes, next) => bytes.subarray(0, next(bytes.length)),
  splice(bytes, next) {
    const [from, length, to] = [next(bytes.length), next(64), next(bytes.length)];
    return Buffer.concat([
      bytes.subarray(0, to),
      bytes.subarray(from, from + length),
      bytes.subarray(to + next(64)),
    ]);
  },
};

describe('hostile models', () => {
  it.each(Object.keys(mutations))('are read or refused, never worse: %s', async (kind) => {
    const seed = Date.now() % 2 ** 31;
    const numbers = randomNumbers(seed);
    const next = (below: number) => Math.floor(numbers() * below);
    const models = seeds();
    const outcomes = { read: 0, refused: 0 };
    const before = process.memoryUsage().rss;
    for (let i = 0; i < MUTANTS / Object.keys(mutations).length; i++) {
      const model = mutations[kind]!(models[i % models.length]!, next);
      try {
        await readOnnx(model);
        outcomes.read++;
      } catch (error) {
        outcomes.refused++;
        const told = `seed ${seed}, mutant ${i}: ${(error as Error).stack}`;
        expect(error, told).toBeInstanceOf(InputError);
      }
    }
    console.log(`${kind}, seed ${seed}:`, outcomes);
    expect(outcomes.refused).toBeGreaterThan(0);
    expect(process.memoryUsage().rss - before).toBeLessThan(512 * 2 ** 20);
  });

  it('are refused soon, however many pieces they have', async () => {
    // Each empty node takes two bytes.
    const nodes = Buffer.alloc(16 << 20);
    for (let i = 0; i < nodes.length; i += 2) nodes[i] = 0x0a;
    const length = Buffer.from([0x80, 0x80, 0x80, 0x08]);
    const model = Buffer.concat([Buffer.of(0x08, 8, 0x3a), length, nodes]);
    await expect(readOnnx(model)).rejects.toThrow('there are more than 2097152 values');
  });

  it('are refused for deep nesting, whatever it is', async () => {
    const groups = Buffer.alloc(1 << 20, 0x0b);
    await expect(readOnnx(groups)).rejects.toThrow("a field of type 3 is not ONNX's");
    let inner = Buffer.alloc(0);
    for (let i = 0; i < 3000; i++) {
      const length = Buffer.of(
        0x80 | (inner.length & 127),
        0x80 | ((inner.length >> 7) & 127),
        inner.length >> 14,
      );
      inner = Buffer.concat([Buffer.of(0x3a), length, inner]);
    }
    await expect(readOnnx(inner)).rejects.toThrow(InputError);
  });

  it('take a chain of a hundred thousand nodes', async () => {
    const nodes = Array.from({ length: 100_000 }, (_, i) => node('Relu', [`t${i + 1}`], [`t${i}`]));
    const model = modelBytes({ node: nodes, input: [valueInfo('t100000', [1])], output: [valueInfo('t0')] });
    const folder = mkdtempSync(join(tmpdir(), 'winograd-chain-'));
    writeFileSync(join(folder, 'chain.onnx'), model);
    const graph = await readOnnx(join(folder, 'chain.onnx'));
    rmSync(folder, { recursive: true });
    expect(graph.nodes).toHaveLength(100_000);
    expect(graph.nodes[0]!.inputs).toEqual(['t100000']);
  });
});
