import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fromJSON } from '../../../synth/core/serialize.js';
import { synthesize } from '../../../synth/core/synthesize.js';
import type { Transform } from '../../../synth/core/transform.js';
import { emit, targets } from '../../../synth/emit/index.js';
import { available, type Compiler, compileAndRun, inFolder } from './toolchain.js';

const algorithms: [name: string, transform: Transform][] = [
  ['F(2, 3)', synthesize({ outputs: 2, taps: 3, moduli: '0, ±1, inf' })],
  ['F(4, 3)', synthesize({ outputs: 4, taps: 3, moduli: '0, ±5/8, ±3/2, inf' })],
  ['F(6, 3) with a quadratic modulus', synthesize({ outputs: 6, taps: 3, moduli: '0, ±1, ±2, inf, x^2+1' })],
  ['F(3, 4) with thirds', synthesize({ outputs: 3, taps: 4, moduli: '0, ±1/3, ±3, inf' })],
  ['F(1, 5)', synthesize({ outputs: 1, taps: 5 })],
  ['F(4, 1)', synthesize({ outputs: 4, taps: 1 })],
];

/** The first is tested on integers below; the sanitizers are slow, and two algorithms have every kind of statement. */
const tested = ({ flags }: Compiler) =>
  algorithms.slice(1, flags.some((flag) => flag.includes('sanitize')) ? 3 : undefined);

const flags = cpuFlags();
const native = { runner: [] };
/** How each target is compiled, and whether this machine can. */
const compilers: Record<string, { compiler: Compiler; possible: boolean }[]> = {
  c: [
    {
      compiler: {
        ...native,
        command: 'gcc',
        language: 'c',
        flags: ['-std=c99', '-O3', '-march=native', '-ffp-contract=fast', '-Wstrict-prototypes'],
      },
      possible: available('gcc', '--version'),
    },
    {
      compiler: {
        ...native,
        command: 'gcc',
        language: 'c',
        flags: ['-std=c17', '-O1', '-fsanitize=address,undefined', '-fno-sanitize-recover=all'],
      },
      possible: available('gcc', '--version'),
    },
  ],
  cpp: [
    {
      compiler: { ...native, command: 'g++', language: 'c++', flags: ['-std=c++11', '-O3'] },
      possible: available('g++', '--version'),
    },
    {
      compiler: { ...native, command: 'g++', language: 'c++', flags: ['-std=c++20', '-O3', '-march=native'] },
      possible: available('g++', '--version'),
    },
  ],
  avx2: [
    {
      compiler: {
        ...native,
        command: 'g++',
        language: 'c++',
        flags: ['-std=c++11', '-O3', '-mavx2', '-mfma'],
      },
      possible: available('g++', '--version') && flags.has('avx2') && flags.has('fma'),
    },
  ],
  avx512: [
    {
      compiler: { ...native, command: 'g++', language: 'c++', flags: ['-std=c++11', '-O3', '-mavx512f'] },
      possible: available('g++', '--version') && flags.has('avx512f'),
    },
  ],
  neon: [
    {
      compiler: {
        command: 'aarch64-linux-gnu-g++',
        language: 'c++',
        flags: ['-std=c++11', '-O3', '-static'],
        runner: ['qemu-aarch64'],
      },
      possible: available('aarch64-linux-gnu-g++', '--version') && available('qemu-aarch64', '--version'),
    },
  ],
};

