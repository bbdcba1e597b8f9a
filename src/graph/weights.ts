import { expected } from '../../synth/errors.js';
import { randomNumbers } from '../../synth/random.js';
import { elementCount } from '../tensor/shape.js';
import { allocate, Tensor } from '../tensor/tensor.js';

/** Where the weights of a network come from. */
export interface WeightsOptions {
  /** All of them, by name. Default: random ones. */
  readonly weights?: ReadonlyMap<string, Tensor>;
  /** Of random weights; an integer, default 0. */
  readonly seed?: number;
}

/** How random numbers lie: uniformly between two, or around 0 with a standard deviation. */
export type Spread = { readonly from: number; readonly to: number } | { readonly deviation: number };

/** Weights by their names, given or random. */
export class Weights {
  readonly #given: ReadonlyMap<string, Tensor> | undefined;
  readonly #seed: number;

  /** @throws InputError for a seed that is no integer */
  constructor({ weights, seed = 0 }: WeightsOptions) {
    if (!Number.isSafeInteger(seed)) throw expected('seed', 'an integer', seed);
    this.#given = weights;
    this.#seed = seed;
  }

  /**
   * A weight, the same for the same name and seed whatever else there is.
   *
   * @throws InputError when weights are given and it is not among them, or of another shape
   */
  get(name: string, shape: readonly number[], spread: Spread): Tensor {
    if (this.#given === undefined) return random(shape, spread, this.#seed ^ hash(name));
    const found = this.#given.get(name);
    if (!(found instanceof Tensor) || found.shape.join() !== shape.join())
      throw expected(`weight ${name}`, `a Tensor of shape [${shape.join(', ')}]`, found?.shape);
    return found;
  }
}

function random(shape: readonly number[], spread: Spread, seed: number): Tensor {
  // A uniform distribution of deviation 1 reaches to √3.
  const reach = 'deviation' in spread ? spread.deviation * Math.sqrt(3) : 0;
  const [from, to] = 'deviation' in spread ? [-reach, reach] : [spread.from, spread.to];
  const next = randomNumbers(seed);
  const data = allocate(elementCount(shape), false);
  for (let i = 0; i < data.length; i++) data[i] = from + (to - from) * next();
  return new Tensor(data, shape);
}

/** FNV-1a of the UTF-16 units, 32 bits. */
function hash(text: string): number {
  let state = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) state = Math.imul(state ^ text.charCodeAt(i), 0x01000193);
  return state;
}
