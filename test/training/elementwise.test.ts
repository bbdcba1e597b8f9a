/** Derivatives of elementwise functions against central differences, all in double precision. */
import { expect, it } from 'vitest';
import { evaluateFormula, type Formula } from '../../src/operators/elementwise/formula.js';
import { table } from '../../src/operators/elementwise/rows.js';
import { elementwiseGradient } from '../../src/operators/gradients/elementwise.js';
import type { Tape } from '../../src/operators/gradients/rule.js';

/** Away from all corners. */
const points = [-4.3, -2.1, -0.7, -0.31, 0.37, 0.83, 1.6, 2.9, 4.1];
const positive = points.map(Math.abs);
const domains: Readonly<Record<string, readonly number[]>> = { Sqrt: positive, Log: positive, Pow: positive };
/** Flat, or of a condition. */
const truths = ['Not', 'And', 'Or', 'Xor', 'Equal', 'Greater', 'GreaterOrEqual', 'Less', 'LessOrEqual'];
const others = ['Fused', 'Where', ...truths];

it.each(table.map(({ name }) => name).filter((name) => !others.includes(name)))('%s', (name) => {
  const row = table.find((each) => each.name === name)!;
  const count = name === 'Clip' ? 3 : Math.max(row.inputs[0], Math.min(row.inputs[1], 3));
  const formula = row.formula(
    {},
    Array.from({ length: count }, () => true),
  );
  const rule = elementwiseGradient(name)!;
  for (const [i] of points.entries()) {
    const domain = domains[name] ?? points;
    const operands = Array.from({ length: count }, (_, j) => domain[(i + 2 * j) % domain.length]!);
    // Limits in order, on either side of the point.
    if (name === 'Clip') operands.splice(1, 2, -2.5, 1.1);
    const y = evaluateFormula(formula, operands);
    const names = operands.map((_, j) => `x${j}`);
    const known = new Map([...names.map((each, j) => [each, operands[j]!] as const), ['y', y], ['dy', 1.7]]);
    const tape = {
      node(operator: string, inputs: readonly string[], attributes: { formula: Formula }) {
        expect(operator).toBe('Fused');
        const made = `made${known.size}`;
        known.set(
          made,
          evaluateFormula(
            attributes.formula,
            inputs.map((each) => known.get(each)!),
          ),
        );
        return made;
      },
      type: () => ({ type: 'float32', shape: [] }),
    } as unknown as Tape;
    const wanted = operands.map((_, j) => name !== 'Clip' || j === 0);
    const gradients = rule(
      { attributes: {}, inputs: names, outputs: ['y'], gradients: ['dy'], wanted },
      tape,
    );
    for (const [j, gradient] of operands.map((_, each) => gradients[each]).entries()) {
      if (!wanted[j]) continue;
      const at = (h: number) => evaluateFormula(formula, operands.with(j, operands[j]! + h));
      const h = 1e-4;
      const difference = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
      const found = gradient === undefined ? 0 : known.get(gradient)!;
      expect(found, `${name}(${operands.join(', ')}) by operand ${j}`).toBeCloseTo(1.7 * difference, 6);
    }
  }
});
