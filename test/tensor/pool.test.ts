import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { Conv2d, memoryPool, Tensor } from '../../src/index.js';
import { packageRoot } from '../../src/support/package.js';
import { allocate } from '../../src/tensor/tensor.js';

const library = pathToFileURL(join(packageRoot(), 'dist/src/index.js')).href;

describe('memoryPool', () => {
  it('keeps what is disposed of for later results, until it is released', () => {
    memoryPool.release();
    const before = memoryPool.idleBytes;
    new Tensor(allocate(1e6, false), [1e6]).dispose();
    expect(memoryPool.idleBytes - before).toBe(4e6);
    new Tensor(allocate(1e6, false), [1e6]).dispose();
    expect(memoryPool.idleBytes - before).toBe(4e6);
    memoryPool.release();
    expect(memoryPool.idleBytes).toBe(0);
  });

  it('keeps no more than its limit', () => {
    const { limit } = memoryPool;
    expect(limit).toBe(512 * 2 ** 20);
    memoryPool.limit = 5e6;
    for (const tensor of [1, 2, 3].map(() => new Tensor(allocate(1e6, false), [1e6]))) tensor.dispose();
    expect(memoryPool.idleBytes).toBeLessThanOrEqual(5e6);
    memoryPool.limit = 0;
    expect(memoryPool.idleBytes).toBe(0);
    memoryPool.limit = limit;
    expect(memoryPool.limit).toBe(limit);
  });

  it.each([-1, 0.5, Number.NaN, '1', undefined])('refuses the limit %j', (limit) => {
    expect(() => {
      memoryPool.limit = limit as number;
    }).toThrow('Expected the limit of the memory pool to be a non-negative integer but received');
  });
});

describe('Tensor.dispose', () => {
  const conv = new Conv2d(
    { inChannels: 2, outChannels: 2, kernelSize: 1 },
    { weight: Tensor.random([2, 2, 1, 1]) },
  );

  it('leaves a tensor that says so wherever it is used', () => {
    const tensor = Tensor.zeros([2, 4, 4]);
    const other = tensor.reshape([2, 16, 1]);
    tensor.dispose();
    tensor.dispose();
    const message = 'Expected the tensor to be in use but it was disposed of';
    expect(() => tensor.data).toThrow(message);
    expect(() => tensor.clone()).toThrow(message);
    expect(() => tensor.toArray()).toThrow(message);
    expect(() => tensor.reshape([32])).toThrow(message);
    expect(() => conv.forwardSync(tensor)).toThrow(message);
    expect(() => conv.forwardSync(Tensor.zeros([2, 4, 4]), tensor)).toThrow(message);
    expect(() => conv.forwardSync(other)).toThrow('its buffer is detached (transferred or disposed of)');
    expect(() => other.toArray()).toThrow('its buffer is detached (transferred or disposed of)');
    expect(tensor.shape).toEqual([2, 4, 4]);
  });

  it('lets go of memory that is not its own without touching it', () => {
    const data = Float32Array.of(1, 2);
    const tensor = new Tensor(data, [2]);
    tensor.dispose();
    expect(() => tensor.data).toThrow('disposed of');
    expect(data).toEqual(Float32Array.of(1, 2));
    const shared = new Float32Array(new SharedArrayBuffer(8));
    new Tensor(shared, [2]).dispose();
    expect(shared.length).toBe(2);
    new Tensor(new Float32Array(0), [0]).dispose();
  });

  it('is what `using` calls', () => {
    const tensor = Tensor.zeros([3]);
    tensor[Symbol.dispose]();
    expect(() => tensor.data).toThrow('disposed of');
  });

  it('waits for passes that run', async () => {
    const x = Tensor.random([2, 300, 300], { seed: 3 });
    const wanted = conv.forwardSync(x).clone();
    const passes = Array.from({ length: 8 }, () => {
      const input = x.clone();
      const pass = conv.forward(input);
      input.dispose();
      // Whoever takes the memory now must not be seen by the pass.
      allocate(x.size, false).fill(9);
      return pass;
    });
    for (const { data } of await Promise.all(passes))
      expect(data.every((value, i) => value === wanted.data[i])).toBe(true);
  });
});

describe('where memory runs out', () => {
  /** Runs a program in a process that may use 3 GB of addresses. */
  function run(body: string) {
    const program = `import(${JSON.stringify(library)}).then(async ({ Conv2d, Tensor, memoryPool }) => { ${body} });`;
    return spawnSync('bash', ['-c', 'ulimit -v 3000000; exec "$0" -e "$1"', process.execPath, program], {
      encoding: 'utf8',
    });
  }

  it('tensors and passes are refused, the process lives, and what is garbage can be had again', () => {
    const { status, stdout } = run(`
      const message = async (body) => { try { await body(); return 'done'; } catch (error) { return error.message; } };
      const conv = new Conv2d({ inChannels: 1, outChannels: 64, kernelSize: 3, padding: 1 }, { weight: Tensor.random([64, 1, 3, 3]) });
      const x = Tensor.zeros([1, 1, 1000, 1000]);
      const held = [];
      console.log(await message(() => { for (;;) held.push(Tensor.zeros([2 ** 24])); }));
      console.log(await message(() => conv.forwardSync(x)));
      console.log(await message(() => conv.forward(x)));
      held.length = 0; // garbage, which nobody has collected yet
      console.log(await message(() => Tensor.zeros([2 ** 28])));
      memoryPool.release();
      console.log(await message(() => conv.forward(x)));`);
    const lines = stdout.split('\n');
    expect(status).toBe(0);
    expect(lines[0]).toBe('Expected 67108864 bytes of memory to be free but the system refused them');
    expect(lines.slice(1, 3)).toEqual(
      Array(2).fill('Expected 256000000 bytes of memory to be free but the system refused them'),
    );
    expect(lines.slice(3, 5)).toEqual(['done', 'done']);
  });
});
