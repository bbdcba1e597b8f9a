import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expected, InputError } from '../../synth/errors.js';
import type { Graph } from '../graph/graph.js';
import { OPSET } from '../onnx/options.js';
import type { Constant, ElementType } from '../operators/operator.js';
import { packageRoot } from '../support/package.js';

/*
 * onnxruntime-node, an optional peer: it is looked for when something needs it, and nothing here needs it to be there.
 */

/** A tensor of its own. */
export interface OrtTensor {
  readonly type: string;
  readonly data: Iterable<number | bigint>;
  readonly dims: readonly number[];
}

interface OrtSession {
  run(feeds: Readonly<Record<string, OrtTensor>>): Promise<Readonly<Record<string, OrtTensor>>>;
  release(): Promise<void>;
  /** Of sessions that were made with `enableProfiling`: writes the profile. */
  endProfiling?(): void;
}

/** As much of its interface as is used here. */
export interface Onnxruntime {
  readonly Tensor: new (type: string, data: unknown, dims: readonly number[]) => OrtTensor;
  readonly InferenceSession: {
    create(model: string | Uint8Array, options: object): Promise<OrtSession>;
  };
}

/** How to get it, for errors. */
export const INSTALLATION = 'npm install onnxruntime-node';

/** @throws InputError where it is not installed */
export function requireOnnxruntime(): NonNullable<ReturnType<typeof findOnnxruntime>> {
  const found = findOnnxruntime();
  if (found === undefined)
    throw new InputError(
      `Expected onnxruntime-node to be installed but found none; ${INSTALLATION} puts it there`,
    );
  return found;
}

/** Beside this package, beside the program that runs, or where its benchmark has it; undefined where it is in none of them. */
export function findOnnxruntime(): { readonly ort: Onnxruntime; readonly version: string } | undefined {
  const places = [packageRoot(), process.cwd(), join(packageRoot(), 'bench/peers/onnxruntime')];
  for (const place of places)
    try {
      const require = createRequire(join(place, 'package.json'));
      const ort = require('onnxruntime-node') as Onnxruntime;
      return { ort, version: require('onnxruntime-node/package.json').version };
    } catch {
      // The next place may have it.
    }
  return undefined;
}

/** As users have it, but for the number of threads. */
export function sessionOptions(threads: number): object {
  return {
    ...{ intraOpNumThreads: threads, interOpNumThreads: 1, executionMode: 'sequential' },
    graphOptimizationLevel: 'all',
  };
}

const integers = (From: { from(data: Iterable<number>): unknown }) => (data: Iterable<number>) =>
  From.from(data);

/** Arrays in which onnxruntime takes numbers, by their type. */
const arrays: Partial<Record<ElementType, (data: Constant['data']) => unknown>> = {
  float32: (data) => (data instanceof Float32Array ? data : Float32Array.from(data)),
  float64: (data) => Float64Array.from(data),
  int64: (data) => BigInt64Array.from(data, BigInt),
  uint64: (data) => BigUint64Array.from(data, BigInt),
  ...{ int32: integers(Int32Array), int16: integers(Int16Array), int8: integers(Int8Array) },
  ...{ uint32: integers(Uint32Array), uint16: integers(Uint16Array), uint8: integers(Uint8Array) },
  bool: integers(Uint8Array),
};

/** A part of a network that runs in onnxruntime. */
export class Session {
  readonly #ort: Onnxruntime;
  readonly #session: OrtSession;

  private constructor(ort: Onnxruntime, session: OrtSession) {
    this.#ort = ort;
    this.#session = session;
  }

  /**
   * @param graph whose outputs may be of any type that tensors have here
   * @throws Error of onnxruntime's own for what it does not run either
   */
  static async create(ort: Onnxruntime, graph: Graph, threads: number): Promise<Session> {
    // Who has nothing to run there need not load what encodes models.
    const { onnxBytes } = await import('../onnx/export.js');
    const model = Buffer.concat(onnxBytes(graph, Math.max(OPSET, graph.opset ?? 0), new Map()));
    const session = await ort.InferenceSession.create(model, {
      ...sessionOptions(threads),
      logSeverityLevel: 3,
    });
    return new Session(ort, session);
  }

  /** @throws InputError for types that tensors do not have here; Error of onnxruntime's own for what it cannot run */
  async run(inputs: ReadonlyMap<string, Constant>): Promise<Map<string, Constant>> {
    const feeds = [...inputs].map(([name, { type, shape, data }]) => {
      const array = arrays[type];
      if (array === undefined)
        throw expected(`the type of tensor ${name}`, `one of ${Object.keys(arrays).join(', ')}`, type);
      if (!type.startsWith('float') && !data.every(Number.isInteger))
        throw expected(
          `tensor ${name}`,
          `of integers, for its type is ${type}`,
          data.find((x) => !Number.isInteger(x)),
        );
      return [name, new this.#ort.Tensor(type, array(data), shape)] as const;
    });
    const results = await this.#session.run(Object.fromEntries(feeds));
    return new Map(Object.entries(results).map(([name, tensor]) => [name, constantOf(name, tensor)]));
  }
}

function constantOf(name: string, { type, data, dims }: OrtTensor): Constant {
  if (!Object.hasOwn(arrays, type))
    throw expected(`the type of tensor ${name}`, `one of ${Object.keys(arrays).join(', ')}`, type);
  const shape = [...dims];
  if (data instanceof Float32Array) return { type: 'float32', shape, data };
  return { type: type as ElementType, shape, data: Float64Array.from(data, Number) };
}
