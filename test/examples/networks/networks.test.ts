import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as networks from '../../../examples/networks/index.js';
import type { VideoOptions } from '../../../examples/networks/options.js';
import { type Graph, Tensor, writeOnnx } from '../../../src/index.js';
import { hasOnnxruntime, ifOnnxruntime, runOnnxruntime } from '../../onnxruntime.js';

interface Case {
  /** Parameters as published; the docstring of each network has the source. */
  readonly parameters: number;
  readonly network: (options?: VideoOptions) => Graph;
  /** Options of an input that is quick to run. */
  readonly small: VideoOptions;
}

const cases: Readonly<Record<keyof typeof networks, Case>> = {
  c3d: { parameters: 78_409_573, network: networks.c3d, small: { size: 32 } },
  r3d18: { parameters: 33_371_472, network: networks.r3d18, small: { frames: 8, size: 32 } },
  r2plus1d18: { parameters: 31_505_325, network: networks.r2plus1d18, small: { frames: 8, size: 32 } },
  i3d: { parameters: 12_697_264, network: networks.i3d, small: { size: 64 } },
  x3dM: { parameters: 3_794_274, network: networks.x3dM, small: { frames: 4, size: 64 } },
  // The paper leaves out the scales and shifts of its 2336 normalised channels.
  unet3d: { parameters: 19_069_955 + 2 * 2336, network: networks.unet3d, small: { size: 16 } },
  nnunet: { parameters: 31_194_050, network: networks.nnunet, small: { size: 64 } },
  vnet: { parameters: 45_603_934, network: networks.vnet, small: { size: 32 } },
  vgg16: { parameters: 138_357_544, network: networks.vgg16, small: { size: 64 } },
  resnet34: { parameters: 21_797_672, network: networks.resnet34, small: { size: 64 } },
  resnet50: { parameters: 25_557_032, network: networks.resnet50, small: { size: 64 } },
  inceptionV3: { parameters: 23_834_568, network: networks.inceptionV3, small: { size: 96 } },
  googlenet: { parameters: 6_998_552, network: networks.googlenet, small: { size: 64 } },
  densenet121: { parameters: 7_978_856, network: networks.densenet121, small: { size: 64 } },
  unet2d: { parameters: 31_037_698, network: networks.unet2d, small: { size: 32 } },
  edsr: { parameters: 1_369_859, network: networks.edsr, small: { size: 16 } },
};

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'winograd-networks-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const entries = Object.entries(cases);

describe('networks', () => {
  it.each(entries)('%s has as many parameters as published', (_, { parameters, network }) => {
    const graph = network();
    const sizes = [...graph.constants]
      .filter(([key]) => /\.(weight|bias)$/.test(key))
      .map(([, { data }]) => data.length);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(parameters);
  });

  it('has the same random weights for the same seed and others for another', () => {
    const weight = (seed?: number) =>
      networks.edsr({ size: 16, ...(seed && { seed }) }).constants.get('body.3.conv1.weight')!.data;
    expect(weight()).toEqual(weight());
    expect(weight(1)).not.toEqual(weight());
  });

  it.skipIf(!hasOnnxruntime).each(entries)(
    `%s is a model that onnxruntime runs, with activations of a sound size${ifOnnxruntime}`,
    async (name, { network, small }) => {
      const graph = network(small);
      const path = join(folder, `${name}.onnx`);
      await writeOnnx(path, graph);
      const input = graph.inputs[0]!;
      const outputs = await runOnnxruntime(path, { [input.name]: Tensor.random(input.shape as number[]) });
      rmSync(path);
      expect(Object.keys(outputs)).toEqual(graph.outputs);
      for (const { data } of Object.values(outputs)) {
        const size = Math.sqrt(data.reduce((sum, value) => sum + value ** 2, 0) / data.length);
        expect(size).toBeGreaterThan(0.1);
        expect(size).toBeLessThan(10);
      }
    },
  );
});
