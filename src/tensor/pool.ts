/**
 * Where results' memory comes from, and how it comes back although nobody disposes of it.
 *
 * Fresh pages cost a pass as much as computing on them, so results live in blocks of a pool. A block comes back when its
 * tensor is disposed of or found unreachable by the collector, at once and from any thread. But the collector does not
 * know when it is worth running: an array of 50 MB is a small object to it, and a loop over a layer makes a few hundred
 * bytes of garbage a pass, so that V8 alone lets hundreds of MB pile up. Hence the collector of young objects, which
 * takes 0.1 to 0.3 ms, is asked to run when the pool has nothing that fits and {@link PATIENCE} bytes have been handed
 * out since it ran last. The ring that a loop goes through is then about that large, and mostly in cache.
 *
 * What else was tried: weak references, by which a layer could see that nobody holds a result any more, do not change
 * within a turn of the event loop, nor do finalizers run; results as views of blocks that are counted have the same
 * trouble one step away. Leaving it to V8 to count the bytes (it does) has it collect old objects, at 64 MB or more and
 * in milliseconds. An empty ArrayBuffer of V8's own beside each result makes V8 collect young objects by itself from 32 MB
 * on, but only until Node 22.
 */
import v8 from 'node:v8';
import vm from 'node:vm';
import { expected } from '../../synth/errors.js';
import { native } from '../native/addon.js';

const MiB = 2 ** 20;
/** Bytes handed out between two collections, where they find something. */
const PATIENCE = 16 * MiB;
/** Where they find nothing, as results are kept, the next one waits twice as long, up to this. */
const MAX_PATIENCE = 1024 * MiB;
/** V8 frees what it has collected on another thread, within some tens of microseconds: how long to wait for that. */
const SWEEP_MICROSECONDS = 2000;
/** Smaller blocks share pages with others, and are touched as they are made. */
const WORTH_RESERVING = 2 * MiB;

let handedOut = 0;
let patience = PATIENCE;

/**
 * Memory for a result that will be written in full, with undefined contents: some that an earlier result has left, if
 * possible.
 *
 * @throws Error when there is none left
 */
export function pooled(floats: number): Float32Array {
  const engine = native();
  handedOut += 4 * floats;
  let array = engine.reuse(floats, 0);
  if (array === undefined && handedOut > patience) {
    collect({ type: 'minor' });
    handedOut = 4 * floats;
    array = engine.reuse(floats, SWEEP_MICROSECONDS);
    patience = array === undefined ? Math.min(2 * patience, MAX_PATIENCE) : PATIENCE;
  }
  return array ?? engine.alloc(floats, false);
}

/**
 * Zero-filled memory where the system has refused it: all garbage is collected first.
 *
 * @throws Error when there is none even so
 */
export function scraped(floats: number): Float32Array {
  collect();
  return native().reuse(floats, SWEEP_MICROSECONDS)?.fill(0) ?? native().alloc(floats);
}

/**
 * Prepares the memory that a loop over results of this length will go through, in the background: fresh pages are then
 * touched off the passes.
 */
export function reserve(floats: number): void {
  if (4 * floats < WORTH_RESERVING) return;
  const blocks = Math.max(1, Math.floor(PATIENCE / (4 * floats)));
  for (let i = 0; i < blocks; i++) native().reserve(floats);
}

/**
 * The memory that results have left and that later ones will use; one pool for the process and all its threads. What
 * nobody has wanted for ten seconds goes back to the system.
 */
export const memoryPool = {
  /** Bytes that lie idle now. */
  get idleBytes(): number {
    return native().poolIdleBytes();
  },
  /**
   * The most bytes that may lie idle, in all; 0 keeps none. Default 512 MiB.
   *
   * @throws InputError unless it is a non-negative integer
   */
  get limit(): number {
    return native().poolLimit();
  },
  set limit(bytes: number) {
    if (!Number.isSafeInteger(bytes) || bytes < 0)
      throw expected('the limit of the memory pool', 'a non-negative integer', bytes);
    native().poolLimit(bytes);
  },
  /** Gives all that lies idle back to the system now. */
  release(): void {
    native().poolRelease();
  },
};

/** Collects all garbage, or young objects only. */
type Collector = (options?: { type: 'minor' }) => void;
let collect: Collector = (options) => {
  collect = findCollector();
  collect(options);
};

/** V8's collector, which it shows only to programs started with --expose-gc and to contexts made under it. */
function findCollector(): Collector {
  try {
    if (globalThis.gc !== undefined) return globalThis.gc as Collector;
    v8.setFlagsFromString('--expose-gc');
    const collector = vm.runInNewContext('gc') as Collector;
    v8.setFlagsFromString('--no-expose-gc');
    return collector;
  } catch {
    // V8's own judgement must do.
    return () => {};
  }
}
