import { phasesOf } from '../../operators/conv-transpose.js';
import type { Pattern } from './rewrite.js';

/** A transposed convolution is a convolution that makes phases, whose pixels are then put in order. */
export const expandTransposed: Pattern = {
  name: 'transposed convolutions by phases',
  operators: ['ConvTranspose'],
  match(node, around) {
    const [x = '', w, b] = node.inputs;
    const weight = around.constant(w);
    const bias = b ? around.constant(b) : undefined;
    if (weight === undefined || (b && bias === undefined)) return undefined;
    const phases = phasesOf(node.attributes, around.type(x), weight, bias);
    const [output = ''] = node.outputs;
    const names = { weight: `${w} by phases`, bias: `${b} by phases`, made: `${output} by phases` };
    const { group = 1, activation } = node.attributes;
    const [batch = 1] = around.type(x).shape;
    const pixels = around
      .type(x)
      .shape.slice(2)
      .map((size, a, { length }) => {
        const taps = phases.weight.shape[a + 2]!;
        return size + phases.pads[a]! + phases.pads[a + length]! - taps + 1;
      });
    return {
      add: [
        {
          ...{ operator: 'Conv', name: node.name },
          inputs: [x, names.weight, ...(phases.bias ? [names.bias] : [])],
          outputs: [names.made],
          attributes: { group, pads: phases.pads, ...(activation !== undefined && { activation }) },
        },
        {
          ...{ operator: 'Interleave', name: `${node.name} in order` },
          inputs: [names.made],
          outputs: [output],
          attributes: phases.interleave,
        },
      ],
      constants: { [names.weight]: phases.weight, ...(phases.bias && { [names.bias]: phases.bias }) },
      types: { [names.made]: { type: 'float32', shape: [batch, phases.weight.shape[0]!, ...pixels] } },
    };
  },
};