describe.each(
  Object.entries(compilers).flatMap(([target, list]) => list.map((each) => ({ target, ...each }))),
)('emit $target with $compiler.flags', ({ target, compiler, possible }) => {
  it.skipIf(!possible).each(tested(compiler))(
    'compiles without a warning and passes its own test: %s',
    (_, transform) => {
      const printed = compileAndRun(
        { ...compiler, flags: [...compiler.flags, '-DTILE_SELF_TEST'] },
        emit(transform, target, { name: 'tile' }),
      );
      expect(
        printed
          .trim()
          .split('\n')
          .map((line) => line.replace(/:.*, /, ': ')),
      ).toEqual(['1-D: pass', '2-D: pass', '3-D: pass']);
    },
  );

  it.skipIf(!possible)('gives the same as the definition on integers, lane by lane', () => {
    const [, transform] = algorithms[0]!;
    const source =
      emit(transform, target, { name: 'tile' }) + harness(target === 'c' ? 'tile_' : 'tile::', transform);
    expect(compileAndRun(compiler, source).trim().split('\n').map(Number)).toEqual(
      expectedOutputs(transform),
    );
  });

  it.skipIf(!possible)('lets two algorithms live in one file', () => {
    const source = ['one', 'two'].map((name, k) => emit(algorithms[k]![1], target, { name })).join('\n');
    expect(compileAndRun(compiler, `${source}\nint main(void) { return 0; }\n`)).toBe('');
  });
});

describe('emit numpy', () => {
  const possible = available('python3', '-c', 'import numpy');
  it.skipIf(!possible).each(algorithms)('proves and tests itself: %s', (_, transform) => {
    inFolder((folder) => {
      const file = join(folder, 'tile.py');
      writeFileSync(file, emit(transform, 'numpy'));
      const printed = execFileSync('python3', ['-W', 'error', file], { encoding: 'utf8' });
      expect(printed.match(/pass/g)).toHaveLength(3);
    });
  });

  it.skipIf(!possible)('correlates arrays whose sizes divide nothing, and refuses wrong shapes', () => {
    inFolder((folder) => {
      writeFileSync(join(folder, 'tile.py'), emit(algorithms[0]![1], 'numpy'));
      const check = `
import numpy as np, tile
data, kernel = np.arange(35).reshape(5, 7) % 11, np.arange(9).reshape(3, 3) - 4
want = sum(kernel[i, j] * data[i:i + 3, j:j + 5] for i in range(3) for j in range(3))
assert np.array_equal(tile.correlate(data, kernel), want)
for arguments in ((data, kernel[:2]), (data[:2], kernel), (data[0], kernel)):
    try: tile.correlate(*arguments)
    except ValueError as error: print(error)
`;
      const printed = execFileSync('python3', ['-c', check], { cwd: folder, encoding: 'utf8' });
      expect(printed.trim().split('\n')).toEqual([
        'Expected kernel to have the shape (3, 3) but received (2, 3)',
        'Expected data to be at least 3 long on each axis but received (2, 7)',
        'Expected kernel to have the shape (3,) but received (3, 3)',
      ]);
    });
  });
});

