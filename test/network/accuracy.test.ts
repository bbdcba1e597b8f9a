import { describe, expect, it } from 'vitest';
import { densenet121, edsr, resnet34, x3dM } from '../../examples/networks/index.js';
import { MARGIN } from '../../src/graph/accuracy.js';
import { Builder, type Graph, Network, type NetworkOptions, Tensor } from '../../src/index.js';
import { runInDouble } from '../double/graph.js';

/** As deep as nnU-Net is between its levels: normalized by its own statistics, and joined across. */
function normalized(): Graph {
  const b = new Builder({ seed: 8 });
  const block = (x: ReturnType<Builder['input']>, outChannels: number) =>
    b.leakyRelu(b.instanceNorm(b.conv(x, { outChannels, kernelSize: 3, padding: 1 })));
  const x = b.input('volume', [1, 2, 16, 16, 16]);
  const wide = block(block(x, 16), 16);
  const deep = block(block(b.maxPool(wide, { kernelSize: 2 }), 32), 32);
  const up = b.convTranspose(deep, { outChannels: 16, kernelSize: 2, stride: 2 });
  return b.build({ mask: b.conv(block(b.concat([up, wide]), 16), { outChannels: 3, kernelSize: 1 }) });
}

const graphs: Readonly<Record<string, () => Graph>> = {
  normalized,
  edsr: () => edsr({ size: 12 }),
  resnet34: () => resnet34({ size: 64 }),
  x3dM: () => x3dM({ frames: 4, size: 64 }),
  densenet121: () => densenet121({ size: 64 }),
};

interface Case {
  readonly graph: Graph;
  readonly given: Readonly<Record<string, Tensor>>;
  readonly exact: ReturnType<typeof runInDouble>;
}

const cases = new Map<string, Case>();

function caseOf(name: string): Case {
  const known = cases.get(name);
  if (known !== undefined) return known;
  const graph = graphs[name]!();
  const [input] = graph.inputs;
  const given = { [input!.name]: Tensor.random(input!.shape as number[], { seed: 5 }) };
  const made = { graph, given, exact: runInDouble(graph, given) };
  cases.set(name, made);
  return made;
}

async function errorsOf(name: string, options: NetworkOptions) {
  const { graph, given, exact } = caseOf(name);
  const network = new Network(graph, { threads: 1, ...options });
  const results = await network.run(given);
  const errors = graph.outputs.map((output) => {
    let [squares, all] = [0, 0];
    for (const [i, value] of exact[output]!.data.entries()) {
      squares += (results[output]!.data[i]! - value) ** 2;
      all += value ** 2;
    }
    return Math.sqrt(squares / all);
  });
  return { actual: Math.max(...errors), expected: (await network.plan()).expectedError! };
}

/** Pooling averages errors that predictions let pass. */
const PESSIMISM = 6;

describe.each(Object.keys(graphs))('the error of %s', (name) => {
  it.each([undefined, 'direct', 1e-5] as const)('with accuracy %s is as expected', async (accuracy) => {
    const { actual, expected } = await errorsOf(name, accuracy === undefined ? {} : { accuracy });
    expect(actual).toBeLessThan(MARGIN * expected);
    expect(actual).toBeGreaterThan(expected / PESSIMISM);
    if (typeof accuracy === 'number') expect(actual).toBeLessThan(accuracy);
  });

  it('can be held to less than direct convolution keeps, or is refused with the least that can be', async () => {
    const refusal: Error = await errorsOf(name, { accuracy: 1e-9 }).then(
      () => expect.fail('1e-9 was promised'),
      (error) => error,
    );
    const [, least] = /^Expected accuracy to be at least ([\d.e-]+), what the outputs/.exec(refusal.message)!;
    const { actual, expected } = await errorsOf(name, { accuracy: Number(least) });
    expect(MARGIN * expected).toBeLessThanOrEqual(1.01 * Number(least));
    expect(actual).toBeLessThan(Number(least));
    const plain = await errorsOf(name, {});
    expect(expected).toBeLessThanOrEqual(plain.expected);
  });
});

it('is shared out so that less accuracy never costs more time', async () => {
  const { graph } = caseOf('normalized');
  const costs: number[] = [];
  for (const accuracy of [1.2e-6, 1.6e-6, 2.5e-6, 1e-5, 1e-3]) {
    const plan = await new Network(graph, { threads: 1, accuracy }).plan();
    costs.push(plan.nodes.reduce((sum, { plan: own }) => sum + (own?.productsPerOutput ?? 0), 0));
    expect(MARGIN * plan.expectedError!).toBeLessThanOrEqual(accuracy);
  }
  expect(costs[0]).toBeGreaterThan(costs.at(-1)!);
});

it('goes together with a bound on memory', async () => {
  const { graph, given } = caseOf('normalized');
  const accuracy = 2e-6;
  const free = await new Network(graph, { threads: 1, accuracy }).plan();
  const maxMemory = free.memory.run + Math.round(0.7 * free.memory.constants);
  const network = new Network(graph, { threads: 1, accuracy, maxMemory });
  const plan = await network.plan();
  expect(plan.memory.constants + plan.memory.run).toBeLessThanOrEqual(maxMemory);
  expect(MARGIN * plan.expectedError!).toBeLessThanOrEqual(accuracy);
  await network.run(given);
});
