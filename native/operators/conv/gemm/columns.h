#pragma once

#include <vector>

#include "operators/conv/common/problem.h"

namespace winograd {

/// A convolution's input as a matrix that never exists (im2col, Barrachina et al. 2023, section 2.3): for a group of an
/// image, rows (input channel, tap) by columns (output), the input that the tap meets there or zero. Planar.
class InputColumns {
 public:
  InputColumns(const Problem& problem, const KernelTable& kernels);

  std::ptrdiff_t rows() const { return problem_.groupInputs() * taps_; }
  std::ptrdiff_t columns() const { return volume(problem_.output); }
  std::ptrdiff_t taps() const { return taps_; }
  /// Floats of one input channel.
  std::ptrdiff_t plane() const { return volume(problem_.input); }

  /// Where the inputs of some columns lie, for every tap: what `unfold` and `fold` go by.
  struct Runs {
    std::vector<ColumnRun> runs;
    std::vector<std::int32_t> ends;
    std::ptrdiff_t first = 0;  // tap
  };
  /// @param width columns that are written, those beyond the given ones as zeros
  /// @param first,taps of a channel, others are not asked for; by default all
  void find(std::ptrdiff_t column, std::ptrdiff_t columns, std::ptrdiff_t width, Runs& runs, std::ptrdiff_t first,
            std::ptrdiff_t taps) const;
  void find(std::ptrdiff_t column, std::ptrdiff_t columns, std::ptrdiff_t width, Runs& runs) const {
    find(column, columns, width, runs, 0, taps_);
  }

  /// Writes some rows of these columns, `step` floats apart, and up to a vector behind each.
  /// @param input of the group: its first channel
  void unfold(const Runs& runs, const float* input, std::ptrdiff_t row, std::ptrdiff_t rows, float* to,
              std::ptrdiff_t step) const;
  /// Adds some rows of these columns to where they come from (col2im).
  void fold(const Runs& runs, const float* from, std::ptrdiff_t step, std::ptrdiff_t row, std::ptrdiff_t rows,
            float* input) const;

 private:
  UnfoldArgs argsOf(const Runs& runs, std::ptrdiff_t row, std::ptrdiff_t rows, std::ptrdiff_t step) const;
  void findTap(const Axes& tap, std::ptrdiff_t column, std::ptrdiff_t columns, std::vector<ColumnRun>& runs) const;

  const Problem problem_;
  const KernelTable& kernels_;
  std::ptrdiff_t taps_;
};

}  // namespace winograd
