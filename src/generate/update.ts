import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeWholeSync } from '../support/files.js';
import { packageRoot } from '../support/package.js';

/** A folder whose files a script writes. */
export interface GeneratedFolder {
  /** Path from the root of the package. */
  readonly folder: string;
  /** Which names in the folder are generated; files of other names are left alone. */
  readonly owns: (name: string) => boolean;
  /** What the generated files are to hold, by name. */
  readonly files: ReadonlyMap<string, string>;
  /** How a person calls the script: `npm run synth`. */
  readonly command: string;
}

/**
 * Brings a folder up to date: writes what changed, removes what is no longer generated. With `--check` on the command
 * line nothing is touched; files that are out of date are named, and the process exits with 1 if there are any.
 */
export function update({ folder, owns, files, command }: GeneratedFolder): void {
  const path = join(packageRoot(), folder);
  mkdirSync(path, { recursive: true });
  const present = readdirSync(path).filter(owns);
  const stale = present.filter((name) => !files.has(name));
  const changed = [...files.keys()].filter(
    (name) => !present.includes(name) || readFileSync(join(path, name), 'utf8') !== files.get(name),
  );
  if (process.argv.includes('--check')) {
    for (const name of [...changed, ...stale]) console.error(`${folder}/${name} is out of date`);
    if (changed.length + stale.length > 0) {
      console.error(`Run \`${command}\` and commit the result.`);
      process.exitCode = 1;
    }
    return;
  }
  for (const name of changed) writeWholeSync(join(path, name), files.get(name)!);
  for (const name of stale) rmSync(join(path, name));
  console.log(`${folder}: ${changed.length} written, ${stale.length} removed, ${files.size} in all`);
}
