#pragma once

#include <string>
#include <vector>

#include "kernels/kernels.h"
#include "runtime/value.h"

namespace winograd {

/// A matrix, rows x columns, as what the generic kernel runs: PairedTransform and its arrays.
struct PairedProgram {
  bool crossed = false;
  std::vector<RowPair> rows;
  std::vector<ColumnPair> columns;
  std::vector<float> coefficients;
  std::vector<int> termEnds, termColumns;
  std::vector<float> termCoefficients;

  /// Valid as long as this object is, and unchanged.
  PairedTransform view() const;
};

/// A matrix as descriptions give it: the name of a codelet, a program, or neither for the identity.
struct LineProgram {
  int rows = 1, columns = 1;
  std::string codelet;   // empty: none
  PairedProgram paired;  // without a codelet

  /// The 1 x 1 matrix [1].
  bool identity() const { return codelet.empty() && paired.rows.empty(); }
};

/// Reads `codelet` or `program`. Throws std::invalid_argument for a codelet that is none or has other sizes, and for a
/// program that would read or write what is not of the matrix, or leaves a row out.
LineProgram readLineProgram(const Value& value, const KernelTable& kernels, int rows, int columns);

}  // namespace winograd
