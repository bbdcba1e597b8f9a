import { expected } from '../../synth/errors.js';
import { checkOptions, type OptionNames } from '../../synth/options.js';
import { type FormulaOperand, FormulaWriter } from '../operators/elementwise/formula.js';
import { oneOf } from '../support/words.js';
import type { GraphTape } from './tape.js';

/** How parameters follow their gradients. */
export interface OptimizerOptions {
  /** `sgd` with momentum, `adam` (Kingma and Ba 2015, algorithm 1) or `adamw` (Loshchilov and Hutter 2019, algorithm 2). */
  readonly name: 'sgd' | 'adam' | 'adamw';
  /** Step length, before a schedule. Default 0.01 for SGD, 0.001 else. */
  readonly learningRate?: number;
  /** Of SGD: what is kept of the last step's direction. Default 0.9. */
  readonly momentum?: number;
  /** Of Adam: how fast means of gradients and of their squares forget. Default [0.9, 0.999]. */
  readonly betas?: readonly [number, number];
  /** Of Adam: added to the root of the mean square. Default 1e-8. */
  readonly epsilon?: number;
  /** Pull of parameters of two or more axes towards zero. Default 0, for AdamW 0.01. */
  readonly weightDecay?: number;
}

const optionNames: OptionNames<OptimizerOptions> = {
  ...{ name: true, learningRate: true, momentum: true, betas: true, epsilon: true, weightDecay: true },
};

/** An optimizer with all its numbers. */
export interface Optimizer extends Required<OptimizerOptions> {
  /** What it keeps of every parameter from step to step. */
  readonly states: readonly string[];
  /** Numbers of a step that its formula reads. @param step from 1 on */
  scalars(step: number, learningRate: number): readonly number[];
}

interface OptimizerRow {
  readonly states: readonly string[];
  readonly learningRate: number;
  readonly weightDecay: number;
  scalars(step: number, learningRate: number, optimizer: Required<OptimizerOptions>): readonly number[];
  /**
   * New states, then the new parameter. Inputs are the parameter, its gradient, its states and the scalars.
   *
   * @param decays whether weight decay is for this parameter
   */
  update(of: Write, optimizer: Required<OptimizerOptions>, decays: boolean): readonly FormulaOperand[];
}

/** Adds a step to a formula. */
type Write = FormulaWriter['of'];

const at = (input: number): FormulaOperand => ({ input });

const adam = (decoupled: boolean): OptimizerRow => ({
  states: ['mean', 'square'],
  learningRate: 0.001,
  weightDecay: decoupled ? 0.01 : 0,
  // The step's length and ε with the corrections of means that began at zero (section 2, at its end).
  scalars(step, learningRate, { betas: [first, second], epsilon }) {
    const root = Math.sqrt(1 - second ** step);
    return [(learningRate * root) / (1 - first ** step), epsilon * root, learningRate];
  },
  update(of, { betas: [first, second], weightDecay }, decays) {
    const [parameter, mean, square, rate, epsilon, plain] = [at(0), at(2), at(3), at(4), at(5), at(6)];
    const decay = decays && weightDecay > 0;
    const gradient = decay && !decoupled ? of('MultiplyAdd', parameter, weightDecay, at(1)) : at(1);
    const newMean = of('MultiplyAdd', mean, first, of('Mul', gradient, 1 - first));
    const newSquare = of('MultiplyAdd', square, second, of('Mul', of('Mul', gradient, gradient), 1 - second));
    const way = of('Div', newMean, of('Add', of('Sqrt', newSquare), epsilon));
    const from =
      decay && decoupled
        ? of('Sub', parameter, of('Mul', parameter, of('Mul', plain, weightDecay)))
        : parameter;
    return [newMean, newSquare, of('Sub', from, of('Mul', way, rate))];
  },
});

const rows: Readonly<Record<OptimizerOptions['name'], OptimizerRow>> = {
  sgd: {
    states: ['velocity'],
    learningRate: 0.01,
    weightDecay: 0,
    scalars: (_step, learningRate) => [learningRate],
    update(of, { momentum, weightDecay }, decays) {
      const [parameter, velocity, rate] = [at(0), at(2), at(3)];
      const gradient = decays && weightDecay > 0 ? of('MultiplyAdd', parameter, weightDecay, at(1)) : at(1);
      const faster = of('MultiplyAdd', velocity, momentum, gradient);
      return [faster, of('Sub', parameter, of('Mul', faster, rate))];
    },
  },
  adam: adam(false),
  adamw: adam(true),
};

/** @throws InputError naming the option that does not fit */
export function validateOptimizer(options: OptimizerOptions): Optimizer {
  checkOptions('an optimizer', options, optionNames);
  const name = oneOf('optimizer', options.name, Object.keys(rows) as OptimizerOptions['name'][]);
  const row = rows[name];
  const all: Required<OptimizerOptions> = {
    ...{ name, learningRate: row.learningRate, weightDecay: row.weightDecay },
    ...{ momentum: 0.9, betas: [0.9, 0.999], epsilon: 1e-8 },
    ...options,
  };
  const share = (value: unknown) => typeof value === 'number' && value >= 0 && value < 1;
  if (!(all.learningRate > 0)) throw expected('learningRate', 'a positive number', all.learningRate);
  if (!share(all.momentum)) throw expected('momentum', 'a number from 0 to below 1', all.momentum);
  if (!Array.isArray(all.betas) || all.betas.length !== 2 || !all.betas.every(share))
    throw expected('betas', 'two numbers from 0 to below 1', all.betas);
  if (!(all.epsilon > 0)) throw expected('epsilon', 'a positive number', all.epsilon);
  if (!(all.weightDecay >= 0)) throw expected('weightDecay', 'a number of at least 0', all.weightDecay);
  return { ...all, states: row.states, scalars: (step, rate) => row.scalars(step, rate, all) };
}

/**
 * Writes down a parameter's update, each result in one pass.
 *
 * @param names of the parameter, its gradient, its states and the step's scalars, which are tensors of one element
 * @returns names of the new states, then of the new parameter
 */
export function addUpdate(
  optimizer: Optimizer,
  names: readonly string[],
  tape: GraphTape,
): readonly string[] {
  const decays = tape.type(names[0]!).shape.length > 1;
  const writer = new FormulaWriter();
  return rows[optimizer.name].update(writer.of, optimizer, decays).map((result) => {
    const { formula, used } = writer.formula(result);
    return tape.node(
      'Fused',
      used.map((input) => names[input]!),
      { formula },
    );
  });
}
