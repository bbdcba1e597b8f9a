/**
 * What npm runs when the package is installed: `node native/install.mjs`. The engine that comes with the package is
 * taken where it loads; elsewhere it is built. A machine that can do neither is told what is missing and keeps all that
 * needs no engine: synthesis, search, proofs and emitted code. So the install fails only where somebody asked for a
 * build, by `--build-from-source` or by working on the sources.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';

const require = createRequire(import.meta.url);
const root = resolve(import.meta.dirname, '..');
/** A package has no sources in TypeScript. */
const isCheckout = existsSync(join(root, 'src'));
const isRequired = process.env.npm_config_build_from_source !== undefined;

if (isCheckout || isRequired || !loads()) process.exitCode = build();

function build() {
  const missing = missingTools();
  if (missing.length > 0) {
    if (loads()) return 0;
    explain(`it needs ${missing.join(' and ')}`);
    return isRequired ? 1 : 0;
  }
  const cmakeJs = join(dirname(require.resolve('cmake-js/package.json')), 'bin/cmake-js');
  const { status } = spawnSync(process.execPath, [cmakeJs, 'compile'], { cwd: root, stdio: 'inherit' });
  if (status !== 0) {
    explain('the build failed');
    if (!isCheckout) rmSync(join(root, 'build'), { recursive: true, force: true });
    return isRequired || isCheckout ? 1 : 0;
  }
  if (!isCheckout) removeObjects();
  return 0;
}

/** Of this machine, built here or before. */
function loads() {
  try {
    require('pkg-prebuilds')(root, require('../binding-options.cjs'));
    return true;
  } catch {
    return false;
  }
}

function missingTools() {
  const compilers = process.env.CXX ? [process.env.CXX] : ['c++', 'g++', 'clang++', 'cl'];
  const needed = {
    'cmake 3.20 or later': [['cmake'], isNewEnough],
    'a C++20 compiler': [compilers, () => true],
  };
  return Object.entries(needed)
    .filter(([, [commands, accepts]]) => {
      const runs = commands.map((command) => spawnSync(command, ['--version'], { encoding: 'utf8' }));
      return !runs.some(({ error, stdout }) => error === undefined && accepts(stdout));
    })
    .map(([name]) => name);
}

function isNewEnough(text) {
  const [, major, minor] = /version (\d+)\.(\d+)/.exec(text) ?? [];
  return Number(major) > 3 || (Number(major) === 3 && Number(minor) >= 20);
}

function explain(reason) {
  const command = isCheckout ? 'npm run build:native' : 'npm rebuild winograd-nd';
  console.warn(
    `winograd-nd: the native engine is not built for ${process.platform}-${process.arch}: ${reason}. ` +
      `Synthesis, search, proofs and emitted code work without; for layers run \`${command}\` once that is mended.`,
  );
}

/** Some 20 MB that nobody needs who does not change the sources. */
function removeObjects() {
  const [folder, engine] = [join(root, 'build'), 'Release/winograd_nd.node'];
  const aside = join(mkdtempSync(join(root, 'built-')), 'winograd_nd.node');
  renameSync(join(folder, engine), aside);
  rmSync(folder, { recursive: true });
  mkdirSync(dirname(join(folder, engine)), { recursive: true });
  renameSync(aside, join(folder, engine));
  rmSync(dirname(aside), { recursive: true });
}
