import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/support/package.js';
import { type Block, blocksOf, exchangesOf, spansOf, withoutFigures } from './blocks.js';

/*
 * What the documents claim: their programs compile and print what they say, their transcripts are true, and the
 * commands, scripts and files that they name exist.
 */

const root = packageRoot();
const run = promisify(execFile);
const pages = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'));
const documents = ['README.md', 'CONTRIBUTING.md', ...pages.map((name) => `docs/${name}`)].map((name) => {
  const text = readFileSync(join(root, name), 'utf8');
  return { name, text, blocks: blocksOf(text) };
});

/** A folder as somebody has it who installed the package: programs find it by name, and the shell its command. */
const folder = mkdtempSync(join(tmpdir(), 'winograd-documents-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const bin = join(folder, 'bin');
mkdirSync(bin);
mkdirSync(join(folder, 'node_modules'));
symlinkSync(root, join(folder, 'node_modules/winograd-nd'));
symlinkSync(join(root, 'node_modules/@types'), join(folder, 'node_modules/@types'));
writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
const main = join(root, 'dist/src/cli/main.js');
writeFileSync(join(bin, 'winograd'), `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`, {
  mode: 0o755,
});
writeFileSync(join(bin, 'npx'), '#!/bin/sh\nexec "$@"\n', { mode: 0o755 });

function shell(command: string): Promise<{ stdout: string; stderr: string }> {
  const env = {
    ...process.env,
    PATH: `${bin}:${process.env.PATH}`,
    WINOGRAD_WISDOM: join(folder, 'wisdom.json'),
  };
  return run('sh', ['-c', command], { cwd: folder, env, maxBuffer: 2 ** 28 });
}

const programs = documents.flatMap(({ name, blocks }) =>
  blocks.flatMap((block, i) =>
    block.info === 'ts' ? [{ name, block, prints: printed(blocks[i + 1]) }] : [],
  ),
);

/** A block without language after a program is what that prints. */
function printed(next: Block | undefined): string | undefined {
  return next?.info === '' ? next.text : undefined;
}

describe('programs', () => {
  it('are there', () => expect(programs.length).toBeGreaterThan(0));

  it('compile, under strict', async () => {
    programs.forEach(({ block }, i) => {
      writeFileSync(join(folder, `program${i}.ts`), block.text);
    });
    const compilerOptions = { strict: true, module: 'NodeNext', target: 'ES2022', types: ['node'] };
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ compilerOptions, include: ['program*.ts'] }),
    );
    const compiler = join(root, 'node_modules/typescript/bin/tsc');
    const errors = await run(process.execPath, [compiler, '-p', folder]).catch(({ stdout }) => ({ stdout }));
    expect(errors.stdout).toBe('');
  });

  it.each(programs.map(({ name, block, prints }, i) => ({ where: `${name}:${block.line}`, prints, i })))(
    '$where prints what follows it',
    async ({ prints, i }) => {
      const { stdout } = await run(process.execPath, [join(folder, `program${i}.js`)], { cwd: folder });
      if (prints !== undefined) expect(withoutFigures(stdout)).toBe(withoutFigures(prints));
    },
  );
});

describe('transcripts', () => {
  const transcripts = documents.flatMap(({ name, blocks }) =>
    blocks
      .filter(({ info }) => info.startsWith('console'))
      .flatMap(({ info, text, line }) =>
        exchangesOf(text).map((exchange) => ({
          ...exchange,
          where: `${name}:${line}`,
          varies: info.includes('vary'),
        })),
      ),
  );

  it.each(transcripts)('$where: $command', async ({ command, output, varies }) => {
    const { stdout } = await shell(command);
    const seen = varies ? withoutFigures : (text: string) => text.trimEnd();
    expect(seen(stdout)).toBe(seen(output));
  });
});

describe.each(documents)('$name names only what exists:', ({ text, blocks, name }) => {
  const spans = spansOf(text);
  const commands = [
    ...spans,
    ...blocks.filter(({ info }) => info === 'sh').flatMap((block) => block.text.split('\n')),
  ];

  it('scripts of npm', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const named = commands.flatMap((line) =>
      [...line.matchAll(/\bnpm run ([\w:]+)/g)].map(([, script]) => script!),
    );
    expect(named.filter((script) => !Object.hasOwn(scripts, script))).toEqual([]);
  });

  it('files', () => {
    const paths = spans.filter(
      (span) => /^[\w.-]+(\/[\w.-]+)*\/?$/.test(span) && /\/|\.(ts|md|json|jsonl)$/.test(span),
    );
    const places = [
      root,
      join(root, dirname(name)),
      join(root, 'native/operators'),
      join(root, 'native/kernels'),
    ];
    // Within a table of folders the row's own is left out; and these come about by building.
    const known = (path: string) =>
      /^(dist|build|prebuilds|winograd-demo)\//.test(path) ||
      places.some((place) => existsSync(join(place, path))) ||
      ['synth', 'examples'].some((above) => existsSync(join(root, above, path)));
    expect(paths.filter((path) => !known(path))).toEqual([]);
  });

  // Those with placeholders, such as S G or FILE…, are templates; the demo and calibrating, which takes long, have tests of their own.
  const concrete = [...new Set(spans.filter((span) => span.startsWith('winograd ')))].filter(
    (span) =>
      !/[A-Z…\\]|^winograd (demo|calibrate|report)/.test(span.replace(/'[^']*'/g, '')) && span.includes(' '),
  );

  it.each(concrete)('%s', async (command) => {
    await expect(shell(command)).resolves.toHaveProperty('stdout');
  });

  it('commands', async () => {
    const { stdout } = await shell('winograd --help');
    const words = commands.flatMap((line) =>
      [...line.matchAll(/\bwinograd ([a-z]+)/g)].map(([, word]) => word!),
    );
    expect(words.filter((word) => !stdout.includes(`\n  ${word} `))).toEqual([]);
  });
});
