import type { Fraction } from 'fraction.js';
import { isZero, ZERO } from '../algebra/rational.js';
import { synthesize } from '../core/synthesize.js';
import type { Matrix, Transform } from '../core/transform.js';
import { expected } from '../errors.js';
import { checkOptions } from '../options.js';
import { type Form, proved, tileName } from './form.js';

/** Which large algorithm to build from which blocks. */
export interface NestedOptions {
  /** S: outputs of one tile. */
  readonly outputs: number;
  /** G: taps of the kernel. */
  readonly taps: number;
  /** Outputs and taps of a block. */
  readonly block: number;
}

/** F(S, G) from an algorithm on blocks whose products are algorithms in turn. */
export type NestedForm = Form & Transform & { readonly outer: Transform; readonly inner: Transform };

/**
 * Large kernels by nesting. With blocks of m let s = m i + k and t = m j + l: the input index is m (i + j) + (k + l),
 * a correlation of blocks by the outer F(⌈S/m⌉, ⌈G/m⌉), each of whose products is a correlation within blocks, by
 * the inner F(m, m). A and C are Kronecker products; in B neighbouring blocks overlap. Points stay few and entries
 * small, at the price of more products than one F(S, G). Outputs, taps and products beyond S and G are left out.
 *
 * @throws InputError when a size is no positive integer
 */
export function nested(options: NestedOptions): NestedForm {
  checkOptions('nested', options, { outputs: true, taps: true, block: true });
  const { outputs, taps, block } = options;
  for (const [name, value] of Object.entries({ outputs, taps, block })) {
    if (!Number.isInteger(value) || value < 1) throw expected(name, 'a positive integer', value);
  }
  const outer = synthesize({ outputs: Math.ceil(outputs / block), taps: Math.ceil(taps / block) });
  const inner = synthesize({ outputs: block, taps: block });
  const inputs = outputs + taps - 1;

  const C = kronecker(outer.C, inner.C).map((row) => row.slice(0, taps));
  const used = C.flatMap((row, t) => (row.every(isZero) ? [] : [t]));
  const A = kronecker(outer.A, inner.A).slice(0, outputs);
  const B = outer.B.flatMap((left) => inner.B.map((right) => overlapped(left, right, block, inputs)));
  const form: NestedForm = {
    name: `${tileName({ outputs, taps })} by ${tileName(outer)} of ${tileName(inner)}`,
    formula: 'y[s] = Σ g[t] d[s + t]',
    ...{ outputs, taps, inputs, products: used.length, moduli: [], outer, inner },
    A: A.map((row) => used.map((t) => row[t]!)),
    B: used.map((t) => B[t]!),
    C: used.map((t) => C[t]!),
  };
  return proved(form, (s, t) => s + t);
}

function kronecker(left: Matrix, right: Matrix): Matrix {
  return left.flatMap((outer) => right.map((inner) => outer.flatMap((a) => inner.map((b) => a.mul(b)))));
}

/** Input m k + l takes left[k] · right[l] from every way to write it so. */
function overlapped(
  left: readonly Fraction[],
  right: readonly Fraction[],
  block: number,
  length: number,
): Fraction[] {
  const row = Array<Fraction>(length).fill(ZERO);
  left.forEach((a, k) => {
    right.forEach((b, l) => {
      const at = block * k + l;
      if (at < length) row[at] = row[at]!.add(a.mul(b));
    });
  });
  return row;
}
