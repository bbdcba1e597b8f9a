import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  Builder,
  type Graph,
  Network,
  type OptimizerOptions,
  Tensor,
  Trainer,
  type TrainerOptions,
} from '../../src/index.js';
import { apart, kernelTables } from './check.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'winograd-trainer-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const clip = apart([4, 2, 4, 6, 5], 5);
const label = new Tensor(Float32Array.of(2, 0, 1, 2), [4]);

/** Everything that behaves differently in training. */
function small({ dropout = 0.25, seed = 3 } = {}): Graph {
  const b = new Builder({ seed });
  let x = b.input('clip', ['batch', 2, 4, 6, 5]);
  x = b.relu(
    b.batchNorm(b.conv(x, { name: 'first', outChannels: 5, kernelSize: 3, padding: 1, bias: false })),
  );
  x = b.maxPool(x, { kernelSize: 2 });
  x = b.relu(b.conv(x, { name: 'second', outChannels: 6, kernelSize: 3, padding: 1, stride: [1, 2, 1] }));
  x = b.dropout(b.flatten(b.globalAveragePool(x)), { ratio: dropout });
  return b.build({ logits: b.linear(x, { name: 'last', outFeatures: 3 }) });
}

function constants(graph: Graph): Map<string, number[]> {
  return new Map([...graph.constants].map(([name, { data }]) => [name, Array.from(data)]));
}

const plain: OptimizerOptions = { name: 'sgd', momentum: 0, learningRate: 2 ** -10 };

/** Of all parameters, by the step that plain gradient descent takes. */
async function gradientsOf(
  graph: Graph,
  options: TrainerOptions,
  inputs: Record<string, Tensor>,
  target: Tensor,
) {
  const trainer = new Trainer(graph, { ...options, optimizer: { ...plain, learningRate: 1 } });
  await trainer.step(inputs, target);
  const after = trainer.graph().constants;
  return new Map(
    [...graph.constants].map(([name, { data }]) => [
      name,
      Array.from(data, (x, i) => x - after.get(name)!.data[i]!),
    ]),
  );
}

async function expectDerivative(
  graph: Graph,
  options: TrainerOptions,
  inputs: Record<string, Tensor>,
  target: Tensor,
  parameters: readonly string[],
): Promise<void> {
  const gradients = await gradientsOf(graph, options, inputs, target);
  for (const name of parameters) {
    const constant = graph.constants.get(name)!;
    const direction = apart(constant.shape, 9).data;
    const loss = async (times: number) => {
      const data = Float32Array.from(constant.data, (x, i) => x + times * direction[i]!);
      const moved = { ...graph, constants: new Map([...graph.constants, [name, { ...constant, data }]]) };
      return (await new Trainer(moved, { ...options, optimizer: plain }).step(inputs, target)).loss;
    };
    const h = 2 ** -8;
    const found = ((await loss(h)) - (await loss(-h))) / (2 * h);
    const said = gradients.get(name)!.reduce((sum, x, i) => sum + x * direction[i]!, 0);
    const size = gradients.get(name)!.reduce((sum, x, i) => sum + Math.abs(x * direction[i]!), 0);
    expect(Math.abs(found - said), `${name}: ${found} found, ${said} said`).toBeLessThan(0.02 * size + 2e-4);
  }
}

