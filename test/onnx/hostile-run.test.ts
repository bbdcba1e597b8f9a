import { describe, expect, it, vi } from 'vitest';
import { Builder, InputError, Network, readOnnx, Tensor } from '../../src/index.js';
import * as onnxruntime from '../../src/network/onnxruntime.js';
import { onnxBytes } from '../../src/onnx/export.js';
import { randomNumbers } from '../../synth/random.js';

vi.mock('../../src/network/onnxruntime.js', { spy: true });

const MUTANTS = 3000;
/** Sizes of inputs that are open, and the most elements of those that are not. */
const [SIZE, MOST] = [6, 4096];

function seeds(): Buffer[] {
  const b = new Builder();
  let x = b.input('image', ['N', 3, 8, 8]);
  x = b.relu(b.batchNorm(b.conv(x, { outChannels: 4, kernelSize: 3, padding: 1 })));
  x = b.concat([b.maxPool(x, { kernelSize: 2 }), b.averagePool(x, { kernelSize: 2 })]);
  x = b.upsample(b.leakyRelu(x), { factor: 2 });
  const branches = b.build({ y: b.softmax(x), z: x });
  const c = new Builder();
  const clip = c.input('clip', [1, 2, 3, 6, 6]);
  const once = c.instanceNorm(c.conv(clip, { outChannels: 4, kernelSize: 3, padding: 1, stride: 2 }));
  const up = c.convTranspose(c.silu(once), { outChannels: 2, kernelSize: 2, stride: 2 });
  const volume = c.build({ up, pooled: c.globalAveragePool(up) });
  return [branches, volume].map((graph) => Buffer.concat(onnxBytes(graph)));
}

describe('hostile models that can be read', () => {
  it('run or are refused, never worse', { timeout: 120_000 }, async () => {
    // What is unknown here is to be refused here.
    vi.mocked(onnxruntime.findOnnxruntime).mockReturnValue(undefined);
    const seed = Date.now() % 2 ** 31;
    const numbers = randomNumbers(seed);
    const next = (below: number) => Math.floor(numbers() * below);
    const models = seeds();
    const outcomes: Record<string, number> = { run: 0, refused: 0, 'not read': 0 };
    let longest = 0;
    for (let i = 0; i < MUTANTS; i++) {
      const model = Buffer.from(models[i % models.length]!);
      for (let j = next(3); j >= 0; j--) model[next(model.length)]! ^= 1 << next(8);
      const start = performance.now();
      try {
        outcomes[await outcomeOf(model)]!++;
      } catch (error) {
        expect(error, `seed ${seed}, mutant ${i}: ${(error as Error).stack}`).toBeInstanceOf(InputError);
        outcomes.refused!++;
      }
      longest = Math.max(longest, performance.now() - start);
    }
    console.log(`seed ${seed}:`, outcomes, `longest ${Math.round(longest)} ms`);
    expect(outcomes.run).toBeGreaterThan(MUTANTS / 10);
  });
});

async function outcomeOf(model: Buffer): Promise<string> {
  const graph = await readOnnx(model).catch(() => undefined);
  if (graph === undefined) return 'not read';
  const network = new Network(graph, { threads: 1 });
  const inputs = graph.inputs.map(({ name, shape = [] }) => {
    const sizes = shape.map((size) => (typeof size === 'number' ? size : SIZE));
    if (sizes.reduce((product, size) => product * size, 1) > MOST) throw new InputError('a large input');
    return [name, Tensor.random(sizes)] as const;
  });
  const results = await network.run(Object.fromEntries(inputs));
  for (const { data, shape } of Object.values(results))
    expect(data.length).toBe(shape.reduce((product, size) => product * size, 1));
  network.dispose();
  return 'run';
}
