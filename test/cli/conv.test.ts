import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readNpy, Tensor, writeNpy } from '../../src/index.js';
import { packageRoot } from '../../src/support/package.js';
import { referenceConvolution } from '../reference.js';
import { winograd } from './run.js';

let folder: string;
const file = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'winograd-conv-'));
  await writeNpy(file('x.npy'), Tensor.random([2, 4, 13, 15], { seed: 1 }));
  await writeNpy(file('w.npy'), Tensor.random([6, 4, 3, 3], { seed: 2 }));
  await writeNpy(file('grouped.npy'), Tensor.random([6, 2, 3, 3], { seed: 3 }));
  await writeNpy(file('b.npy'), Tensor.random([6], { seed: 4 }));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('winograd conv', () => {
  it('convolves files, and prints plan, time and effective GFLOP/s', async () => {
    const args = ['conv', file('x.npy'), file('w.npy'), '--bias', file('b.npy'), '--padding', '1'];
    const { code, stdout, stderr } = await winograd([...args, '--tile', '4,2', '--out', file('y.npy')]);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('Winograd F(4, 3) × F(2, 3)');
    expect(stdout).toContain('2 × 4 × 13 × 15 → 2 × 6 × 13 × 15');
    expect(stdout).toMatch(/time +[\d.]+ ms, [\d.]+ effective GFLOP\/s\n$/);
    await expectReference('y.npy', 'w.npy', {
      padding: [
        [1, 1],
        [1, 1],
      ],
      bias: true,
    });
  });

  it('passes every option on, and speaks JSON', async () => {
    const { code, stdout } = await winograd([
      ...[
        'conv',
        file('x.npy'),
        file('grouped.npy'),
        '--groups',
        '2',
        '--stride',
        '2,1',
        '--dilation',
        '1,2',
      ],
      ...['--padding', '0:1,2:1', '--activation', 'relu', '--algorithm', 'direct', '--threads', '2'],
      ...['--json', '--out', file('g.npy')],
    ]);
    expect(code).toBe(0);
    const answer = JSON.parse(stdout);
    // One thread of the two: there is too little work for more.
    expect(answer).toMatchObject({
      out: file('g.npy'),
      plan: { algorithm: 'direct', threads: 1, inputShape: [2, 4, 13, 15] },
    });
    expect(answer.effectiveGflops).toBeCloseTo(answer.plan.directFlops / answer.milliseconds / 1e6, 9);
    await expectReference('g.npy', 'grouped.npy', {
      ...{ groups: 2, stride: [2, 1], dilation: [1, 2], activation: (v) => Math.max(v, 0) },
      padding: [
        [0, 1],
        [2, 1],
      ],
    });
  });

  it('takes the number of axes from the weight, and unbatched input', async () => {
    await writeNpy(file('line.npy'), Tensor.random([3, 20]));
    await writeNpy(file('taps.npy'), Tensor.random([2, 3, 5]));
    const args = [
      'conv',
      file('line.npy'),
      file('taps.npy'),
      '--padding',
      'same',
      '--out',
      file('line-out.npy'),
    ];
    expect((await winograd(args)).code).toBe(0);
    expect((await readNpy(file('line-out.npy'))).shape).toEqual([2, 20]);
  });

  it('runs on the instruction set that WINOGRAD_ISA forces', async () => {
    const args = ['conv', file('x.npy'), file('w.npy'), '--json', '--out', file('isa.npy')];
    const { stdout } = await winograd(args, { env: { WINOGRAD_ISA: 'portable' } });
    expect(JSON.parse(stdout).plan.isa).toBe('portable');
  });

  it('writes to devices without replacing them', async () => {
    const { code } = await winograd(['conv', file('x.npy'), file('w.npy'), '--out', '/dev/null']);
    expect(code).toBe(0);
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
  });
});

