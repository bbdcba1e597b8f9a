import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InputError, readOnnx } from '../../src/index.js';
import { native } from '../../src/native/addon.js';
import { dataTypes } from '../../src/onnx/schema.js';
import { floats, integers, modelBytes, node, real, reals, type TensorMessage, valueInfo } from './model.js';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'winograd-onnx-'));
  mkdirSync(join(folder, 'model/deep'), { recursive: true });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const relu = {
  node: [node('Relu', ['x'], ['y'])],
  input: [valueInfo('x', [2, 3])],
  output: [valueInfo('y')],
};

/** A model that adds a tensor. */
const adding = (tensor: TensorMessage) => ({
  node: [node('Add', ['x', tensor.name ?? ''], ['y'])],
  input: [valueInfo('x', [2])],
  output: [valueInfo('y')],
  initializer: [tensor],
});

const constantOf = async (tensor: TensorMessage) =>
  (await readOnnx(modelBytes(adding({ name: 'w', ...tensor })))).constants.get('w')!;

describe('readOnnx', () => {
  it('reads nodes, inputs, outputs, initialisers and attributes', async () => {
    const values = {
      i: -3,
      f: real(0.5),
      s: 'text',
      ints: [1, -2],
      floats: reals(0.5, -1),
      t: integers('', [2], [5, -6]),
    };
    const graph = await readOnnx(
      modelBytes({
        node: [{ ...node('Odd', ['x', '', 'w'], ['y', '', 'z'], values), name: 'odd' }],
        input: [valueInfo('x', ['N', 3, 'height'])],
        output: [valueInfo('z'), valueInfo('y')],
        initializer: [floats('w', [2, 1], [1.5, -2])],
      }),
    );
    expect(graph.inputs).toEqual([{ name: 'x', type: 'float32', shape: ['N', 3, 'height'] }]);
    expect(graph.outputs).toEqual(['z', 'y']);
    expect(graph.nodes).toEqual([
      {
        operator: 'Odd',
        name: 'odd',
        inputs: ['x', '', 'w'],
        outputs: ['y', '', 'z'],
        attributes: {
          ...{ i: -3, f: 0.5, s: 'text', ints: [1, -2], floats: [0.5, -1] },
          t: { type: 'int64', shape: [2], data: Float64Array.of(5, -6) },
        },
      },
    ]);
    const weight = graph.constants.get('w')!;
    expect(weight).toEqual({ type: 'float32', shape: [2, 1], data: Float32Array.of(1.5, -2) });
    expect(native().owns(weight.data as Float32Array)).toBe(true);
  });

  it('reads what was written by hand from the specifications', async () => {
    const model = [
      [0x08, 7], // ir_version
      [0x42, 2, 0x10, 13], // opset_import { version: 13 }
      [0x3a, 51], // graph
      [0x0a, 14, 0x0a, 1, 0x78, 0x0a, 1, 0x77, 0x12, 1, 0x79, 0x22, 3, 0x41, 0x64, 0x64], // node: Add x w → y
      [0x2a, 17, 0x08, 2, 0x10, 1, 0x42, 1, 0x77, 0x4a, 8, 0, 0, 0x80, 0x3f, 0, 0, 0, 0x40], // w: [1, 2]
      [0x5a, 9, 0x0a, 1, 0x78, 0x12, 4, 0x0a, 2, 0x08, 1], // input x of float, of any shape
      [0x62, 3, 0x0a, 1, 0x79], // output y
    ].flat();
    const graph = await readOnnx(Uint8Array.from(model));
    expect(graph.nodes.map(({ operator, inputs, outputs }) => [operator, inputs, outputs])).toEqual([
      ['Add', ['x', 'w'], ['y']],
    ]);
    expect([...graph.constants.get('w')!.data]).toEqual([1, 2]);
    expect(graph.inputs).toEqual([{ name: 'x', type: 'float32', shape: undefined }]);
  });

  const packed = (...numbers: number[]) => Buffer.concat(numbers.map(varint));
  const bytes = (array: ArrayBufferView) => new Uint8Array(array.buffer);
  it.each<[string, TensorMessage, number[]]>([
    ['raw float', { data_type: 1, raw_data: bytes(Float32Array.of(1.5, -2)) }, [1.5, -2]],
    ['raw double', { data_type: 11, raw_data: bytes(Float64Array.of(1 / 3, -2)) }, [Math.fround(1 / 3), -2]],
    ['raw float16', { data_type: 10, raw_data: bytes(Uint16Array.of(0x3c00, 0xc001)) }, [1, -2 - 2 ** -9]],
    ['raw bfloat16', { data_type: 16, raw_data: bytes(Uint16Array.of(0x3f80, 0xc001)) }, [1, -2.015625]],
    ['raw int8', { data_type: 3, raw_data: bytes(Int8Array.of(-128, 127)) }, [-128, 127]],
    ['raw uint8', { data_type: 2, raw_data: bytes(Uint8Array.of(0, 255)) }, [0, 255]],
    ['raw int16', { data_type: 5, raw_data: bytes(Int16Array.of(-32768, 5)) }, [-32768, 5]],
    ['raw uint16', { data_type: 4, raw_data: bytes(Uint16Array.of(65535, 5)) }, [65535, 5]],
    ['raw int32', { data_type: 6, raw_data: bytes(Int32Array.of(-(2 ** 31), 5)) }, [-(2 ** 31), 5]],
    ['raw uint32', { data_type: 12, raw_data: bytes(Uint32Array.of(2 ** 32 - 1, 5)) }, [2 ** 32 - 1, 5]],
    ['raw int64', { data_type: 7, raw_data: bytes(BigInt64Array.of(-7n, 2n ** 53n)) }, [-7, 2 ** 53]],
    ['raw uint64', { data_type: 13, raw_data: bytes(BigUint64Array.of(7n, 2n ** 63n)) }, [7, 2 ** 63]],
    ['raw bool', { data_type: 9, raw_data: Uint8Array.of(0, 2) }, [0, 1]],
    [
      'typed float',
      { data_type: 1, float_data: [bytes(Float32Array.of(1.5)), bytes(Float32Array.of(-2))] },
      [1.5, -2],
    ],
    ['typed double', { data_type: 11, double_data: [bytes(Float64Array.of(1.5, -2))] }, [1.5, -2]],
    ['typed float16', { data_type: 10, int32_data: [packed(0x3c00, 0xc001)] }, [1, -2 - 2 ** -9]],
    ['typed bfloat16', { data_type: 16, int32_data: [packed(0x3f80, 0xc001)] }, [1, -2.015625]],
    ['typed int8', { data_type: 3, int32_data: [packed(-128, 127)] }, [-128, 127]],
    ['typed bool', { data_type: 9, int32_data: [packed(0, 1)] }, [0, 1]],
    ['typed int32 in pieces', { data_type: 6, int32_data: [packed(-5), packed(70000)] }, [-5, 70000]],
    ['typed int64', { data_type: 7, int64_data: [packed(-1, 2 ** 40)] }, [-1, 2 ** 40]],
    ['typed uint32', { data_type: 12, uint64_data: [packed(1, 2 ** 32 - 1)] }, [1, 2 ** 32 - 1]],
  ])('reads initialisers of %s', async (_, tensor, values) => {
    const constant = await constantOf({ ...tensor, dims: [2] });
    expect([...constant.data]).toEqual(values);
    const real = [1, 10, 11, 16].includes(tensor.data_type!);
    expect(constant.data).toBeInstanceOf(real ? Float32Array : Float64Array);
    expect(dataTypes[constant.type]).toBe(real ? 1 : tensor.data_type);
  });

  it('reads scalars and empty tensors', async () => {
    expect(await constantOf({ ...floats('w', [], [7]) })).toEqual({
      type: 'float32',
      shape: [],
      data: Float32Array.of(7),
    });
    expect((await constantOf({ ...floats('w', [3, 0], []) })).data).toHaveLength(0);
    expect((await constantOf({ name: 'w', dims: [0], data_type: 7 })).data).toHaveLength(0);
  });

  it('reads Constant nodes, in whichever attribute', async () => {
    const values = {
      value: floats('', [1], [3]),
      value_int: 4,
      value_ints: [5, 6],
      value_float: real(0.5),
      value_floats: reals(1, 2),
    };
    const graph = await readOnnx(
      modelBytes({
        node: [
          ...Object.entries(values).map(([name, value]) => node('Constant', [], [name], { [name]: value })),
          node('Sum', ['x', ...Object.keys(values)], ['y']),
        ],
        input: [valueInfo('x', [1])],
        output: [valueInfo('y')],
      }),
    );
    expect(graph.nodes.map(({ operator }) => operator)).toEqual(['Sum']);
    expect([...graph.constants].map(([name, { type, shape, data }]) => [name, type, shape, ...data])).toEqual(
      [
        ['value', 'float32', [1], 3],
        ['value_int', 'int64', [], 4],
        ['value_ints', 'int64', [2], 5, 6],
        ['value_float', 'float32', [], 0.5],
        ['value_floats', 'float32', [2], 1, 2],
      ],
    );
  });

  it('computes in float32 whatever precision the model has', async () => {
    const graph = await readOnnx(
      modelBytes({
        node: [node('Cast', ['x'], ['y'], { to: 11 }), node('Cast', ['x'], ['z'], { to: 7 })],
        input: [valueInfo('x', [1], 10)],
        output: [valueInfo('y', [1], 11), valueInfo('z', [1], 7)],
      }),
    );
    expect(graph.inputs[0]!.type).toBe('float32');
    expect(graph.nodes.map(({ attributes }) => attributes.to)).toEqual([1, 7]);
  });

  it('leaves out inputs that initialisers give, and gives open sizes names of their own', async () => {
    const graph = await readOnnx(
      modelBytes({
        node: [node('Add', ['x', 'w'], ['y'])],
        input: [valueInfo('x', ['', 2, '']), valueInfo('w', [1])],
        output: [valueInfo('y')],
        initializer: [floats('w', [1], [7])],
      }),
    );
    expect(graph.inputs).toEqual([{ name: 'x', type: 'float32', shape: ['x:0', 2, 'x:2'] }]);
  });

  it('puts nodes in order, and names those without a name by their results', async () => {
    const graph = await readOnnx(
      modelBytes({
        node: [node('Relu', ['a'], ['y']), node('Neg', ['x'], ['a'])],
        input: [valueInfo('x', [1])],
        output: [valueInfo('y')],
      }),
    );
    expect(graph.nodes.map(({ operator, name }) => [operator, name])).toEqual([
      ['Neg', 'a'],
      ['Relu', 'y'],
    ]);
  });

  const w = floats('w', [2], [1, 2]);
  it.each<[string, Buffer, string]>([
    ['an empty file', Buffer.alloc(0), 'it holds no graph'],
    ['text', Buffer.from('not a model, but long enough to look at'), '(at byte 0)'],
    [
      'no operator set',
      modelBytes(relu, 17, { opset_import: [] }),
      'operator set to be one from 7 to 27 but received []',
    ],
    ['an old operator set', modelBytes(relu, 6), 'to be one from 7 to 27 but received [6]'],
    ['one from the future', modelBytes(relu, 99), 'to be one from 7 to 27 but received [99]'],
    [
      'another domain',
      modelBytes({ ...relu, node: [{ ...node('FusedConv', ['x'], ['y']), domain: 'com.microsoft' }] }),
      `the operator of node y (operator set 17) to be one of ONNX's own but received "com.microsoft.FusedConv"`,
    ],
    [
      'a subgraph',
      modelBytes({
        ...relu,
        node: [{ op_type: 'If', input: ['x'], output: ['y'], attribute: [{ name: 'then_branch', type: 5 }] }],
      }),
      'attribute then_branch of node y (If of operator set 17) to be no subgraph',
    ],
    [
      'a cycle',
      modelBytes({
        ...relu,
        node: [node('Add', ['x', 'b'], ['a']), node('Relu', ['a'], ['b']), node('Relu', ['a'], ['y'])],
      }),
      'node a (Add) to be free of cycles',
    ],
    [
      'a missing tensor',
      modelBytes({ ...relu, node: [node('Add', ['x', 'q'], ['y'])] }),
      'input q of node y (Add)',
    ],
    [
      'a missing output',
      modelBytes({ ...relu, output: [valueInfo('q')] }),
      'output q to be a tensor of the graph',
    ],
    [
      'results of one name',
      modelBytes({ ...relu, node: [...relu.node, ...relu.node] }),
      'tensor y to be defined once',
    ],
    [
      'initialisers of one name',
      modelBytes({ ...adding(w), initializer: [w, w] }),
      'tensor w to be defined once',
    ],
    [
      'an attribute twice',
      modelBytes({
        ...relu,
        node: [
          {
            ...relu.node[0],
            attribute: [
              { name: 'a', type: 2 },
              { name: 'a', type: 2 },
            ],
          },
        ],
      }),
      'attribute a of node y (Relu of operator set 17) to be given once',
    ],
    [
      'a shape that is absurd',
      modelBytes(adding({ ...w, dims: [2 ** 30, 2 ** 30] })),
      'the shape of initialiser w to be at most',
    ],
    [
      'a size that is absurd',
      modelBytes(adding({ ...w, dims: [2 ** 40, 0] })),
      'the shape of initialiser w to be sizes from 0 to',
    ],
    [
      'a negative size',
      modelBytes(adding({ ...w, dims: [-1] })),
      'the shape of initialiser w to be sizes from 0 to',
    ],
    [
      'too few bytes',
      modelBytes(adding({ ...w, dims: [3] })),
      'initialiser w to be 3 elements of type float32 but received "8 bytes"',
    ],
    [
      'no bytes for many',
      modelBytes(adding({ name: 'w', dims: [2 ** 29], data_type: 1 })),
      'received "0 bytes"',
    ],
    [
      'no integers for many',
      modelBytes(adding({ name: 'w', dims: [2 ** 29], data_type: 7 })),
      'received "0 bytes of packed integers"',
    ],
    [
      'too many integers',
      modelBytes(adding({ name: 'w', dims: [1], data_type: 7, int64_data: [Uint8Array.of(1, 2)] })),
      'more than 1 numbers',
    ],
    [
      'strings',
      modelBytes(adding({ name: 'w', dims: [1], data_type: 8 })),
      'the element type of initialiser w to be one of',
    ],
    [
      'no element type',
      modelBytes(adding({ name: 'w', dims: [1] })),
      'the element type of initialiser w to be one of',
    ],
    [
      'a negative input size',
      modelBytes({ ...relu, input: [valueInfo('x', [-1])] }),
      'size 0 of input x to be a number from 0 on',
    ],
    ['an input that is no tensor', modelBytes({ ...relu, input: [{ name: 'x' }] }), 'input x to be a tensor'],
    [
      'a sparse initialiser',
      modelBytes({ ...relu, sparse_initializer: [Uint8Array.of()] }),
      'every initialiser to be dense',
    ],
    ['a Constant of nothing', modelBytes({ ...relu, node: [node('Constant', [], ['y'])] }), 'Constant y'],
    [
      'external data of a model in memory',
      modelBytes(adding(external({ location: 'w.bin' }))),
      'absent, since the model is not a file',
    ],
  ])('refuses %s', async (_, model, message) => {
    const error = await readOnnx(model).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(InputError);
    expect((error as Error).message).toContain('the model is no model that can be read: ');
    expect((error as Error).message).toContain(message);
  });

  it('refuses what is neither path nor bytes, no file, and no model', async () => {
    await expect(readOnnx(7 as never)).rejects.toThrow(
      'Expected the model to be a path or a Uint8Array but received 7',
    );
    await expect(readOnnx(folder)).rejects.toThrow('Expected the model to be a regular file');
    await expect(readOnnx('/dev/zero')).rejects.toThrow('Expected the model to be a regular file');
    await expect(readOnnx(join(folder, 'missing.onnx'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('external data', () => {
  const write = (name: string, bytes: Uint8Array) => {
    writeFileSync(join(folder, name), bytes);
    return join(folder, name);
  };
  const numbers = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);
  const model = (place: Record<string, string>) =>
    write('model/model.onnx', modelBytes(adding(external(place))));

  it('is read from where it lies, within the folder', async () => {
    write('model/deep/weights.bin', numbers(9, 1.5, -2, 8));
    const path = model({ location: 'deep/weights.bin', offset: '4', length: '8' });
    expect([...(await readOnnx(path)).constants.get('w')!.data]).toEqual([1.5, -2]);
    const whole = model({ location: './deep/../deep/weights.bin' });
    expect([...(await readOnnx(whole)).constants.get('w')!.data]).toEqual([9, 1.5]);
  });

  it('lies beside the file that a linked model leads to', async () => {
    mkdirSync(join(folder, 'blobs'), { recursive: true });
    mkdirSync(join(folder, 'cache'), { recursive: true });
    write('blobs/1', modelBytes(adding(external({ location: 'w.bin' }))));
    write('blobs/2', numbers(3, 4));
    symlinkSync('../blobs/1', join(folder, 'cache/model.onnx'));
    symlinkSync('../blobs/2', join(folder, 'cache/w.bin'));
    const graph = await readOnnx(join(folder, 'cache/model.onnx'));
    expect([...graph.constants.get('w')!.data]).toEqual([3, 4]);
  });

  it.each([
    [{ location: '../secret.bin' }, "to be within the model's folder"],
    [{ location: 'deep/../../secret.bin' }, "to be within the model's folder"],
    [{ location: 'link.bin' }, "to be within the model's folder"],
    [{ location: 'linked/secret.bin' }, "to be within the model's folder"],
    [{ location: '/etc/hostname' }, 'to be a relative path'],
    [{ location: '..\\secret.bin' }, 'to be a relative path'],
    [{ location: 'a\0b' }, 'to be a relative path'],
    [{ location: '' }, 'to be a relative path'],
    [{}, 'to be a relative path'],
    [{ location: '.' }, "to be within the model's folder"],
    [{ location: 'deep' }, 'a regular file'],
    [{ location: 'missing.bin' }, 'a file beside'],
    [{ location: 'short.bin' }, 'initialiser w to be within'],
    [{ location: 'short.bin', offset: '-4' }, 'the offset of initialiser w to be a number of bytes'],
    [{ location: 'short.bin', offset: '9e99' }, 'the offset of initialiser w to be a number of bytes'],
    [{ location: 'short.bin', length: '4' }, 'initialiser w to be 2 elements of type float32'],
    [{ location: 'short.bin', offset: '999999999999999', length: '8' }, 'initialiser w to be within'],
  ])('is refused at %o', async (place, message) => {
    write('secret.bin', numbers(1, 2));
    write('model/short.bin', numbers(1));
    rmSync(join(folder, 'model/link.bin'), { force: true });
    rmSync(join(folder, 'model/linked'), { force: true });
    symlinkSync('../secret.bin', join(folder, 'model/link.bin'));
    symlinkSync('..', join(folder, 'model/linked'));
    const error = await readOnnx(model(place as Record<string, string>)).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(InputError);
    expect((error as Error).message).toContain(message);
  });
});

function external(place: Record<string, string>): TensorMessage {
  const external_data = Object.entries(place).map(([key, value]) => ({ key, value }));
  return { name: 'w', dims: [2], data_type: 1, external_data, data_location: 1 };
}

/** Seven bits a byte, the least first; negative numbers as 64 bits. */
function varint(number: number): Buffer {
  let rest = BigInt.asUintN(64, BigInt(number));
  const bytes: number[] = [];
  do {
    bytes.push(Number(rest & 127n) | (rest > 127n ? 128 : 0));
    rest >>= 7n;
  } while (rest > 0n);
  return Buffer.from(bytes);
}
