import { phasesOf, phaseWeights } from '../../operators/conv-transpose.js';
import type { Constant } from '../../operators/operator.js';
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
    // Of this node, for others may read the same weights with other strides.
    const names = { weight: `${w} by phases of ${node.name}`, bias: `${b} by phases of ${node.name}` };
    const [weight, bias] = [around.constant(w), around.constant(b)];
    const constants: Record<string, Constant> = {};
    const add = [];
    if (weight !== undefined)
      [constants[names.weight]] = phaseWeights.evaluate!(attributes, [weight], []) as [Constant];
    else {
      const name = `${node.name} weights`;
      add.push({ operator: 'PhaseWeights', name, inputs: [w], outputs: [names.weight], attributes });
    }
    if (bias !== undefined)
      constants[names.bias] = {
        ...{ type: 'float32', shape: [biasIndices.length] },
        data: Float32Array.from(biasIndices, (index) => bias.data[index]!),
      };
    else if (b !== '') {
      const indices = `${node.name} phases of the bias`;
      constants[indices] = integerConstant(biasIndices);
      const inputs = [b, indices];
      add.push({
        operator: 'Gather',
        name: `${node.name} bias`,
        inputs,
        outputs: [names.bias],
        attributes: {},
      });
    }
    add.push({
      ...{ operator: 'Conv', name: node.name, outputs: node.outputs },
      inputs: [x, names.weight, ...(b === '' ? [] : [names.bias])],
      attributes: {
        ...{ group, pads },
        ...(interleave !== undefined && { interleave }),
        ...(activation !== undefined && { activation }),
      },
    });
    return { add, constants };
  },
};
