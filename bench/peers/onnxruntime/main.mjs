/**
 * onnxruntime-node as a contender of the benchmark: answers one JSON object a line (bench/protocol.ts) with one of
 * its own, on a model of one Conv node.
 *
 * `run` gives the time of `session.run`, what a caller waits; `release` gives the same passes as onnxruntime's own
 * profiler saw the Conv node alone, without copies, reorders and the way through JavaScript.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import onnxProto from 'onnx-proto';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import packageJson from 'onnxruntime-node/package.json' with { type: 'json' };

const { onnx } = onnxProto;
const FLOAT = onnx.TensorProto.DataType.FLOAT;

/** Larger than any last-level cache. */
const SWEEP_FLOATS = 64 << 20;

const jobs = new Map();
let swept;

const requests = {
  async prepare(job) {
    const weight = readFileSync(job.weightFile);
    const input = readFileSync(job.inputFile);
    const x = new Float32Array(input.buffer, input.byteOffset, input.length / 4);
    const outputShape = [job.batch, job.outChannels, ...job.output];
    const folder = mkdtempSync(join(tmpdir(), 'winograd-bench-'));
    const session = await InferenceSession.create(modelOf(job, weight), {
      intraOpNumThreads: job.threads,
      interOpNumThreads: 1,
      graphOptimizationLevel: 'all',
      enableProfiling: true,
      profileFilePrefix: join(folder, 'profile'),
    });
    const prepared = {
      session,
      folder,
      feeds: { x: new Tensor('float32', x, [job.batch, job.inChannels, ...job.input]) },
      // A destination of ours spares a copy and new memory at each call.
      fetches: {
        y: new Tensor('float32', new Float32Array(outputShape.reduce((a, b) => a * b)), outputShape),
      },
      timed: [],
    };
    jobs.set(job.id, prepared);
    await pass(prepared, false);
    const values = job.samples.map((at) => prepared.fetches.y.data[at]);
    return { values, library: `onnxruntime-node ${packageJson.version}` };
  },

  async run({ id, passes, cold }) {
    const prepared = jobs.get(id);
    await pass(prepared, false);
    const ms = [];
    for (let i = 0; i < passes; i++) {
      if (cold) sweep();
      ms.push(await pass(prepared, true));
    }
    return { ms };
  },

  async release({ id }) {
    const { session, folder, timed } = jobs.get(id);
    jobs.delete(id);
    session.endProfiling();
    const profile = JSON.parse(readFileSync(join(folder, readdirSync(folder)[0]), 'utf8'));
    await session.release();
    rmSync(folder, { recursive: true });
    const isConvolution = ({ cat, args }) => cat === 'Node' && /Conv/.test(args?.op_name ?? '');
    const durations = profile
      .filter((event) => isConvolution(event) && event.name.endsWith('kernel_time'))
      .map(({ dur }) => dur / 1000);
    return { kernelMs: durations.filter((_, i) => timed[i]) };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { request, ...rest } = JSON.parse(line);
  let answer;
  try {
    answer = await requests[request](rest);
  } catch (error) {
    answer = { error: error.message };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

async function pass(prepared, timed) {
  prepared.timed.push(timed);
  const start = performance.now();
  await prepared.session.run(prepared.feeds, prepared.fetches);
  return performance.now() - start;
}

function sweep() {
  swept ??= new Float32Array(SWEEP_FLOATS);
  for (let i = 0; i < swept.length; i += 16) swept[i] += 1;
}

function modelOf(job, weight) {
  const weightShape = [job.outChannels, job.inChannels / job.groups, ...job.kernel];
  const ints = (name, values) => ({ name, type: onnx.AttributeProto.AttributeType.INTS, ints: values });
  const tensor = (name, shape) => ({
    name,
    type: { tensorType: { elemType: FLOAT, shape: { dim: shape.map((dimValue) => ({ dimValue })) } } },
  });
  const model = {
    irVersion: 7,
    opsetImport: [{ domain: '', version: 13 }],
    graph: {
      name: 'convolution',
      input: [tensor('x', [job.batch, job.inChannels, ...job.input])],
      output: [tensor('y', [job.batch, job.outChannels, ...job.output])],
      initializer: [{ name: 'w', dims: weightShape, dataType: FLOAT, rawData: weight }],
      node: [
        {
          opType: 'Conv',
          input: ['x', 'w'],
          output: ['y'],
          attribute: [
            ints('kernel_shape', job.kernel),
            ints('strides', job.stride),
            ints('pads', [...job.padding, ...job.padding]),
            { name: 'group', type: onnx.AttributeProto.AttributeType.INT, i: job.groups },
          ],
        },
      ],
    },
  };
  return onnx.ModelProto.encode(onnx.ModelProto.create(model)).finish();
}
