import { phasesOf, phaseWeights } from '../../operators/conv-transpose.js';
import type { Attributes, Constant, Operator } from '../../operators/operator.js';
import { gather } from '../../operators/slice.js';
import type { Node } from '../graph.js';
import { integerConstant } from '../literal.js';
import type { Pattern } from './rewrite.js';

/**
 * A transposed convolution is a convolution that makes phases, whose pixels are put in order. Weights that are known are
 * brought into the order of phases here, others at every run.
 */
export const expandTransposed: Pattern = {
  name: 'transposed convolutions by phases',
  operators: ['ConvTranspose'],
  match(node, around) {
    const [x = '', w = '', b = ''] = node.inputs;
    const { attributes, biasIndices, pads, interleave } = phasesOf(
      node.attributes,
      around.type(x),
      around.type(w),
    );
    const { group = 1, activation } = node.attributes;
    const constants: Record<string, Constant> = {};
    const add: Node[] = [];
    /** A node that brings something of the convolution into order, or its result, where that is known. */
    const derive = (operator: Operator, what: string, inputs: readonly string[], attributes: Attributes) => {
      // Of this node, for others may read the same weights with other strides.
      const name = `${inputs[0]} by phases of ${node.name}`;
      const known = inputs.map((each) => constants[each] ?? around.constant(each));
      if (known.every((each) => each !== undefined))
        [constants[name]] = operator.evaluate!(attributes, known, known) as [Constant];
      else
        add.push({
          ...{ operator: operator.name, name: `${node.name} ${what}`, attributes },
          ...{ inputs, outputs: [name] },
        });
      return name;
    };
    const inputs = [x, derive(phaseWeights, 'weights', [w], attributes)];
    if (b !== '') {
      const indices = `${node.name} phases of the bias`;
      constants[indices] = integerConstant(biasIndices);
      inputs.push(derive(gather, 'bias', [b, indices], {}));
    }
    add.push({
      ...{ operator: 'Conv', name: node.name, inputs, outputs: node.outputs },
      attributes: {
        ...{ group, pads },
        ...(interleave !== undefined && { interleave }),
        ...(activation !== undefined && { activation }),
      },
    });
    return { add, constants };
  },
};
