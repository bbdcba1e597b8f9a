import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Builder, type Epoch, Tensor, Trainer, train } from '../../src/index.js';
import { batchOf, orderOf } from '../../src/training/dataset.js';
import { lossCurve, trainingPage } from '../../src/training/page.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'winograd-train-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Pictures that are bright on the left or on the right, and which. */
function sides(count: number) {
  const image = new Float32Array(count * 2 * 6 * 6);
  const target = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    target[i] = (i * 7 + (i >> 2)) % 2;
    for (let j = 0; j < 72; j++)
      image[72 * i + j] = (((i * 31 + j * 17) % 13) - 6) / 20 + (Number(j % 6 < 3) === target[i] ? 0.5 : 0);
  }
  return { inputs: { image: new Tensor(image, [count, 2, 6, 6]) }, target: new Tensor(target, [count]) };
}

function trainer() {
  const b = new Builder({ seed: 4 });
  let x = b.relu(b.conv(b.input('image', ['n', 2, 6, 6]), { outChannels: 4, kernelSize: 3, padding: 1 }));
  x = b.dropout(b.flatten(x), { ratio: 0.2 });
  const graph = b.build({ y: b.linear(x, { name: 'last', inFeatures: 144, outFeatures: 2 }) });
  return new Trainer(graph, { loss: 'crossEntropy', optimizer: { name: 'adam', learningRate: 0.01 } });
}

const last = (made: Trainer) => Array.from(made.graph().constants.get('last.weight')!.data);

describe('train', () => {
  it('learns, and says how right it is', async () => {
    const epochs: Epoch[] = [];
    const data = sides(50);
    const options = { epochs: 6, batch: 16, test: sides(21), augment: { shift: 1 } };
    const made = await train(trainer(), data, { ...options, onEpoch: (epoch) => epochs.push(epoch) });
    expect(epochs).toEqual(made);
    expect(made.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(made.every(({ losses }) => losses.length === 4)).toBe(true);
    expect(made[5]!.loss).toBeLessThan(made[0]!.loss);
    expect(made[5]!.test!.top1).toBeGreaterThan(0.9);
    expect(made[5]!.test!.top5).toBe(1);
  });

  it('goes on from where it was stopped with the same bits', async () => {
    const data = sides(50);
    const augment = { flip: true, shift: 1 };
    const whole = trainer();
    await train(whole, data, { epochs: 3, batch: 16, augment });
    const stopping = new AbortController();
    const checkpoint = join(folder, 'stopped.safetensors');
    const stopped = trainer();
    const running = train(stopped, data, {
      ...{ epochs: 3, batch: 16, augment, checkpoint, signal: stopping.signal },
      onProgress: ({ done }) => {
        if (done === 6) stopping.abort(new Error('stopped'));
      },
    });
    await expect(running).rejects.toThrow('stopped');
    const resumed = trainer();
    await resumed.load(checkpoint);
    expect(resumed.steps).toBe(6);
    const rest = await train(resumed, data, { epochs: 3, batch: 16, augment });
    expect(rest.map(({ losses }) => losses.length)).toEqual([2, 4]);
    expect(last(resumed)).toEqual(last(whole));
    expect(await train(resumed, data, { epochs: 3, batch: 16 })).toEqual([]);
  });

  it('says what is wrong', async () => {
    const data = sides(4);
    await expect(train(trainer(), data, { epochs: 0 })).rejects.toThrow(
      'Expected epochs to be a positive integer',
    );
    await expect(train(trainer(), data, { epochs: 1, batch: 1.5 })).rejects.toThrow('batch');
    await expect(train(trainer(), data, { epochs: 1, epoch: 2 } as never)).rejects.toThrow('epoch');
    await expect(train(trainer(), data, { epochs: 1, augment: { shift: -1 } })).rejects.toThrow('shift');
    const fewer = { ...data, target: new Tensor(new Float32Array(3), [3]) };
    await expect(train(trainer(), fewer, { epochs: 1 })).rejects.toThrow('input image');
  });
});

describe('batches', () => {
  it('have every example once an epoch, in an order of their own', () => {
    const orders = [0, 1].map((epoch) => Array.from(orderOf(20, 5, epoch)));
    expect(orders[0]).not.toEqual(orders[1]);
    for (const order of orders)
      expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i));
  });

  it('are mirrored and shifted plane by plane', () => {
    const x = new Tensor(
      Float32Array.from({ length: 12 }, (_, i) => i + 1),
      [1, 2, 2, 3],
    );
    const data = { inputs: { x }, target: new Tensor(Float32Array.of(0), [1]) };
    // Mirrored; down by −1 + floor(0.9 · 3) = 1, right by −1.
    const draws = [0.1, 0.9, 0];
    const { inputs } = batchOf(data, Int32Array.of(0), { flip: true, shift: 1 }, () => draws.shift()!);
    expect(Array.from(inputs.x!.data)).toEqual([0, 0, 0, 1, 0, 0, 0, 0, 0, 7, 0, 0].map(expectShifted(x)));
  });
});

/** Row 1 of a plane is its row 0, mirrored (3, 2, 1) and one to the left (2, 1, 0). */
function expectShifted({ data }: Tensor) {
  return (_: number, i: number) => {
    const [plane, y, column] = [Math.floor(i / 6), Math.floor(i / 3) % 2, i % 3];
    const mirrored = [data[plane * 6 + 2]!, data[plane * 6 + 1]!, data[plane * 6]!];
    return y === 0 ? 0 : (mirrored[column + 1] ?? 0);
  };
}

it('the page stands by itself, whatever its title', async () => {
  const epochs = [1, 2].map((epoch) => ({
    ...{ epoch, loss: 1 / epoch, losses: [1, 0.5, 0.2].map((loss) => loss / epoch), samplesPerSecond: 12 },
    ...(epoch === 2 && { test: { top1: 0.5, top5: 1 } }),
  }));
  const page = await trainingPage({ title: 'a < b', lead: 'lead', epochs, footer: 'machine' });
  expect(page).toContain('a &#60; b');
  expect(page).toContain('<td>50.0 %</td>');
  expect(page).not.toMatch(/(src|href)="https?:/);
  expect(await lossCurve(epochs)).toContain('<svg');
});
