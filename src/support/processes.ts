import { createHash } from 'node:crypto';
import { hostname } from 'node:os';

/** A short name of the machine, or of the container: process ids mean something only there. */
export const machineTag = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);

/** Whether a process of this machine still runs. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process may not be sent signals, but it is there.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
