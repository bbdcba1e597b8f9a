import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { packageRoot, packageVersion } from '../../src/support/package.js';

/** Where and when a run took place. */
export interface Environment {
  readonly date: string;
  readonly machine: string;
  /** Vector instruction sets among the processor's flags. */
  readonly flags: string;
  readonly system: string;
  readonly compiler: string;
  readonly commit: string;
  readonly rounds: number;
  /** Processes that wanted to run while the benchmark did, on average over a minute: the benchmark itself is one to two. */
  readonly load: number;
}

/** What stands on top of a report: how it was made, where and when. */
export function headOf(command: string, at: Environment, contenders: readonly string[] = []): string {
  return [
    `Written by \`npm run bench -- ${command}\`; do not edit.`,
    '',
    `- ${at.date}, winograd-nd ${at.commit}`,
    `- ${at.machine}; ${at.flags}`,
    `- ${at.system}; ${at.compiler}`,
    ...(contenders.length > 0 ? [`- Contenders: ${contenders.join(', ')}`] : []),
    `- ${at.rounds} rounds; load average at the end ${at.load.toFixed(1)}`,
  ].join('\n');
}

/** To be asked at the end of a run. */
export function environment(rounds: number): Environment {
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: `${cpus()[0]?.model.trim()}, ${cpus().length} cores, ${(totalmem() / 2 ** 30).toFixed(0)} GiB`,
    flags: vectorFlags(),
    system: `${type()} ${release()}, Node ${process.version}`,
    compiler: firstLine(process.env.CXX ?? 'c++', ['--version']),
    commit: `${packageVersion()}, commit ${commit()}`,
    rounds,
    load: loadavg()[0]!,
  };
}

function vectorFlags(): string {
  try {
    const flags = /^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? '';
    const vector = flags.split(' ').filter((flag) => /^(avx|fma|f16c|sse4_2)/.test(flag));
    return vector.join(' ') || 'unknown';
  } catch {
    return 'unknown';
  }
}

function commit(): string {
  const changed = firstLine('git', ['status', '--porcelain', '--untracked-files=no']) !== 'unknown';
  return firstLine('git', ['rev-parse', '--short', 'HEAD']) + (changed ? ' with changes' : '');
}

function firstLine(command: string, parameters: string[]): string {
  try {
    const output = execFileSync(command, parameters, {
      cwd: packageRoot(),
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return output.split('\n')[0] || 'unknown';
  } catch {
    return 'unknown';
  }
}
