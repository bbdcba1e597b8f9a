/**
 * `npm run codegen` writes native/kernels/codelets/ from transforms/: the input and output transforms of small tiles
 * as straight-line vector code. With `--check` it only says whether a file would change.
 */
import { equal, transpose } from '../../synth/algebra/matrix.js';
import type { Bilinear, Matrix } from '../../synth/core/transform.js';
import { codelet } from '../../synth/emit/codelet.js';
import { codeletName, type TransformSide } from '../../synth/emit/codelet-name.js';
import { paddedTransform } from '../../synth/forms/padded.js';
import { compile } from '../../synth/program/compile.js';
import { errorWeights } from '../../synth/program/programs.js';
import type { ErrorWeights } from '../../synth/program/rounding.js';
import { MAX_WHOLE_AXIS, stridedFamilies } from '../catalogue/catalogue.js';
import { CODELET_TAPS, hasCompiledDual, isCompiled, STRIDED_CODELETS } from '../catalogue/codelets.js';
import { shippedFamilies, TRANSFORMS_FOLDER } from '../catalogue/families.js';
import { update } from './update.js';

const FOLDER = 'native/kernels/codelets';
const INDEX = 'codelets.h';

/** Algorithms whose codelets share a file. */
interface Source {
  /** Of the file, without extension. */
  readonly name: string;
  readonly origin: string;
  readonly algorithms: readonly Algorithm[];
}

interface Algorithm {
  /** What comments call it: `F(4, 3)`. */
  readonly title: string;
  readonly transform: Bilinear;
  /** Which of its transforms anybody runs; by default both. */
  readonly sides?: readonly TransformSide[];
}

function sources(): Source[] {
  return [...shipped(), ...padded(), ...strided()];
}

/** The shipped transforms and the smaller ones in their files. */
function shipped(): Source[] {
  return CODELET_TAPS.flatMap((taps) => shippedFamilies(taps))
    .filter(({ sizes, taps }) => isCompiled({ taps, outputs: sizes[0]!.outputs }))
    .map(({ name, taps, sizes, member }) => ({
      name: name.replaceAll('.', '_'),
      origin: `${TRANSFORMS_FOLDER}/${name}.json`,
      algorithms: sizes.flatMap(({ outputs }, i) => {
        const transform = member(outputs);
        const title = `F(${outputs}, ${taps})`;
        return hasCompiledDual({ taps, outputs })
          ? [{ title, transform }, weightsGradient(title, transform, i === 0)]
          : [{ title, transform }];
      }),
    }));
}

/**
 * What the gradient of the weights adds: gradients are transformed by the transposed A, tile by tile, and sums by the
 * transposed C, once for tiles of all sizes. To the former B is the kernel, and errors spread as if it were.
 */
function weightsGradient(title: string, { A, B, C }: Bilinear, isBiggest: boolean): Algorithm {
  return {
    title: `the weights' gradient of ${title}`,
    transform: { A: transpose(C), B: transpose(A), C: B },
    sides: isBiggest ? ['input', 'output'] : ['input'],
  };
}

/** Whole axes with one zero on both sides, under 3 taps. */
function padded(): Source[] {
  return Array.from({ length: MAX_WHOLE_AXIS - 1 }, (_, k) => k + 2).map((inputs) => ({
    name: `padded_${inputs}x3`,
    origin: 'the algorithm for a short padded axis',
    algorithms: [
      {
        title: `${inputs} padded inputs under 3 taps`,
        transform: paddedTransform({ inputs, padding: [1, 1], taps: 3 }),
      },
    ],
  }));
}

/** Tiles at stride 2, whose phases are shipped transforms. */
function strided(): Source[] {
  const { stride, taps: kernels } = STRIDED_CODELETS;
  return kernels.flatMap((taps) =>
    stridedFamilies(taps, stride)
      .filter(({ members: [biggest] }) => isCompiled(biggest!))
      .map(({ members }, i) => ({
        name: `strided_${members[0]!.outputs}x${taps}_${i}`,
        origin: `transforms of the phases: ${members[0]!.moduli.join(', ')}`,
        algorithms: members.map((transform) => ({ title: transform.name, transform })),
      })),
  );
}

/** A matrix that one or more algorithms use. */
interface Part {
  /** Of its codelet. */
  readonly name: string;
  /** The first that uses it, whose file it goes to. */
  readonly home: Source;
  readonly matrix: Matrix;
  readonly weights: ErrorWeights;
  /** The algorithms that use it: `F(4, 3)`. */
  readonly users: Set<string>;
}

const bothSides: readonly TransformSide[] = ['input', 'output'];

/** Each matrix once: B depends on the moduli alone, so that all F(S, G) of one D share it. */
function parts(): Part[] {
  const found = new Map<string, Part>();
  for (const home of sources()) {
    for (const { title, transform, sides = bothSides } of home.algorithms) {
      const weights = errorWeights(transform);
      for (const side of sides) {
        const matrix = side === 'input' ? transform.B : transform.A;
        const name = codeletName(side, matrix);
        const known = found.get(name) ?? { name, home, matrix, weights: weights[side], users: new Set() };
        if (!equal(known.matrix, matrix)) throw new Error(`Two matrices have the name ${name}`);
        known.users.add(title);
        found.set(name, known);
      }
    }
  }
  return [...found.values()];
}

function codeletFiles(): Map<string, string> {
  const files = new Map<string, string>();
  const all = parts();
  for (const home of new Set(all.map((part) => part.home))) {
    const texts = all
      .filter((part) => part.home === home)
      .map(({ name, matrix, users, weights }) => {
        const code = codelet(name, matrix, compile(matrix, weights));
        return `// Serves ${[...users].join(', ')}.\n${code}`;
      });
    const title = `// Generated by \`npm run codegen\` from ${home.origin}: do not edit.\n`;
    files.set(`${home.name}.h`, [title, ...texts].join('\n'));
  }
  const names = all.map(({ name }) => name).sort();
  return files.set(INDEX, indexOf([...files.keys()], names));
}

function indexOf(files: readonly string[], names: readonly string[]): string {
  const includes = files.map((file) => `#include "${file}"`).join('\n');
  const list = names.map((name) => `  X(${name})`).join(' \\\n');
  return `// Generated by \`npm run codegen\`: do not edit.

${includes}

// Calls X with the name of every codelet, sorted.
#define WINOGRAD_CODELETS(X) \\
${list}
`;
}

update({
  folder: FOLDER,
  owns: (name) => name.endsWith('.h'),
  files: codeletFiles(),
  command: 'npm run codegen',
});
