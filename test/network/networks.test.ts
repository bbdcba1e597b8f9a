import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as all from '../../examples/networks/index.js';
import type { VideoOptions } from '../../examples/networks/options.js';
import { type Graph, Network, Tensor, writeOnnx } from '../../src/index.js';
import { hasOnnxruntime, ifOnnxruntime, runOnnxruntime } from '../onnxruntime.js';

/** Options of an input that is quick to run. */
const small: Readonly<Record<keyof typeof all, VideoOptions>> = {
  ...{
    c3d: { size: 32 },
    r3d18: { frames: 8, size: 32 },
    r2plus1d18: { frames: 8, size: 32 },
    i3d: { size: 64 },
  },
  ...{ x3dM: { frames: 4, size: 64 }, unet3d: { size: 16 }, nnunet: { size: 64 }, vnet: { size: 32 } },
  ...{ vgg16: { size: 64 }, resnet34: { size: 64 }, resnet50: { size: 64 }, inceptionV3: { size: 96 } },
  ...{ googlenet: { size: 64 }, densenet121: { size: 64 }, unet2d: { size: 32 }, edsr: { size: 16 } },
};

/**
 * Largest root mean square of the difference over that of the results: rounding errors of some hundred layers in single
 * precision, of which each is within 2.5 times direct convolution's.
 */
const TOLERANCE = 2e-5;

const networks = { ...all };

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'winograd-network-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function distance(a: Float32Array, b: Float32Array): number {
  let [squares, all] = [0, 0];
  for (const [i, value] of b.entries()) {
    squares += (a[i]! - value) ** 2;
    all += value ** 2;
  }
  return Math.sqrt(squares / all);
}

describe('networks beside onnxruntime', () => {
  it.skipIf(!hasOnnxruntime).each(Object.keys(small) as (keyof typeof all)[])(
    `%s gives the same results${ifOnnxruntime}`,
    async (name) => {
      const graph: Graph = networks[name](small[name]);
      const path = join(folder, `${name}.onnx`);
      await writeOnnx(path, graph);
      const input = graph.inputs[0]!;
      const x = Tensor.random(input.shape as number[]);
      const expected = await runOnnxruntime(path, { [input.name]: x });
      const network = await Network.load(path);
      const actual = await network.run({ [input.name]: x });
      rmSync(path);
      // Nothing of it is left to onnxruntime.
      const { steps } = network.lastRun!;
      expect(steps.filter(({ operator }) => operator === 'onnxruntime')).toEqual([]);
      for (const output of graph.outputs) {
        expect(actual[output]!.shape).toEqual(expected[output]!.shape);
        expect(distance(actual[output]!.data, expected[output]!.data)).toBeLessThan(TOLERANCE);
      }
    },
  );
});
