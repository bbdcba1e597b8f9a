/** A point of the projective line: [u, w] stands for x = w/u, so [0, 1] is the point at infinity. */
export type Point = readonly [number, number];

/** One modulus in double precision, together with where its residue product is evaluated. */
export interface Factor {
  /** Coefficients, constant first; u·x − w is `[-w, u]`, and so `[-1, 0]` is the point at infinity. */
  readonly polynomial: readonly number[];
  /** One point per product of the residues, 2n−1 for degree n unless S or G is below n; for degree 1 the root. */
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
  const total = new Float64Array(outputs + taps);
  const others = new Float64Array(outputs + taps);
  total[0] = 1;
  let size = 0;
  for (const { polynomial } of factors) {
    size += polynomial.length - 1;
    multiplyBy(total, size, polynomial);
  }
  let sum = 0;
  for (const { polynomial, points } of factors) {
    const degree = polynomial.length - 1;
    divide(total, size, polynomial, others);
    const top = size - degree;
    sum +=
      degree === 1
        ? linearTerm(outputs, taps, others, top, points[0]!)
        : residueTerm(outputs, taps, others, top, polynomial, points);
  }
  return sum / outputs;
}

function linearTerm(S: number, G: number, others: Float64Array, top: number, point: Point): number {
  const value = evaluate(others, top, point);
  return (powersNorm(S, point) * powersNorm(G, point) * autocorrelation(others, top, 0)) / (value * value);
}

function residueTerm(
  outputs: number,
  taps: number,
  others: Float64Array,
  top: number,
  modulus: readonly number[],
  points: readonly Point[],
): number {
  const degree = modulus.length - 1;
  const outputNorms = residueNorms(outputs, modulus, points);
  const kernelNorms = residueNorms(taps, modulus, points);
  const correlations = new Float64Array(degree);
  for (let lag = 0; lag < degree; lag++) correlations[lag] = autocorrelation(others, top, lag);
  // Row j holds x^j M⁻¹ mod m, so that f_k is a combination of the rows.
  const shifts = [inverseModulo(others, top, modulus)];
  for (let j = 1; j < points.length; j++) shifts.push(shiftModulo(shifts[j - 1]!, modulus));
  const f = new Float64Array(degree);
  let sum = 0;
  for (let k = 0; k < points.length; k++) {
    const basis = lagrange(points, k);
    f.fill(0);
    for (let j = 0; j < points.length; j++)
      for (let i = 0; i < degree; i++) f[i]! += basis[j]! * shifts[j]![i]!;
    let norm = 0;
    for (let i = 0; i < degree; i++)
      for (let j = 0; j < degree; j++) norm += f[i]! * f[j]! * correlations[Math.abs(i - j)]!;
    sum += outputNorms[k]! * kernelNorms[k]! * norm;
  }
  return sum;
}

/** Σ over i < length of the squared i-th homogeneous power, u^(2(n−1−i)) w^(2i). */
function powersNorm(length: number, [u, w]: Point): number {
  let norm = 0;
  let power = 1;
  for (let i = 0; i < length; i++) {
    norm = norm * u * u + power;
    power *= w * w;
  }
  return norm;
}

/** For each evaluation point the squared norm of (xⁱ mod m)(point) over i < length. */
function residueNorms(length: number, modulus: readonly number[], points: readonly Point[]): Float64Array {
  const degree = modulus.length - 1;
  const norms = new Float64Array(points.length);
  // Residues of a polynomial shorter than the modulus are the polynomial itself.
  if (length <= degree) return norms.map((_, k) => powersNorm(length, points[k]!));
  let residue = new Float64Array(degree);
  residue[0] = 1;
  for (let i = 0; i < length; i++) {
    for (let k = 0; k < points.length; k++) norms[k]! += evaluate(residue, degree - 1, points[k]!) ** 2;
    residue = shiftModulo(residue, modulus);
  }
  return norms;
}

/** The homogeneous value Σ p_i u^(top−i) w^i. */
function evaluate(polynomial: Float64Array, top: number, point: Point): number {
  const u = point[0];
  const w = point[1];
  let value = 0;
  let power = 1;
  for (let i = top; i >= 0; i--) {
    value = value * w + polynomial[i]! * power;
    power *= u;
  }
  return value;
}

/** The polynomial that is 1 at point k and 0 at the others. */
function lagrange(points: readonly Point[], k: number): Float64Array {
  const [u, w] = points[k]!;
  const product = new Float64Array(points.length);
  product[0] = 1;
  let degree = 0;
  for (let j = 0; j < points.length; j++) {
    if (j === k) continue;
    const [uj, wj] = points[j]!;
    const scale = 1 / (uj * w - wj * u);
    multiplyBy(product, ++degree, [-wj * scale, uj * scale]);
  }
  return product;
}

