#include "direct.h"

#include <algorithm>

#include "../runtime/stopwatch.h"
#include "../runtime/threads.h"

namespace winograd {

DirectPlan::DirectPlan(std::shared_ptr<const Weights> weights, const Problem& problem)
    : Plan(std::move(weights), problem),
      kernels_(*layer().kernels),
      panels_(layer().groupOutputs(), kernels_.width),
      channelBlocks_(divideUp(layer().groupInputs(), kernels_.width)) {
  const Axes& kernel = layer().kernel;
  // No row or column beyond the last tap's reach is ever read.
  for (int a = 0; a < 3; a++) {
    padded_[a] = (output_[a] - 1) * problem_.stride[a] + problem_.dilation[a] * (kernel[a] - 1) + 1;
  }
  for (std::ptrdiff_t block = 0; block < channelBlocks_; block++) {
    for (std::ptrdiff_t d = 0; d < kernel[0]; d++) {
      for (std::ptrdiff_t h = 0; h < kernel[1]; h++) {
        for (std::ptrdiff_t w = 0; w < kernel[2]; w++) {
          const std::ptrdiff_t z = block * padded_[0] + d * problem_.dilation[0];
          const std::ptrdiff_t y = z * padded_[1] + h * problem_.dilation[1];
          offsets_.push_back((y * padded_[2] + w * problem_.dilation[2]) * kernels_.width);
        }
      }
    }
  }
  full_ = layer().groupInputs() / kernels_.width * volume(kernel);
  partial_ = static_cast<std::ptrdiff_t>(offsets_.size()) - full_;
}

std::size_t DirectPlan::workspaceBytes() const {
  const std::size_t blocked =
      checkedMultiply(static_cast<std::size_t>(layer().groups * channelBlocks_ * kernels_.width),
                      static_cast<std::size_t>(volume(padded_)));
  const std::size_t rows = checkedMultiply(static_cast<std::size_t>(problem_.threads * 2 * kernels_.width),
                                           static_cast<std::size_t>(output_[2]));
  return checkedMultiply(checkedAdd(blocked, rows), sizeof(float));
}

Times DirectPlan::execute(const float* x, float* y, const float* residual) const {
  const Activations activations{x, y, residual};
  const ThreadPool::Session session(ThreadPool::shared(), problem_.threads);
  weights_->prepare(problem_.threads);
  Stopwatch total;
  std::vector<Times> times(static_cast<std::size_t>(problem_.threads));
  const std::shared_ptr<Block> workspace = pooledBlock(workspaceBytes() / sizeof(float));
  float* const blocked = workspace->data();
  const std::ptrdiff_t groupSize = channelBlocks_ * kernels_.width * volume(padded_);
  float* const rows = blocked + layer().groups * groupSize;
  ThreadPool& pool = ThreadPool::shared();
  for (std::ptrdiff_t image = 0; image < problem_.batch; image++) {
    pool.forEach(layer().groups * channelBlocks_ * padded_[0], problem_.threads, [&](std::ptrdiff_t item, int slot) {
      Stopwatch watch;
      const std::ptrdiff_t z = item % padded_[0], block = item / padded_[0];
      gather(x, image, block / channelBlocks_, block % channelBlocks_, z, blocked);
      times[static_cast<std::size_t>(slot)].input += watch.lap();
    });
    pool.forEach(layer().groups * panels_.count() * output_[0], problem_.threads, [&](std::ptrdiff_t item, int slot) {
      Stopwatch watch;
      const std::ptrdiff_t depth = item % output_[0], panel = item / output_[0];
      const std::ptrdiff_t group = panel / panels_.count();
      computeRows(activations, image, group, panel % panels_.count(), depth, blocked + group * groupSize,
                  rows + slot * 2 * kernels_.width * output_[2]);
      times[static_cast<std::size_t>(slot)].product += watch.lap();
    });
  }
  return sumOf(times, total.lap());
}

// One plane of one channel block, with its padding.
void DirectPlan::gather(const float* x, std::ptrdiff_t image, std::ptrdiff_t group, std::ptrdiff_t channelBlock,
                        std::ptrdiff_t z, float* blocked) const {
  const std::ptrdiff_t channels = layer().groupInputs();
  float* to =
      blocked + ((group * channelBlocks_ + channelBlock) * padded_[0] + z) * padded_[1] * padded_[2] * kernels_.width;
  InputRow row{image, {}, padded_[2], group * channels, channelBlock, channels};
  for (std::ptrdiff_t h = 0; h < padded_[1]; h++, to += padded_[2] * kernels_.width) {
    row.at = {z - problem_.padBegin[0], h - problem_.padBegin[1], -problem_.padBegin[2]};
    loadInputRow(layer(), problem_, x, row, to);
  }
}

// All rows of outputs at one depth, for one panel of output channels.
void DirectPlan::computeRows(const Activations& activations, std::ptrdiff_t image, std::ptrdiff_t group,
                             std::ptrdiff_t panelIndex, std::ptrdiff_t depth, const float* blocked, float* row) const {
  const std::ptrdiff_t width = kernels_.width, channels = layer().groupInputs(), outputs = layer().groupOutputs();
  const Panel panel = panels_.at(panelIndex);
  const std::ptrdiff_t lanes = panel.vectors * width;
  const std::ptrdiff_t taps = volume(layer().kernel);
  const bool unitStride = problem_.stride[2] == 1;
  const auto& kernels = (unitStride ? kernels_.gemm : kernels_.gemmStrided)[panel.vectors - 1];

  GemmArgs args{};
  args.rowStride = problem_.stride[2] * width;
  args.offsets = offsets_.data();
  args.full = full_;
  args.partial = partial_;
  args.depth = static_cast<int>(channels % width);
  args.b = weights_->panels() + (group * panels_.padded() + panel.channel) * channels * taps;
  args.cStride = lanes;
  args.prefetch = reinterpret_cast<const char*>(args.b);

  const std::ptrdiff_t pixels = output_[2];
  const std::ptrdiff_t tiles = divideUp(pixels, kernels_.gemmRows);
  for (std::ptrdiff_t h = 0; h < output_[1]; h++) {
    const float* from =
        blocked + (depth * problem_.stride[0] * padded_[1] + h * problem_.stride[1]) * padded_[2] * width;
    for (std::ptrdiff_t t = 0; t < tiles; t++) {
      const std::ptrdiff_t first = pixels * t / tiles, count = pixels * (t + 1) / tiles - first;
      args.a = from + first * args.rowStride;
      args.c = row + first * lanes;
      kernels[count - 1](args);
    }
    for (int v = 0; v < panel.vectors; v++) {
      const std::ptrdiff_t channel = panel.channel + v * width;
      storeOutputRow(layer(), problem_, output_, activations,
                     {image,
                      {depth, h, 0},
                      pixels,
                      group * outputs + channel,
                      static_cast<int>(std::min(width, outputs - channel)),
                      weights_->bias(group) + channel},
                     row + v * width, lanes);
    }
  }
}

}  // namespace winograd
