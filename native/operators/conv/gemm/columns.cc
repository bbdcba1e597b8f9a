#include "operators/conv/gemm/columns.h"

#include <algorithm>

#include "runtime/memory.h"

namespace winograd {
namespace {

// Longer by a run; one that goes on where the last one ends belongs to it.
void add(std::vector<ColumnRun>& runs, std::size_t first, const ColumnRun& run, std::ptrdiff_t step) {
  if (run.count <= 0) return;
  if (runs.size() > first) {
    ColumnRun& last = runs.back();
    if (run.plane < 0 ? last.plane < 0 : last.plane >= 0 && run.plane == last.plane + last.count * step) {
      last.count += run.count;
      return;
    }
  }
  runs.push_back(run);
}

}  // namespace

InputColumns::InputColumns(const Problem& problem, const KernelTable& kernels)
    : problem_(problem), kernels_(kernels), taps_(volume(problem.kernel)) {}

void InputColumns::find(std::ptrdiff_t column, std::ptrdiff_t columns, std::ptrdiff_t width, Runs& runs,
                        std::ptrdiff_t first, std::ptrdiff_t taps) const {
  runs.runs.clear();
  runs.ends.clear();
  runs.first = first;
  const Axes& kernel = problem_.kernel;
  for (std::ptrdiff_t t = first; t < first + taps; t++) {
    const std::size_t own = runs.runs.size();
    findTap({t / kernel[2] / kernel[1], t / kernel[2] % kernel[1], t % kernel[2]}, column, columns, runs.runs);
    add(runs.runs, own, {-1, static_cast<std::int32_t>(columns), static_cast<std::int32_t>(width - columns)}, 0);
    runs.ends.push_back(static_cast<std::int32_t>(runs.runs.size()));
  }
}

void InputColumns::findTap(const Axes& tap, std::ptrdiff_t column, std::ptrdiff_t columns,
                           std::vector<ColumnRun>& runs) const {
  const Axes &input = problem_.input, &output = problem_.output, &stride = problem_.stride;
  const std::size_t own = runs.size();
  // From output o to the input that the tap meets: o * stride + shift.
  Axes shift;
  for (int a = 0; a < 3; a++) shift[a] = tap[a] * problem_.dilation[a] - problem_.padBegin[a];
  // Outputs along a row whose inputs are there.
  const std::ptrdiff_t low = std::max<std::ptrdiff_t>(0, divideUp(std::max<std::ptrdiff_t>(0, -shift[2]), stride[2]));
  const std::ptrdiff_t left = input[2] - shift[2];
  const std::ptrdiff_t high = left <= 0 ? 0 : divideUp(left, stride[2]);
  std::ptrdiff_t to = 0;
  std::ptrdiff_t w = column % output[2], h = column / output[2] % output[1], d = column / output[2] / output[1];
  const auto at = [&](std::ptrdiff_t place) { return static_cast<std::int32_t>(place); };
  while (to < columns) {
    const std::ptrdiff_t end = std::min(output[2], w + columns - to), count = end - w;
    const std::ptrdiff_t deep = d * stride[0] + shift[0], high1 = h * stride[1] + shift[1];
    if (deep < 0 || deep >= input[0] || high1 < 0 || high1 >= input[1]) {
      add(runs, own, {-1, at(to), at(count)}, 0);
    } else {
      const std::ptrdiff_t begin = std::clamp(low, w, end), stop = std::clamp(high, begin, end);
      const std::ptrdiff_t row = (deep * input[1] + high1) * input[2];
      add(runs, own, {-1, at(to), at(begin - w)}, 0);
      add(runs, own, {at(row + begin * stride[2] + shift[2]), at(to + begin - w), at(stop - begin)}, stride[2]);
      add(runs, own, {-1, at(to + stop - w), at(end - stop)}, 0);
    }
    to += count;
    w = 0;
    if (++h == output[1]) {
      h = 0;
      d++;
    }
  }
}

UnfoldArgs InputColumns::argsOf(const Runs& runs, std::ptrdiff_t row, std::ptrdiff_t rows, std::ptrdiff_t step) const {
  UnfoldArgs args{};
  args.planeStep = plane();
  args.runs = runs.runs.data();
  args.ends = runs.ends.data();
  args.taps = taps_ - runs.first;
  args.tap = row % taps_ - runs.first;
  args.rows = rows;
  args.step = problem_.stride[2];
  args.columnsStep = step;
  return args;
}

void InputColumns::unfold(const Runs& runs, const float* input, std::ptrdiff_t row, std::ptrdiff_t rows, float* to,
                          std::ptrdiff_t step) const {
  UnfoldArgs args = argsOf(runs, row, rows, step);
  args.plane = const_cast<float*>(input) + row / taps_ * plane();  // only read
  args.columns = to;
  kernels_.unfold(args);
}

void InputColumns::fold(const Runs& runs, const float* from, std::ptrdiff_t step, std::ptrdiff_t row,
                        std::ptrdiff_t rows, float* input) const {
  UnfoldArgs args = argsOf(runs, row, rows, step);
  args.plane = input + row / taps_ * plane();
  args.columns = const_cast<float*>(from);  // only read
  kernels_.fold(args);
}

}  // namespace winograd
