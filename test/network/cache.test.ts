import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Builder, type LoadOptions, Network, Tensor, writeOnnx } from '../../src/index.js';
import { cachedPrograms, clearCache } from '../../src/network/cache/cache.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'winograd-cache-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function graph(seed: number, channels = 16) {
  const b = new Builder({ seed });
  const x = b.input('image', ['batch', 3, 20, 20]);
  const y = b.relu(b.batchNorm(b.conv(x, { outChannels: channels, kernelSize: 3, padding: 1 })));
  const z = b.add(b.conv(y, { outChannels: channels, kernelSize: 3, padding: 1, bias: true }), y);
  return b.build({ result: b.softmax(b.linear(b.flatten(b.globalAveragePool(z)), { outFeatures: 5 })) });
}

const cacheIn = () => join(folder, 'cache');
const model = () => join(folder, 'model.onnx');
const load = (options: LoadOptions = {}) =>
  Network.load(model(), { threads: 1, cache: { folder: cacheIn() }, ...options });
const programs = () => readdirSync(cacheIn()).filter((name) => name.endsWith('.prepared'));
const image = (batch = 1) => Tensor.random([batch, 3, 20, 20], { seed: 4 });
const shapes = (batch = 1) => ({ image: [batch, 3, 20, 20] });

/** Whether a network came from the cache: then the model was not read. */
const isPrepared = async (network: Network, batch = 1) => {
  const bytes = readFileSync(model());
  writeFileSync(model(), 'no model');
  try {
    await network.prepare(shapes(batch));
    return true;
  } catch (error) {
    expect((error as Error).message).toContain('as it was when the network was loaded');
    return false;
  } finally {
    writeFileSync(model(), bytes);
  }
};

