import type { CpuInfo } from '../native/addon.js';
import * as zen3 from './rates/zen3.js';
import * as zen4 from './rates/zen4.js';
import * as zen5 from './rates/zen5.js';
import type { Rates } from './rates.js';

/** What identifies a processor. */
export type Identity = Pick<CpuInfo, 'vendor' | 'family' | 'modelNumber'>;

/** Processors whose rates are shipped. */
export interface Microarchitecture {
  readonly name: string;
  readonly includes: (identity: Identity) => boolean;
  /** Bytes of the caches that a core has, or sees of its complex, where the system hides them: AMD's servers and desktops. */
  readonly caches: { readonly l1: number; readonly l2: number; readonly l3: number };
  /** By kernel table. */
  readonly rates: Readonly<Record<string, Rates>>;
}

/** Family 25 of AMD is Zen 3 and Zen 4, told apart by model numbers, family 26 is Zen 5 (AMD's revision guides). */
const isZen = (identity: Identity) => identity.vendor === 'AuthenticAMD' && identity.family === 25;
const isZen4Model = (model: number) =>
  (model >= 0x10 && model <= 0x1f) || (model >= 0x60 && model <= 0x7f) || (model >= 0xa0 && model <= 0xaf);

/** Those that were measured. */
export const microarchitectures: readonly Microarchitecture[] = [
  {
    name: 'Zen 3',
    includes: (identity) => isZen(identity) && !isZen4Model(identity.modelNumber),
    caches: { l1: 32 << 10, l2: 512 << 10, l3: 32 << 20 },
    rates: { ...zen3 },
  },
  {
    name: 'Zen 4',
    includes: (identity) => isZen(identity) && isZen4Model(identity.modelNumber),
    caches: { l1: 32 << 10, l2: 1 << 20, l3: 32 << 20 },
    rates: { ...zen4 },
  },
  {
    name: 'Zen 5',
    includes: ({ vendor, family }) => vendor === 'AuthenticAMD' && family === 26,
    caches: { l1: 48 << 10, l2: 1 << 20, l3: 32 << 20 },
    rates: { ...zen5 },
  },
];

/** Where neither the system nor the processor's name tells anything: what processors of the last ten years have. */
const USUAL_CACHES = { l1: 32 << 10, l2: 1 << 20, l3: 8 << 20 };

/** Caches of a processor whose system hides them, as virtual machines do. */
export function usualCaches(identity: Identity): Microarchitecture['caches'] {
  return microarchitectures.find(({ includes }) => includes(identity))?.caches ?? USUAL_CACHES;
}

/**
 * Rates of the processor if they are shipped, else of the one whose rates for this kernel table are: as shares of the peak,
 * in which nearly all of them are, processors differ little.
 */
export function shippedRates(identity: Identity, table: string): Rates {
  const known = microarchitectures.find(({ includes, rates }) => includes(identity) && table in rates);
  const similar = known ?? microarchitectures.find(({ rates }) => table in rates) ?? microarchitectures[0]!;
  return similar.rates[table] ?? similar.rates.portable!;
}
