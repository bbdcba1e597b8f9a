import type { Point } from '../core/squared-gain.js';
import { type Minimum, minimise } from './minimise.js';
import { type Choice, chosenOnArc, height, rationalsNear } from './rationals.js';
import type { ParameterKind, Structure, Values } from './structure.js';

/** The logarithm of the squared gain for parameter values; what the search minimises. */
export type Objective = (values: Values) => number;

/** Parameters as small rationals, as points [denominator, numerator], and the objective there. */
export interface Snapped {
  readonly values: Values;
  readonly value: number;
}

/** A family of rationals to round to. */
export interface RationalKind {
  /** The simplest of an interval. */
  readonly choose: Choice;
  readonly includes: (point: Point) => boolean;
}

/** A parameter's value: the angle of a point, or a coefficient, as projective coordinates. */
export function toPoint(kind: ParameterKind, x: number): Point {
  return kind === 'point' ? [Math.cos(x), Math.sin(x)] : [1, x];
}

/**
 * Turns a continuous minimum into small rationals, greedily: of all parameters still free, the one whose chosen
 * rational nearby costs least is fixed, and the rest is optimised anew around it. At the end single parameters
 * move to rationals of the kind that are no less simple where that helps.
 *
 * @param minimum angles and coefficients of the continuous minimum
 * @param allowance how far the objective may rise in total: 0.02 for two per cent of Q²
 * @param kind which rational of an interval to take, and which ones are of that kind
 */
export function snap(
  structure: Pick<Structure, 'parameters'>,
  objective: Objective,
  minimum: Minimum,
  allowance: number,
  kind: RationalKind,
): Snapped | undefined {
  const { parameters } = structure;
  const limit = minimum.value + allowance;
  const fixed: (Point | undefined)[] = parameters.map(() => undefined);
  let current = minimum;
  for (let left = parameters.length; left > 0; left--) {
    const spare = (limit - current.value) / Math.sqrt(left);
    const best = cheapest(parameters, objective, fixed, current, spare, kind.choose);
    if (best === undefined) return undefined;
    fixed[best.index] = best.point;
    current = settle(parameters, objective, fixed, current.x);
  }
  return polish(structure, objective, { values: fixed as Point[], value: current.value }, kind);
}

interface Fixed {
  readonly index: number;
  readonly point: Point;
  readonly value: number;
}

function cheapest(
  parameters: readonly ParameterKind[],
  objective: Objective,
  fixed: readonly (Point | undefined)[],
  { x, value }: Minimum,
  spare: number,
  choose: Choice,
): Fixed | undefined {
  let best: Fixed | undefined;
  const values = x.map((each, i) => fixed[i] ?? toPoint(parameters[i]!, each));
  parameters.forEach((kind, index) => {
    if (fixed[index] !== undefined) return;
    const at = (point: Point) => objective(values.map((each, i) => (i === index ? point : each)));
    const centre = x[index]!;
    const reach = (sign: 1 | -1) =>
      sign * farthest((step) => at(toPoint(kind, centre + sign * step)) <= value + spare);
    const [low, high] = [centre + reach(-1), centre + reach(1)];
    const point = kind === 'point' ? chosenOnArc(low, high, choose) : choose(low, high);
    // The arc may hold a hump, and so its simplest rational may cost more than its ends.
    const cost = at(point);
    if (cost <= value + spare && (best === undefined || cost < best.value))
      best = { index, point, value: cost };
  });
  return best;
}

const WIDEST = 1.2;

/** The longest step up to WIDEST such that all shorter ones tried pass, by doubling and then halving. */
function farthest(passes: (step: number) => boolean): number {
  let step = 1e-4;
  while (step < WIDEST && passes(step)) step *= 2;
  let [good, bad] = [step / 2, Math.min(step, WIDEST)];
  for (let halving = 0; halving < 6; halving++) {
    const middle = (good + bad) / 2;
    if (passes(middle)) good = middle;
    else bad = middle;
  }
  return good;
}

/** Improvements of log Q² that are not worth another iteration. */
const SETTLED = 1e-5;

/** Optimises the parameters that are still free. */
function settle(
  parameters: readonly ParameterKind[],
  objective: Objective,
  fixed: readonly (Point | undefined)[],
  x: readonly number[],
): Minimum {
  const free = x.flatMap((_, i) => (fixed[i] === undefined ? [i] : []));
  const fill = (y: readonly number[]) => {
    const full = [...x];
    free.forEach((i, k) => {
      full[i] = y[k]!;
    });
    return full;
  };
  const f = (y: readonly number[]) => {
    const full = fill(y);
    return objective(full.map((each, i) => fixed[i] ?? toPoint(parameters[i]!, each)));
  };
  const found = minimise(
    f,
    free.map((i) => x[i]!),
    { tolerance: SETTLED },
  );
  return { x: fill(found.x), value: found.value };
}

const POLISH_DISTANCE = 0.15;

function polish(
  { parameters }: Pick<Structure, 'parameters'>,
  objective: Objective,
  start: Snapped,
  { includes }: RationalKind,
): Snapped {
  let { values, value } = start;
  for (let improved = true; improved; ) {
    improved = false;
    parameters.forEach((kind, index) => {
      const [u, w] = values[index]!;
      for (const point of rationalsNear(Math.atan2(w, u), POLISH_DISTANCE, Math.min(height([u, w]), 24))) {
        if ((kind === 'coefficient' && point[0] === 0) || !includes(point)) continue;
        const candidate = values.map((each, i) => (i === index ? point : each));
        const reached = objective(candidate);
        if (!(reached < value - 1e-9)) continue;
        values = candidate;
        value = reached;
        improved = true;
      }
    });
  }
  return { values, value };
}
