import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { googlenet, unet3d, x3dM } from '../../examples/networks/index.js';
import {
  Builder,
  type ElementType,
  type Graph,
  InputError,
  readOnnx,
  Tensor,
  writeOnnx,
} from '../../src/index.js';
import { onnxBytes } from '../../src/onnx/export.js';
import { packageRoot } from '../../src/support/package.js';
import { hasOnnxruntime, ifOnnxruntime, runOnnxruntime } from '../onnxruntime.js';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'winograd-export-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** One constant of every type. */
function typed(): Graph {
  const types: ElementType[] = [
    ...([
      'float32',
      'int64',
      'int32',
      'int16',
      'int8',
      'uint64',
      'uint32',
      'uint16',
      'uint8',
      'bool',
    ] as const),
  ];
  const data = (type: ElementType) => (type === 'float32' ? Float32Array : Float64Array).of(0, 1, 1);
  const nodes = types.map((type) => ({
    ...{ operator: 'Identity', name: type, inputs: [`constant ${type}`], outputs: [type], attributes: {} },
  }));
  return {
    inputs: [{ name: 'x', type: 'float32', shape: ['N', 3] }],
    outputs: types,
    nodes,
    constants: new Map(types.map((type) => [`constant ${type}`, { type, shape: [3], data: data(type) }])),
  };
}

const graphs: Record<string, () => Graph> = {
  unet3d: () => unet3d({ size: 16, base: 4 }),
  x3dM: () => x3dM({ size: 32, frames: 4 }),
  googlenet: () => googlenet({ size: 32 }),
  typed,
};

describe('writeOnnx', () => {
  it.each(Object.entries(graphs))('writes %s so that it is read as it was', async (name, make) => {
    const graph = make();
    const path = join(folder, `${name}.onnx`);
    await writeOnnx(path, graph);
    const back = await readOnnx(path);
    expect(back.inputs).toEqual(graph.inputs);
    expect(back.outputs).toEqual(graph.outputs);
    expect(rounded(back)).toEqual(rounded(graph));
    expectSame(back.constants, graph.constants);
    await writeOnnx(path, graph, { external: true });
    expectSame((await readOnnx(path)).constants, graph.constants);
    expect(readdirSync(folder).filter((file) => file.startsWith(name)).length).toBeLessThanOrEqual(2);
  });

  it('keeps attributes and types', async () => {
    const value = { type: 'int64' as const, shape: [1], data: Float64Array.of(2 ** 63) };
    const attributes = {
      alpha: 1,
      axis: -1,
      mode: 'linear',
      pads: [0, 1],
      scales: [1, 2],
      keys: ['a', 'b'],
      value,
    };
    const node = { operator: 'Odd', name: 'odd', inputs: ['x', ''], outputs: ['y'], attributes };
    const graph: Graph = {
      inputs: [{ name: 'x', type: 'int64', shape: undefined }],
      outputs: ['y'],
      nodes: [node],
      constants: new Map(),
    };
    const back = await readOnnx(Buffer.concat(onnxBytes(graph)));
    expect(back).toEqual({ ...graph, opset: 21 });
  });

  it.each([1.5, {}, null, [1, 'a'], Number.NaN, () => 1])('refuses the attribute %o', async (axis) => {
    const node = { operator: 'Odd', name: 'odd', inputs: [], outputs: ['y'], attributes: { axis } };
    const graph = { inputs: [], outputs: ['y'], nodes: [node], constants: new Map() };
    const error = await writeOnnx(join(folder, 'bad.onnx'), graph).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(InputError);
    expect((error as Error).message).toContain('attribute axis of node odd (Odd)');
    expect(readdirSync(folder)).not.toContain('bad.onnx');
  });

  it('writes real attributes as such, of whatever value', async () => {
    const b = new Builder();
    const graph = b.build({ y: b.leakyRelu(b.input('x', [1, 1]), { slope: 1 }) });
    // AttributeProto { name: "alpha", f: 1, type: FLOAT }
    const wanted = Buffer.concat([
      Buffer.of(0x0a, 5),
      Buffer.from('alpha'),
      Buffer.of(0x15, 0, 0, 0x80, 0x3f),
    ]);
    expect(Buffer.concat(onnxBytes(graph)).includes(wanted)).toBe(true);
  });

  it.skipIf(!hasOnnxruntime)(`gives every constant its type${ifOnnxruntime}`, async () => {
    const path = join(folder, 'types.onnx');
    await writeOnnx(path, typed());
    const outputs = await runOnnxruntime(path, { x: Tensor.zeros([1, 3]) });
    for (const { data } of Object.values(outputs)) expect([...data]).toEqual([0, 1, 1]);
  });

  it.skipIf(!hasOnnxruntime)(`writes external data that onnxruntime reads${ifOnnxruntime}`, async () => {
    const graph = graphs.x3dM!();
    const input = { clip: Tensor.random([1, 3, 4, 32, 32]) };
    const path = join(folder, 'inside.onnx');
    await writeOnnx(path, graph);
    const expected = await runOnnxruntime(path, input);
    const outside = join(folder, 'outside.onnx');
    await writeOnnx(outside, graph, { external: true });
    expect(readFileSync(outside).length).toBeLessThan(500_000);
    const actual = await runOnnxruntime(outside, input);
    expect(actual.logits!.data).toEqual(expected.logits!.data);
  });

  /** Another implementation of ONNX's messages, that of the benchmark. */
  const other = (() => {
    try {
      return createRequire(join(packageRoot(), 'bench/peers/onnxruntime/package.json'))('onnx-proto').onnx;
    } catch {
      return undefined;
    }
  })();

  it.skipIf(!other)(`agrees with onnx-proto${other ? '' : ' (skipped: it is not installed)'}`, async () => {
    const graph = graphs.googlenet!();
    const message = other.ModelProto.decode(Buffer.concat(onnxBytes(graph)));
    expect(message.graph.node.map((node: { opType: string }) => node.opType)).toEqual(
      graph.nodes.map(({ operator }) => operator),
    );
    // What the other writes is read as the same.
    const back = await readOnnx(other.ModelProto.encode(message).finish());
    expect(rounded(back)).toEqual(rounded(graph));
    expectSame(back.constants, graph.constants);
  });
});

/** Constants to the bit; matchers take minutes for as many numbers. */
function expectSame(actual: Graph['constants'], wanted: Graph['constants']): void {
  const about = (constants: Graph['constants']) =>
    [...constants].map(([name, { type, shape }]) => ({ name, type, shape }));
  expect(about(actual)).toEqual(about(wanted));
  for (const [name, { data }] of wanted) {
    const bytes = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
      Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
    expect(bytes(actual.get(name)!.data).equals(bytes(data)), name).toBe(true);
  }
}

/** Nodes, real attributes as precise as a file has them. */
function rounded({ nodes }: Graph): unknown {
  return nodes.map(({ attributes, ...node }) => ({
    ...node,
    attributes: Object.fromEntries(
      Object.entries(attributes).map(([name, value]) => [
        name,
        typeof value === 'number' ? Math.fround(value) : value,
      ]),
    ),
  }));
}
