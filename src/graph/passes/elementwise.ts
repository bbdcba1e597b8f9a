import { elementwiseOperators, formulaOfNode, fuseChain } from '../../operators/elementwise/elementwise.js';
import { aligned } from '../../operators/elementwise/lower.js';
import { REDUCE_FUSED, reductions } from '../../operators/reduce.js';
import { elementCount } from '../../tensor/shape.js';
import type { Pattern } from './rewrite.js';

/** An elementwise function of what another one makes for it alone is one pass over memory. */
export const fuseElementwise: Pattern = {
  name: 'elementwise functions in one pass',
  operators: elementwiseOperators.map(({ name }) => name),
  match(node, around) {
    const shape = around.type(node.outputs[0]!).shape.join();
    for (const name of new Set(node.inputs)) {
      const before = name === '' ? undefined : around.maker(name);
      if (before === undefined || formulaOfNode(before) === undefined || !around.readOnce(name)) continue;
      if (around.type(name).shape.join() !== shape) continue;
      const fused = fuseChain([before, node]);
      if (fused === undefined) continue;
      return {
        remove: [before],
        add: [{ ...fused, name: `${before.name} ${node.name}`, outputs: node.outputs }],
      };
    }
    return undefined;
  },
};

/** Sums over all but the channels of what an elementwise function makes for them alone: it need not be in memory. */
export const fuseReduction: Pattern = {
  name: 'elementwise functions inside of reductions',
  operators: Object.keys(reductions).map((name) => `Reduce${name}`),
  match(node, around) {
    const [name = '', axes = ''] = node.inputs;
    const before = around.maker(name);
    const made = before && formulaOfNode(before);
    if (before === undefined || made === undefined || !around.readOnce(name)) return undefined;
    const { shape } = around.type(name);
    const known = around.constant(axes);
    // Rows are pixels; without any there is nothing to gain.
    if (known === undefined || elementCount(shape.slice(2)) <= 1) return undefined;
    const reduced = new Set([...known.data].map((axis) => (axis < 0 ? axis + shape.length : axis)));
    if (reduced.has(1) || reduced.size !== shape.length - 1) return undefined;
    // Each input is as large as what is reduced, or has one number for each channel.
    const fits = made.inputs.every((input) => {
      const own = aligned(around.type(input).shape, shape.length);
      return own.join() === shape.join() || own.every((size, axis) => axis === 1 || size === 1);
    });
    if (!fits || around.type(node.outputs[0]!).type !== 'float32') return undefined;
    const attributes = {
      ...{ formula: made.formula, operation: node.operator.slice('Reduce'.length) },
      keepdims: node.attributes.keepdims ?? 1,
    };
    return {
      remove: [before],
      add: [{ ...node, operator: REDUCE_FUSED, inputs: made.inputs, attributes }],
    };
  },
};
