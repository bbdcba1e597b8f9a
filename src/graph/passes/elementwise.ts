import { elementwiseOperators, formulaOfNode, fuseChain } from '../../operators/elementwise/elementwise.js';
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
