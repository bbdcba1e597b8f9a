#include "operators/conv/direct/input.h"

namespace winograd {

DirectInput::DirectInput(const Problem& problem, const Pixels& input, CopyInput copy, bool joined)
    : problem_(problem),
      input_(input),
      copied_(copy != CopyInput::none),
      extents_(input.extents),
      lines_(problem.output) {
  const std::ptrdiff_t width = input.kernels->width, channels = problem.groupInputs();
  planar_ = copied_ ? copy == CopyInput::planar : input.layout == Layout::planar;
  pixel_ = planar_ ? 1 : width;
  planes_ = planar_ ? channels : divideUp(channels, width);
  // No column beyond the last tap's reach is ever read.
  if (copied_) extents_[2] = problem.reach(2, problem.output[2]);
  if (joined) joinLines();
}

void DirectInput::joinLines() {
  const Axes& stride = problem_.stride;
  const auto apart = [&](int axis) {
    return copied_ || problem_.padBegin[axis] > 0 || problem_.reach(axis, problem_.output[axis]) > problem_.input[axis];
  };
  if (apart(1) || (lines_[1] > 1 && stride[1] * extents_[2] != problem_.output[2] * stride[2])) return;
  lines_ = {problem_.output[0], 1, problem_.output[1] * problem_.output[2]};
  if (apart(0) || (lines_[0] > 1 && stride[0] * extents_[1] * extents_[2] != lines_[2] * stride[2])) return;
  lines_ = {1, 1, volume(problem_.output)};
}

// In the order of the weights: whole channel blocks before single channels, each row of taps by row of taps.
void DirectInput::layOut(const std::vector<Region>& regions) {
  if (copied_) {
    for (int a = 0; a < 2; a++) {
      extents_[a] = 0;
      for (const Region& region : regions) extents_[a] = std::max(extents_[a], region.end[a] - region.begin[a]);
    }
  }
  copySize_ = copied_ ? planes_ * pixel_ : 0;
  for (const std::ptrdiff_t extent : extents_) {
    copySize_ = static_cast<std::ptrdiff_t>(
        checkedMultiply(static_cast<std::size_t>(copySize_), static_cast<std::size_t>(extent)));
  }
  const std::ptrdiff_t rows = problem_.kernel[0] * problem_.kernel[1], channels = problem_.groupInputs();
  const std::ptrdiff_t whole = channels - channels % input_.kernels->width;
  for (std::ptrdiff_t row = 0; row < rows; row++) addSegments(row, 0, whole);
  perRow_[0] = static_cast<std::ptrdiff_t>(offsets_.size()) / rows;
  for (std::ptrdiff_t row = 0; row < rows; row++) addSegments(row, whole, channels);
  perRow_[1] = static_cast<std::ptrdiff_t>(offsets_.size()) / rows - perRow_[0];
  full_ = planar_ ? 0 : rows * perRow_[0];
}

void DirectInput::addSegments(std::ptrdiff_t tapRow, std::ptrdiff_t firstChannel, std::ptrdiff_t endChannel) {
  const std::ptrdiff_t width = input_.kernels->width;
  const Axes &kernel = problem_.kernel, &dilation = problem_.dilation;
  const std::ptrdiff_t row = tapRow / kernel[1] * dilation[0] * extents_[1] + tapRow % kernel[1] * dilation[1];
  for (std::ptrdiff_t block = firstChannel; block < endChannel; block += width) {
    const bool full = !planar_ && block + width <= endChannel;
    const std::ptrdiff_t end = full ? block + 1 : std::min(block + width, endChannel);
    for (std::ptrdiff_t w = 0; w < kernel[2]; w++) {
      const std::ptrdiff_t pixel = row * extents_[2] + w * dilation[2];
      for (std::ptrdiff_t c = block; c < end; c++) {
        const std::ptrdiff_t plane = planar_ ? c : c / width, lane = planar_ ? 0 : c % width;
        offsets_.push_back((plane * volume(extents_) + pixel) * pixel_ + lane);
      }
    }
  }
}

DirectInput::Region DirectInput::regionOf(std::ptrdiff_t group, std::ptrdiff_t firstLine,
                                          std::ptrdiff_t endLine) const {
  const std::ptrdiff_t last = endLine - 1;
  std::array<Range, 2> lines{Range{firstLine / lines_[1], last / lines_[1]}, Range{0, lines_[1] - 1}};
  if (lines[0].first == lines[0].end) lines[1] = {firstLine % lines_[1], last % lines_[1]};
  Region region{group, {}, {}};
  for (int a = 0; a < 2; a++) {
    const std::ptrdiff_t start = lines[a].first * problem_.stride[a] - problem_.padBegin[a];
    const std::ptrdiff_t end = start + problem_.reach(a, lines[a].end - lines[a].first + 1);
    region.begin[a] = std::clamp<std::ptrdiff_t>(start, 0, problem_.input[a]);
    region.end[a] = std::clamp<std::ptrdiff_t>(end, region.begin[a], problem_.input[a]);
  }
  return region;
}

void DirectInput::copy(const float* x, std::ptrdiff_t image, const Region& region, float* to) const {
  const std::ptrdiff_t channels = problem_.groupInputs();
  for (std::ptrdiff_t plane = 0; plane < planes_; plane++) {
    for (std::ptrdiff_t z = region.begin[0]; z < region.end[0]; z++) {
      float* row = to + (plane * extents_[0] + z - region.begin[0]) * extents_[1] * extents_[2] * pixel_;
      for (std::ptrdiff_t y = region.begin[1]; y < region.end[1]; y++, row += extents_[2] * pixel_) {
        (planar_ ? loadPlanarRow : loadInputRow)(
            input_, x, {image, {z, y, -problem_.padBegin[2]}, extents_[2], region.group * channels, plane, channels},
            row);
      }
    }
  }
}

std::ptrdiff_t DirectInput::lineStart(std::ptrdiff_t line, const Region& region) const {
  std::array<std::ptrdiff_t, 2> at{line / lines_[1], line % lines_[1]};
  for (int a = 0; a < 2; a++) {
    at[a] = at[a] * problem_.stride[a] - problem_.padBegin[a] - (copied_ ? region.begin[a] : 0);
  }
  return (at[0] * extents_[1] + at[1]) * extents_[2] * pixel_;
}

// Taps along an axis that meet the input, not its padding.
DirectInput::Range DirectInput::tapsInside(int axis, std::ptrdiff_t output) const {
  const std::ptrdiff_t start = output * problem_.stride[axis] - problem_.padBegin[axis];
  const std::ptrdiff_t dilation = problem_.dilation[axis], size = problem_.input[axis];
  const std::ptrdiff_t end = std::min(problem_.kernel[axis], start < size ? divideUp(size - start, dilation) : 0);
  return {std::min(start < 0 ? divideUp(-start, dilation) : 0, end), end};
}

void DirectInput::findRuns(std::ptrdiff_t line, std::vector<Segments>& runs) const {
  const Axes& kernel = problem_.kernel;
  const Range depth = tapsInside(0, line / lines_[1]), height = tapsInside(1, line % lines_[1]);
  runs.assign(1, {0, 0, 0});
  for (int part = 0; part < 2; part++) {
    const std::ptrdiff_t begin = part == 0 ? 0 : kernel[0] * kernel[1] * perRow_[0];
    const std::ptrdiff_t count = (height.end - height.first) * perRow_[part];
    if (count == 0) continue;
    for (std::ptrdiff_t d = depth.first; d < depth.end; d++) {
      const std::ptrdiff_t first = begin + (d * kernel[1] + height.first) * perRow_[part];
      Segments& last = runs.back();
      if (last.full + last.single == 0) last.first = first;
      if (last.first + last.full + last.single != first) runs.push_back({first, 0, 0});
      (first < full_ ? runs.back().full : runs.back().single) += count;
    }
  }
}

}  // namespace winograd