describe.each(kernelTables)('training on %s', (isa) => {
  it('goes down the gradient, through the statistics of the batch', async () => {
    const options: TrainerOptions = { loss: 'crossEntropy', isa, threads: 2 };
    const names = [
      'first.weight',
      'batchnorm1.weight',
      'batchnorm1.bias',
      'second.weight',
      'last.weight',
      'last.bias',
    ];
    await expectDerivative(small(), options, { clip }, label, names);
  });

  it.each(['dice', 'crossEntropy', 'meanSquaredError'] as const)('%s of pixels', async (loss) => {
    const b = new Builder({ seed: 2 });
    let x = b.input('image', [2, 3, 6, 8]);
    const early = b.relu(
      b.instanceNorm(b.conv(x, { name: 'down', outChannels: 6, kernelSize: 3, padding: 1, stride: 2 })),
    );
    x = b.upsample(early, { factor: 2, mode: 'linear' });
    x = b.concat([x, b.convTranspose(early, { name: 'up', outChannels: 4, kernelSize: 2, stride: 2 })]);
    const graph = b.build({ y: b.conv(x, { name: 'out', outChannels: 3, kernelSize: 1 }) });
    const image = apart([2, 3, 6, 8], 4);
    const classes = new Tensor(
      Float32Array.from({ length: 96 }, (_, i) => (i * i) % 3),
      [2, 6, 8],
    );
    const target = loss === 'meanSquaredError' ? apart([2, 3, 6, 8], 6) : classes;
    await expectDerivative(graph, { loss, isa, threads: 2 }, { image }, target, [
      ...['down.weight', 'instancenorm1.weight', 'up.weight', 'up.bias', 'out.weight', 'out.bias'],
    ]);
  });
});

describe('optimizers', () => {
  const start = [0.5, -1, 2];
  const data = apart([4, 3], 2);
  const wanted = apart([4, 1], 3);

  /** y = data · w, mean squared error: its gradient in double precision. */
  function gradient(w: readonly number[]): number[] {
    const rows = [0, 1, 2, 3];
    const rests = rows.map(
      (i) => w.reduce((sum, x, j) => sum + x * data.data[3 * i + j]!, 0) - wanted.data[i]!,
    );
    return w.map((_, j) => rows.reduce((sum, i) => sum + (2 / 4) * rests[i]! * data.data[3 * i + j]!, 0));
  }

  async function trained(optimizer: OptimizerOptions, more: Partial<TrainerOptions> = {}): Promise<number[]> {
    const b = new Builder({ weights: new Map([['w.weight', new Tensor(Float32Array.from(start), [1, 3])]]) });
    const y = b.linear(b.input('x', [4, 3]), { name: 'w', outFeatures: 1, bias: false });
    const trainer = new Trainer(b.build({ y }), { loss: 'meanSquaredError', optimizer, ...more });
    for (let i = 0; i < 5; i++) await trainer.step({ x: data }, wanted);
    return Array.from(trainer.graph().constants.get('w.weight')!.data);
  }

  function expectNear(found: readonly number[], said: readonly number[]): void {
    for (const [i, x] of said.entries()) expect(found[i]).toBeCloseTo(x, 5);
  }

  it('SGD with momentum and weight decay', async () => {
    let [w, v] = [start, [0, 0, 0]];
    for (let t = 0; t < 5; t++) {
      const g = gradient(w).map((x, i) => x + 0.1 * w[i]!);
      v = v.map((x, i) => 0.8 * x + g[i]!);
      w = w.map((x, i) => x - 0.05 * v[i]!);
    }
    expectNear(await trained({ name: 'sgd', momentum: 0.8, weightDecay: 0.1, learningRate: 0.05 }), w);
  });

  it.each(['adam', 'adamw'] as const)('%s', async (name) => {
    let w = start;
    const [m, s] = [
      [0, 0, 0],
      [0, 0, 0],
    ];
    for (let t = 1; t <= 5; t++) {
      const g = gradient(w).map((x, i) => (name === 'adam' ? x + 0.1 * w[i]! : x));
      w = w.map((x, i) => {
        m[i] = 0.8 * m[i]! + 0.2 * g[i]!;
        s[i] = 0.9 * s[i]! + 0.1 * g[i]! ** 2;
        const way = m[i]! / (1 - 0.8 ** t) / (Math.sqrt(s[i]! / (1 - 0.9 ** t)) + 1e-3);
        return x - 0.05 * (way + (name === 'adamw' ? 0.1 * x : 0));
      });
    }
    const options = { betas: [0.8, 0.9], epsilon: 1e-3, weightDecay: 0.1, learningRate: 0.05 } as const;
    expectNear(await trained({ name, ...options }), w);
  });

  it('a schedule and a bound on the norm', async () => {
    let w = start;
    for (let t = 1; t <= 5; t++) {
      const g = gradient(w);
      const norm = Math.hypot(...g);
      w = w.map((x, i) => x - (0.1 / t) * g[i]! * Math.min(1, 0.3 / norm));
    }
    const schedule = (step: number) => 1 / step;
    expectNear(
      await trained({ name: 'sgd', momentum: 0, learningRate: 0.1 }, { schedule, clipNorm: 0.3 }),
      w,
    );
  });
});

