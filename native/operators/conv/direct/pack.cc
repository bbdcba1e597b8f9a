#include "operators/conv/direct/pack.h"

#include <algorithm>

#include "operators/conv/common/packing.h"
#include "operators/conv/common/panels.h"
#include "runtime/threads.h"

namespace winograd {
namespace {

// The weights of one panel of output channels.
void packPanel(const Filters& filters, std::ptrdiff_t firstOutput, std::ptrdiff_t filled, std::ptrdiff_t lanes,
               std::ptrdiff_t width, const float* weights, float* to) {
  const std::ptrdiff_t channels = filters.groupInputs(), whole = channels - channels % width;
  const std::ptrdiff_t taps = volume(filters.kernel), columns = filters.kernel[2];
  const auto addRow = [&](std::ptrdiff_t row, std::ptrdiff_t first, std::ptrdiff_t end) {
    for (std::ptrdiff_t block = first; block < end; block += width) {
      const std::ptrdiff_t count = std::min(width, end - block);
      // Lane by lane, for a lane's weights lie side by side, and all lanes of a block stay in the first level.
      for (std::ptrdiff_t lane = 0; lane < filled; lane++) {
        const float* from = weights + ((firstOutput + lane) * channels + block) * taps + row * columns;
        for (std::ptrdiff_t c = 0; c < count; c++, from += taps) {
          for (std::ptrdiff_t t = 0; t < columns; t++) to[(t * count + c) * lanes + lane] = from[t];
        }
      }
      to += columns * count * lanes;
    }
  };
  for (std::ptrdiff_t row = 0; row < taps / columns; row++) addRow(row, 0, whole);
  for (std::ptrdiff_t row = 0; row < taps / columns; row++) addRow(row, whole, channels);
}

}  // namespace

std::size_t packedDirectFloats(const Filters& filters, const KernelTable& kernels) {
  const Panels panels(filters.groupOutputs(), kernels.width);
  return checkedMultiply(
      checkedMultiply(static_cast<std::size_t>(filters.inChannels), static_cast<std::size_t>(panels.padded())),
      static_cast<std::size_t>(volume(filters.kernel)));
}

std::unique_ptr<Kernel> packDirect(const Filters& filters, const KernelTable& kernels, int threads) {
  const Panels panels(filters.groupOutputs(), kernels.width);
  const std::ptrdiff_t width = kernels.width, outputs = filters.groupOutputs();
  const std::ptrdiff_t weightsOfOutput = filters.groupInputs() * volume(filters.kernel);
  const auto pack = [=](const float* from, float* packed, const Run& run) {
    ThreadPool::shared().forEach(filters.groups * panels.count(), threads, [&](std::ptrdiff_t item, int) {
      run.check();
      const std::ptrdiff_t group = item / panels.count();
      const Panel panel = panels.at(item % panels.count());
      const std::ptrdiff_t lanes = panel.vectors * width;
      packPanel(filters, group * outputs + panel.channel, std::min(lanes, outputs - panel.channel), lanes, width, from,
                packed + (group * panels.padded() + panel.channel) * weightsOfOutput);
    });
  };
  return makePacking(filters, packedDirectFloats(filters, kernels), threads, Written::part, pack);
}

}  // namespace winograd
