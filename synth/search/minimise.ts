/** Where a minimisation ended. */
export interface Minimum {
  readonly x: readonly number[];
  readonly value: number;
}

/** Of forward differences: the square root of the precision of a double balances truncation and rounding. */
const STEP = 2e-8;
/** Settings of a minimisation. */
export interface MinimiseOptions {
  /** Stop when two iterations in a row improve the value by less than this, absolutely; 1e-9 by default. */
  readonly tolerance?: number;
  /** 200 by default. */
  readonly iterations?: number;
  /** The gradient at a point; by default from forward differences. */
  readonly gradient?: (x: readonly number[], value: number) => number[];
}

/**
 * Unconstrained local minimisation by BFGS with forward differences (Nocedal & Wright, Numerical
 * Optimization, algorithm 6.1). Points where the function is not finite count as walls.
 *
 * @param f smooth near its minima, cheap, of a few hundred variables at most
 * @param start where to begin; f must be finite there, else it is returned as it is
 */
export function minimise(
  f: (x: readonly number[]) => number,
  start: readonly number[],
  options: MinimiseOptions = {},
): Minimum {
  const { tolerance = 1e-9, iterations = 200, gradient = differences(f) } = options;
  const n = start.length;
  let x = [...start];
  let value = finite(f(x));
  if (n === 0 || value === Number.POSITIVE_INFINITY) return { x, value };
  let slope = gradient(x, value);
  let inverse = identity(n);
  let idle = 0;
  for (let iteration = 0; iteration < iterations && idle < 2; iteration++) {
    let direction = inverse.map((row) => -dot(row, slope));
    if (!(dot(direction, slope) < 0)) {
      inverse = identity(n);
      direction = slope.map((each) => -each);
    }
    const next = descend(f, x, value, direction, dot(direction, slope));
    if (next === undefined) break;
    const nextSlope = gradient(next.x, next.value);
    const moved = next.x.map((each, i) => each - x[i]!);
    const turned = nextSlope.map((each, i) => each - slope[i]!);
    update(inverse, moved, turned, iteration === 0);
    idle = value - next.value < tolerance ? idle + 1 : 0;
    x = [...next.x];
    value = next.value;
    slope = nextSlope;
  }
  return { x, value };
}

/** Backtracks until the decrease is a fair share of what the slope promises (Armijo's condition). */
function descend(
  f: (x: readonly number[]) => number,
  x: readonly number[],
  value: number,
  direction: readonly number[],
  slope: number,
): Minimum | undefined {
  // A step longer than one radian or one unit leaves the basin that a start was meant for.
  const longest = Math.max(...direction.map(Math.abs));
  for (let step = Math.min(1, 0.5 / longest); step * longest > 1e-10; step /= 2.5) {
    const candidate = x.map((each, i) => each + step * direction[i]!);
    const reached = finite(f(candidate));
    if (reached <= value + 1e-4 * step * slope) return { x: candidate, value: reached };
  }
  return undefined;
}

/** The BFGS update of the inverse Hessian, scaled at the first step. */
function update(inverse: number[][], moved: readonly number[], turned: readonly number[], first: boolean) {
  const curvature = dot(moved, turned);
  if (!(curvature > 1e-14)) return;
  if (first) {
    const scale = curvature / dot(turned, turned);
    for (const row of inverse) for (let j = 0; j < row.length; j++) row[j]! *= scale;
  }
  const image = inverse.map((row) => dot(row, turned));
  const weight = (1 + dot(turned, image) / curvature) / curvature;
  for (let i = 0; i < moved.length; i++) {
    const row = inverse[i]!;
    for (let j = 0; j < moved.length; j++) {
      row[j]! += weight * moved[i]! * moved[j]! - (image[i]! * moved[j]! + moved[i]! * image[j]!) / curvature;
    }
  }
}

function differences(f: (x: readonly number[]) => number) {
  return (x: readonly number[], value: number): number[] => {
    const probe = [...x];
    return x.map((each, i) => {
      probe[i] = each + STEP;
      const slope = (f(probe) - value) / STEP;
      probe[i] = each;
      return Number.isFinite(slope) ? slope : 0;
    });
  };
}

function identity(n: number): number[][] {
  return Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => (i === j ? 1 : 0)));
}

function dot(a: readonly number[], b: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function finite(value: number): number {
  return Number.isFinite(value) ? value : Number.POSITIVE_INFINITY;
}