describe('a trainer', () => {
  const options: TrainerOptions = {
    loss: 'crossEntropy',
    optimizer: { name: 'adam', learningRate: 0.01 },
    threads: 2,
  };

  it('learns a batch, and the network that comes out has learnt it', async () => {
    const trainer = new Trainer(small({ dropout: 0 }), options);
    const losses: number[] = [];
    for (let i = 0; i < 150; i++) losses.push((await trainer.step({ clip }, label)).loss);
    expect(losses.at(-1)).toBeLessThan(0.1 * losses[0]!);
    const { logits } = await new Network(trainer.graph()).run({ clip });
    const answers = [0, 1, 2, 3].map((i) => {
      const row = Array.from(logits!.data.subarray(3 * i, 3 * i + 3));
      return row.indexOf(Math.max(...row));
    });
    expect(answers).toEqual(Array.from(label.data));
  });

  it('goes on from a checkpoint with the same bits', async () => {
    const whole = new Trainer(small(), options);
    for (let i = 0; i < 6; i++) await whole.step({ clip }, label);
    const first = new Trainer(small(), options);
    for (let i = 0; i < 3; i++) await first.step({ clip }, label);
    const path = join(folder, 'middle.safetensors');
    await first.save(path);
    const second = new Trainer(small({ seed: 8 }), options);
    await second.load(path);
    expect(second.steps).toBe(3);
    for (let i = 0; i < 3; i++) await second.step({ clip }, label);
    expect(second.steps).toBe(6);
    for (const [name, values] of constants(whole.graph()))
      if (!name.startsWith('constant')) expect(constants(second.graph()).get(name), name).toEqual(values);
  });

  it('writes a checkpoint of the steps before it while later ones wait', async () => {
    const path = join(folder, 'between.safetensors');
    const options: TrainerOptions = { loss: 'crossEntropy', optimizer: { name: 'adam' } };
    const trainer = new Trainer(small(), options);
    const twin = new Trainer(small(), options);
    const first = trainer.step({ clip }, label);
    const saved = trainer.save(path);
    const later = [1, 2, 3].map(() => trainer.step({ clip }, label));
    await Promise.all([first, saved, ...later]);
    await twin.step({ clip }, label);
    const resumed = new Trainer(small(), options);
    const loaded = resumed.load(path);
    await Promise.all([loaded, resumed.step({ clip }, label), twin.step({ clip }, label)]);
    expect(resumed.steps).toBe(2);
    expect(constants(resumed.graph())).toEqual(constants(twin.graph()));
  });

  it('keeps running statistics as PyTorch does', async () => {
    const b = new Builder({ seed: 1 });
    const x = b.batchNorm(b.input('x', [4, 2, 5]), { name: 'norm' });
    const graph = b.build({ y: b.linear(b.flatten(x), { inFeatures: 10, outFeatures: 2 }) });
    const input = apart([4, 2, 5], 8);
    const trainer = new Trainer(graph, { loss: 'crossEntropy', statisticsMomentum: 0.3 });
    await trainer.step({ x: input }, new Tensor(Float32Array.of(0, 1, 1, 0), [4]));
    for (const c of [0, 1]) {
      const values = Array.from(input.data).filter((_, i) => Math.floor(i / 5) % 2 === c);
      const mean = values.reduce((sum, each) => sum + each, 0) / 20;
      const variance = values.reduce((sum, each) => sum + (each - mean) ** 2, 0) / 19;
      const [before, after] = [graph.constants, trainer.graph().constants];
      const expected = (name: string, fresh: number) => 0.7 * before.get(name)!.data[c]! + 0.3 * fresh;
      const found = (name: string) => after.get(name)!.data[c]!;
      expect(found('norm.running_mean')).toBeCloseTo(expected('norm.running_mean', mean), 5);
      expect(found('norm.running_var')).toBeCloseTo(expected('norm.running_var', variance), 5);
    }
  });

  it('leaves frozen parts alone, their statistics too', async () => {
    const graph = small();
    const trainer = new Trainer(graph, { ...options, frozen: ['first', 'batchnorm1'] });
    await trainer.step({ clip }, label);
    const [before, after] = [constants(graph), constants(trainer.graph())];
    for (const [name, values] of before)
      if (name.startsWith('first') || name.startsWith('batchnorm1')) expect(after.get(name)).toEqual(values);
    expect(after.get('second.weight')).not.toEqual(before.get('second.weight'));
  });

  it('takes batches of any size, and steps that wait for each other', async () => {
    const trainer = new Trainer(small(), options);
    const one = new Tensor(clip.data.slice(0, 240), [1, 2, 4, 6, 5]);
    const steps = await Promise.all([
      trainer.step({ clip }, label),
      trainer.step({ clip: one }, new Tensor(Float32Array.of(2), [1])),
      trainer.step({ clip }, label),
    ]);
    expect(steps.map(({ step }) => step)).toEqual([1, 2, 3]);
    expect(steps[1]!.output.shape).toEqual([1, 3]);
  });

  it('gives the same bits with the same seed, and others with another', async () => {
    const run = async (seed: number) => {
      const trainer = new Trainer(small(), { ...options, seed });
      for (let i = 0; i < 3; i++) await trainer.step({ clip }, label);
      return constants(trainer.graph()).get('last.weight');
    };
    expect(await run(1)).toEqual(await run(1));
    expect(await run(1)).not.toEqual(await run(2));
  });

  it('says what is wrong, and changes nothing by it', async () => {
    const graph = small();
    expect(() => new Trainer(graph, { ...options, los: 1 } as never)).toThrow('los');
    expect(() => new Trainer(graph, { ...options, optimizer: { name: 'sdg' as never } })).toThrow("'sgd'");
    expect(() => new Trainer(graph, { ...options, optimizer: { name: 'sgd', momentum: 1 } })).toThrow(
      'momentum',
    );
    const wrong = new Trainer(graph, { ...options, loss: 'crossentropy' as never });
    await expect(wrong.step({ clip }, label)).rejects.toThrow("'crossEntropy'");
    const trainer = new Trainer(graph, options);
    await expect(trainer.step({ clip }, new Tensor(Float32Array.of(1), [1]))).rejects.toThrow('target');
    await expect(trainer.step({} as never, label)).rejects.toThrow('clip');
    const broken = new Tensor(clip.data.slice().fill(Number.NaN), clip.shape);
    await expect(trainer.step({ clip: broken }, label)).rejects.toThrow('Expected the loss of step 1');
    expect(trainer.steps).toBe(0);
    for (const [name, values] of constants(graph))
      expect(constants(trainer.graph()).get(name)).toEqual(values);
    const stopped = AbortSignal.abort(new Error('enough'));
    await expect(trainer.step({ clip }, label, { signal: stopped })).rejects.toThrow('enough');
    await trainer.step({ clip }, label);
    const rubbish = join(folder, 'rubbish');
    await writeFile(rubbish, 'no checkpoint');
    await expect(trainer.load(rubbish)).rejects.toThrow('rubbish');
    expect(trainer.steps).toBe(1);
    const none = new Builder();
    const y = none.relu(none.input('x', [1, 2]));
    await expect(
      new Trainer(none.build({ y }), { loss: 'meanSquaredError' }).step({ x: apart([1, 2]) }, apart([1, 2])),
    ).rejects.toThrow('parameters');
  });
});

