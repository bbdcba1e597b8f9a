#include "operators/conv/common/kernel.h"

#include <algorithm>
#include <string>

#include "runtime/stopwatch.h"
#include "runtime/threads.h"

namespace winograd {

Times sumOf(const std::vector<Times>& threads, double total) {
  Times sum{total, 0, 0, 0};
  for (const Times& thread : threads) {
    sum.input += thread.input;
    sum.product += thread.product;
    sum.output += thread.output;
  }
  return sum;
}

void checkBuffers(const char* role, std::span<const Buffer> buffers, const std::vector<std::size_t>& bytes) {
  const auto fits = [](const Buffer& buffer, std::size_t size) {
    return buffer.bytes >= size && (size == 0 || buffer.data != nullptr);
  };
  if (!std::equal(buffers.begin(), buffers.end(), bytes.begin(), bytes.end(), fits))
    throw std::invalid_argument(std::string("Expected ") + role + " to be as many and as large as the kernel says");
}

ConvolutionKernel::ConvolutionKernel(const Problem& problem, const Schedule& schedule, std::size_t packedFloats,
                                     std::ptrdiff_t biasGroups)
    : problem_(problem),
      schedule_(schedule),
      kernels_(*schedule.kernels),
      input_(inputPixels(problem, schedule)),
      epilogue_(problem, schedule),
      packedFloats_(packedFloats),
      biasGroups_(biasGroups),
      biasStep_(roundUp(problem.outChannels / biasGroups, kernels_.width)) {}

std::vector<std::size_t> ConvolutionKernel::inputBytes() const {
  const auto bytes = [](std::ptrdiff_t floats) { return bytesOf(static_cast<std::size_t>(floats)); };
  return {bytes(input_.size()), bytesOf(packedFloats_), problem_.bias ? bytes(problem_.outChannels) : 0,
          problem_.residual ? bytes(epilogue_.residual.size()) : 0};
}

std::vector<std::size_t> ConvolutionKernel::outputBytes() const {
  return {bytesOf(static_cast<std::size_t>(epilogue_.output.size()))};
}

std::size_t ConvolutionKernel::workspaceBytes() const {
  return bytesOf(checkedAdd(static_cast<std::size_t>(biasFloats()), scratchFloats()));
}

// In whole lines of the cache, so that what follows is aligned.
std::ptrdiff_t ConvolutionKernel::biasFloats() const {
  return roundUp(biasGroups_ * biasStep_, kLineFloats);
}

void ConvolutionKernel::padBias(const float* bias, float* to) const {
  std::fill_n(to, biasGroups_ * biasStep_, 0.0f);
  if (bias == nullptr) return;
  const std::ptrdiff_t outputs = problem_.outChannels / biasGroups_;
  for (std::ptrdiff_t g = 0; g < biasGroups_; g++) std::copy_n(bias + g * outputs, outputs, to + g * biasStep_);
}

Times ConvolutionKernel::execute(std::span<const Buffer> inputs, std::span<const Buffer> outputs,
                                 const Run& run) const {
  checkBuffers("inputs", inputs, inputBytes());
  checkBuffers("outputs", outputs, outputBytes());
  checkBuffers("the workspace", {&run.workspace, 1}, {workspaceBytes()});
  const ThreadPool::Session awake(ThreadPool::shared(), schedule_.threads, schedule_.wake);
  float* const workspace = run.workspace.floats();
  padBias(problem_.bias ? inputs[2].floats() : nullptr, workspace);
  const Pass pass{inputs[0].floats(), inputs[1].floats(), workspace, problem_.residual ? inputs[3].floats() : nullptr,
                  outputs[0].floats()};
  return compute(pass, workspace + biasFloats(), run);
}

}  // namespace winograd
