/**
 * Packs the package, installs it into an empty folder where there is neither compiler nor cmake, and uses it there:
 * `node test/package/run.mjs`. First with the engine that `npm run prebuild` has made, then without any. Takes the other
 * packages from npm's cache or registry. Ends with `N passed, N failed`; exits with 1 on a failure.
 */
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'winograd-package-'));
const bare = join(folder, 'bin');
const consumer = join(folder, 'consumer');
const installed = join(consumer, 'node_modules/winograd-nd');
const counts = { passed: 0, failed: 0 };

try {
  preparePath();
  const { stdout } = must('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], {
    cwd: root,
  });
  const [{ filename, files }] = JSON.parse(stdout);
  checkFiles(files.map(({ path }) => path));
  mkdirSync(consumer);
  writeFileSync(join(consumer, 'package.json'), '{ "name": "consumer", "type": "module", "private": true }');
  const install = ['install', '--no-audit', '--no-fund', '--prefer-offline', join(folder, filename)];
  check('npm install without a compiler', bareRun('npm', install), ({ status }) => status === 0);
  if (existsSync(installed)) {
    withEngine();
    withoutEngine();
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${counts.passed} passed, ${counts.failed} failed`);
process.exitCode = counts.failed === 0 ? 0 : 1;

/** Commands are looked for in a folder that has nothing but Node, npm and a shell. */
function preparePath() {
  mkdirSync(bare);
  const nodes = dirname(process.execPath);
  for (const name of ['node', 'npm', 'npx']) symlinkSync(realpathSync(join(nodes, name)), join(bare, name));
  symlinkSync('/bin/sh', join(bare, 'sh'));
}

function checkFiles(paths) {
  const engine = `prebuilds/winograd_nd-${process.platform}-${process.arch}/node-napi-v8.node`;
  const wanted = [
    engine,
    'dist/src/index.d.ts',
    'dist/examples/motion/command.js',
    'native/install.mjs',
    'CMakeLists.txt',
  ];
  for (const path of wanted) check(`${path} is packed`, {}, () => paths.includes(path));
  const stray = paths.filter((path) => /^(src|test|bench|build|dist\/(test|bench))\//.test(path));
  check('nothing else is packed', { stdout: stray.join('\n') }, () => stray.length === 0);
}

function withEngine() {
  check('nothing was built', {}, () => !existsSync(join(installed, 'build')));
  check(
    'winograd info',
    winograd('info'),
    ({ status, stdout }) => status === 0 && stdout.includes('kernels'),
  );
  check('winograd demo', winograd('demo', '--json'), ({ status, stdout }) => {
    return (
      status === 0 &&
      JSON.parse(stdout).score !== undefined &&
      existsSync(join(consumer, 'winograd-demo/index.html'))
    );
  });
  copyFileSync(join(root, 'test/package/program.ts'), join(consumer, 'program.ts'));
  // skipLibCheck off: the package's own declarations are checked, too, and need nothing that it does not install.
  const compilerOptions = {
    ...{
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      skipLibCheck: false,
    },
    ...{ module: 'NodeNext', target: 'ES2022', lib: ['ES2022', 'DOM'], types: [] },
  };
  writeFileSync(
    join(consumer, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, include: ['program.ts'] }),
  );
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  check(
    'a program under strict TypeScript',
    bareRun('node', [compiler, '-p', '.']),
    ({ status }) => status === 0,
  );
  check('and what it prints', bareRun('node', ['program.js']), ({ stdout }) =>
    /^72; winograd; 1,8,32,32; Expected shape to be an array of non-negative integers but received \[-1\]$/.test(
      stdout.trim(),
    ),
  );
}

function withoutEngine() {
  rmSync(join(installed, 'prebuilds'), { recursive: true });
  check(
    'an install says what is missing, and does not fail',
    bareRun('npm', ['rebuild', 'winograd-nd', '--foreground-scripts']),
    ({ status, stderr }) =>
      status === 0 && /it needs cmake 3\.20 or later and a C\+\+20 compiler/.test(stderr),
  );
  for (const args of [
    ['--help'],
    ['synth', '2', '3'],
    ['search', '2', '3'],
    ['emit', '2', '3', '--target', 'c'],
    ['verify', join(installed, 'transforms/f02x03_t04_0_pm1_inf.json')],
    ['table'],
    ['gradients', '--taps', '3'],
    ['accuracy', '2', '3', '--arithmetic', 'plain', '--channels', '1', '--runs', '64'],
  ])
    check(
      `winograd ${args[0]} without an engine`,
      winograd(...args),
      ({ status, stderr }) => status === 0 && stderr === '',
    );
  check('winograd info says in a line what to do', winograd('info'), ({ status, stderr }) => {
    return (
      status === 2 && /^winograd: Expected the native engine.*`npm rebuild winograd-nd`.*\n$/.test(stderr)
    );
  });
  check('and so does a layer', bareRun('node', ['program.js']), ({ status, stderr }) => {
    return (
      status === 1 && stderr.includes('InputError: Expected the native engine of winograd-nd to be built')
    );
  });
}

function winograd(...args) {
  return bareRun('npx', ['--no-install', 'winograd', ...args]);
}

function bareRun(command, args) {
  const env = { ...process.env, PATH: bare };
  // Of the npm that may have started this script.
  for (const name of Object.keys(env))
    if (/^npm_/i.test(name) && !/registry|cache|userconfig/i.test(name)) delete env[name];
  return spawnSync(command, args, { cwd: consumer, env, encoding: 'utf8' });
}

function must(command, args, options) {
  const run = spawnSync(command, args, { encoding: 'utf8', ...options });
  if (run.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${run.stderr}`);
  return run;
}

function check(name, run, holds) {
  let holding = false;
  try {
    holding = holds(run);
  } catch (error) {
    console.log(error);
  }
  counts[holding ? 'passed' : 'failed']++;
  console.log(`${holding ? 'ok' : 'FAILED'} ${name}`);
  if (!holding) console.log([run.error, run.stdout, run.stderr].filter(Boolean).join('\n'));
}
