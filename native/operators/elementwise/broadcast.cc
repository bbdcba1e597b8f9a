#include "operators/elementwise/broadcast.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <string>

#include "operators/common/describe.h"
#include "runtime/memory.h"

namespace winograd {
namespace {

using Sizes = std::vector<std::ptrdiff_t>;

// Sizes in memory: of a blocked tensor N x blocks x spatial x width.
Sizes memorySizes(const TensorShape& shape, int width) {
  Sizes sizes = shape.sizes;
  if (shape.layout == TensorLayout::blocked) {
    sizes[1] = divideUp(sizes[1], width);
    sizes.push_back(width);
  }
  return sizes;
}

// Floats from one element to the next along each axis of the result; 0 where the input is broadcast.
Sizes stridesOf(const TensorShape& input, const TensorShape& result, int width) {
  const Sizes sizes = memorySizes(input, width);
  Sizes strides(sizes.size());
  std::ptrdiff_t stride = 1;
  for (std::size_t a = sizes.size(); a-- > 0; stride *= sizes[a]) strides[a] = sizes[a] == 1 ? 0 : stride;
  if (result.layout == TensorLayout::planar) return strides;
  if (input.layout == TensorLayout::planar) {
    strides.push_back(0);
  } else if (input.sizes[1] == 1 && result.sizes[1] != 1) {
    strides.back() = 0;
  }
  return strides;
}

void check(const TensorShape& input, const TensorShape& result) {
  bool fits = input.sizes.size() == result.sizes.size();
  for (std::size_t a = 0; fits && a < result.sizes.size(); a++)
    fits = input.sizes[a] == result.sizes[a] || input.sizes[a] == 1;
  if (result.layout == TensorLayout::planar) fits = fits && input.layout == TensorLayout::planar;
  if (result.layout == TensorLayout::blocked && input.layout == TensorLayout::planar)
    fits = fits && input.sizes[1] == 1;
  if (!fits) throw std::invalid_argument("Expected inputs to be broadcast to the result but received other shapes");
}

}  // namespace

std::ptrdiff_t TensorShape::floats(int width) const {
  if (layout == TensorLayout::blocked && sizes.size() < 2)
    throw std::invalid_argument("Expected a blocked tensor to have channels but received a lower rank");
  // With ones for zeros, so that no product of some of the sizes overflows.
  Sizes raised = memorySizes(*this, width);
  for (std::ptrdiff_t& size : raised) size = std::max<std::ptrdiff_t>(size, 1);
  const std::ptrdiff_t most = describe::elements(raised);
  return std::count(sizes.begin(), sizes.end(), 0) > 0 ? 0 : most;
}

Broadcast::Broadcast(const KernelTable& kernels, const TensorShape& result, const std::vector<TensorShape>& inputs,
                     std::ptrdiff_t longestStrip)
    : width_(kernels.width), floats_(result.floats(kernels.width)), lastLanes_(kernels.width) {
  for (const TensorShape& input : inputs) check(input, result);
  const Sizes sizes = memorySizes(result, width_);
  if (result.layout == TensorLayout::blocked) {
    blocks_ = sizes[1];
    blockFloats_ = describe::elements(std::span(sizes).subspan(2));
    lastLanes_ = static_cast<int>(result.sizes[1] - (blocks_ - 1) * width_);
  }

  // Axes along which no input turns back are one.
  Sizes axes;
  std::vector<Sizes> strides(inputs.size()), given;
  for (const TensorShape& input : inputs) given.push_back(stridesOf(input, result, width_));
  for (std::size_t a = 0; a < sizes.size(); a++) {
    if (sizes[a] == 1) continue;
    bool joins = !axes.empty();
    for (std::size_t i = 0; joins && i < inputs.size(); i++) joins = strides[i].back() == given[i][a] * sizes[a];
    if (!joins) axes.push_back(1);
    axes.back() *= sizes[a];
    for (std::size_t i = 0; i < inputs.size(); i++) {
      if (!joins) strides[i].push_back(0);
      strides[i].back() = given[i][a];
    }
  }
  if (axes.empty()) {
    axes.push_back(1);
    for (Sizes& each : strides) each.push_back(0);
  }

  // Rows take in two axes where the inner one is a vector, as in a blocked tensor.
  const bool pairs = axes.size() > 1 && axes.back() == width_;
  const std::size_t inner = pairs ? 2 : 1;
  row_ = pairs ? axes.end()[-2] * width_ : axes.back();
  outer_.assign(axes.begin(), axes.end() - static_cast<std::ptrdiff_t>(inner));
  for (Sizes& each : strides) {
    Input input;
    const std::ptrdiff_t last = each.back(), previous = pairs ? each.end()[-2] : width_ * last;
    input.flat = true;
    std::ptrdiff_t natural = 1;
    for (std::size_t a = axes.size(); a-- > 0; natural *= axes[a]) input.flat = input.flat && each[a] == natural;
    input.step = previous;
    input.way = last == 0 ? previous == 0 ? Way::value : Way::lanes : previous == 0 ? Way::vector : Way::along;
    input.strides.assign(each.begin(), each.end() - static_cast<std::ptrdiff_t>(inner));
    inputs_.push_back(std::move(input));
  }

  // Strips are parts of long rows, whole vectors of them, or several short rows.
  constexpr std::ptrdiff_t shortRow = 256;
  row_ = std::max<std::ptrdiff_t>(row_, 1);
  const std::ptrdiff_t rows = floats_ / row_;
  if (row_ >= std::min(shortRow, longestStrip)) {
    strip_ = std::min(longestStrip, roundUp(row_, kMaxWidth));
    stripsPerRow_ = divideUp(row_, strip_);
    strips_ = rows * stripsPerRow_;
  } else {
    strip_ = longestStrip / row_ * row_;
    stripsPerRow_ = 0;
    strips_ = divideUp(floats_, strip_);
  }
  slot_ = roundUp(strip_, kMaxWidth);
}

Broadcast::Strip Broadcast::strip(std::ptrdiff_t index) const {
  if (stripsPerRow_ == 0) return {index * strip_, std::min(strip_, floats_ - index * strip_)};
  const std::ptrdiff_t row = index / stripsPerRow_, x = index % stripsPerRow_ * strip_;
  return {row * row_ + x, std::min(strip_, row_ - x)};
}

std::ptrdiff_t Broadcast::offset(const Input& input, std::ptrdiff_t row) const {
  std::ptrdiff_t offset = 0;
  for (std::size_t a = outer_.size(); a-- > 0; row /= outer_[a]) offset += row % outer_[a] * input.strides[a];
  return offset;
}

// Elements x to x + count of a row; of vectors and lanes whole ones.
void Broadcast::spread(const Input& input, const float* from, std::ptrdiff_t x, std::ptrdiff_t count, float* to) const {
  switch (input.way) {
    case Way::along:
      std::memcpy(to, from + x, count * sizeof(float));
      return;
    case Way::value:
      std::fill_n(to, count, *from);
      return;
    case Way::vector:
      for (std::ptrdiff_t i = 0; i < count; i += width_) std::memcpy(to + i, from, width_ * sizeof(float));
      return;
    case Way::lanes:
      for (std::ptrdiff_t i = 0; i < count; i += width_)
        std::fill_n(to + i, width_, from[(x + i) / width_ * input.step]);
      return;
  }
}

void Broadcast::resolve(const Strip& strip, const float* const* from, StripOperand* operands, float* workspace) const {
  const std::ptrdiff_t row = strip.begin / row_, x = strip.begin % row_;
  for (std::size_t i = 0; i < inputs_.size(); i++, workspace += slot_) {
    const Input& input = inputs_[i];
    operands[i] = {workspace, false};
    if (input.flat) {
      operands[i].from = from[i] + strip.begin;
    } else if (stripsPerRow_ == 0) {
      for (std::ptrdiff_t done = 0; done < strip.count; done += row_)
        spread(input, from[i] + offset(input, row + done / row_), 0, row_, workspace + done);
    } else {
      const float* const start = from[i] + offset(input, row);
      if (input.way == Way::along) {
        operands[i].from = start + x;
      } else if (input.way == Way::vector) {
        operands[i] = {start, true};
      } else if (input.way == Way::value) {
        std::fill_n(workspace, width_, *start);
        operands[i].same = true;
      } else {
        spread(input, start, x, strip.count, workspace);
      }
    }
  }
}

bool Broadcast::hasMissing(const Strip& strip) const {
  if (lastLanes_ == width_) return false;
  const std::ptrdiff_t first = strip.begin / blockFloats_, last = (strip.begin + strip.count - 1) / blockFloats_;
  return last % blocks_ == blocks_ - 1 || last - first >= blocks_ || last % blocks_ < first % blocks_;
}

void Broadcast::clearMissing(const Strip& strip, float* result) const {
  const std::ptrdiff_t end = strip.begin + strip.count;
  for (std::ptrdiff_t at = strip.begin; at < end;) {
    const std::ptrdiff_t block = at / blockFloats_, blockEnd = std::min(end, (block + 1) * blockFloats_);
    if (block % blocks_ == blocks_ - 1) {
      for (std::ptrdiff_t pixel = at; pixel < blockEnd; pixel += width_)
        std::fill(result + pixel + lastLanes_, result + pixel + width_, 0.0f);
    }
    at = blockEnd;
  }
}

}  // namespace winograd
