#pragma once

#include <vector>

#include "operators/conv/transform/line_program.h"

/// Transforms of the tests' own, as programs for the generic kernel.
namespace programs {

/// Rows of equal length.
using Matrix = std::vector<std::vector<double>>;

/// A matrix as a program that pairs nothing: each row is a sum of single terms.
winograd::LineProgram singleTerms(const Matrix& matrix);

/// The matrix of any program, multiplied out by its definition (RowPair, ColumnPair). Not of codelets.
Matrix matrixOf(const winograd::LineProgram& program);

}  // namespace programs
