import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where the commands keep what was measured on this machine: a folder in the user's cache. */
export function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'winograd-nd');
}
