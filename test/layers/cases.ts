import fc from 'fast-check';
import type { Activation } from '../../src/index.js';
import { native } from '../../src/native/addon.js';

/** A random layer with a random input; sizes divide nothing in particular. */
export interface Case {
  readonly batch: number;
  readonly inChannels: number;
  readonly outChannels: number;
  /** Per spatial axis. */
  readonly axes: readonly AxisCase[];
  readonly groups: number;
  readonly bias: boolean;
  readonly activation: keyof typeof activations;
  readonly threads: number;
  /** Input channels that Winograd sums at once. */
  readonly sumBlock: number;
  readonly seed: number;
}

export interface AxisCase {
  readonly size: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly padding: readonly [number, number];
  /** Picks among the algorithms of the axis. */
  readonly pick: number;
}

/** Activations as options, and what they do. */
export const activations = {
  none: { option: 'none' as Activation, apply: (v: number) => v },
  relu: { option: 'relu' as Activation, apply: (v: number) => Math.max(v, 0) },
  relu6: { option: 'relu6' as Activation, apply: (v: number) => Math.min(Math.max(v, 0), 6) },
  leaky: { option: { leakyRelu: 0.5 } as Activation, apply: (v: number) => (v < 0 ? v / 2 : v) },
  clip: { option: { clip: [-2, 3] } as Activation, apply: (v: number) => Math.min(Math.max(v, -2), 3) },
} as const;

/** Kernel tables of this machine. Every test runs on each. */
export const isas = (): readonly string[] =>
  native()
    .cpuInfo()
    .kernels.map(({ name }) => name);

/** Spatial sizes up to this many for 1, 2 and 3 axes keep a case at some ten million multiplications. */
const largest = [0, 70, 17, 9] as const;

/** Cases of one to three axes; `close` ones, for nested F(S, G), have dilation and groups 1. */
export function cases({ close }: { close: boolean }): fc.Arbitrary<Case> {
  const small = (max: number) => (close ? fc.constant(1) : fc.integer({ min: 1, max }));
  return fc
    .integer({ min: 1, max: 3 })
    .chain((rank) => {
      const axis = fc.record({
        size: fc.integer({ min: 1, max: largest[rank]! }),
        kernel: fc.integer({ min: 1, max: 5 }),
        stride: fc.integer({ min: 1, max: 3 }),
        dilation: small(3),
        padding: fc.tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 4 })),
        pick: fc.nat(),
      });
      return fc.record({
        batch: fc.integer({ min: 1, max: 3 }),
        inChannels: fc.integer({ min: 1, max: 40 }),
        outChannels: fc.integer({ min: 1, max: 40 }),
        axes: fc.array(axis, { minLength: rank, maxLength: rank }),
        groups: small(4),
        bias: fc.boolean(),
        activation: fc.constantFrom(...(Object.keys(activations) as (keyof typeof activations)[])),
        sumBlock: fc.constantFrom(0, 0, 8, 13),
        threads: fc.integer({ min: 1, max: 3 }),
        seed: fc.integer(),
      });
    })
    .map((c) => ({
      ...c,
      inChannels: multiple(c.inChannels, c.groups),
      outChannels: multiple(c.outChannels, c.groups),
    }))
    .filter((c) => c.axes.every((a) => a.size + a.padding[0] + a.padding[1] > a.dilation * (a.kernel - 1)));
}

function multiple(value: number, of: number): number {
  return Math.ceil(value / of) * of;
}

/** The same problem in the words of the library and of the oracle. */
export function problemOf(c: Case) {
  const each = <K extends keyof AxisCase>(key: K) => c.axes.map((axis) => axis[key]);
  const shared = {
    stride: each('stride'),
    dilation: each('dilation'),
    padding: each('padding'),
    groups: c.groups,
  };
  return {
    oracle: {
      inputShape: [c.batch, c.inChannels, ...each('size')],
      weightShape: [c.outChannels, c.inChannels / c.groups, ...each('kernel')],
      activation: activations[c.activation].apply,
      ...shared,
    },
    options: {
      inChannels: c.inChannels,
      outChannels: c.outChannels,
      kernelSize: each('kernel'),
      activation: activations[c.activation].option,
      threads: c.threads,
      ...shared,
    },
  };
}
