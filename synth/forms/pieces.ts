import { synthesize } from '../core/synthesize.js';
import type { Transform } from '../core/transform.js';
import { expected } from '../errors.js';
import { checkOptions } from '../options.js';
import { type Form, proved, tileName } from './form.js';
import { assemble, type Part } from './parts.js';

/** A kernel cut into pieces. */
export interface PiecesOptions {
  /** S: outputs of one tile. */
  readonly outputs: number;
  /** G: taps of the whole kernel. */
  readonly taps: number;
  /** Taps of a piece; the last one has what is left. */
  readonly piece: number;
}

/** F(S, G) as a sum of F(S, piece), and the parts of the sum. */
export type PiecesForm = Form & Transform & { readonly parts: readonly Part[] };

/**
 * Large kernels by decomposition: 7 taps as 3 + 3 + 1, each piece by F(S, 3) on inputs moved along. Few points and
 * small entries, at the price of more products than one F(S, 7).
 *
 * @throws InputError when a size is no positive integer or the piece exceeds the kernel
 */
export function pieces(options: PiecesOptions): PiecesForm {
  checkOptions('pieces', options, { outputs: true, taps: true, piece: true });
  const { outputs, taps, piece } = options;
  if (!Number.isInteger(piece) || piece < 1 || piece > taps)
    throw expected('piece', `an integer from 1 to ${taps}`, piece);
  const firsts = Array.from({ length: Math.ceil(taps / piece) }, (_, i) => i * piece);
  const parts = firsts.map(
    (first): Part => ({
      transform: synthesize({ outputs, taps: Math.min(piece, taps - first) }),
      outputs: { first: 0, step: 1 },
      taps: { first, step: 1 },
      inputs: { first, step: 1 },
    }),
  );
  const extents = { outputs, taps, inputs: outputs + taps - 1 };
  const form: PiecesForm = {
    name: `${tileName(extents)} as ${parts.map(({ transform }) => tileName(transform)).join(' + ')}`,
    formula: 'y[s] = Σ g[t] d[s + t]',
    ...extents,
    products: parts.reduce((sum, { transform }) => sum + transform.products, 0),
    moduli: [],
    parts,
    ...assemble(parts, extents),
  };
  return proved(form, (s, t) => s + t);
}