describe('batches that go in parts', () => {
  /** Without what looks at a batch as a whole. */
  function separate(): Graph {
    const b = new Builder({ seed: 6 });
    const x = b.input('clip', ['batch', 2, 4, 6, 5]);
    const y = b.relu(b.conv(x, { name: 'first', outChannels: 6, kernelSize: 3, padding: 1 }));
    return b.build({ logits: b.linear(b.flatten(b.globalAveragePool(y)), { name: 'last', outFeatures: 3 }) });
  }
  const clips = apart([7, 2, 4, 6, 5], 8);
  const labels = new Tensor(Float32Array.of(2, 0, 1, 2, 1, 0, 0), [7]);

  it.each([
    [{ name: 'sgd' as const }, undefined],
    [{ name: 'adam' as const }, 0.01],
  ])('step as the whole does with %j', async (optimizer, clipNorm) => {
    const options = { loss: 'crossEntropy' as const, optimizer, ...(clipNorm && { clipNorm }) };
    const [whole, parts] = [undefined, 3].map(
      (microBatch) => new Trainer(separate(), { ...options, ...(microBatch && { microBatch }) }),
    ) as [Trainer, Trainer];
    for (let step = 0; step < 3; step++) {
      const [a, b] = [await whole.step({ clip: clips }, labels), await parts.step({ clip: clips }, labels)];
      expect(b.loss).toBeCloseTo(a.loss, 5);
      expect(b.output.shape).toEqual(a.output.shape);
      for (const [i, value] of a.output.data.entries()) expect(b.output.data[i]).toBeCloseTo(value, 4);
    }
    const [a, b] = [constants(whole.graph()), constants(parts.graph())];
    for (const [name, values] of a)
      for (const [i, value] of values.entries()) expect(b.get(name)![i]).toBeCloseTo(value, 4);
    expect(parts.steps).toBe(3);
  });

  it('hand running statistics on, and keep to the bits with a checkpoint', async () => {
    const options = { loss: 'crossEntropy' as const, microBatch: 2, seed: 5 };
    const [once, again] = [new Trainer(small(), options), new Trainer(small(), options)];
    for (let step = 0; step < 4; step++) await once.step({ clip: clips }, labels);
    for (let step = 0; step < 2; step++) await again.step({ clip: clips }, labels);
    await again.save(join(folder, 'parts.safetensors'));
    const resumed = new Trainer(small(), options);
    await resumed.load(join(folder, 'parts.safetensors'));
    for (let step = 0; step < 2; step++) await resumed.step({ clip: clips }, labels);
    expect(constants(resumed.graph())).toEqual(constants(once.graph()));
    const mean = [...constants(small()).keys()].find((name) => name.endsWith('running_mean'))!;
    expect(constants(once.graph()).get(mean)).not.toEqual(constants(small()).get(mean));
  });

  it('leave everything as it was where one fails', async () => {
    const trainer = new Trainer(small(), { loss: 'crossEntropy', microBatch: 3 });
    await trainer.step({ clip: clips }, labels);
    const before = constants(trainer.graph());
    const spoilt = clips.data.slice();
    spoilt[spoilt.length - 1] = Number.NaN;
    await expect(trainer.step({ clip: new Tensor(spoilt, clips.shape) }, labels)).rejects.toThrow(/the loss/);
    expect(constants(trainer.graph())).toEqual(before);
    expect(trainer.steps).toBe(1);
    await trainer.step({ clip: clips }, labels);
  });

  it('take less memory', async () => {
    const trainer = new Trainer(small(), { loss: 'crossEntropy', microBatch: 2 });
    const [all, part] = [
      await trainer.plan({ clip: [64, 2, 4, 6, 5] }),
      await trainer.plan({ clip: [2, 2, 4, 6, 5] }),
    ];
    expect(part.memory.run).toBeLessThan(all.memory.run / 4);
  });

  it.each([
    [{ microBatch: 0 }, /Expected microBatch to be a positive integer but received 0/],
    [{ accuracy: 1e-5 }, /Expected accuracy to be 'direct' or 'fast', where a network is trained/],
  ])('refuse %j', (options, message) => {
    expect(() => new Trainer(small(), { loss: 'crossEntropy', ...options } as never)).toThrow(message);
  });
});
