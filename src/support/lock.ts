import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { isAlive, machineTag } from './processes.js';

/** Locks are held for the time that a small file takes to be read and written; older ones are nobody's. */
const ABANDONED_MS = 10_000;
const PATIENCE_MS = 1.5 * ABANDONED_MS;
const PAUSE_MS = 5;

/**
 * Runs an action while no other process that asks for the same lock runs its own; waits for it, on the calling thread.
 *
 * The lock is a file that says who holds it. A process that was killed holds nothing: whoever comes next sees that it is
 * gone, or, from another machine, that the lock is old.
 *
 * @param path of the lock's file, which is there only while the lock is held
 * @throws what the action throws; the system's error when the file cannot be made; ETIMEDOUT after 15 seconds
 */
export function withLock<T>(path: string, action: () => T): T {
  const holder = `${machineTag} ${process.pid} ${randomUUID()}`;
  const end = performance.now() + PATIENCE_MS;
  while (!take(path, holder)) {
    removeAbandoned(path);
    if (performance.now() > end)
      throw Object.assign(new Error(`ETIMEDOUT: ${path} stays locked`), { code: 'ETIMEDOUT' });
    pause();
  }
  try {
    return action();
  } finally {
    if (holderOf(path) === holder) rmSync(path, { force: true });
  }
}

function take(path: string, holder: string): boolean {
  try {
    writeFileSync(path, holder, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Of several processes that see the same abandoned lock, only one can move it away. What one of them moves later may be
 * a new holder's lock: it is put back.
 */
function removeAbandoned(path: string): void {
  const holder = holderOf(path);
  if (holder === undefined || !isAbandoned(path, holder)) return;
  const aside = `${path}.${randomUUID()}`;
  try {
    renameSync(path, aside);
    if (holderOf(aside) !== holder) linkSync(aside, path);
  } catch (error) {
    // Gone already, or taken anew.
    if (!['ENOENT', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

function isAbandoned(path: string, holder: string): boolean {
  const [machine, pid] = holder.split(' ');
  if (machine === machineTag && !isAlive(Number(pid))) return true;
  const since = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY;
  return Date.now() - since > ABANDONED_MS;
}

/** Empty while it is being written; undefined when there is none. */
function holderOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS * (0.5 + Math.random()));
}
