import { expected } from '../../synth/errors.js';
import { besidesChannels } from '../operators/gradients/rule.js';
import { oneOf } from '../support/words.js';
import type { GraphTape } from './tape.js';

/** What a network is trained to make small. */
export type Loss = 'crossEntropy' | 'meanSquaredError' | 'dice';

interface LossRow {
  /** Shape of the target for an output of this shape. */
  target(output: readonly number[]): readonly number[];
  /** Writes the loss down. @returns the name of a scalar */
  write(output: string, target: string, tape: GraphTape): string;
}

/** The mean of all elements, as a scalar. */
function mean(name: string, tape: GraphTape): string {
  return tape.node('ReduceMean', [name], { keepdims: 0 });
}

/** 1 where a channel is the class that the target names, else 0: N × classes × pixels. */
function oneHot(output: string, target: string, tape: GraphTape): string {
  const { shape } = tape.type(output);
  const [images = 1, classes = 1, ...pixels] = shape;
  const labels = tape.node('Reshape', [target, tape.integers([images, 1, ...pixels])]);
  const numbers = tape.floats(Array.from({ length: classes }, (_, i) => i));
  const all = tape.node('Reshape', [numbers, tape.integers([classes, ...pixels.map(() => 1)])]);
  const formula = {
    inputs: 2,
    steps: [
      { function: 'Equal', operands: [{ input: 0 }, { input: 1 }] },
      { function: 'Where', operands: [{ result: 0 }, { constant: 1 }, { constant: 0 }] },
    ],
  };
  return tape.node('Fused', [labels, all], { formula });
}

const rows: Readonly<Record<Loss, LossRow>> = {
  crossEntropy: {
    target: ([images = 1, , ...pixels]) => [images, ...pixels],
    write(output, target, tape) {
      const logarithm = tape.node('LogSoftmax', [output], { axis: 1 });
      const own = tape.node('Mul', [logarithm, oneHot(output, target, tape)]);
      const ofPixel = tape.node('ReduceSum', [own, tape.integers([1])], { keepdims: 0 });
      return tape.node('Neg', [mean(ofPixel, tape)]);
    },
  },
  meanSquaredError: {
    target: (output) => output,
    write(output, target, tape) {
      const difference = tape.node('Sub', [output, target]);
      return mean(tape.node('Mul', [difference, difference]), tape);
    },
  },
  dice: {
    target: ([images = 1, , ...pixels]) => [images, ...pixels],
    write(output, target, tape) {
      const share = tape.node('Softmax', [output], { axis: 1 });
      const truth = oneHot(output, target, tape);
      const pixels = tape.integers(besidesChannels(tape.type(output).shape));
      const sum = (name: string) => tape.node('ReduceSum', [name, pixels], { keepdims: 0 });
      const common = tape.node('Add', [sum(tape.node('Mul', [share, truth])), tape.floats(0.5)]);
      const all = tape.node('Add', [tape.node('Add', [sum(share), sum(truth)]), tape.floats(1)]);
      const overlap = tape.node('Mul', [tape.node('Div', [common, all]), tape.floats(2)]);
      return tape.node('Sub', [tape.floats(1), mean(overlap, tape)]);
    },
  },
};

/**
 * Adds a loss to a graph, and its target as an input.
 *
 * - `crossEntropy`: the output is N × classes × pixels of logits, the target the number of each pixel's class, N × pixels.
 * - `meanSquaredError`: the target is what the output shall be.
 * - `dice`: logits and classes as before; 1 − 2 (|P ∩ T| + ½) / (|P| + |T| + 1), the mean over classes, all images of a
 *   batch together (Milletari et al. 2016, *V-Net*, section 3).
 *
 * @returns the name of the loss, a scalar
 * @throws InputError for another loss, and for an output without classes
 */
export function addLoss(loss: unknown, output: string, target: string, tape: GraphTape): string {
  const row = rows[oneOf('loss', loss as Loss, Object.keys(rows) as Loss[])];
  const { shape } = tape.type(output);
  if (shape.length < 2) throw expected(`output ${output}`, 'N × classes or values', shape);
  return row.write(output, tape.input(target, row.target(shape)), tape);
}
