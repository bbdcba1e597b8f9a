/**
 * Gradients against differences: the forward network is run at points along a direction, its results are weighed and summed in
 * double precision, and a difference quotient of fourth order is compared with what the gradient says about the direction. The
 * gradients' nodes and the forward network share no kernels but those of their operators.
 */
import { expect } from 'vitest';
import type { Graph } from '../../src/graph/graph.js';
import { typed } from '../../src/graph/typed.js';
import { native } from '../../src/native/addon.js';
import { Network } from '../../src/network/network.js';
import { Tensor } from '../../src/tensor/tensor.js';
import { backward } from '../../src/training/backward.js';
import { GraphTape } from '../../src/training/tape.js';

export const kernelTables = native()
  .cpuInfo()
  .kernels.map(({ name }) => name);

export interface Where {
  readonly isa: string;
  readonly threads: number;
}

/** Numbers between −1 and 1 in a repeatable order, none of which is near 0 or another. */
export function apart(shape: readonly number[], seed = 1): Tensor {
  const count = shape.reduce((product, size) => product * size, 1);
  const order = Float64Array.from({ length: count }, (_, i) => i);
  let state = seed;
  for (let i = count - 1; i > 0; i--) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const j = (state >>> 8) % (i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return new Tensor(
    Float32Array.from(order, (place) => (2 * (place + 0.5)) / count - 1),
    shape,
  );
}

/** The gradients of Σ weights · result by every input. */
async function gradientsOf(
  graph: Graph,
  weights: Tensor,
  inputs: Readonly<Record<string, Tensor>>,
  where: Where,
) {
  const shapes = Object.fromEntries(Object.entries(inputs).map(([name, { shape }]) => [name, shape]));
  const known = typed(graph, shapes);
  const tape = new GraphTape(known);
  for (const node of known.nodes) tape.add(node);
  const given = tape.input('weights of the result', weights.shape);
  const loss = tape.node('ReduceSum', [tape.node('Mul', [graph.outputs[0], given])], { keepdims: 0 });
  const gradients = backward(tape, loss, new Set(Object.keys(inputs)));
  const fixed = graph.inputs.map((input) => ({ ...input, shape: shapes[input.name]! }));
  const network = new Network(tape.graph(fixed, [...gradients.values()]), where);
  const results = await network.run({ ...inputs, [given]: weights });
  return new Map([...gradients].map(([name, gradient]) => [name, results[gradient]!]));
}

/**
 * Checks the gradient of every input of a network, one after the other.
 *
 * @param step of the differences: small beside the distance to the next corner of the function
 * @param tolerance of the directional derivative, as a part of what its terms add up to without their signs
 */
export async function expectGradients(
  graph: Graph,
  inputs: Readonly<Record<string, Tensor>>,
  where: Where,
  { step = 2 ** -7, tolerance = 1e-3 } = {},
): Promise<void> {
  const forward = new Network(graph, where);
  const [result] = Object.values(await forward.run(inputs));
  const weights = apart(result!.shape, 77);
  const gradients = await gradientsOf(graph, weights, inputs, where);
  const value = async (name: string, direction: Tensor, times: number) => {
    const at = Float32Array.from(inputs[name]!.data, (x, i) => x + times * direction.data[i]!);
    const [y] = Object.values(await forward.run({ ...inputs, [name]: new Tensor(at, direction.shape) }));
    return y!.data.reduce((sum, each, i) => sum + each * weights.data[i]!, 0);
  };
  for (const [name, { shape }] of Object.entries(inputs)) {
    const gradient = gradients.get(name);
    expect(gradient?.shape, name).toEqual(shape);
    for (const seed of [3, 4]) {
      const direction = apart(shape, seed);
      const said = gradient!.data.reduce((sum, each, i) => sum + each * direction.data[i]!, 0);
      const size = gradient!.data.reduce((sum, each, i) => sum + Math.abs(each * direction.data[i]!), 0);
      const difference = async (times: number) =>
        (await value(name, direction, times)) - (await value(name, direction, -times));
      const found = (8 * (await difference(step)) - (await difference(2 * step))) / (12 * step);
      expect(Math.abs(found - said), `${name}: ${found} found, ${said} said`).toBeLessThanOrEqual(
        tolerance * size + 1e-6,
      );
    }
  }
}
