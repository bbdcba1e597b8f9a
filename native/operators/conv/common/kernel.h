#pragma once

#include <span>
#include <vector>

#include "operators/conv/common/rows.h"
#include "operators/kernel.h"
#include "runtime/memory.h"

namespace winograd {

/// The stages of all threads, and the time of the whole pass.
Times sumOf(const std::vector<Times>& threads, double total);

constexpr std::ptrdiff_t kLineFloats = 16;  // in a cache line

/// Bytes of so many floats. Throws std::overflow_error.
inline std::size_t bytesOf(std::size_t floats) {
  return checkedMultiply(floats, sizeof(float));
}

/// What the kernels of all algorithms share: inputs x, packed weights, bias and residual, the output, and a bias that
/// fills whole vectors, at the beginning of the workspace.
class ConvolutionKernel : public Kernel {
 public:
  std::vector<std::size_t> inputBytes() const final;
  std::vector<std::size_t> outputBytes() const final;
  std::size_t workspaceBytes() const final;
  int threads() const final { return schedule_.threads; }
  bool wakes() const final { return schedule_.wake; }
  Times execute(std::span<const Buffer> inputs, std::span<const Buffer> outputs, const Run& run) const final;

 protected:
  /// @param biasGroups how many parts the bias has that begin with a vector of their own
  ConvolutionKernel(const Problem& problem, const Schedule& schedule, std::size_t packedFloats,
                    std::ptrdiff_t biasGroups);

  /// Bias of a group's channels.
  const float* biasOf(const Pass& pass, std::ptrdiff_t group) const { return pass.bias + group * biasStep_; }

  /// Floats of the workspace beside the bias, and the pass itself. Throw std::overflow_error; Cancelled, OutOfMemory.
  virtual std::size_t scratchFloats() const = 0;
  virtual Times compute(const Pass& pass, float* scratch, const Run& run) const = 0;

  const Problem problem_;
  const Schedule schedule_;
  const KernelTable& kernels_;
  const Pixels input_;
  const Epilogue epilogue_;

 private:
  std::ptrdiff_t biasFloats() const;
  void padBias(const float* bias, float* to) const;

  std::size_t packedFloats_;
  std::ptrdiff_t biasGroups_, biasStep_;
};

/// Throws std::invalid_argument unless there are as many buffers of these sizes, each with data.
void checkBuffers(const char* role, std::span<const Buffer> buffers, const std::vector<std::size_t>& bytes);

}  // namespace winograd
