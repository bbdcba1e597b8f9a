import { directFlopsOf } from '../src/report/layers.js';
import { median } from '../src/report/statistics.js';
import type { Group, Measured } from './entry.js';
import type { PlanDetails } from './protocol.js';

/** One line of the benchmark; what a contender cannot tell is null. */
export interface Row {
  readonly layer: string;
  readonly batch: number;
  /** Name and version. */
  readonly library: string;
  /** As asked for: auto, direct, a tile, moduli, with a mode. */
  readonly algorithm: string;
  /** What that became: `direct` or F(S, G) per axis. */
  readonly runs: string;
  /** Outputs of a tile per axis; empty for direct convolution. */
  readonly tile: readonly number[];
  /** Tiles, output channels and input channels of a block. */
  readonly block: PlanDetails['block'] | null;
  readonly isa: string | null;
  readonly threads: number;
  /** Of activations in and out: planar is N×C×D×H×W; blocked what the library keeps between layers. */
  readonly layout: 'planar' | 'blocked';
  /** Caches swept before each pass. */
  readonly cold: boolean;
  readonly passes: number;
  readonly minMs: number;
  readonly medianMs: number;
  /** Least time of a call from JavaScript, where `minMs` is that of the kernel inside of it. */
  readonly callMinMs: number | null;
  /** Direct-convolution flops over `minMs`. */
  readonly effectiveGflops: number;
  /** FMA peak of as many cores as there are threads: the best of all rounds on one core, times threads. */
  readonly fmaPeakGflops: number;
  /** effectiveGflops / fmaPeakGflops: above 1 where fewer multiplications are made than direct convolution needs. */
  readonly overPeak: number;
  /** Share of each in their sum over all passes. */
  readonly stages: { readonly input: number; readonly product: number; readonly output: number } | null;
  /** Flops of the products, overhanging tiles included, over time of their stage, over the peak; median of passes. */
  readonly gemmUtilisation: number | null;
  readonly workspaceBytes: number | null;
  readonly weightBytes: number | null;
  /** Root mean square error against double precision over that of sequential direct float32, uniform data in [−1, 1). */
  readonly errorOverDirect: number;
  readonly codelets: readonly string[];
}

/** @param peak GFLOP/s of one core */
export function rowOf({ layer, batch }: Group, measured: Measured, peak: number): Row {
  const { entry, prepared, errorOverDirect } = measured;
  const { plan } = prepared;
  const ms = measured.kernelMs.length > 0 ? measured.kernelMs : measured.ms;
  const flops = directFlopsOf(layer, batch);
  const effectiveGflops = flops / least(ms) / 1e6;
  const fmaPeakGflops = peak * entry.threads;
  const hasStages = measured.stages.length > 0;
  return {
    layer: layer.name,
    batch,
    library: prepared.library,
    algorithm: entry.engine?.algorithm ?? prepared.algorithm ?? 'direct',
    runs: plan?.runs ?? prepared.algorithm ?? 'direct',
    tile: plan?.tile ?? [],
    block: plan?.block ?? null,
    isa: entry.engine?.isa ?? null,
    threads: entry.threads,
    layout: entry.engine?.layout ?? 'blocked',
    cold: entry.cold,
    passes: ms.length,
    minMs: least(ms),
    medianMs: median(ms),
    callMinMs: measured.kernelMs.length > 0 ? least(measured.ms) : null,
    effectiveGflops,
    fmaPeakGflops,
    overPeak: effectiveGflops / fmaPeakGflops,
    stages: hasStages ? sharesOf(measured) : null,
    gemmUtilisation:
      hasStages && plan
        ? (flops * plan.productShare) / median(measured.stages.map(({ product }) => product)) / 1e6 / peak
        : null,
    workspaceBytes: plan?.workspaceBytes ?? null,
    weightBytes: plan?.weightBytes ?? null,
    errorOverDirect,
    codelets: plan?.codelets ?? [],
  };
}

function sharesOf({ stages }: Measured): NonNullable<Row['stages']> {
  const sum = (stage: 'input' | 'product' | 'output') =>
    stages.reduce((total, each) => total + each[stage], 0);
  const [input, product, output] = [sum('input'), sum('product'), sum('output')];
  const all = input + product + output;
  return { input: input / all, product: product / all, output: output / all };
}

function least(values: readonly number[]): number {
  return values.reduce((least, value) => Math.min(least, value), Infinity);
}
