import type { Transform } from '../core/transform.js';
import { costOf } from '../program/program.js';
import type { Programs } from '../program/programs.js';

/** How the C-like targets spell what their shared parts need. */
export interface Names {
  /** In front of every function and constant: `f4x3_` in C, nothing inside a C++ namespace. */
  readonly prefix: string;
  /** Linkage of the functions. */
  readonly linkage: string;
  /** In front of scratch memory, to align it. */
  readonly aligned: string;
  /** Guards the self-test. */
  readonly selfTest: string;
  /** What the self-test needs before its first line. */
  readonly opening: string;
}

interface Part {
  readonly name: string;
  readonly scalar: string;
  /** Factor of sizes in values to sizes in scalars: ` * lanes`, or nothing. */
  readonly lanes: string;
  /** Distance from one value to the next. */
  readonly step: string;
  readonly from: string;
  readonly to: string;
  readonly title: string;
}

function partsOf({ prefix }: Names): Part[] {
  const [D, G, S, T, L] = ['inputs', 'taps', 'outputs', 'products', 'lanes'].map(
    (name) => `${prefix}${name}`,
  );
  const vectors = { scalar: 'float', lanes: ` * ${L}`, step: L! };
  return [
    { ...vectors, name: 'input', from: D!, to: T!, title: 'Input transform, inputs to products' },
    { ...vectors, name: 'output', from: T!, to: S!, title: 'Output transform, products to outputs' },
    {
      name: 'kernel',
      scalar: 'double',
      lanes: '',
      step: '1',
      from: G!,
      to: T!,
      title: 'Kernel transform, taps to products: done once, and in double as its error is in every output',
    },
  ];
}

/** Two- and three-dimensional transforms of whole tiles, made of the one-dimensional functions. */
export function tileFunctions(names: Names): string {
  return partsOf(names)
    .flatMap((part) => [twoDimensional(part, names), threeDimensional(part, names)])
    .join('\n');
}

function twoDimensional({ name, scalar, lanes, step, from, to, title }: Part, names: Names): string {
  const call = `${names.prefix}${name}`;
  const at = (index: string) => (lanes ? `${index}${lanes}` : index);
  return `/* ${title}, along both axes of a tile. */
${names.linkage} void ${call}_2d(const ${scalar} *in, ptrdiff_t in_row, ptrdiff_t in_column,
    ${scalar} *out, ptrdiff_t out_row, ptrdiff_t out_column)
{
  ${names.aligned}${scalar} scratch[${to} * ${from}${lanes}];
  for (ptrdiff_t j = 0; j < ${from}; j++)
    ${call}(in + j * in_column, in_row, scratch + ${at('j')}, ${from}${lanes});
  for (ptrdiff_t i = 0; i < ${to}; i++)
    ${call}(scratch + i * ${from}${lanes}, ${step}, out + i * out_row, out_column);
}
`;
}

function threeDimensional({ name, scalar, lanes, step, from, to, title }: Part, names: Names): string {
  const call = `${names.prefix}${name}`;
  return `/* ${title}, along the three axes of a tile. */
${names.linkage} void ${call}_3d(const ${scalar} *in, ptrdiff_t in_plane, ptrdiff_t in_row, ptrdiff_t in_column,
    ${scalar} *out, ptrdiff_t out_plane, ptrdiff_t out_row, ptrdiff_t out_column)
{
  ${names.aligned}${scalar} scratch[${to} * ${from} * ${from}${lanes}];
  for (ptrdiff_t i = 0; i < ${from}; i++)
    for (ptrdiff_t j = 0; j < ${from}; j++)
      ${call}(in + i * in_row + j * in_column, in_plane,
          scratch + (i * ${from} + j)${lanes}, ${from} * ${from}${lanes});
  for (ptrdiff_t i = 0; i < ${to}; i++)
    ${call}_2d(scratch + i * ${from} * ${from}${lanes}, ${from}${lanes}, ${step},
        out + i * out_plane, out_row, out_column);
}
`;
}

/**
 * A main function that convolves a random tile in one, two and three dimensions, each lane on its own, and
 * compares with the definition in double precision. Its tolerance follows from the matrices and the length of the
 * programs, so it is a bound and not a guess.
 */
