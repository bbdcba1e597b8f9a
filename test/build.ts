import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../src/support/package.js';

/**
 * Compiles what the tests of the command line run, once for all and only if a source is newer than the result.
 * Type errors are shown but stop nothing: the compiler writes its output all the same, and `npm run typecheck` is there.
 */
export default function build(): void {
  const root = packageRoot();
  const main = join(root, 'dist/src/cli/main.js');
  const sources = ['synth', 'src', 'examples'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => join(root, folder, name)),
  );
  const newest = Math.max(...sources.map((file) => statSync(file).mtimeMs));
  if (existsSync(main) && statSync(main).mtimeMs > newest) return;
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  try {
    execFileSync(process.execPath, [compiler, '-p', join(root, 'tsconfig.build.json')], { encoding: 'utf8' });
  } catch (error) {
    const { stdout } = error as { stdout?: string };
    console.error(`The sources do not compile:\n${stdout ?? error}`);
  }
}
