import { expected, InputError } from '../../synth/errors.js';
import { describeNode, within } from '../graph/typed.js';
import { gradientRuleOf } from '../operators/gradients/index.js';
import type { GraphTape } from './tape.js';

/**
 * Writes down the gradients of a scalar by some tensors, from the last node to the first: a tensor that several nodes read
 * gets the sum of what comes back from each (the Split nodes of Georganas et al. 2018, section II-L).
 *
 * @param tape with the nodes that make the loss; theirs come behind them
 * @returns the gradients' names, by those of the tensors; undefined for tensors that the loss does not depend on
 * @throws InputError naming the node that has no gradient
 */
export function backward(
  tape: GraphTape,
  loss: string,
  wanted: ReadonlySet<string>,
): ReadonlyMap<string, string> {
  const { shape } = tape.type(loss);
  if (shape.some((size) => size !== 1)) throw expected('the loss', 'a single number', shape);
  const forward = [...tape.nodes];
  // What leads from a wanted tensor to the loss, and therefore needs a gradient of its own.
  const depends = new Set(wanted);
  for (const { inputs, outputs } of forward)
    if (inputs.some((name) => depends.has(name))) for (const name of outputs) depends.add(name);
  const gradients = new Map<string, string>([
    [loss, tape.node('Expand', [tape.floats(1), tape.integers(shape)])],
  ]);
  for (const node of forward.reverse()) {
    const back = node.outputs.map((name) => gradients.get(name));
    if (back.every((each) => each === undefined) || !node.outputs.some((name) => depends.has(name))) continue;
    const asked = node.inputs.map((name) => depends.has(name));
    const made = within(node, () =>
      gradientRuleOf(node.operator)(
        {
          ...node,
          gradients: back.map((each, i) => (node.outputs[i] === '' ? undefined : each)),
          wanted: asked,
        },
        tape,
      ),
    );
    for (const [i, gradient] of made.entries()) {
      const name = node.inputs[i]!;
      if (gradient === undefined || asked[i] !== true) continue;
      if (tape.type(gradient).shape.join() !== tape.type(name).shape.join())
        throw new InputError(
          `${describeNode(node)}: Expected a gradient of shape [${tape.type(name).shape.join(', ')}] but received [${tape.type(gradient).shape.join(', ')}]`,
        );
      const before = gradients.get(name);
      gradients.set(name, before === undefined ? gradient : tape.node('Add', [before, gradient]));
    }
  }
  return new Map([...gradients].filter(([name]) => wanted.has(name)));
}