describe('a cache of prepared networks', () => {
  it('gives the same bits without reading the model', async () => {
    await writeOnnx(model(), graph(1));
    const plain = await (await Network.load(model(), { threads: 1 })).run({ image: image() });
    const first = await load();
    expect((await first.run({ image: image() })).result!.data).toEqual(plain.result!.data);
    await first.prepare(shapes());
    expect(programs()).toHaveLength(1);
    const second = await load();
    expect(second.inputs).toEqual(first.inputs);
    expect(second.outputs).toEqual(['result']);
    expect(await isPrepared(second)).toBe(true);
    expect((await second.run({ image: image() })).result!.data).toEqual(plain.result!.data);
    expect(second.lastRun!.steps.map(({ node }) => node)).toEqual(
      first.lastRun!.steps.map(({ node }) => node),
    );
    // What is only described needs the model.
    expect((await second.plan(shapes())).describe()).toBe((await first.plan(shapes())).describe());
  });

  it('describes what it keeps, of numbers that shapes depend on, too', async () => {
    const b = new Builder({ seed: 3 });
    const x = b.input('image', [1, 3, 10, 10]);
    const y = b.conv(b.upsample(x, { factor: 2, mode: 'linear' }), {
      outChannels: 8,
      kernelSize: 3,
      padding: 1,
    });
    await writeOnnx(model(), b.build({ y }));
    await (await load()).prepare();
    const [kept, plain] = [await load(), await Network.load(model(), { threads: 1 })];
    await kept.prepare();
    expect((await kept.plan()).describe()).toBe((await plain.plan()).describe());
    await expect(kept.run({ image: image(2) })).rejects.toThrow(/Expected input image/);
  });

  it('keeps a program for inputs of each shape, and reads the model for others', async () => {
    await writeOnnx(model(), graph(1));
    await (await load()).prepare(shapes(1));
    expect(programs()).toHaveLength(1);
    const again = await load();
    expect(await isPrepared(again, 1)).toBe(true);
    const plain = await (await Network.load(model(), { threads: 1 })).run({ image: image(2) });
    expect((await again.run({ image: image(2) })).result!.data).toEqual(plain.result!.data);
    await again.prepare(shapes(2));
    expect(programs()).toHaveLength(2);
    await expect((await load()).run({ image: Tensor.zeros([1, 4, 20, 20]) })).rejects.toThrow(
      /Expected input image/,
    );
  });

  it('tells models, options and tables apart', async () => {
    await writeOnnx(model(), graph(1));
    await (await load()).prepare(shapes());
    await writeOnnx(model(), graph(2));
    await (await load()).prepare(shapes());
    await (await load({ accuracy: 'direct' })).prepare(shapes());
    await (await load({ isa: 'portable' })).prepare(shapes());
    await (await load({ withoutPasses: ['residual added by a convolution'] })).prepare(shapes());
    expect(programs()).toHaveLength(5);
  });

  it('takes weights beside the model into account', async () => {
    await writeOnnx(model(), graph(1), { external: true });
    await (await load()).prepare(shapes());
    expect(await isPrepared(await load())).toBe(true);
    const other = join(folder, 'other.onnx');
    await writeOnnx(other, graph(2), { external: true });
    const weights = (path: string) => {
      const name = readdirSync(folder).find((each) => each.startsWith(path) && !each.endsWith('.onnx'));
      return join(folder, name!);
    };
    writeFileSync(weights('model'), readFileSync(weights('other')));
    const changed = (await (await load()).run({ image: image() })).result!.data;
    const plain = (await (await Network.load(model(), { threads: 1 })).run({ image: image() })).result!.data;
    expect(changed).toEqual(plain);
  });

  it.each([
    ['cut off', (path: string) => truncateSync(path, statSync(path).size - 5000)],
    ['empty', (path: string) => truncateSync(path, 0)],
    [
      'of other bytes in its description',
      (path: string) => {
        const bytes = readFileSync(path);
        bytes[100]! ^= 255;
        writeFileSync(path, bytes);
      },
    ],
    ['something else', (path: string) => writeFileSync(path, 'nonsense'.repeat(1000))],
  ])('makes anew what is %s', async (_, damage) => {
    await writeOnnx(model(), graph(1));
    const plain = await (await Network.load(model(), { threads: 1 })).run({ image: image() });
    await (await load()).prepare(shapes());
    const [name] = programs();
    const path = join(cacheIn(), name!);
    const whole = readFileSync(path);
    damage(path);
    const network = await load();
    expect((await network.run({ image: image() })).result!.data).toEqual(plain.result!.data);
    await network.prepare(shapes());
    expect(readFileSync(path).equals(whole)).toBe(true);
  });

  it('is bounded: what was used longest ago goes first', async () => {
    await writeOnnx(model(), graph(1));
    const pause = () => new Promise((resolve) => setTimeout(resolve, 20));
    for (const batch of [1, 2, 3]) {
      await (await load()).prepare(shapes(batch));
      await pause();
    }
    const kept = await cachedPrograms(cacheIn());
    expect(kept.map(({ model }) => model)).toEqual(Array(3).fill('model.onnx'));
    const [all, ...others] = kept.map(({ bytes }) => bytes);
    const cache = { folder: cacheIn(), maxBytes: others.reduce((sum, bytes) => sum + bytes, all!) };
    // The first was used last, so that the second has to go.
    expect(await isPrepared(await load(), 1)).toBe(true);
    await pause();
    await (await load({ cache })).prepare(shapes(4));
    expect(programs().length).toBeLessThanOrEqual(3);
    expect(await isPrepared(await load({ cache }), 1)).toBe(true);
    expect(await isPrepared(await load({ cache }), 2)).toBe(false);
    expect(await isPrepared(await load({ cache }), 4)).toBe(true);
    // What is larger than all may be is not written in the first place.
    await writeOnnx(model(), graph(1, 128));
    await (await load({ cache: { folder: cacheIn(), maxBytes: 1000 } })).prepare(shapes());
    expect(programs().length).toBeLessThanOrEqual(3);
    expect(await clearCache(cacheIn())).toBeGreaterThan(0);
    expect(readdirSync(cacheIn())).toEqual([]);
  });

  it('warns where it cannot be written, and runs', async () => {
    await writeOnnx(model(), graph(1));
    writeFileSync(cacheIn(), 'a file where the folder should be');
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const network = await load();
    await network.prepare(shapes());
    expect(`${warned.mock.calls[0]![0]}`).toContain('could not be kept');
    warned.mockRestore();
    expect((await network.run({ image: image() })).result!.shape).toEqual([1, 5]);
  });

  it.each([
    ['yes', /Expected cache to be true, false, or an object/],
    [{ folder: '' }, /Expected cache.folder to be a path/],
    [{ maxBytes: -1 }, /Expected cache.maxBytes to be a number of bytes/],
    [{ directory: 'x' }, /directory/],
  ])('refuses %j', async (cache, message) => {
    await writeOnnx(model(), graph(1));
    await expect(Network.load(model(), { cache: cache as never })).rejects.toThrow(message);
  });

  it('refuses what is no graph, and no model', async () => {
    expect(() => new Network('model.onnx' as never)).toThrow(/Expected the graph to be one that Builder/);
    await expect(writeOnnx(model(), 'x' as never)).rejects.toThrow(/Expected the graph to be/);
    writeFileSync(model(), 'no model');
    await expect(load()).rejects.toThrow(/is no model/);
    await expect(Network.load(join(folder, 'none.onnx'), { cache: true })).rejects.toThrow(/ENOENT/);
  });
});