describe('emit', () => {
  const [, transform] = algorithms[1]!;

  it('states algorithm, moduli, proof and costs in every target that is code', () => {
    for (const { name } of targets.filter((each) => /^(c$|cpp|numpy)/.test(each.name))) {
      const text = emit(transform, name);
      expect(text).toContain('F(4, 3): 4 outputs of a 3-tap correlation with 6 products');
      expect(text).toContain(`Moduli: ${transform.moduli.join(', ')}`);
      expect(text).toContain('all 72 equations');
      expect(text).toMatch(/input {2}B: 12 \(.* plain matrix 32\)/);
    }
  });

  it('writes JSON that reads back, with programs that anybody can run', () => {
    const json = JSON.parse(emit(transform, 'json'));
    expect(fromJSON(json).B).toEqual(transform.B);
    expect(json.operations.B).toBe(json.programs.B.filter((line: string) => line.startsWith('t')).length);
    const lines = json.programs.B.map((line: string) =>
      line.replace(/^[xt]/, 'const $&').replace('in[', 'input['),
    );
    const run = new Function('input', 'out', lines.join('\n'));
    for (let column = 0; column < 6; column++) {
      const out: number[] = [];
      run(
        Array.from({ length: 6 }, (_, k) => Number(k === column)),
        out,
      );
      expect(out).toEqual(transform.B.map((row) => row[column]!.valueOf()));
    }
  });

  it('refuses unknown targets, names that are none, and algorithms that are wrong', () => {
    expect(() => emit(transform, 'fortran')).toThrow('Expected target to be one of json, text');
    expect(() => emit(transform, 'c', { name: '4x3' })).toThrow('Expected name to be an identifier');
    const wrong = { ...transform, C: transform.C.map((row) => row.map((entry) => entry.mul(2))) };
    for (const { name } of targets) expect(() => emit(wrong, name)).toThrow('identity fails');
  });

  it('lets no text from a file out of its comments', () => {
    for (const modulus of ['*/ intruder /*', 'x\nintruder', '"""\nintruder', 'intruder*/'])
      for (const target of ['c', 'avx2', 'numpy'])
        expect(emit({ ...transform, moduli: [modulus] }, target)).not.toContain('intruder');
  });

  it('says how to make the same again, and does not claim it of algorithms of other origin', () => {
    expect(emit(transform, 'c')).toContain(
      "`winograd emit 4 3 --moduli '0, 5/8, -5/8, 3/2, -3/2, inf' --target c`",
    );
    const nameless = emit({ ...transform, moduli: [] }, 'c');
    expect(nameless).not.toContain('Moduli:');
    expect(nameless).toContain('`winograd emit --from FILE --target c`');
    const scaled = {
      ...transform,
      A: transform.A.map((row) => row.map((entry) => entry.mul(2))),
      B: transform.B.map((row) => row.map((entry) => entry.div(2))),
    };
    expect(emit(scaled, 'c')).toContain('`winograd emit --from FILE --target c`');
  });
});

/** Prints a 2-D tile of F(S, G) on integers: lane l holds the data times l + 1. */
function harness(prefix: string, { outputs: S, taps: G, products: T }: Transform): string {
  const D = S + G - 1;
  return `
#include <stdio.h>
enum { L = ${prefix}lanes };
static float d[${D * D} * L], v[${T * T} * L], y[${S * S} * L];
static double g[${G * G}], u[${T * T}];
int main(void)
{
  for (int i = 0; i < ${D * D}; i++)
    for (int l = 0; l < L; l++) d[i * L + l] = (float)((i * 5 % 7 - 3) * (l + 1));
  for (int i = 0; i < ${G * G}; i++) g[i] = 4.0 * (i * 3 % 5 - 2);
  ${prefix}input_2d(d, ${D} * L, L, v, ${T} * L, L);
  ${prefix}kernel_2d(g, ${G}, 1, u, ${T}, 1);
  for (int i = 0; i < ${T * T}; i++)
    for (int l = 0; l < L; l++) v[i * L + l] *= (float)u[i];
  ${prefix}output_2d(v, ${T} * L, L, y, ${S} * L, L);
  for (int i = 0; i < ${S * S}; i++) {
    for (int l = 1; l < L; l++)
      if (!(y[i * L + l] >= y[i * L] * (float)(l + 1) && y[i * L + l] <= y[i * L] * (float)(l + 1))) return 1;
    printf("%.9g\\n", (double)y[i * L]);
  }
  return 0;
}
`;
}

function expectedOutputs({ outputs: S, taps: G }: Transform): number[] {
  const D = S + G - 1;
  const data = (i: number) => ((i * 5) % 7) - 3;
  const kernel = (i: number) => 4 * (((i * 3) % 5) - 2);
  return Array.from({ length: S * S }, (_, s) => {
    let sum = 0;
    for (let i = 0; i < G; i++)
      for (let j = 0; j < G; j++) sum += kernel(i * G + j) * data((Math.floor(s / S) + i) * D + (s % S) + j);
    return sum;
  });
}

/** The instruction sets of this machine's processor. */
function cpuFlags(): Set<string> {
  try {
    return new Set(
      readFileSync('/proc/cpuinfo', 'utf8')
        .match(/^flags.*$/m)?.[0]
        .split(/\s+/),
    );
  } catch {
    return new Set();
  }
}
