/** Algorithms for other sums than a tile's correlation, each derived from F(S, G) and proved. */
export { type TrainingAccuracy, type TrainingStep, trainingAccuracy } from './accuracy.js';
export { type AxisFamily, axisFamily, type FamilyOptions } from './family.js';
export type { Form } from './form.js';
export { backwardData, backwardWeights, transposed } from './gradients.js';
export {
  type BitGrowth,
  bitGrowth,
  type IntegerRange,
  type IntegerTransform,
  integerModuli,
  integerTransform,
} from './integer.js';
export { type NestedForm, type NestedOptions, nested } from './nested.js';
export { type PaddedOptions, type PaddedTransform, paddedTransform } from './padded.js';
export type { Part, Progression } from './parts.js';
export { type PiecesForm, type PiecesOptions, pieces } from './pieces.js';
export { type PolyphaseForm, type PolyphaseOptions, polyphase } from './polyphase.js';
