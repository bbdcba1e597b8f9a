import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Contender } from '../src/support/contender.js';
import { packageRoot } from '../src/support/package.js';
import type { ProductContender } from './products/run.js';
import type { LayerContender } from './protocol.js';

/** Libraries to compare with, none of them a dependency of the package. */
interface Peer {
  readonly name: string;
  /** Makes it ready, once. @returns the command of its process, or why there is none and what would help */
  install(): readonly [string, ...string[]] | { readonly missing: string };
}

const folder = join(packageRoot(), 'bench/peers');

/** npm's words are progress, not results. */
const quiet: ['ignore', 'ignore', 'inherit'] = ['ignore', 'ignore', 'inherit'];

const peers: readonly Peer[] = [
  {
    name: 'onnxruntime',
    install() {
      const home = join(folder, 'onnxruntime');
      if (!existsSync(join(home, 'node_modules/onnxruntime-node'))) {
        process.stderr.write('Installing onnxruntime-node for the comparison …\n');
        // Its install script fetches CUDA libraries, which a CPU benchmark has no use for.
        const env = { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip' };
        const done = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: home, env, stdio: quiet });
        if (done.status !== 0) return { missing: '`npm ci` in bench/peers/onnxruntime failed' };
      }
      return [process.execPath, join(home, 'main.mjs')];
    },
  },
  { name: 'oneDNN', install: () => oneDnn() },
  // By F(4, 3), which its own choice never is.
  { name: 'oneDNN Winograd', install: () => oneDnn('winograd') },
];

function oneDnn(...options: readonly string[]): ReturnType<Peer['install']> {
  const program = compiled('onednn', 'layer', ['-fopenmp'], ['-ldnnl'], 'libdnnl-dev');
  return 'missing' in program ? program : [program.path, ...options];
}

/** One of a library's programs, compiled where it is older than any of the library's sources. */
function compiled(
  name: string,
  program: string,
  flags: readonly string[],
  libraries: readonly string[],
  debian: string,
): { readonly path: string } | { readonly missing: string } {
  const sources = readdirSync(join(folder, name)).map((file) => join(folder, name, file));
  const source = join(folder, name, `${program}.cc`);
  const path = join(packageRoot(), 'build-bench', `${name}-${program}`);
  const newest = Math.max(...sources.map((file) => statSync(file).mtimeMs));
  if (existsSync(path) && statSync(path).mtimeMs >= newest) return { path };
  process.stderr.write(`Compiling the comparison with ${name} …\n`);
  mkdirSync(join(packageRoot(), 'build-bench'), { recursive: true });
  const all = ['-std=c++20', '-O2', ...flags, source, ...libraries, '-o', path];
  const done = spawnSync(process.env.CXX ?? 'c++', all, { stdio: 'ignore' });
  if (done.status === 0) return { path };
  return {
    missing: `its program could not be compiled; it needs a C++ compiler and ${debian} (\`apt-get install ${debian}\`)`,
  };
}

/**
 * The program of training steps by oneDNN's primitives.
 *
 * @throws Error when it cannot be had
 */
export function requireOneDnnStep(): string {
  const program = compiled('onednn', 'step', ['-fopenmp'], ['-ldnnl'], 'libdnnl-dev');
  if ('missing' in program) throw new Error(`Expected oneDNN's step to be there but ${program.missing}`);
  return program.path;
}

/** OpenBLAS, if it can be had; says on stderr if not, and how to get it. */
export function startOpenBlas(): ProductContender | undefined {
  const program = compiled('openblas', 'products', [], ['-lopenblas'], 'libopenblas-dev');
  if (!('missing' in program)) return new Contender('OpenBLAS', [program.path]);
  process.stderr.write(`Left out OpenBLAS: ${program.missing}\n`);
  return undefined;
}

/**
 * Makes onnxruntime-node ready for `winograd compare`'s machinery, which looks for it where it is installed here.
 *
 * @throws Error when it cannot be had
 */
export function requireOnnxruntime(): void {
  const command = peers.find(({ name }) => name === 'onnxruntime')!.install();
  if ('missing' in command)
    throw new Error(`Expected onnxruntime-node to be installed but ${command.missing}`);
}

/** Starts every library that can be had; says on stderr which can not, and how to get it. */
export function startPeers(): LayerContender[] {
  return peers.flatMap((peer) => {
    const command = peer.install();
    if (!('missing' in command)) return [new Contender(peer.name, command)];
    process.stderr.write(`Left out ${peer.name}: ${command.missing}\n`);
    return [];
  });
}
