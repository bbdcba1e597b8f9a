#include "operators/conv/common/rows.h"

#include <algorithm>
#include <cstring>

namespace winograd {
namespace {

bool inside(std::ptrdiff_t index, std::ptrdiff_t size) {
  return index >= 0 && index < size;
}

}  // namespace

ChannelPlace placeOf(Layout layout, int width, std::ptrdiff_t image, std::ptrdiff_t channel, std::ptrdiff_t channels,
                     std::ptrdiff_t pixels) {
  if (layout == Layout::planar) return {(image * channels + channel) * pixels, 1};
  const std::ptrdiff_t block = image * divideUp(channels, width) + channel / width;
  return {block * pixels * width + channel % width, width};
}

void loadInputRow(const Layer& layer, const Problem& problem, const float* x, const InputRow& row, float* to) {
  const std::ptrdiff_t width = layer.kernels->width;
  const Axes& size = problem.input;
  const std::size_t pixelBytes = static_cast<std::size_t>(width) * sizeof(float);
  if (problem.inputLayout == Layout::blocked) {
    if (!inside(row.at[0], size[0]) || !inside(row.at[1], size[1])) {
      std::memset(to, 0, static_cast<std::size_t>(row.extent) * pixelBytes);
      return;
    }
    const std::ptrdiff_t left = std::clamp<std::ptrdiff_t>(-row.at[2], 0, row.extent);
    const std::ptrdiff_t end = std::clamp<std::ptrdiff_t>(size[2] - row.at[2], left, row.extent);
    const std::ptrdiff_t plane =
        row.image * divideUp(layer.inChannels, width) + row.firstChannel / width + row.channelBlock;
    const float* from =
        x + (((plane * size[0] + row.at[0]) * size[1] + row.at[1]) * size[2] + row.at[2] + left) * width;
    std::memset(to, 0, static_cast<std::size_t>(left) * pixelBytes);
    std::memcpy(to + left * width, from, static_cast<std::size_t>(end - left) * pixelBytes);
    std::memset(to + end * width, 0, static_cast<std::size_t>(row.extent - end) * pixelBytes);
    return;
  }

  const Axes folded = layer.folded();
  const std::ptrdiff_t taps = volume(folded);
  const float* channels[kMaxWidth] = {};
  const float* last = x;
  const std::ptrdiff_t left = std::clamp<std::ptrdiff_t>(-row.at[2], 0, row.extent);
  const std::ptrdiff_t end = std::clamp<std::ptrdiff_t>(size[2] - row.at[2], left, row.extent);
  const std::ptrdiff_t present = std::min(width, row.channels - row.channelBlock * width);
  // Channel, tap and place among lanes that share a channel, counted from lane to lane: divisions for each would take
  // longer than the row.
  const std::ptrdiff_t first = row.channelBlock * width, shared = first / taps;
  std::ptrdiff_t channel = row.image * layer.inChannels + row.firstChannel + shared / row.lanes * row.step;
  std::ptrdiff_t tap = first % taps, place = shared % row.lanes;
  std::ptrdiff_t z = row.at[0] + tap / folded[1], y = row.at[1] + tap % folded[1];
  for (std::ptrdiff_t lane = 0; lane < present; lane++) {
    if (inside(z, size[0]) && inside(y, size[1])) {
      channels[lane] = x + ((channel * size[0] + z) * size[1] + y) * size[2] + row.at[2] + left;
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
  const std::ptrdiff_t rest = x + problem.batch * layer.inChannels * volume(size) - last;
  layer.kernels->loadRow({channels, left, end - left, row.extent - end, rest >= width, to});
}

void loadPlanarRow(const Layer& layer, const Problem& problem, const float* x, const InputRow& row, float* to) {
  const Axes& size = problem.input;
  const std::ptrdiff_t channel = row.image * layer.inChannels + row.firstChannel + row.channelBlock;
  const std::ptrdiff_t left = std::clamp<std::ptrdiff_t>(-row.at[2], 0, row.extent);
  const std::ptrdiff_t end = std::clamp<std::ptrdiff_t>(size[2] - row.at[2], left, row.extent);
  std::fill_n(to, left, 0.0f);
  std::copy_n(x + ((channel * size[0] + row.at[0]) * size[1] + row.at[1]) * size[2] + row.at[2] + left, end - left,
              to + left);
  std::fill_n(to + end, row.extent - end, 0.0f);
}

void storeOutputRow(const Layer& layer, const Problem& problem, const Axes& output, const Activations& activations,
                    const OutputRow& row, const float* from, std::ptrdiff_t pixelStride) {
  const KernelTable& kernels = *layer.kernels;
  const std::ptrdiff_t pixel = (row.at[0] * output[1] + row.at[1]) * output[2] + row.at[2];
  const auto offset = [&](Layout layout) {
    const ChannelPlace place =
        placeOf(layout, kernels.width, row.image, row.channel, layer.outChannels, volume(output));
    return place.first + pixel * place.step;
  };
  StoreRowsArgs args{};
  args.from = from;
  args.pixelStride = pixelStride;
  args.rows = row.rows;
  args.count = row.count;
  args.fromStep = row.step;
  args.toStep = output[2];
  args.to = activations.y + offset(problem.outputLayout);
  args.channelStride = volume(output);
  args.channels = row.channels;
  args.bias = row.bias;
  if (activations.residual != nullptr) {
    (problem.residualLayout == Layout::blocked ? args.blockedResidual : args.residual) =
        activations.residual + offset(problem.residualLayout);
  }
  args.streamed = activations.streamed;
  args.activation = problem.activation;
  (problem.outputLayout == Layout::blocked ? kernels.storeBlockedRows : kernels.storeRows)(args);
}

}  // namespace winograd