describe('winograd conv refuses, with code 2 and nothing written,', () => {
  const refusals: [string, string[], string][] = [
    ['a missing file', ['none.npy', 'w.npy'], 'ENOENT'],
    ['a folder', ['.', 'w.npy'], 'EISDIR'],
    [
      'a file cut short',
      ['cut.npy', 'w.npy'],
      'cut.npy to hold 2 × 4 × 13 × 15 elements of type float32 but it ends before',
    ],
    ['a file of another kind', ['text.npy', 'w.npy'], 'text.npy to be a .npy file'],
    ['a weight of one axis', ['x.npy', 'b.npy'], 'b.npy to be of rank 3, 4 or 5'],
    ['other channels', ['x.npy', 'grouped.npy'], 'Expected the input to be of 2 channels'],
    [
      'a bias of another length',
      ['x.npy', 'w.npy', '--bias', 'x.npy'],
      'Expected the shape of bias to be [6]',
    ],
    ['a stride of nothing', ['x.npy', 'w.npy', '--stride', '0'], 'Expected stride to be a positive integer'],
    ['a stride of words', ['x.npy', 'w.npy', '--stride', 'two'], 'or an array of 2 but received "two"'],
    ['a stride per axis too many', ['x.npy', 'w.npy', '--stride', '1,1,1'], 'but received [1, 1, 1]'],
    ['odd padding', ['x.npy', 'w.npy', '--padding', '1:2:3,0'], 'Expected padding to be'],
    ['negative padding', ['x.npy', 'w.npy', '--padding=-1'], 'Expected padding to be'],
    ['groups that do not divide', ['x.npy', 'w.npy', '--groups', '4'], 'Expected groups to be a divisor'],
    ['groups of nothing', ['x.npy', 'w.npy', '--groups', 'none'], 'Expected groups to be a positive integer'],
    ['an unknown activation', ['x.npy', 'w.npy', '--activation', 'gelu'], 'Expected activation to be'],
    ['an unknown algorithm', ['x.npy', 'w.npy', '--algorithm', 'fft'], 'Expected algorithm to be'],
    [
      'Winograd with stride and dilation',
      ['x.npy', 'w.npy', '--algorithm', 'winograd', '--stride', '2', '--dilation', '2'],
      'to have stride 1',
    ],
    ['a tile of nothing', ['x.npy', 'w.npy', '--tile', '0,4'], 'Expected tile to be a positive integer'],
    [
      'too many threads',
      ['x.npy', 'w.npy', '--threads', '1e9'],
      'Expected threads to be an integer from 1 to',
    ],
    ['a kernel larger than the input', ['small.npy', 'w.npy'], "to be at least 3 (the kernel's reach)"],
    ['padding beyond all memory', ['x.npy', 'w.npy', '--padding', '99999'], 'the output to be at most'],
    ['an unknown option', ['x.npy', 'w.npy', '--speed', 'fast'], "unknown option '--speed'"],
    ['a missing argument', ['x.npy'], "missing required argument 'weight.npy'"],
  ];

  beforeAll(async () => {
    writeFileSync(file('cut.npy'), readFileSync(file('x.npy')).subarray(0, 400));
    writeFileSync(file('text.npy'), 'no numbers here');
    await writeNpy(file('small.npy'), Tensor.random([1, 4, 2, 2]));
  });

  it.each(refusals)('%s', async (_, args, message) => {
    const result = await winograd(['conv', ...args, '--out', 'refused.npy'], { cwd: folder });
    expect(result.stderr).toContain(message);
    expect(result.stderr).not.toContain('    at '); // no stack: it is the caller's to mend
    expect([result.code, result.stdout]).toEqual([2, '']);
    expect(leftovers()).toEqual([]);
  });

  it.each([
    ['a full disk', '/dev/full', 'ENOSPC'],
    ['a folder', '.', 'EISDIR'],
    ['a path through a file', 'x.npy/y.npy', 'ENOTDIR'],
    ['a folder that is not there', 'nowhere/y.npy', 'ENOENT'],
  ])('output to %s', async (_, out, code) => {
    const result = await winograd(['conv', 'x.npy', 'w.npy', '--out', out], { cwd: folder });
    expect(result.stderr).toContain(code);
    expect([result.code, result.stdout]).toEqual([2, '']);
    expect(leftovers()).toEqual([]);
    if (out === '/dev/full') expect(statSync(out).isCharacterDevice()).toBe(true);
  });

  it('output to a folder that may not be written', async () => {
    // Root may write anywhere, so another user is asked where that is possible.
    mkdirSync(file('locked'), { mode: 0o555 });
    const setpriv = process.getuid?.() === 0 ? ['setpriv', '--reuid=65534', '--clear-groups'] : [];
    const main = join(packageRoot(), 'dist/src/cli/main.js');
    const probe = spawnSync('sh', ['-c', [...setpriv, 'node', main, '--version'].join(' ')]);
    if (probe.status !== 0) return console.log('skipped: no way to run as an unprivileged user');
    const paths = ['x.npy', 'w.npy', 'locked/y.npy'].map(file);
    spawnSync('chmod', ['755', folder]);
    const command = [...setpriv, 'node', main, 'conv', paths[0], paths[1], '--out', paths[2]].join(' ');
    const result = spawnSync('sh', ['-c', command], { encoding: 'utf8' });
    expect(result.stderr).toContain('EACCES');
    expect(result.status).toBe(2);
    expect(readdirSync(file('locked'))).toEqual([]);
  });

  const smallDisk = 'mount -t tmpfs -o size=16k none disk';
  const mountable =
    spawnSync('unshare', ['-rm', 'sh', '-c', smallDisk.replace(' disk', ' /mnt')]).status === 0;

  it.skipIf(!mountable)(
    'output to a disk that fills up half-way, keeping the file that was there',
    async () => {
      mkdirSync(file('disk'));
      const main = join(packageRoot(), 'dist/src/cli/main.js');
      const script = [
        `${smallDisk} && echo as it was > disk/kept.npy`,
        `${process.execPath} ${main} conv x.npy w.npy --padding 9 --out disk/kept.npy; echo code $?`,
        'ls disk; cat disk/kept.npy',
      ].join('\n');
      const { stdout, stderr } = spawnSync('unshare', ['-rm', 'sh', '-c', script], {
        encoding: 'utf8',
        cwd: folder,
      });
      expect(stderr).toContain('ENOSPC');
      expect(stdout).toBe('code 2\nkept.npy\nas it was\n');
    },
  );
});

/** What a refused command might have left: its output, or temporary files beside any. */
function leftovers(): string[] {
  return readdirSync(folder).filter((name) => name === 'refused.npy' || /\.npy\.\d+$/.test(name));
}

async function expectReference(
  name: string,
  weightName: string,
  { bias, ...problem }: Partial<Parameters<typeof referenceConvolution>[0]> & { bias?: true },
): Promise<void> {
  const [x, w, b, y] = await Promise.all(
    ['x.npy', weightName, 'b.npy', name].map((each) => readNpy(file(each))),
  );
  const wanted = referenceConvolution(
    { inputShape: x!.shape, weightShape: w!.shape, ...problem },
    x!.data,
    w!.data,
    bias && b!.data,
  );
  expect(y!.shape).toEqual(wanted.shape);
  for (const [i, value] of y!.data.entries()) expect(value).toBeCloseTo(wanted.data[i]!, 4);
}
