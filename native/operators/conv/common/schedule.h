#pragma once

#include <string>

#include "operators/conv/common/problem.h"

/// What the schedules of all algorithms say. Each algorithm reads the rest of its own.
namespace winograd {

/// planar: N x C x D x H x W. blocked: N x C/width x D x H x W x width, channels padded to whole vectors; what a
/// network keeps between its layers.
enum class Layout { planar, blocked };

struct Layouts {
  Layout input = Layout::planar, output = Layout::planar;
  Layout residual = Layout::planar;  // of what is added to the result
  /// Phases of the result's pixels along each axis: output channel phase * C + c of the problem is channel c of C at
  /// those pixels that are the phase modulo the number of phases (sub-pixel convolution).
  Axes phases{1, 1, 1};
};

struct Schedule {
  const KernelTable* kernels = nullptr;
  int threads = 1;
  bool wake = true;  // whether sleeping threads are woken for it
  Layouts layouts;
  /// Whether results are stored past the caches: large ones, of which little would be left there for who reads them.
  bool streamOutput = false;
};

/// The kernel table that `schedule.isa` names, and `schedule.threads`. Throw std::invalid_argument.
const KernelTable& readKernels(const Value& schedule);
int readThreads(const Value& schedule);

/// A multiple of `step` within the limits, both included. Throws std::invalid_argument.
std::ptrdiff_t readMultiple(std::ptrdiff_t step, const Value& value, std::ptrdiff_t least, std::ptrdiff_t most);

/// Reads what all schedules have. Throws std::invalid_argument.
Schedule readSchedule(const Value& schedule);

/// Which layouts an algorithm takes for a problem: blocked ones, and results in phases.
struct TakesLayouts {
  bool input, output;
  bool phases = false;
};
/// Throws std::invalid_argument for a layout that is not taken.
void checkLayouts(const Value& schedule, const Layouts& layouts, TakesLayouts takes);

/// Reads the schedule of an algorithm that is planar and adds to its results. Throws std::invalid_argument.
Schedule readPlanarSchedule(const Value& schedule);

/// Whether channels of every group begin with a vector of their own.
inline bool wholeVectors(const Filters& filters, std::ptrdiff_t channelsOfGroup, int width) {
  return filters.groups == 1 || channelsOfGroup % width == 0;
}

}  // namespace winograd
