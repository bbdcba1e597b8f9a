import { phasesOf } from '../../operators/conv-transpose.js';
import type { Pattern } from './rewrite.js';

/** A transposed convolution is a convolution that makes phases, whose pixels are put in order. */
export const expandTransposed: Pattern = {
  name: 'transposed convolutions by phases',
  operators: ['ConvTranspose'],
  match(node, around) {
    const [x = '', w, b] = node.inputs;
    const weight = around.constant(w);
    const bias = b ? around.constant(b) : undefined;
    if (weight === undefined || (b && bias === undefined)) return undefined;
    const phases = phasesOf(node.attributes, around.type(x), weight, bias);
    const names = { weight: `${w} by phases`, bias: `${b} by phases` };
    const { group = 1, activation } = node.attributes;
    const { pads, interleave } = phases;
    return {
      add: [
        {
          ...{ operator: 'Conv', name: node.name, outputs: node.outputs },
          inputs: [x, names.weight, ...(phases.bias ? [names.bias] : [])],
          attributes: { group, pads, interleave, ...(activation !== undefined && { activation }) },
        },
      ],
      constants: { [names.weight]: phases.weight, ...(phases.bias && { [names.bias]: phases.bias }) },
    };
  },
};
