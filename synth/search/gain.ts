/** A point of the projective line: [u, w] stands for x = w/u, so [0, 1] is the point at infinity. */
export type Point = readonly [number, number];

/** One modulus in double precision, together with where its residue product is evaluated. */
export interface Factor {
  /** Coefficients, constant first; u·x − w is `[-w, u]`, and so `[-1, 0]` is the point at infinity. */
  readonly polynomial: readonly number[];
  /** 2n−1 points for degree n ≥ 2; for degree 1 the root itself. */
  readonly points: readonly Point[];
}

/** The modulus whose residue is the value at one point. */
export function linear([u, w]: Point): Factor {
  return { polynomial: [-w, u], points: [[u, w]] };
}

/**
 * The square of the noise gain of the algorithm F(S, G) built on these moduli (Budden et al. 2017,
 * Algorithm 1), in double precision and without forming the matrices: a search calls it a million times.
 *
 * Q² = 1/S Σ_k ‖a_k‖² ‖b_k‖² ‖c_k‖² over the products k. Writing M for the product of the other
 * moduli and m for its own, a_k and c_k evaluate residues mod m, and b_k holds the coefficients of
 * M·f_k with f_k = L_k·M⁻¹ mod m, L_k being the Lagrange polynomial of the evaluation point. Since f_k
 * has few coefficients, ‖M·f_k‖² needs only the autocorrelation of M.
 *
 * @param outputs S
 * @param taps G
 * @param factors pairwise coprime, of degrees that sum to S+G−1
 * @returns Infinity or NaN when two moduli share a root
 */
export function squaredGain(outputs: number, taps: number, factors: readonly Factor[]): number {
  const total = factors.reduce((product, { polynomial }) => multiply(product, polynomial), [1]);
  let sum = 0;
  for (const { polynomial, points } of factors) {
    const others = divideExactly(total, polynomial);
    sum +=
      points.length === 1
        ? linearTerm(outputs, taps, others, points[0]!)
        : residueTerm(outputs, taps, others, polynomial, points);
  }
  return sum / outputs;
}

function linearTerm(outputs: number, taps: number, others: number[], point: Point): number {
  const value = evaluate(others, point);
  return (
    (powersNorm(outputs, point) * powersNorm(taps, point) * autocorrelation(others, 0)) / (value * value)
  );
}

function residueTerm(
  outputs: number,
  taps: number,
  others: number[],
  modulus: readonly number[],
  points: readonly Point[],
): number {
  const degree = modulus.length - 1;
  const inverse = inverseModulo(others, modulus);
  const correlations = Array.from({ length: degree }, (_, lag) => autocorrelation(others, lag));
  const outputNorms = residueNorms(outputs, modulus, points);
  const kernelNorms = residueNorms(taps, modulus, points);
  let sum = 0;
  for (let k = 0; k < points.length; k++) {
    const f = remainder(multiply(lagrange(points, k), inverse), modulus);
    let norm = 0;
    for (let i = 0; i < degree; i++)
      for (let j = 0; j < degree; j++) norm += f[i]! * f[j]! * correlations[Math.abs(i - j)]!;
    sum += outputNorms[k]! * kernelNorms[k]! * norm;
  }
  return sum;
}

/** Σ over i < length of the squared i-th homogeneous power at the point. */
function powersNorm(length: number, [u, w]: Point): number {
  let norm = 0;
  const uu = u * u;
  const ww = w * w;
  // Horner over both powers: Σ u^(2(n−1−i)) w^(2i).
  let power = 1;
  for (let i = 0; i < length; i++) {
    norm = norm * uu + power;
    power *= ww;
  }
  return norm;
}

/** For each evaluation point the squared norm of (xⁱ mod m)(point) over i < length. */
function residueNorms(length: number, modulus: readonly number[], points: readonly Point[]): Float64Array {
  const degree = modulus.length - 1;
  const residue = new Float64Array(degree);
  const norms = new Float64Array(points.length);
  residue[0] = 1;
  for (let i = 0; i < length; i++) {
    for (let k = 0; k < points.length; k++) norms[k]! += evaluate(residue, points[k]!) ** 2;
    const carry = residue[degree - 1]! / modulus[degree]!;
    for (let j = degree - 1; j > 0; j--) residue[j] = residue[j - 1]! - carry * modulus[j]!;
    residue[0] = -carry * modulus[0]!;
  }
  return norms;
}

