#pragma once

#include "operators/conv/common/schedule.h"

namespace winograd {

/// Whether threads copy the rows that they are about to read, with their padding, and how pixels lie in the copies.
enum class CopyInput { none, planar, blocked };

/// The decisions for direct convolution.
struct DirectSchedule {
  CopyInput copyInput;
  std::ptrdiff_t tileRows;  // most rows of a register tile
  std::ptrdiff_t chunks;    // parts of the outputs, whose inputs stay in cache from panel to panel of weights
  bool wholeLines;          // whether chunks end with lines of outputs; else with register tiles
  std::ptrdiff_t items;     // parts of all the work, for threads to share
};

/// Throws std::invalid_argument for what direct convolution can't obey.
DirectSchedule readDirectSchedule(const Value& value, const Problem& problem, const Schedule& schedule);

}  // namespace winograd
