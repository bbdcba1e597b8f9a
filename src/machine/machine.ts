import { expected } from '../../synth/errors.js';
import { native } from '../native/addon.js';
import { shippedRates, usualCaches } from './microarchitectures.js';
import type { Rates } from './rates.js';
import { calibratedRates } from './remembered.js';

/** What a kernel table offers: the registers' side of the machine. */
export interface KernelTable {
  readonly name: string;
  /** Floats in a vector. */
  readonly width: number;
  /** Most rows of a register tile. */
  readonly gemmRows: number;
  /** Most kernels of a register tile of positions. */
  readonly positionKernels: number;
  /** Most vectors of a register tile of outer products. */
  readonly outerVectors: number;
}

/** What the planner knows of the processor, as one of its kernel tables sees it. */
export interface Machine {
  /** Hardware threads that this process may use. */
  readonly cores: number;
  /** Bytes of the caches that one core sees: the first two of its own, the third shared. */
  readonly caches: { readonly l1: number; readonly l2: number; readonly l3: number };
  readonly table: KernelTable;
  /** What the table's kernels take. */
  readonly rates: Rates;
  /**
   * Flops at one core's peak that a byte of weights takes beside all else, where other things go through the caches from
   * one run to the next: fetching them is not all hidden behind the products, and not what their sums are made for. By
   * default 0: a layer that runs again and again finds its weights where it left them.
   */
  readonly perColdByte?: number;
  /**
   * Flops at one core's peak in which a number comes into planar order or back, where layers work on blocked ones. By default 0:
   * what comes and goes is planar.
   */
  readonly perMovedNumber?: number;
}

/** Blocks of Winograd and bands of narrow groups were tuned for a second level of 1 MiB. */
const LEAST_ROOM = 1 << 20;

/**
 * Bytes that blocks may reckon with in the second level of cache. Those that were tuned for 1 MiB serve best as they are
 * where it has half of that, for the third level is near.
 */
export function secondLevelRoom({ caches }: Machine): number {
  return Math.max(caches.l2, LEAST_ROOM);
}

/**
 * A kernel table of this machine.
 *
 * @param isa its name; by default the best, or what `WINOGRAD_ISA` forces
 * @throws InputError when the machine does not run it
 */
export function kernelTable(isa?: string): KernelTable {
  const { kernels, isa: best } = native().cpuInfo();
  const table = kernels.find(({ name }) => name === (isa ?? best));
  if (table === undefined) throw expected('isa', `one of ${kernels.map(({ name }) => name).join(', ')}`, isa);
  return table;
}

/**
 * The machine as one of its kernel tables sees it, with the rates that were calibrated on it, or else those that are shipped
 * for it or for the most similar one.
 *
 * @throws InputError when it does not run that table
 */
export function machineOf(isa: string): Machine {
  const info = native().cpuInfo();
  const table = kernelTable(isa);
  const { l1, l2, l3 } = info.caches;
  const usual = usualCaches(info);
  return {
    cores: info.cores,
    caches: { l1: l1 || usual.l1, l2: l2 || usual.l2, l3: l3 || l2 || usual.l3 },
    table,
    rates: calibratedRates(info, isa) ?? shippedRates(info, isa),
  };
}
