import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { assertWritable, marker, writeFolder } from '../../../examples/motion/output.js';

let parent: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'winograd-output-'));
});
afterEach(() => rm(parent, { recursive: true }));

const files = new Map<string, string | Uint8Array>([
  [marker, '{}'],
  ['frames/a.png', Uint8Array.of(1, 2, 3)],
]);

describe('writeFolder', () => {
  test('writes new folders, nested files included, and leaves nothing beside them', async () => {
    await writeFolder(join(parent, 'out'), files);
    expect(await readdir(parent)).toEqual(['out']);
    expect([...(await readFile(join(parent, 'out', 'frames/a.png')))]).toEqual([1, 2, 3]);
  });

  test('replaces an earlier result as a whole', async () => {
    await writeFolder(join(parent, 'out'), new Map([...files, ['old.txt', 'old']]));
    await writeFolder(join(parent, 'out'), files);
    expect((await readdir(join(parent, 'out'))).toSorted()).toEqual(['frames', marker].toSorted());
    expect(await readdir(parent)).toEqual(['out']);
  });

  test('fills an empty folder', async () => {
    await mkdir(join(parent, 'out'));
    await writeFolder(join(parent, 'out'), files);
    expect(await readdir(join(parent, 'out'))).toContain(marker);
  });

  test('never touches a folder that holds something else', async () => {
    await mkdir(join(parent, 'out'));
    await writeFile(join(parent, 'out', 'thesis.tex'), 'years of work');
    const out = join(parent, 'out');
    for (const attempt of [() => assertWritable(out), () => writeFolder(out, files)])
      await expect(attempt()).rejects.toThrow(
        /^Expected --out to be a new folder, an empty one or an earlier/,
      );
    expect(await readFile(join(parent, 'out', 'thesis.tex'), 'utf8')).toBe('years of work');
    expect(await readdir(parent)).toEqual(['out']);
  });

  test('leaves nothing behind, and the earlier result as it was, when a file cannot be written', async () => {
    await writeFolder(join(parent, 'out'), files);
    const broken = new Map([...files, [`${marker}/below-a-file`, '']]);
    await expect(writeFolder(join(parent, 'out'), broken)).rejects.toMatchObject({ code: /^E/ });
    expect(await readdir(parent)).toEqual(['out']);
    expect(await readdir(join(parent, 'out', 'frames'))).toEqual(['a.png']);
  });

  test('refuses a place below a file, or in a folder that is not there', async () => {
    await writeFile(join(parent, 'file'), '');
    await expect(assertWritable(join(parent, 'file'))).rejects.toMatchObject({ code: 'ENOTDIR' });
    await expect(assertWritable(join(parent, 'file', 'out'))).rejects.toMatchObject({ code: 'ENOTDIR' });
    await expect(assertWritable(join(parent, 'nowhere', 'out'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