export function selfTest(transform: Transform, programs: Programs, names: Names): string {
  const { prefix, opening } = names;
  const { gain, roundings } = errorBound(transform, programs);
  const [D, G, S, T, L] = ['inputs', 'taps', 'outputs', 'products', 'lanes'].map(
    (name) => `${prefix}${name}`,
  );
  return `#ifdef ${names.selfTest}
#include <math.h>
#include <stdio.h>

${opening}static float d[${D} * ${D} * ${D} * ${L}], y[${S} * ${S} * ${S} * ${L}];
static float m[${T} * ${T} * ${T} * ${L}];
static double g[${G} * ${G} * ${G}], u[${T} * ${T} * ${T}];

/* Uniform in [-1, 1] with 24 bits, the same everywhere. */
static float uniform(void)
{
  static unsigned long state = 1;
  state = (state * 1664525ul + 1013904223ul) & 0xfffffffful;
  return (float)(state >> 8) / 8388608.0f - 1.0f;
}

static void transform(int dims)
{
  const ptrdiff_t L = ${L}, D = ${D}, G = ${G}, S = ${S}, T = ${T};
  ptrdiff_t products = T;
  for (int axis = 1; axis < dims; axis++) products *= T;
  if (dims == 1) {
    ${prefix}kernel(g, 1, u, 1);
    ${prefix}input(d, L, m, L);
  } else if (dims == 2) {
    ${prefix}kernel_2d(g, G, 1, u, T, 1);
    ${prefix}input_2d(d, D * L, L, m, T * L, L);
  } else {
    ${prefix}kernel_3d(g, G * G, G, 1, u, T * T, T, 1);
    ${prefix}input_3d(d, D * D * L, D * L, L, m, T * T * L, T * L, L);
  }
  for (ptrdiff_t i = 0; i < products; i++)
    for (ptrdiff_t l = 0; l < L; l++) m[i * L + l] *= (float)u[i];
  if (dims == 1) ${prefix}output(m, L, y, L);
  else if (dims == 2) ${prefix}output_2d(m, T * L, L, y, S * L, L);
  else ${prefix}output_3d(m, T * T * L, T * L, L, y, S * S * L, S * L, L);
}

static double largest_error(int dims)
{
  const ptrdiff_t L = ${L};
  const ptrdiff_t D = ${D}, D2 = dims > 1 ? D : 1, D3 = dims > 2 ? D : 1;
  const ptrdiff_t G = ${G}, G2 = dims > 1 ? G : 1, G3 = dims > 2 ? G : 1;
  const ptrdiff_t S = ${S}, S2 = dims > 1 ? S : 1, S3 = dims > 2 ? S : 1;
  double worst = 0.0;
  for (ptrdiff_t i = 0; i < D3 * D2 * D * L; i++) d[i] = uniform();
  for (ptrdiff_t i = 0; i < G3 * G2 * G; i++) g[i] = (double)uniform();
  transform(dims);
  for (ptrdiff_t s3 = 0; s3 < S3; s3++)
    for (ptrdiff_t s2 = 0; s2 < S2; s2++)
      for (ptrdiff_t s = 0; s < S; s++)
        for (ptrdiff_t l = 0; l < L; l++) {
          double sum = 0.0, error;
          for (ptrdiff_t g3 = 0; g3 < G3; g3++)
            for (ptrdiff_t g2 = 0; g2 < G2; g2++)
              for (ptrdiff_t k = 0; k < G; k++)
                sum += g[(g3 * G2 + g2) * G + k] *
                    (double)d[(((s3 + g3) * D2 + s2 + g2) * D + s + k) * L + l];
          error = fabs(sum - (double)y[((s3 * S2 + s2) * S + s) * L + l]);
          /* Written so that a NaN counts as an error, too. */
          if (!(error <= worst)) worst = error;
        }
  return worst;
}

int main(void)
{
  /* Per axis an output is a sum of terms of at most ${gain.toPrecision(6)} in all, through ${roundings} roundings. */
  double gain = 1.0;
  int failures = 0;
  for (int dims = 1; dims <= 3; dims++) {
    double error = largest_error(dims), bound;
    gain *= ${gain.toPrecision(6)};
    bound = gain * (${roundings}.0 * dims + 2.0) / 16777216.0;
    failures += !(error <= bound);
    printf("%d-D: largest error %.3g, bound %.3g, %s\\n", dims, error, bound, error <= bound ? "pass" : "FAIL");
  }
  return failures;
}
#endif
`;
}

/**
 * For data and taps within [−1, 1]: the largest Σₜ |A[s,t]| ‖Bₜ‖₁ ‖Cₜ‖₁, and how many roundings a path from an
 * input to an output passes: one an operation, and one for each constant that single precision rounds.
 */
function errorBound(
  { A, B, C }: Transform,
  { input, output }: Programs,
): { gain: number; roundings: number } {
  const absolute = (row: Transform['A'][number]) =>
    row.reduce((sum, entry) => sum + Math.abs(entry.valueOf()), 0);
  const weights = B.map((row, t) => absolute(row) * absolute(C[t]!));
  const gains = A.map((row) =>
    row.reduce((sum, entry, t) => sum + Math.abs(entry.valueOf()) * weights[t]!, 0),
  );
  return { gain: Math.max(...gains), roundings: 2 * (costOf(input).depth + costOf(output).depth) };
}
