import { expected } from '../../synth/errors.js';
import { native } from '../native/addon.js';

/** What a kernel table offers: the registers' side of the machine. */
export interface KernelTable {
  readonly name: string;
  /** Floats in a vector. */
  readonly width: number;
  /** Most rows of a register tile. */
  readonly gemmRows: number;
  /** Most kernels of a register tile of positions. */
  readonly positionKernels: number;
}

/** What the planner knows of the processor, as one of its kernel tables sees it. */
export interface Machine {
  /** Hardware threads that this process may use. */
  readonly cores: number;
  /** Bytes of the caches that one core sees: the first two of its own, the third shared. */
  readonly caches: { readonly l1: number; readonly l2: number; readonly l3: number };
  readonly table: KernelTable;
}

/** Zen 4's, which blocks were tuned on; they serve well on Zen 3, too. */
const caches = { l1: 32 << 10, l2: 1 << 20, l3: 32 << 20 } as const;

/**
 * The machine as one of its kernel tables sees it.
 *
 * @throws InputError when it does not run that table
 */
export function machineOf(isa: string): Machine {
  const { cores, kernels } = native().cpuInfo();
  const table = kernels.find(({ name }) => name === isa);
  if (table === undefined) throw expected('isa', `one of ${kernels.map(({ name }) => name).join(', ')}`, isa);
  return { cores, caches, table };
}
