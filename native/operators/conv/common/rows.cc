#include "operators/conv/common/rows.h"

#include <algorithm>
#include <cstring>

#include "runtime/memory.h"

namespace winograd {
namespace {

bool inside(std::ptrdiff_t index, std::ptrdiff_t size) {
  return index >= 0 && index < size;
}

// The pixels of a row that lie inside the input.
struct Range {
  std::ptrdiff_t left, end;
};
Range insideOf(const InputRow& row, const Axes& size) {
  const std::ptrdiff_t left = std::clamp<std::ptrdiff_t>(-row.at[2], 0, row.extent);
  return {left, std::clamp<std::ptrdiff_t>(size[2] - row.at[2], left, row.extent)};
}

void loadBlockedRow(const Pixels& input, const float* x, const InputRow& row, float* to) {
  const std::ptrdiff_t width = input.kernels->width;
  const Axes& size = input.extents;
  const std::size_t pixelBytes = static_cast<std::size_t>(width) * sizeof(float);
  if (!inside(row.at[0], size[0]) || !inside(row.at[1], size[1])) {
    std::memset(to, 0, static_cast<std::size_t>(row.extent) * pixelBytes);
    return;
  }
  const Range present = insideOf(row, size);
  const std::ptrdiff_t plane =
      row.image * divideUp(input.channels, width) + row.firstChannel / width + row.channelBlock;
  const float* from =
      x + (((plane * size[0] + row.at[0]) * size[1] + row.at[1]) * size[2] + row.at[2] + present.left) * width;
  std::memset(to, 0, static_cast<std::size_t>(present.left) * pixelBytes);
  std::memcpy(to + present.left * width, from, static_cast<std::size_t>(present.end - present.left) * pixelBytes);
  std::memset(to + present.end * width, 0, static_cast<std::size_t>(row.extent - present.end) * pixelBytes);
}

}  // namespace

Pixels inputPixels(const Problem& problem, const Schedule& schedule) {
  return {schedule.kernels, schedule.layouts.input, problem.batch, problem.inChannels, problem.input};
}

Pixels outputPixels(const Problem& problem, const Schedule& schedule) {
  return {schedule.kernels, schedule.layouts.output, problem.batch, problem.outChannels, problem.output};
}

Pixels residualPixels(const Problem& problem, const Schedule& schedule) {
  return {schedule.kernels, schedule.layouts.residual, problem.batch, problem.outChannels, problem.output};
}

ChannelPlace placeOf(const Pixels& pixels, std::ptrdiff_t image, std::ptrdiff_t channel) {
  const std::ptrdiff_t width = pixels.kernels->width, plane = volume(pixels.extents);
  if (pixels.layout == Layout::planar) return {(image * pixels.channels + channel) * plane, 1};
  const std::ptrdiff_t block = image * divideUp(pixels.channels, width) + channel / width;
  return {block * plane * width + channel % width, width};
}

void loadInputRow(const Pixels& input, const float* x, const InputRow& row, float* to) {
  if (input.layout == Layout::blocked) return loadBlockedRow(input, x, row, to);
  const std::ptrdiff_t width = input.kernels->width;
  const Axes &size = input.extents, &folded = row.folded;
  const std::ptrdiff_t taps = volume(folded);
  const float* channels[kMaxWidth] = {};
  const float* last = x;
  const Range pixels = insideOf(row, size);
  const std::ptrdiff_t present = std::min(width, row.channels - row.channelBlock * width);
  // Channel, tap and place among lanes that share a channel, counted from lane to lane: divisions for each would take
  // longer than the row.
  const std::ptrdiff_t first = row.channelBlock * width, shared = first / taps;
  std::ptrdiff_t channel = row.image * input.channels + row.firstChannel + shared / row.lanes * row.step;
  std::ptrdiff_t tap = first % taps, place = shared % row.lanes;
  std::ptrdiff_t z = row.at[0] + tap / folded[1], y = row.at[1] + tap % folded[1];
  for (std::ptrdiff_t lane = 0; lane < present; lane++) {
    if (inside(z, size[0]) && inside(y, size[1])) {
      channels[lane] = x + ((channel * size[0] + z) * size[1] + y) * size[2] + row.at[2] + pixels.left;
      last = std::max(last, channels[lane]);
    }
    if (++y < row.at[1] + folded[1]) continue;
    y = row.at[1];
    if (++z < row.at[0] + folded[0]) continue;
    z = row.at[0];
    if (++place < row.lanes) continue;
    place = 0;
    channel += row.step;
  }
  const std::ptrdiff_t rest = x + input.batch * input.channels * volume(size) - last;
  input.kernels->loadRow({channels, pixels.left, pixels.end - pixels.left, row.extent - pixels.end, rest >= width, to});
}

void loadPlanarRow(const Pixels& input, const float* x, const InputRow& row, float* to) {
  const Axes& size = input.extents;
  const std::ptrdiff_t channel = row.image * input.channels + row.firstChannel + row.channelBlock;
  const Range pixels = insideOf(row, size);
  std::fill_n(to, pixels.left, 0.0f);
  std::copy_n(x + ((channel * size[0] + row.at[0]) * size[1] + row.at[1]) * size[2] + row.at[2] + pixels.left,
              pixels.end - pixels.left, to + pixels.left);
  std::fill_n(to + pixels.end, row.extent - pixels.end, 0.0f);
}

Epilogue::Epilogue(const Problem& problem, const Schedule& schedule)
    : output(outputPixels(problem, schedule)),
      residual(residualPixels(problem, schedule)),
      activation(problem.activation),
      streamed(schedule.streamOutput) {}

void Epilogue::store(const Pass& pass, const OutputRow& row, const float* from, std::ptrdiff_t pixelStride) const {
  const KernelTable& kernels = *output.kernels;
  const Axes& extents = output.extents;
  const std::ptrdiff_t pixel = (row.at[0] * extents[1] + row.at[1]) * extents[2] + row.at[2];
  const auto offset = [&](const Pixels& pixels) {
    const ChannelPlace place = placeOf(pixels, row.image, row.channel);
    return place.first + pixel * place.step;
  };
  StoreRowsArgs args{};
  args.from = from;
  args.pixelStride = pixelStride;
  args.rows = row.rows;
  args.count = row.count;
  args.fromStep = row.step;
  args.toStep = extents[2];
  args.to = pass.y + offset(output);
  args.channelStride = volume(extents);
  args.channels = row.channels;
  args.bias = row.bias;
  if (pass.residual != nullptr) {
    (residual.layout == Layout::blocked ? args.blockedResidual : args.residual) = pass.residual + offset(residual);
  }
  args.streamed = streamed;
  args.activation = activation;
  (output.layout == Layout::blocked ? kernels.storeBlockedRows : kernels.storeRows)(args);
}

}  // namespace winograd
