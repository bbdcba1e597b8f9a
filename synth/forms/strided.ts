import type { Matrix, Transform } from '../core/transform.js';
import { expected } from '../errors.js';
import { type Form, proved } from './form.js';
import { assemble } from './parts.js';

/** F(S, G) with inputs `stride` apart under neighbouring outputs, y[s] = Σ g[t] d[stride · s + t]. */
export interface StridedTransform extends Form {
  readonly stride: number;
  /** Of the phases, one after the other. */
  readonly moduli: readonly string[];
}

/** Strided tiles of several sizes with one kernel transform, of which each uses the first `products` rows. */
export interface StridedFamily {
  readonly taps: number;
  /** T of the biggest member. */
  readonly products: number;
  readonly C: Matrix;
  /** Biggest first. */
  readonly members: readonly StridedTransform[];
}

/** Taps of each phase of a kernel: every stride-th, from each of the first ones on. */
export function phaseTaps(taps: number, stride: number): number[] {
  return Array.from({ length: stride }, (_, first) => Math.ceil((taps - first) / stride));
}

/**
 * Puts tiles of a stride together from plain ones: with t = stride · j + b, phase b of the inputs meets every stride-th tap
 * from b in a correlation of stride 1, and the phases add up (polyphase). Fewer than stride · S + G − stride products no
 * such sum has. Those of the smaller tiles come first, phase by phase, so that tiles of all sizes share the weights.
 *
 * @param taps G, at least `stride`: else some inputs meet no tap
 * @param phases for b = 0 … stride − 1 the tiles for ⌈(G − b) / stride⌉ taps, biggest first, of the same sizes in each; the
 *   C of each is the beginning of the C of the biggest
 * @throws InputError when phases are missing or of other sizes
 * @throws VerificationError when a tile is wrong
 */
export function stridedFamily(taps: number, phases: readonly (readonly Transform[])[]): StridedFamily {
  const stride = phases.length;
  const sizes = (phases[0] ?? []).map(({ outputs }) => outputs);
  phaseTaps(taps, stride).forEach((own, b) => {
    const tiles = phases[b]!;
    if (tiles.length === 0 || tiles.some((each, i) => each.outputs !== sizes[i] || each.taps !== own))
      throw expected(`phase ${b}`, `tiles of ${sizes.join(', ')} outputs and ${own} taps`, tiles);
  });
  const order = productOrder(phases);
  const members = sizes.map((outputs, i) =>
    stridedTransform(
      outputs,
      taps,
      phases.map((tiles) => tiles[i]!),
      order,
    ),
  );
  const [biggest] = members as [StridedTransform];
  return { taps, products: biggest.products, C: biggest.C, members };
}

/** A product of one phase. */
interface PhaseProduct {
  readonly phase: number;
  readonly index: number;
}

/** What the smallest tile takes of each phase, then what each bigger one adds. */
function productOrder(phases: readonly (readonly Transform[])[]): PhaseProduct[] {
  const order: PhaseProduct[] = [];
  const taken = phases.map(() => 0);
  for (let size = phases[0]!.length - 1; size >= 0; size--)
    phases.forEach((tiles, phase) => {
      for (; taken[phase]! < tiles[size]!.products; taken[phase]!++)
        order.push({ phase, index: taken[phase]! });
    });
  return order;
}

function stridedTransform(
  outputs: number,
  taps: number,
  phases: readonly Transform[],
  order: readonly PhaseProduct[],
): StridedTransform {
  const stride = phases.length;
  const extents = { outputs, taps, inputs: stride * (outputs - 1) + taps };
  const parts = phases.map((transform, b) => ({
    transform,
    outputs: { first: 0, step: 1 },
    taps: { first: b, step: stride },
    inputs: { first: b, step: stride },
  }));
  const { A, B, C } = assemble(parts, extents);
  const firsts = phases.map((_, b) => phases.slice(0, b).reduce((sum, { products }) => sum + products, 0));
  const own = order
    .filter(({ phase, index }) => index < phases[phase]!.products)
    .map(({ phase, index }) => firsts[phase]! + index);
  const transform: StridedTransform = {
    name: `F(${outputs}, ${taps}) at stride ${stride}`,
    formula: `y[s] = Σ g[t] d[${stride}s + t]`,
    ...extents,
    ...{ stride, products: own.length, moduli: phases.flatMap(({ moduli }) => moduli) },
    A: A.map((row) => own.map((t) => row[t]!)),
    B: own.map((t) => B[t]!),
    C: own.map((t) => C[t]!),
  };
  return proved(transform, (s, t) => stride * s + t);
}
