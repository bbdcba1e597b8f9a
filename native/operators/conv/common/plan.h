#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "operators/conv/common/problem.h"
#include "operators/conv/common/weights.h"
#include "runtime/threads.h"

namespace winograd {

/// Milliseconds; the stages are summed over threads.
struct Times {
  double total = 0, input = 0, product = 0, output = 0;
};

/// The stages of all threads, and the time of the whole pass.
inline Times sumOf(const std::vector<Times>& threads, double total) {
  Times sum{total, 0, 0, 0};
  for (const Times& thread : threads) {
    sum.input += thread.input;
    sum.product += thread.product;
    sum.output += thread.output;
  }
  return sum;
}

/// Work (see Problem) that waking a sleeping thread pays for: some 50 microseconds.
constexpr double kWorthWaking = 6e6;

/// A layer prepared for one problem. Immutable: any number of threads may execute it at once, each pass with a
/// workspace of its own.
class Plan {
 public:
  virtual ~Plan() = default;

  /// x: N x C x D x H x W, y and residual (or null): N x K x D' x H' x W', in the problem's layouts.
  /// Throws OutOfMemory.
  virtual Times execute(const float* x, float* y, const float* residual = nullptr) const = 0;

  /// All memory that one pass allocates.
  virtual std::size_t workspaceBytes() const = 0;

  /// Names of the codelets in use.
  virtual std::vector<std::string> codelets() const { return {}; }

  const Layer& layer() const { return weights_->layer(); }
  const Problem& problem() const { return problem_; }
  const Axes& output() const { return output_; }
  /// Floats of x, y and a residual.
  std::size_t inputSize() const { return size(layer().inChannels, problem_.inputLayout, problem_.input); }
  std::size_t outputSize() const { return size(layer().outChannels, problem_.outputLayout, output_); }
  std::size_t residualSize() const { return size(layer().outChannels, problem_.residualLayout, output_); }

 protected:
  Plan(std::shared_ptr<const Weights> weights, const Problem& problem)
      : weights_(std::move(weights)), problem_(problem), output_(outputShape(weights_->layer(), problem)) {}

  /// For the time of a pass.
  ThreadPool::Session session() const {
    return {ThreadPool::shared(), problem_.threads, problem_.work >= kWorthWaking};
  }

  std::shared_ptr<const Weights> weights_;
  Problem problem_;  // with the engine's choices filled in
  Axes output_;

 private:
  std::size_t size(std::ptrdiff_t channels, Layout layout, const Axes& extents) const {
    if (layout == Layout::blocked) channels = roundUp(channels, layer().kernels->width);
    return static_cast<std::size_t>(problem_.batch * channels * volume(extents));
  }
};

/// Validates the problem and prepares the weights' algorithm for it.
/// Throws std::invalid_argument, std::overflow_error, OutOfMemory.
std::unique_ptr<Plan> makePlan(std::shared_ptr<const Weights> weights, const Problem& problem);

}  // namespace winograd
