import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Builder, Network, type Progress, Tensor, writeOnnx } from '../../src/index.js';

/** Branches, a residual, a concatenation, a normalization, a transposed convolution, activations of several kinds. */
function graph() {
  const b = new Builder({ seed: 7 });
  const image = b.input('image', ['N', 3, 'H', 'W']);
  const stem = b.relu(b.batchNorm(b.conv(image, { outChannels: 16, kernelSize: 3, padding: 1 })));
  const branch = b.silu(b.conv(stem, { outChannels: 16, kernelSize: 3, padding: 1 }));
  const sum = b.leakyRelu(b.add(b.conv(branch, { outChannels: 16, kernelSize: 1 }), stem));
  const joined = b.concat([sum, branch]);
  const pooled = b.maxPool(joined, { kernelSize: 2 });
  const up = b.relu(b.convTranspose(pooled, { outChannels: 8, kernelSize: 2, stride: 2 }));
  return b.build({ up, pooled });
}

const x = Tensor.random([2, 3, 12, 10], { seed: 3 });

function distance(a: Tensor, b: Tensor): number {
  return Math.max(...a.data.map((value, i) => Math.abs(value - b.data[i]!)));
}

describe('a network', () => {
  it('takes any batch and size, several at once, and gives each the same bits again', async () => {
    const network = new Network(graph());
    const shapes = [
      [2, 3, 12, 10],
      [1, 3, 8, 8],
      [3, 3, 6, 14],
    ];
    const inputs = shapes.map((shape, i) => Tensor.random(shape, { seed: i + 1 }));
    const first = await Promise.all(inputs.map((image) => network.run({ image })));
    const again = await Promise.all(inputs.map((image) => network.run({ image })));
    for (const [i, { up, pooled }] of first.entries()) {
      expect(up!.shape).toEqual([shapes[i]![0], 8, shapes[i]![2], shapes[i]![3]]);
      expect(again[i]!.up!.data).toEqual(up!.data);
      expect(again[i]!.pooled!.data).toEqual(pooled!.data);
    }
  });

  it('gives the same results whatever passes are left out', async () => {
    const names = [
      'operators that do nothing',
      'batch normalization folded into the weights before it',
      'activation at the end of a convolution',
      'residual added by a convolution',
      'elementwise functions in one pass',
      'concatenations that grow',
    ];
    const whole = await new Network(graph()).run({ image: x });
    for (const withoutPasses of [...names.map((name) => [name]), names]) {
      // A normalization that is not folded meets an activation that stays outside, too.
      const other = await new Network(graph(), { withoutPasses }).run({ image: x });
      for (const name of ['up', 'pooled'])
        expect(distance(whole[name]!, other[name]!), withoutPasses.join()).toBeLessThan(1e-4);
    }
  });

  it('gives the same results on every kernel table', async () => {
    const best = await new Network(graph()).run({ image: x });
    const portable = await new Network(graph(), { isa: 'portable', threads: 1 }).run({ image: x });
    expect(distance(best.up!, portable.up!)).toBeLessThan(1e-4);
  });

  it('puts results where it is told', async () => {
    const network = new Network(graph());
    const up = Tensor.zeros([2, 8, 12, 10]);
    const results = await network.run({ image: x }, { out: { up } });
    expect(results.up).toBe(up);
    expect(up.data.some((value) => value !== 0)).toBe(true);
  });

  it('stops where a signal says so, and goes on afterwards', async () => {
    const network = new Network(graph());
    const reason = new Error('enough');
    await expect(network.run({ image: x }, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    const large = Tensor.random([8, 3, 256, 256]);
    const running = network.run({ image: large }, { signal: controller.signal });
    setTimeout(() => controller.abort(reason), 5);
    await expect(running).rejects.toBe(reason);
    expect((await network.run({ image: x })).up!.shape).toEqual([2, 8, 12, 10]);
  });

  it('says how far planning has come, and leaves it to others when one gives up', async () => {
    const network = new Network(graph());
    const shapes = { image: [4, 3, 20, 20] };
    const [reason, refusal] = [new Error('enough'), new Error('no ear for it')];
    const controller = new AbortController();
    const heard: Progress[] = [];
    const onProgress = (progress: Progress) => {
      heard.push(progress);
      controller.abort(reason);
    };
    const deaf = () => {
      throw refusal;
    };
    const [staying, leaving, failing] = await Promise.allSettled([
      network.plan(shapes, { onProgress }),
      network.plan(shapes, { signal: controller.signal }),
      network.plan(shapes, { onProgress: deaf }),
    ]);
    expect(staying).toMatchObject({ status: 'fulfilled' });
    expect(leaving).toMatchObject({ status: 'rejected', reason });
    expect(failing).toMatchObject({ status: 'rejected', reason: refusal });
    expect(heard.map(({ done }) => done)).toEqual(heard.map((_, i) => i));
    expect(heard[0]).toMatchObject({ what: expect.stringMatching(/^planning /), total: heard.length });
    expect((await network.plan(shapes)).nodes.length).toBeGreaterThan(0);
  });

  it('states its plan: nodes that are left, layouts, memory', async () => {
    const plan = await new Network(graph()).plan({ image: [1, 3, 16, 16] });
    expect(plan.nodes.map(({ operator }) => operator)).not.toContain('BatchNormalization');
    expect(plan.nodes.filter(({ plan: own }) => own !== undefined).length).toBeGreaterThan(3);
    expect(plan.memory.arena).toBeGreaterThanOrEqual(plan.memory.leastArena);
    expect(plan.describe()).toContain('network');
    expect(JSON.parse(JSON.stringify(plan)).outputs).toHaveLength(2);
  });

  it.each([
    ['an input that is missing', {}, /Expected input image to be given/],
    ['an input of another name', { picture: x }, /Expected an input to be one of image/],
    [
      'an input of another shape',
      { image: Tensor.zeros([1, 4, 8, 8]) },
      /Expected input image to be of shape/,
    ],
    ['what is no tensor', { image: [1] }, /Expected input image to be a Tensor/],
  ])('refuses %s', async (_, inputs, message) => {
    await expect(new Network(graph()).run(inputs as never)).rejects.toThrow(message);
  });

  it('refuses options that are none, and runs after it was disposed of', async () => {
    expect(() => new Network(graph(), { thread: 1 } as never)).toThrow(/threads/);
    expect(() => new Network(graph(), { accuracy: 'exact' as never })).toThrow(
      /Expected accuracy to be 'direct'/,
    );
    expect(() => new Network(graph(), { effort: 'some' as never })).toThrow(
      /Expected effort to be 'estimate'/,
    );
    const network = new Network(graph());
    network.dispose();
    await expect(network.run({ image: x })).rejects.toThrow(/disposed/);
  });
});

describe('weights in memory', () => {
  it('are made once for shapes that are given and for those that go without saying', async () => {
    const b = new Builder({ seed: 2 });
    const x = b.input('x', [1, 8, 12, 12]);
    const y = b.batchNorm(b.conv(x, { outChannels: 16, kernelSize: 3, padding: 1 }));
    const network = new Network(b.build({ y }), { threads: 1 });
    const seen: string[] = [];
    const onProgress = ({ what }: { what: string }) => void seen.push(what);
    await network.plan({}, { onProgress });
    expect(seen.length).toBeGreaterThan(0);
    seen.length = 0;
    await network.prepare({ x: [1, 8, 12, 12] }, { onProgress });
    await network.plan({ x: [1, 8, 12, 12] }, { onProgress });
    await network.run({ x: Tensor.random([1, 8, 12, 12]) }, { onProgress });
    expect(seen).toEqual([]);
  });

  it('leave the numbers alone that a graph came with', async () => {
    const b = new Builder({ seed: 2 });
    const x = b.input('x', ['n', 8, 12, 12]);
    const y = b.batchNorm(b.conv(x, { outChannels: 16, kernelSize: 3, padding: 1 }));
    const graph = b.build({ y });
    const before = new Map([...graph.constants].map(([name, { data }]) => [name, data.slice()]));
    const input = Tensor.random([2, 8, 12, 12]);
    const [first, second] = [new Network(graph), new Network(graph, { threads: 1 })];
    const { y: a } = await first.run({ x: input });
    // Another shape folds the same weights again.
    await first.run({ x: Tensor.random([1, 8, 12, 12]) });
    const { y: again } = await second.run({ x: input });
    expect(again!.data.length).toBe(a!.data.length);
    for (const [name, { data }] of graph.constants) expect(data).toEqual(before.get(name));
  });

  it('go with the file that they were read from, where one program is all that there will be', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'winograd-weights-'));
    try {
      const path = join(folder, 'model.onnx');
      const b = new Builder({ seed: 4 });
      const x = b.input('x', [1, 8, 12, 12]);
      const y = b.prelu(b.batchNorm(b.conv(x, { outChannels: 16, kernelSize: 3, padding: 1 })));
      const z = b.convTranspose(y, { outChannels: 8, kernelSize: 2, stride: 2 });
      const graph = b.build({ z: b.linear(b.flatten(b.globalAveragePool(z)), { outFeatures: 4 }) });
      await writeOnnx(path, graph);
      const input = Tensor.random([1, 8, 12, 12], { seed: 1 });
      const { z: wanted } = await new Network(graph).run({ x: input });
      const network = await Network.load(path);
      const before = (await network.plan()).expectedError;
      const runs = await Promise.all([1, 2, 3].map(() => network.run({ x: input })));
      for (const { z: result } of runs) expect(result!.data).toEqual(wanted!.data);
      await network.prepare();
      expect((await network.plan()).expectedError).toBe(before);
      expect(before! / (await new Network(graph).plan()).expectedError!).toBeCloseTo(1, 9);
      await expect(network.run({ x: Tensor.zeros([2, 8, 12, 12]) })).rejects.toThrow(/Expected input x/);
      expect((await network.run({ x: input })).z!.data).toEqual(wanted!.data);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
