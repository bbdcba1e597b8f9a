import { execFileSync, spawn } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { writeWhole, writeWholeSync } from '../../src/support/files.js';
import { withLock } from '../../src/support/lock.js';
import { packageRoot } from '../../src/support/package.js';
import { machineTag } from '../../src/support/processes.js';

const root = mkdtempSync(join(tmpdir(), 'winograd-files-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(root, 'case-'));
});
const file = (name: string) => join(folder, name);
const compiled = (name: string) => pathToFileURL(join(packageRoot(), 'dist/src', name)).href;

/** The id of a process that has ended. */
function deadProcess(): number {
  return Number(execFileSync(process.execPath, ['-p', 'process.pid'], { encoding: 'utf8' }));
}

const ways = {
  writeWhole: (path: string, text: string) => writeWhole(path, [Buffer.from(text)]),
  writeWholeSync: async (path: string, text: string) => writeWholeSync(path, text),
};

describe.each(Object.entries(ways))('%s', (_, write) => {
  it('replaces a file, keeps its mode, and leaves nothing beside it', async () => {
    writeFileSync(file('a'), 'old', { mode: 0o640 });
    await write(file('a'), 'new');
    expect(readFileSync(file('a'), 'utf8')).toBe('new');
    expect(statSync(file('a')).mode & 0o777).toBe(0o640);
    expect(readdirSync(folder)).toEqual(['a']);
  });

  it('writes through symbolic links, those that lead nowhere yet included', async () => {
    mkdirSync(file('there'));
    symlinkSync('there/target', file('second'));
    symlinkSync('second', file('first'));
    for (const text of ['made', 'replaced']) {
      await write(file('first'), text);
      expect(lstatSync(file('first')).isSymbolicLink()).toBe(true);
      expect(readFileSync(file('there/target'), 'utf8')).toBe(text);
    }
  });

  it('refuses links in a circle, links into missing folders, and folders', async () => {
    symlinkSync('b', file('a'));
    symlinkSync('a', file('b'));
    symlinkSync('missing/target', file('c'));
    await expect(write(file('a'), '')).rejects.toThrow('ELOOP');
    await expect(write(file('c'), '')).rejects.toThrow(
      `ENOENT: no such file or directory, open '${file('missing/target')}'`,
    );
    await expect(write(folder, '')).rejects.toThrow('EISDIR');
    expect(readdirSync(folder).sort()).toEqual(['a', 'b', 'c']);
  });

  it('removes what killed processes have left, and nothing else', async () => {
    const left = file(`a.${machineTag}-${deadProcess()}-0-1.tmp`);
    const others = [
      `a.${machineTag}-${process.pid}-0-99999.tmp`,
      `a.0badcafe-${deadProcess()}-0-1.tmp`,
      'a.1.tmp',
    ];
    for (const path of [left, ...others.map(file)]) writeFileSync(path, 'part');
    await write(file('a'), 'whole');
    expect(readdirSync(folder).sort()).toEqual(['a', ...others].sort());
  });
});

describe('a run that is ended while it writes', () => {
  const program = `
    import { writeWhole } from ${JSON.stringify(compiled('support/files.js'))};
    const chunks = { *[Symbol.iterator]() { process.stdout.write('begun'); for (;;) yield Buffer.alloc(1e5); } };
    await writeWhole(process.argv[1], chunks);`;

  async function endWith(signal: NodeJS.Signals): Promise<void> {
    const child = spawn(process.execPath, ['--input-type=module', '-e', program, file('a')]);
    await new Promise((resolve) => child.stdout.once('data', resolve));
    child.kill(signal);
    await new Promise((resolve) => child.once('close', resolve));
  }

  it('leaves nothing where it can see the signal', async () => {
    await endWith('SIGTERM');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('has its rest removed by the next one where it cannot', async () => {
    await endWith('SIGKILL');
    expect(readdirSync(folder)).toHaveLength(1);
    await writeWhole(file('a'), []);
    expect(readdirSync(folder)).toEqual(['a']);
  });
});

describe('a lock', () => {
  const path = () => file('lock');

  it('is there while the action runs, and gone when it throws', () => {
    expect(withLock(path(), () => existsSync(path()))).toBe(true);
    expect(() =>
      withLock(path(), () => {
        throw new Error('no');
      }),
    ).toThrow('no');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('of a killed process is nobody’s', () => {
    writeFileSync(path(), `${machineTag} ${deadProcess()} token`);
    const start = performance.now();
    expect(withLock(path(), () => 1)).toBe(1);
    expect(performance.now() - start).toBeLessThan(1000);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('lets one of many processes in at a time, though some are killed while they hold it', async () => {
    const program = `
      import { readFileSync, writeFileSync } from 'node:fs';
      import { withLock } from ${JSON.stringify(compiled('support/lock.js'))};
      const [, lock, counter, dies] = process.argv;
      for (let i = 0; i < 100; i++)
        withLock(lock, () => writeFileSync(counter, String(Number(readFileSync(counter)) + 1)));
      if (dies) withLock(lock, () => process.kill(process.pid, 'SIGKILL'));`;
    const counter = file('counter');
    writeFileSync(counter, '0');
    const run = (dies: boolean) =>
      new Promise((resolve) =>
        spawn(
          process.execPath,
          ['--input-type=module', '-e', program, path(), counter, ...(dies ? ['dies'] : [])],
          { stdio: ['ignore', 'ignore', 'inherit'] },
        ).once('close', resolve),
      );
    await Promise.all([false, true, false, true, false, true].map(run));
    expect(readFileSync(counter, 'utf8')).toBe('600');
    withLock(path(), () => {});
    expect(readdirSync(folder)).toEqual(['counter']);
  });
});
