import { expected } from '../../../synth/errors.js';
import { convolutionGradient, convTransposeGradient } from './convolution.js';
import { elementwiseGradient } from './elementwise.js';
import { normalizeGradients } from './normalize.js';
import { otherGradients } from './others.js';
import type { GradientRule } from './rule.js';

/** Rules of operators that are not elementwise. To add one: a row here, or in one of the tables that are joined here. */
const rules: Readonly<Record<string, GradientRule>> = {
  ...{ Conv: convolutionGradient, ConvTranspose: convTransposeGradient },
  ...normalizeGradients,
  ...otherGradients,
};

/**
 * How the gradients of an operator's inputs come from those of its results.
 *
 * @throws InputError naming the operator where there is no rule
 */
export function gradientRuleOf(operator: string): GradientRule {
  const rule = Object.hasOwn(rules, operator) ? rules[operator] : elementwiseGradient(operator);
  if (rule === undefined)
    throw expected('an operator to be trained', 'one that has a gradient rule', operator);
  return rule;
}
