import { type Blur, gaussianBlur } from './blur.js';
import { directionAngle, directionCount, type GaborBank } from './gabor.js';

/** Velocity at every pixel of some frames; all arrays are frames × height × width. */
export interface MotionField {
  readonly frames: number;
  readonly height: number;
  readonly width: number;
  /** Pixels per frame, positive to the right. */
  readonly right: Float32Array;
  /** Pixels per frame, positive upwards. */
  readonly up: Float32Array;
  /** 0 where nothing moves, there is nothing to see or no one velocity explains it, to 1 where a clear pattern clearly moves. */
  readonly confidence: Float32Array;
  /** 0 where there is nothing to see, to 1 where there is a clear pattern, whether it moves or not. */
  readonly clarity: Float32Array;
}

/** What the filter bank answered: data is (2 · pairs) × frames × height × width. */
export interface Responses {
  readonly data: Float32Array;
  readonly frames: number;
  readonly height: number;
  readonly width: number;
}

/** Standard deviation in pixels of the neighbourhood whose energies are pooled. */
const pooling = 2.5;
/** Energy (luma on a scale of 0 to 1) at which a pattern counts half: that of noise of four grey levels. */
const halfEnergy = (pairs: number) => 2 * pairs * (4 / 255) ** 2;
/** Pixels per frame from which on a motion counts in full. */
const clearSpeed = 0.5;
/**
 * Share of the orientations' speeds, squared, that one velocity explains, from which on it counts, and counts in full. In
 * noise it explains two of their four degrees of freedom: one half on average, and any share as often as any other.
 */
const explained = { least: 0.7, full: 0.95 };
/** Ridge of the least squares, as a share of all energy: without it one orientation alone has no solution. */
const ridge = 0.02;

/** An orientation of the bank: an axis across its stripes, and the pairs that see motion along it. */
interface Orientation {
  readonly cos: number;
  readonly sin: number;
  /** Speed along the axis, negative for the opposite direction. */
  readonly members: readonly { readonly pair: number; readonly speed: number }[];
}

/** An empty field to be filled frame by frame. */
export function motionField(frames: number, height: number, width: number): MotionField {
  const plane = () => new Float32Array(frames * height * width);
  return { frames, height, width, right: plane(), up: plane(), confidence: plane(), clarity: plane() };
}

/**
 * Motion energy to velocity. Per pixel and frame:
 * 1. Energy of a pair = even² + odd² (Adelson & Bergen 1985): how much moves that way, at any phase.
 * 2. Per orientation, the opponent energy (one way minus the opposite way, each times its speed) divided by all
 *    energy of the orientation, both pooled over the neighbourhood: the speed across the stripes, whatever the
 *    contrast (opponency: Adelson & Bergen 1985; normalisation: Heeger 1992).
 * 3. One orientation sees only the part of the motion across its stripes (the aperture problem). The velocity
 *    is the one that fits all orientations best: weighted least squares of n(θ) = right cos θ + up sin θ
 *    (as Heeger 1987 fits all energies at once).
 *
 * @param field receives the frames of `responses`, the first of them as frame `at`
 */
export function estimateMotion(responses: Responses, bank: GaborBank, field: MotionField, at: number): void {
  const { frames, height, width } = responses;
  const blur = gaussianBlur(height, width, pooling);
  const size = height * width;
  for (let frame = 0; frame < frames; frame++) {
    const fit = new LeastSquares(size);
    for (const orientation of orientations(bank)) {
      const { speed, energy } = normalSpeed(responses, frame, orientation, blur);
      fit.add(orientation, speed, energy);
    }
    fit.solve(field, (at + frame) * size, halfEnergy(bank.pairs.length));
  }
}

function orientations(bank: GaborBank): Orientation[] {
  const half = directionCount / 2;
  return Array.from({ length: half }, (_, axis) => ({
    cos: Math.cos(directionAngle(axis)),
    sin: Math.sin(directionAngle(axis)),
    members: bank.pairs.flatMap(({ direction, speed }, pair) =>
      direction % half === axis ? [{ pair, speed: direction === axis ? speed : -speed }] : [],
    ),
  }));
}

