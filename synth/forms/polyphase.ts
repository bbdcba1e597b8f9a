import { gcd } from '../algebra/rational.js';
import { synthesize } from '../core/synthesize.js';
import { expected } from '../errors.js';
import { checkOptions } from '../options.js';
import { type Form, proved } from './form.js';
import { assemble, type Part } from './parts.js';

/** A strided or dilated tile. */
export interface PolyphaseOptions {
  /** Outputs of one tile: a multiple of dilation / gcd(stride, dilation). */
  readonly outputs: number;
  /** G: taps of the kernel. */
  readonly taps: number;
  /** Inputs between neighbouring outputs; default 1. */
  readonly stride?: number;
  /** Inputs between neighbouring taps; default 1. */
  readonly dilation?: number;
}

/** A tile with stride and dilation, and the stride-1 correlations that it is a sum of. */
export interface PolyphaseForm extends Form {
  readonly stride: number;
  readonly dilation: number;
  readonly parts: readonly Part[];
}

/**
 * Splits y[s] = Σ_t g[t] d[stride · s + dilation · t] into correlations of stride 1.
 *
 * With h = gcd(stride, dilation), p = stride / h and q = dilation / h, let s = q i + a and t = p j + b: the input index
 * is h p q (i + j) + h (p a + q b). So for each a < q and b < p the sum over j is a plain correlation, of every p-th tap
 * with every hpq-th input; those with the same a add up, those with different a make different outputs.
 *
 * @throws InputError when a size is no positive integer or the outputs are not a multiple of q
 */
export function polyphase(options: PolyphaseOptions): PolyphaseForm {
  checkOptions('polyphase', options, { outputs: true, taps: true, stride: true, dilation: true });
  const { outputs, taps, stride = 1, dilation = 1 } = options;
  for (const [name, value] of Object.entries({ outputs, taps, stride, dilation })) {
    if (!Number.isInteger(value) || value < 1) throw expected(name, 'a positive integer', value);
  }
  const h = Number(gcd(BigInt(stride), BigInt(dilation)));
  const [p, q] = [stride / h, dilation / h];
  if (outputs % q !== 0) throw expected('outputs', `a multiple of ${q}, the phases of the output`, outputs);

  const parts = range(q).flatMap((a) =>
    range(Math.min(p, taps)).map(
      (b): Part => ({
        transform: synthesize({ outputs: outputs / q, taps: Math.ceil((taps - b) / p) }),
        outputs: { first: a, step: q },
        taps: { first: b, step: p },
        inputs: { first: h * (p * a + q * b), step: h * p * q },
      }),
    ),
  );
  const extents = { outputs, taps, inputs: stride * (outputs - 1) + dilation * (taps - 1) + 1 };
  const form: PolyphaseForm = {
    name: `${outputs} outputs, ${taps} taps, stride ${stride}, dilation ${dilation}`,
    formula: `y[s] = Σ g[t] d[${times(stride, 's')} + ${times(dilation, 't')}]`,
    ...extents,
    ...{ stride, dilation, parts },
    products: parts.reduce((sum, { transform }) => sum + transform.products, 0),
    ...assemble(parts, extents),
  };
  return proved(form, (s, t) => stride * s + dilation * t);
}

function range(length: number): number[] {
  return Array.from({ length }, (_, i) => i);
}

function times(factor: number, name: string): string {
  return factor === 1 ? name : `${factor}${name}`;
}