/** The homogeneous value Σ p_i u^(n−1−i) w^i. */
function evaluate(polynomial: ArrayLike<number>, [u, w]: Point): number {
  let value = 0;
  let power = 1;
  for (let i = polynomial.length - 1; i >= 0; i--) {
    value = value * w + polynomial[i]! * power;
    power *= u;
  }
  return value;
}

/** The polynomial that is 1 at point k and 0 at the others. */
function lagrange(points: readonly Point[], k: number): number[] {
  const [u, w] = points[k]!;
  let product = [1];
  for (let j = 0; j < points.length; j++) {
    if (j === k) continue;
    const [uj, wj] = points[j]!;
    const scale = uj * w - wj * u;
    product = multiply(product, [-wj / scale, uj / scale]);
  }
  return product;
}

function autocorrelation(polynomial: readonly number[], lag: number): number {
  let sum = 0;
  for (let i = lag; i < polynomial.length; i++) sum += polynomial[i]! * polynomial[i - lag]!;
  return sum;
}

function multiply(a: readonly number[], b: readonly number[]): number[] {
  const product = new Array<number>(a.length + b.length - 1).fill(0);
  for (let i = 0; i < a.length; i++)
    for (let j = 0; j < b.length; j++) product[i + j]! += a[i]! * b[j]!;
  return product;
}

/** a / b for b that divides a, from whichever end keeps rounding errors from growing. */
function divideExactly(a: readonly number[], b: readonly number[]): number[] {
  const degree = b.length - 1;
  const length = a.length - degree;
  const quotient = new Array<number>(length).fill(0);
  if (Math.abs(b[degree]!) >= Math.abs(b[0]!)) {
    for (let i = length - 1; i >= 0; i--) {
      let value = a[i + degree]!;
      for (let j = 0; j < degree; j++) {
        const other = i + degree - j;
        if (other < length) value -= b[j]! * quotient[other]!;
      }
      quotient[i] = value / b[degree]!;
    }
  } else {
    for (let i = 0; i < length; i++) {
      let value = a[i]!;
      for (let j = 1; j <= degree && j <= i; j++) value -= b[j]! * quotient[i - j]!;
      quotient[i] = value / b[0]!;
    }
  }
  return quotient;
}

function remainder(a: readonly number[], modulus: readonly number[]): number[] {
  const degree = modulus.length - 1;
  const rest = [...a];
  for (let i = rest.length - 1; i >= degree; i--) {
    const factor = rest[i]! / modulus[degree]!;
    for (let j = 0; j < degree; j++) rest[i - degree + j]! -= factor * modulus[j]!;
  }
  while (rest.length < degree) rest.push(0);
  rest.length = degree;
  return rest;
}

/** a⁻¹ mod m by solving (x^j·a mod m) · inverse = 1, with partial pivoting. */
function inverseModulo(a: readonly number[], modulus: readonly number[]): number[] {
  const degree = modulus.length - 1;
  const rows = Array.from({ length: degree }, (_, i) => {
    const row = new Array<number>(degree + 1).fill(0);
    row[degree] = i === 0 ? 1 : 0;
    return row;
  });
  let column = remainder(a, modulus);
  for (let j = 0; j < degree; j++) {
    for (let i = 0; i < degree; i++) rows[i]![j] = column[i]!;
    column = remainder([0, ...column], modulus);
  }
  for (let j = 0; j < degree; j++) {
    let pivot = j;
    for (let i = j + 1; i < degree; i++)
      if (Math.abs(rows[i]![j]!) > Math.abs(rows[pivot]![j]!)) pivot = i;
    [rows[j], rows[pivot]] = [rows[pivot]!, rows[j]!];
    for (let i = 0; i < degree; i++) {
      if (i === j) continue;
      const factor = rows[i]![j]! / rows[j]![j]!;
      for (let k = j; k <= degree; k++) rows[i]![k]! -= factor * rows[j]![k]!;
    }
  }
  return rows.map((row, j) => row[degree]! / row[j]!);
}