/** Steps 1 and 2 for one orientation and frame: speed across the stripes, and the energy behind it. */
function normalSpeed(responses: Responses, frame: number, { members }: Orientation, blur: Blur) {
  const { data, frames, height, width } = responses;
  const size = height * width;
  const plane = (channel: number) => {
    const start = (channel * frames + frame) * size;
    return data.subarray(start, start + size);
  };
  const opponent = new Float32Array(size);
  const total = new Float32Array(size);
  for (const { pair, speed } of members) {
    const [even, odd] = [plane(2 * pair), plane(2 * pair + 1)];
    for (let pixel = 0; pixel < size; pixel++) {
      const energy = even[pixel]! * even[pixel]! + odd[pixel]! * odd[pixel]!;
      opponent[pixel]! += speed * energy;
      total[pixel]! += energy;
    }
  }
  const speed = blur(opponent);
  const energy = blur(total);
  for (let pixel = 0; pixel < size; pixel++) speed[pixel]! /= energy[pixel]! + Number.EPSILON;
  return { speed, energy };
}

/** Step 3: the normal equations of every pixel of a frame. */
class LeastSquares {
  readonly #cosCos: Float32Array;
  readonly #cosSin: Float32Array;
  readonly #sinSin: Float32Array;
  readonly #cosSpeed: Float32Array;
  readonly #sinSpeed: Float32Array;
  readonly #speedSpeed: Float32Array;

  constructor(readonly size: number) {
    this.#cosCos = new Float32Array(size);
    this.#cosSin = new Float32Array(size);
    this.#sinSin = new Float32Array(size);
    this.#cosSpeed = new Float32Array(size);
    this.#sinSpeed = new Float32Array(size);
    this.#speedSpeed = new Float32Array(size);
  }

  /** One observation per pixel: the speed along (cos, sin), weighted by its energy. */
  add({ cos, sin }: Orientation, speed: Float32Array, energy: Float32Array): void {
    for (let pixel = 0; pixel < this.size; pixel++) {
      const weight = energy[pixel]!;
      this.#cosCos[pixel]! += weight * cos * cos;
      this.#cosSin[pixel]! += weight * cos * sin;
      this.#sinSin[pixel]! += weight * sin * sin;
      this.#cosSpeed[pixel]! += weight * cos * speed[pixel]!;
      this.#sinSpeed[pixel]! += weight * sin * speed[pixel]!;
      this.#speedSpeed[pixel]! += weight * speed[pixel]! * speed[pixel]!;
    }
  }

  solve(field: MotionField, at: number, half: number): void {
    for (let pixel = 0; pixel < this.size; pixel++) {
      const energy = this.#cosCos[pixel]! + this.#sinSin[pixel]!;
      const extra = ridge * energy + Number.EPSILON;
      const [a, b, c] = [this.#cosCos[pixel]! + extra, this.#cosSin[pixel]!, this.#sinSin[pixel]! + extra];
      const determinant = a * c - b * b;
      const right = (c * this.#cosSpeed[pixel]! - b * this.#sinSpeed[pixel]!) / determinant;
      const up = (a * this.#sinSpeed[pixel]! - b * this.#cosSpeed[pixel]!) / determinant;
      field.right[at + pixel] = right;
      field.up[at + pixel] = up;
      const explains = right * this.#cosSpeed[pixel]! + up * this.#sinSpeed[pixel]!;
      const share = explains / (this.#speedSpeed[pixel]! + Number.EPSILON);
      const fit = (share - explained.least) / (explained.full - explained.least);
      const clarity = energy / (energy + half);
      field.clarity[at + pixel] = clarity;
      field.confidence[at + pixel] =
        clarity * Math.min(1, Math.hypot(right, up) / clearSpeed) * Math.min(1, Math.max(0, fit));
    }
  }
}