function autocorrelation(polynomial: Float64Array, top: number, lag: number): number {
  let sum = 0;
  for (let i = lag; i <= top; i++) sum += polynomial[i]! * polynomial[i - lag]!;
  return sum;
}

/** p *= factor in place, for a product of degree `top`. */
function multiplyBy(p: Float64Array, top: number, factor: readonly number[]): void {
  const degree = factor.length - 1;
  for (let i = top; i >= 0; i--) {
    let value = 0;
    for (let j = Math.min(degree, i); j >= 0; j--) value += factor[j]! * p[i - j]!;
    p[i] = value;
  }
}

/** Exact quotient p / factor, from whichever end keeps rounding errors from growing. */
function divide(p: Float64Array, top: number, factor: readonly number[], quotient: Float64Array): void {
  const degree = factor.length - 1;
  const last = top - degree;
  const lead = factor[degree]!;
  const constant = factor[0]!;
  if (Math.abs(lead) >= Math.abs(constant)) {
    for (let i = last; i >= 0; i--) {
      let value = p[i + degree]!;
      for (let j = Math.min(degree, last - i); j > 0; j--) value -= factor[degree - j]! * quotient[i + j]!;
      quotient[i] = value / lead;
    }
  } else {
    for (let i = 0; i <= last; i++) {
      let value = p[i]!;
      for (let j = Math.min(degree, i); j > 0; j--) value -= factor[j]! * quotient[i - j]!;
      quotient[i] = value / constant;
    }
  }
}

/** x·p mod m for a monic m. */
function shiftModulo(p: Float64Array, modulus: readonly number[]): Float64Array<ArrayBuffer> {
  const degree = modulus.length - 1;
  const shifted = new Float64Array(degree);
  const carry = p[degree - 1]!;
  for (let j = degree - 1; j > 0; j--) shifted[j] = p[j - 1]! - carry * modulus[j]!;
  shifted[0] = -carry * modulus[0]!;
  return shifted;
}

/** p⁻¹ mod a monic m. */
function inverseModulo(p: Float64Array, top: number, modulus: readonly number[]): Float64Array<ArrayBuffer> {
  const degree = modulus.length - 1;
  let residue: Float64Array<ArrayBuffer> = new Float64Array(degree);
  for (let i = top; i >= 0; i--) {
    residue = shiftModulo(residue, modulus);
    residue[0]! += p[i]!;
  }
  return degree === 2 ? inverseModuloQuadratic(residue, modulus) : inverseBySolving(residue, modulus);
}

/** 1/(r + s·x) mod x² + bx + c is (r − bs − s·x)/(r² − brs + cs²): by far the commonest case. */
function inverseModuloQuadratic(residue: Float64Array<ArrayBuffer>, modulus: readonly number[]) {
  const [r, s] = [residue[0]!, residue[1]!];
  const [c, b] = [modulus[0]!, modulus[1]!];
  const norm = r * r - b * r * s + c * s * s;
  residue[0] = (r - b * s) / norm;
  residue[1] = -s / norm;
  return residue;
}

/** Solves (x^j·p mod m) · inverse = 1 by Gauss–Jordan elimination with pivoting. */
function inverseBySolving(residue: Float64Array<ArrayBuffer>, modulus: readonly number[]) {
  const degree = residue.length;
  let column = residue;
  const rows = Array.from({ length: degree }, () => new Float64Array(degree + 1));
  rows[0]![degree] = 1;
  for (let j = 0; j < degree; j++) {
    for (let i = 0; i < degree; i++) rows[i]![j] = column[i]!;
    column = shiftModulo(column, modulus);
  }
  for (let j = 0; j < degree; j++) {
    let pivot = j;
    for (let i = j + 1; i < degree; i++) if (Math.abs(rows[i]![j]!) > Math.abs(rows[pivot]![j]!)) pivot = i;
    [rows[j], rows[pivot]] = [rows[pivot]!, rows[j]!];
    for (let i = 0; i < degree; i++) {
      if (i === j) continue;
      const factor = rows[i]![j]! / rows[j]![j]!;
      for (let k = j; k <= degree; k++) rows[i]![k]! -= factor * rows[j]![k]!;
    }
  }
  return new Float64Array(degree).map((_, j) => rows[j]![degree]! / rows[j]![j]!);
}
