import type { LoweringSettings } from '../operators/operator.js';
import { elementCount } from '../tensor/shape.js';
import type { TypedGraph } from './typed.js';

/**
 * Share of the third level of cache beyond which the weights of a network are not there any more when it runs again: made
 * ready they take some times as much, and activations want room, too.
 */
const WARM_SHARE = 1 / 4;
/**
 * Share of the time of fetching a weight that its products do not hide. Measured on ResNet-34, GoogLeNet, R3D-18, VGG-16 and a
 * U-Net: from a third to a half networks run fastest, with a quarter to a half less memory than without; from one on they
 * get slower.
 */
const UNHIDDEN = 1 / 2;

/** Settings by which the weights of a network count as cold, if it has so many that they are. */
export function withColdWeights(graph: TypedGraph, settings: LoweringSettings): LoweringSettings {
  const { machine } = settings;
  const weights = [...graph.constants.values()].filter(({ shape }) => shape.length > 2);
  const bytes = weights.reduce((sum, { shape }) => sum + 4 * elementCount(shape), 0);
  // One layer alone has the caches for itself.
  if (weights.length < 2 || bytes <= WARM_SHARE * machine.caches.l3) return settings;
  return { ...settings, machine: { ...machine, perColdByte: UNHIDDEN * machine.rates.memory.perByte } };
}
