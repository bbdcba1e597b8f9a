/** What somebody writes who has installed the package; compiled in a folder of their own, under everything strict. */
import {
  Conv2d,
  InputError,
  type Plan,
  Sequential,
  synthesize,
  Tensor,
  type Transform,
  verify,
} from 'winograd-nd';

const transform: Transform = synthesize({ outputs: 4, taps: 3, moduli: '0, ±1, ±2, inf' });
const conv = new Conv2d(
  { inChannels: 3, outChannels: 8, kernelSize: 3, padding: 1, tile: 4, activation: 'relu' },
  { weight: Tensor.random([8, 3, 3, 3], { seed: 2 }), bias: Tensor.zeros([8]) },
);
const x = Tensor.random([1, 3, 32, 32]);
const plan: Plan = conv.plan(x.shape);
const y = await new Sequential([conv]).forward(x);

let refused = '';
try {
  Tensor.zeros([-1]);
} catch (error) {
  if (error instanceof InputError) refused = error.message;
}
console.log([verify(transform).equations, plan.algorithm, y.shape.join(), refused].join('; '));
