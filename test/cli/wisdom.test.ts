import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Tensor, writeNpy } from '../../src/index.js';
import { winograd } from './run.js';

const folder = mkdtempSync(join(tmpdir(), 'winograd-cli-wisdom-'));
const file = (name: string) => join(folder, name);
const cache = { XDG_CACHE_HOME: folder, WINOGRAD_WISDOM: '' };
const kept = file('winograd-nd/wisdom.json');
const conv = [
  'conv',
  file('x.npy'),
  file('w.npy'),
  '--padding',
  '1',
  '--effort',
  'measure',
  '--out',
  file('y.npy'),
];

beforeAll(async () => {
  await writeNpy(file('x.npy'), Tensor.random([1, 8, 20, 20]));
  await writeNpy(file('w.npy'), Tensor.random([8, 8, 3, 3]));
});
afterAll(() => rmSync(folder, { recursive: true }));

it('measures once, and keeps, exports, imports and forgets what it learnt', async () => {
  const first = await winograd(conv, { env: cache });
  expect(first).toMatchObject({ code: 0, stderr: '' });
  expect(first.stdout).toMatch(/^because {4}measured fastest, at [\d.e-]+ ms$/m);
  const because = /^because.*$/m.exec(first.stdout)![0];
  expect((await winograd(conv, { env: cache })).stdout).toContain(because);

  const exported = await winograd(['wisdom', 'export'], { env: cache });
  expect(exported.stdout).toBe(readFileSync(kept, 'utf8'));
  expect(await winograd(['wisdom', 'export', '--out', file('all.json')], { env: cache })).toMatchObject({
    code: 0,
  });

  expect(await winograd(['wisdom', 'forget'], { env: cache })).toEqual({ code: 0, stdout: '', stderr: '' });
  expect(existsSync(kept)).toBe(false);
  expect(JSON.parse((await winograd(['wisdom', 'export'], { env: cache })).stdout).machines).toEqual({});

  const imported = await winograd(['wisdom', 'import', file('all.json')], { env: cache });
  expect(imported).toMatchObject({ code: 0, stdout: `1 problem imported into ${kept}\n` });
  expect((await winograd(conv, { env: cache })).stdout).toContain(because);
});

it('keeps wisdom where WINOGRAD_WISDOM says', async () => {
  const env = { ...cache, WINOGRAD_WISDOM: file('own.json') };
  expect((await winograd(conv, { env })).code).toBe(0);
  expect(JSON.parse(readFileSync(file('own.json'), 'utf8')).version).toBe(1);
});

it('refuses what is no wisdom, and leaves the file as it was', async () => {
  const before = existsSync(kept) ? readFileSync(kept, 'utf8') : undefined;
  writeFileSync(file('bad.json'), '[]');
  const bad = await winograd(['wisdom', 'import', file('bad.json')], { env: cache });
  expect(bad).toMatchObject({
    code: 2,
    stderr: 'winograd: Expected wisdom to be an object but received []\n',
  });
  expect(await winograd(['wisdom', 'import', file('none.json')], { env: cache })).toMatchObject({ code: 2 });
  if (before !== undefined) expect(readFileSync(kept, 'utf8')).toBe(before);
  const effort = await winograd([...conv, '--effort', 'much'], { env: cache });
  expect(effort).toMatchObject({
    code: 2,
    stderr: "winograd: Expected effort to be 'estimate' or 'measure' but received \"much\"\n",
  });
});

it('passes lanes, folded tiles and accuracy on to the layer', async () => {
  const run = async (...more: string[]) => {
    const { code, stdout } = await winograd(
      [...conv.filter((each) => !/effort|measure/.test(each)), ...more],
      { env: cache },
    );
    expect(code).toBe(0);
    return stdout;
  };
  expect(await run('--lanes', 'positions', '--tile', '4')).toContain('vectors of positions');
  expect(await run('--tile', 'fold,4')).toContain('Winograd 3 taps as channels × F(4, 3)');
  expect(await run('--accuracy', '1e-3')).toContain('×');
  const direct = await winograd([...conv.slice(0, 5), '--accuracy', '1e-9', '--out', file('y.npy')], {
    env: cache,
  });
  expect(direct).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('Expected accuracy to be at least'),
  });
});
