/**
 * Builds and runs the tests in test/native, the engine's and those of each group of operators: `node test/native/run.mjs [SANITIZERS…]`.
 *
 * Without arguments an optimised build in build-test; each argument is one more build with those sanitizers
 * ('address,undefined' or 'thread') in a folder of its own, which runs fewer cases because it is slow. A sanitizer
 * that the compiler cannot link is skipped, and says so. Ends with `N passed, N failed`; exits with 1 on a failure.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');

/** Flags, folder and rounds per kernel table of each build. */
const plain = { sanitize: '', folder: 'build-test', type: 'Release', rounds: 60 };
const sanitized = {
  'address,undefined': { folder: 'build-asan', type: 'RelWithDebInfo', rounds: 20 },
  thread: { folder: 'build-tsan', type: 'RelWithDebInfo', rounds: 20 },
};

const counts = { passed: 0, failed: 0 };
for (const build of process.argv.length > 2 ? process.argv.slice(2).map(sanitizedBuild) : [plain]) {
  const label = build.sanitize === '' ? 'engine' : `engine under ${build.sanitize}`;
  if (build.sanitize !== '' && !linksWith(build.sanitize)) {
    console.log(`SKIPPED ${label}: the compiler cannot link with -fsanitize=${build.sanitize}`);
    continue;
  }
  console.log(`== ${label}`);
  const { passed, failed } = buildAndRun(build);
  counts.passed += passed;
  counts.failed += failed;
}
console.log(`${counts.passed} passed, ${counts.failed} failed`);
process.exitCode = counts.failed === 0 ? 0 : 1;

function sanitizedBuild(sanitize) {
  if (Object.hasOwn(sanitized, sanitize)) return { sanitize, ...sanitized[sanitize] };
  console.error(
    `Expected sanitizers to be one of ${Object.keys(sanitized).join(' ')} but received ${sanitize}`,
  );
  process.exit(2);
}

function linksWith(sanitize) {
  const compiler = process.env.CXX ?? 'c++';
  const flags = [`-fsanitize=${sanitize}`, '-x', 'c++', '-', '-o', '/dev/null'];
  return spawnSync(compiler, flags, { input: 'int main() {}' }).status === 0;
}

function buildAndRun({ sanitize, folder, type, rounds }) {
  const configure = [
    ...['-S', root, '-B', join(root, folder), '-DWINOGRAD_TESTS=ON'],
    `-DCMAKE_BUILD_TYPE=${type}`,
    // Little optimisation and lines alone: with more, a sanitizer takes the compiler minutes over the kernels.
    '-DCMAKE_CXX_FLAGS_RELWITHDEBINFO=-O1 -g1',
    `-DWINOGRAD_SANITIZE=${sanitize}`,
    // The generator expression keeps generators of many configurations from adding a folder for each.
    `-DCMAKE_RUNTIME_OUTPUT_DIRECTORY=$<1:${join(root, folder)}>`,
  ];
  const jobs = String(availableParallelism());
  const build = ['--build', join(root, folder), '--config', type, '--parallel', jobs];
  for (const step of [configure, build]) {
    if (spawnSync('cmake', step, { stdio: ['ignore', 'inherit', 'inherit'] }).status !== 0)
      return { passed: 0, failed: 1 };
  }
  const operators = readdirSync(join(import.meta.dirname, 'operators'))
    .filter((file) => file.endsWith('_test.cc'))
    .map((file) => file.slice(0, -'.cc'.length));
  const results = ['engine_test', ...operators].map((test) => runTest(join(root, folder, test), rounds));
  return {
    passed: results.reduce((sum, { passed }) => sum + passed, 0),
    failed: results.reduce((sum, { failed }) => sum + failed, 0),
  };
}

function runTest(path, rounds) {
  console.log(`-- ${basename(path)}`);
  const run = spawnSync(path, [String(rounds)], { stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' });
  process.stdout.write(run.stdout ?? '');
  const summary = /^(\d+) passed, (\d+) failed$/m.exec(run.stdout ?? '');
  const passed = Number(summary?.[1] ?? 0);
  const failed = Number(summary?.[2] ?? 0);
  // A sanitizer's report or a crash ends the process without a summary, or with a status the counts do not explain.
  const unexplained = run.status !== 0 && failed === 0;
  if (unexplained)
    console.log(`FAILED: ended with ${run.signal ?? run.error?.message ?? `status ${run.status}`}`);
  return { passed, failed: failed + Number(unexplained) };
}
