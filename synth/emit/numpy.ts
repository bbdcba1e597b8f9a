import type { Fraction } from 'fraction.js';
import type { Matrix, Transform } from '../core/transform.js';
import type { Program } from '../program/program.js';
import { compileTransform } from '../program/programs.js';
import { indent } from './c.js';
import { headerLines } from './header.js';
import { type Dialect, writeProgram } from './straight-line.js';

const python: Dialect = {
  define: (name, expression) => `${name} = ${expression}`,
  load: (input) => `x[${input}]`,
  store: (output, value) => `y[${output}] = ${value}`,
  constant: (value: Fraction) => (value.d === 1n ? String(value.valueOf()) : value.toFraction()),
  zero: '0',
  add: (a, b) => `${a} + ${b}`,
  subtract: (a, b) => `${a} - ${b}`,
  multiply: (constant, a) => `${constant} * ${a}`,
  negate: (a) => `-${a}`,
  fma: (constant, a, b) => `${constant} * ${a} + ${b}`,
  fnma: (constant, a, b) => `${b} - ${constant} * ${a}`,
  fms: (constant, a, b) => `${constant} * ${a} - ${b}`,
};

/**
 * F(S, G) as a Python module over NumPy: the exact matrices, the transforms as functions on arrays of any
 * dimension, and an N-dimensional correlation made of tiles. Run as a program it proves and tests itself.
 */
export function emitNumpy(transform: Transform): string {
  const programs = compileTransform(transform);
  const { outputs, taps, products, A, B, C } = transform;
  return `"""
${headerLines(transform, programs, 'numpy').join('\n')}

Run this file to prove the algorithm with Python's fractions and to compare it with the definition.
"""

from fractions import Fraction
from itertools import product

import numpy as np

OUTPUTS = ${outputs}
TAPS = ${taps}
INPUTS = ${outputs + taps - 1}
PRODUCTS = ${products}

${matrixText('A', A)}
${matrixText('B', B)}
${matrixText('C', C)}


${lineFunction('input', 'B d', programs.input, products)}

${lineFunction('kernel', 'C g', programs.kernel, products)}

${lineFunction('output', 'A m', programs.output, outputs)}

def along_axes(transform, x, axes):
    """Applies a transform along each of the given axes in turn (n-mode products)."""
    for axis in axes:
        x = np.moveaxis(transform(np.moveaxis(x, axis, 0)), 0, axis)
    return x


def correlate(data, kernel):
    """
    The valid correlation of an N-dimensional array with a kernel of TAPS taps per axis:
    y[s] = sum over g of kernel[g] data[s + g], as np.correlate and ConvNets have it.
    """
    data, kernel = np.asarray(data), np.asarray(kernel)
    if kernel.ndim != data.ndim or any(size != TAPS for size in kernel.shape):
        raise ValueError(f"Expected kernel to have the shape {(TAPS,) * data.ndim} but received {kernel.shape}")
    shape = tuple(size - TAPS + 1 for size in data.shape)
    if min(shape) < 1:
        raise ValueError(f"Expected data to be at least {TAPS} long on each axis but received {data.shape}")
    dtype = np.result_type(data, kernel, np.float32)
    axes = range(data.ndim)
    tiles = tuple(-(-size // OUTPUTS) for size in shape)
    padding = [(0, count * OUTPUTS + TAPS - 1 - size) for count, size in zip(tiles, data.shape)]
    padded = np.pad(data.astype(dtype), padding)
    # Windows of INPUTS values, OUTPUTS apart: one axis for the tiles, and one within the tile at the end.
    windows = np.lib.stride_tricks.sliding_window_view(padded, (INPUTS,) * data.ndim)
    windows = windows[tuple(slice(None, None, OUTPUTS) for _ in axes)]
    inner = [data.ndim + axis for axis in axes]
    v = along_axes(input_transform, windows, inner)
    u = along_axes(kernel_transform, kernel.astype(np.result_type(kernel, np.float64)), axes).astype(dtype)
    y = along_axes(output_transform, v * u, inner)
    # Tiles side by side again: (tiles..., OUTPUTS...) becomes one axis each.
    y = y.transpose([axis + part for axis in axes for part in (0, data.ndim)])
    y = y.reshape([count * OUTPUTS for count in tiles])
    return y[tuple(slice(size) for size in shape)]


def prove():
    """
    Checks every equation sum over t of A[s, t] C[t, g] B[t, d] = (d == s + g) in exact arithmetic, and that the
    functions are the matrices up to the rounding of their constants.
    """
    for s, g, d in product(range(OUTPUTS), range(TAPS), range(INPUTS)):
        value = sum(A[s][t] * C[t][g] * B[t][d] for t in range(PRODUCTS))
        assert value == (d == s + g), (s, g, d, value)
    for matrix, transform in ((A, output_transform), (B, input_transform), (C, kernel_transform)):
        matrix = np.array(matrix, dtype=float)
        np.testing.assert_allclose(transform(np.eye(matrix.shape[1])), matrix, rtol=1e-13, atol=1e-13)


def test():
    """Compares correlate with the definition in double precision, in one, two and three dimensions."""
    random = np.random.default_rng(1)
    weights = np.abs(np.array(B, dtype=float)).sum(axis=1) * np.abs(np.array(C, dtype=float)).sum(axis=1)
    gain = (np.abs(np.array(A, dtype=float)) @ weights).max()
    for dims in (1, 2, 3):
        data = random.uniform(-1, 1, [2 * INPUTS + axis for axis in range(dims)])
        kernel = random.uniform(-1, 1, (TAPS,) * dims)
        got = correlate(data, kernel)
        want = np.zeros(got.shape)
        for g in product(range(TAPS), repeat=dims):
            want += kernel[g] * data[tuple(slice(i, i + size) for i, size in zip(g, got.shape))]
        error, bound = np.abs(got - want).max(), 64 * dims * gain**dims * 2.0**-53
        print(f"{dims}-D: largest error {error:.3g}, bound {bound:.3g}, {'pass' if error <= bound else 'FAIL'}")
        assert error <= bound


if __name__ == "__main__":
    prove()
    test()
`;
}

function matrixText(name: string, matrix: Matrix): string {
  const rows = matrix.map(
    (row) => `    ${JSON.stringify(row.map((entry) => entry.toFraction()).join(' '))},`,
  );
  return `${name} = [[Fraction(entry) for entry in row.split()] for row in (\n${rows.join('\n')}\n)]`;
}

function lineFunction(part: string, formula: string, program: Program, rows: number): string {
  const { constants, body } = writeProgram(program, python);
  return `def ${part}_transform(x):
    """${formula} along the first axis of x, which has ${program.inputs} entries; the result has ${rows}."""
    y = [None] * ${rows}
${indent([...constants, ...body], 4)}
    return np.stack(y)

`;
}
