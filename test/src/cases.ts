import fc from 'fast-check';
import { native } from '../../src/native.js';
import type { Transform } from '../../synth/index.js';
import { synthesize } from '../../synth/index.js';

/** A random layer with a random input; sizes divide nothing in particular. */
export interface Case {
  readonly batch: number;
  readonly inChannels: number;
  readonly outChannels: number;
  /** Per spatial axis. */
  readonly axes: readonly AxisCase[];
  readonly groups: number;
  readonly bias: boolean;
  readonly activation: 'none' | 'relu';
  readonly threads: number;
  readonly seed: number;
}

export interface AxisCase {
  readonly size: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly padding: readonly [number, number];
  /** Picks among the transforms of its taps. */
  readonly pick: number;
}

/** Kernel tables of this machine. Every test runs on each. */
export const isas = (): readonly string[] =>
  native()
    .cpuInfo()
    .kernels.map(({ name }) => name);

/** Spatial sizes up to this many for 1, 2 and 3 axes keep a case at some ten million multiplications. */
const largest = [0, 70, 17, 9] as const;

/** Cases of one to three axes; `plain` ones have stride, dilation and groups 1. */
export function cases({ plain }: { plain: boolean }): fc.Arbitrary<Case> {
  const small = (max: number) => (plain ? fc.constant(1) : fc.integer({ min: 1, max }));
  return fc
    .integer({ min: 1, max: 3 })
    .chain((rank) => {
      const axis = fc.record({
        size: fc.integer({ min: 1, max: largest[rank]! }),
        kernel: fc.integer({ min: 1, max: 5 }),
        stride: small(3),
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
        activation: fc.constantFrom('none' as const, 'relu' as const),
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
      activation: c.activation,
      ...shared,
    },
    options: {
      inChannels: c.inChannels,
      outChannels: c.outChannels,
      kernelSize: each('kernel'),
      activation: c.activation,
      threads: c.threads,
      ...shared,
    },
  };
}

/** Moduli by taps whose A and B hold only dyadic numbers, so that integers pass through them exactly. */
const dyadic: Readonly<Record<number, readonly string[]>> = {
  1: ['0'],
  2: ['0, 1, inf', '0, ±1, inf', '0, ±1, x^2+1'],
  3: ['0, ±1, inf', '0, ±1, ±2, inf', '0, ±1, ±2, ±1/2, inf', '0, ±1, x^2+1, inf', 'x^3'],
  4: ['0, ±1, ±2, inf', '0, ±1, 2, inf', '0, ±1, x^2+1, inf'],
  5: ['0, ±1, ±2, inf', '0, ±1, x^2+1, inf', '0, ±1, ±2, ±1/2, inf'],
};

const made = new Map<string, Transform>();

/** The dyadic transform that each axis picks. */
export function dyadicTransforms(c: Case): Transform[] {
  return c.axes.map(({ kernel, pick }) => {
    const moduli = dyadic[kernel]!.at(pick % dyadic[kernel]!.length)!;
    const key = `${kernel}: ${moduli}`;
    if (!made.has(key)) made.set(key, fromModuli(kernel, moduli));
    return made.get(key)!;
  });
}

/** Tries S = 1, 2 … until the moduli's degrees fit. */
function fromModuli(taps: number, moduli: string): Transform {
  for (let outputs = 1; ; outputs++)
    try {
      return synthesize({ outputs, taps, moduli });
    } catch (error) {
      if (outputs > 12) throw error;
    }
}

/** Default tiles of 1 to 6 outputs, one per axis. */
export function tilesOf(c: Case): number[] {
  return c.axes.map(({ pick }) => 1 + (pick % 6));
}
