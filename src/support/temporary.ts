import { chmodSync, chownSync, readdirSync, renameSync, rmSync, type Stats } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { threadId } from 'node:worker_threads';
import { onExit } from 'signal-exit';
import { isAlive, machineTag } from './processes.js';

let made = 0;

/**
 * A file or folder beside the one whose place it will take. Its name says which process makes it: what a killed process
 * has left is removed when anything is next written to the same place. Exit and signals that a process can see remove
 * it at once.
 */
export class Temporary {
  readonly path: string;
  readonly #forgetAtExit: () => void;

  /** @param target what will be replaced, with symbolic links resolved; only its name is taken here */
  constructor(readonly target: string) {
    removeAbandoned(target);
    this.path = `${target}.${machineTag}-${process.pid}-${threadId}-${++made}${SUFFIX}`;
    this.#forgetAtExit = onExit(() => this.#remove());
  }

  /**
   * Gives it the target's name.
   *
   * @param existing the target's mode and owner, to be kept
   */
  takePlace(existing?: Stats): void {
    if (existing !== undefined) {
      chmodSync(this.path, existing.mode);
      keepOwner(this.path, existing);
    }
    renameSync(this.path, this.target);
  }

  /** An error of the system's about it, in words about the target, which is all that its caller knows. */
  explained(error: unknown): unknown {
    if (error instanceof Error) error.message = error.message.replaceAll(this.path, this.target);
    return error;
  }

  /** Removes it if it is still there, and is to be called in any case. */
  discard(): void {
    this.#forgetAtExit();
    this.#remove();
  }

  #remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

const SUFFIX = '.tmp';

/** What processes of this machine that live no longer have left beside a target. */
function removeAbandoned(target: string): void {
  const [folder, start] = [dirname(target), `${basename(target)}.${machineTag}-`];
  for (const name of namesIn(folder)) {
    if (!name.startsWith(start) || !name.endsWith(SUFFIX)) continue;
    const numbers = /^(\d+)-\d+-\d+$/.exec(name.slice(start.length, -SUFFIX.length));
    if (numbers !== null && !isAlive(Number(numbers[1])))
      rmSync(join(folder, name), { recursive: true, force: true });
  }
}

/** None of a folder that is missing or may not be read: whoever writes there will be told. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** As far as that is allowed: only a superuser may give files away. */
function keepOwner(path: string, { uid, gid }: Stats): void {
  try {
    chownSync(path, uid, gid);
  } catch (error) {
    if (!['EPERM', 'EINVAL', 'ENOSYS'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}
