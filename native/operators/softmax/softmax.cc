#include "operators/softmax/softmax.h"

#include <algorithm>
#include <cmath>

#include "operators/common/describe.h"
#include "operators/common/work.h"
#include "operators/elementwise/formula.h"
#include "operators/reduce/reduce.h"
#include "runtime/memory.h"

namespace winograd {
namespace {

// x and two numbers of its row, the largest x and what is known of the sum.
constexpr int kInputs = 3;
FormulaParts exponentials() {
  return {kInputs, {}, {{"Sub", {0, 1}}, {"Exp", {kInputs}}}};
}
FormulaParts results(bool logarithm) {
  if (logarithm) return {kInputs, {}, {{"Sub", {0, 1}}, {"Sub", {kInputs, 2}}}};
  return {kInputs, {}, {{"Mul", {0, 2}}}};
}

// A strip of lines along the axis: `count` of them side by side, or (where the axis is the innermost) a single one,
// whose elements then are what lies side by side.
class SoftmaxKernel : public Kernel {
 public:
  explicit SoftmaxKernel(const Value& description)
      : kernels_(describe::kernels(description)),
        largest_(findAccumulation(kernels_, "Largest")),
        sum_(findAccumulation(kernels_, "Sum")),
        logarithm_(description["logarithm"].boolean()),
        exponentials_(kernels_, exponentials()),
        results_(kernels_, results(logarithm_)),
        outer_(description["outer"].integer(0, describe::kMaxElements)),
        length_(description["length"].integer(1, describe::kMaxElements)),
        inner_(description["inner"].integer(0, describe::kMaxElements)),
        floats_(describe::elements({outer_, length_, inner_})) {
    pieces_ = divideUp(inner_, kPiece);
    const std::ptrdiff_t items = outer_ * pieces_;
    perItem_ = std::max<std::ptrdiff_t>(1, items * kItem / std::max<std::ptrdiff_t>(1, floats_));
    threads_ =
        static_cast<int>(std::clamp<std::ptrdiff_t>(divideUp(items, perItem_), 1, describe::threads(description)));
  }

  std::vector<std::size_t> inputBytes() const override { return {describe::floatBytes(floats_)}; }
  std::vector<std::size_t> outputBytes() const override { return inputBytes(); }
  std::size_t workspaceBytes() const override { return describe::floatBytes(threads_ * kWorkspace); }
  int threads() const override { return threads_; }
  bool wakes() const override { return floats_ >= kWorthWakingFloats; }

  Times execute(std::span<const Buffer> inputs, std::span<const Buffer> outputs, const Run& run) const override {
    forEachRange(outer_ * pieces_, perItem_, threads_, run, [&](std::ptrdiff_t begin, std::ptrdiff_t end, int slot) {
      float* const workspace = workspaceAt(run, slot * kWorkspace);
      for (std::ptrdiff_t item = begin; item < end; item++) {
        const std::ptrdiff_t x = item % pieces_ * kPiece;
        const std::ptrdiff_t at = item / pieces_ * length_ * inner_ + x;
        const float* const from = inputs[0].floats() + at;
        float* const to = outputs[0].floats() + at;
        if (inner_ == 1) {
          alongRow(from, to, workspace, run);
        } else {
          alongColumns(from, to, std::min(kPiece, inner_ - x), workspace, run);
        }
      }
    });
    return {};
  }

 private:
  static constexpr std::ptrdiff_t kItem = 8192, kPiece = 512, kStrip = 1024;  // floats
  static constexpr std::ptrdiff_t kWorthWakingFloats = 1 << 16;
  // Totals in double precision, what is known of each line, exponentials, and results between functions.
  static constexpr std::ptrdiff_t kTotals = 2 * kPiece, kKnown = 2 * kPiece, kWorkspace = kTotals + kKnown + 2 * kStrip;

  // What the results take from a sum of exponentials.
  float known(double sum) const { return static_cast<float>(logarithm_ ? std::log(sum) : 1 / sum); }

  void alongRow(const float* from, float* to, float* workspace, const Run& run) const {
    const std::ptrdiff_t width = kernels_.width;
    double totals[kMaxWidth];
    const auto merged = [&](const Accumulation& accumulation, auto merge) {
      double all = accumulation.neutral;
      for (std::ptrdiff_t lane = 0; lane < width; lane++) all = merge(all, totals[lane]);
      return all;
    };
    std::fill_n(totals, width, largest_.neutral);
    largest_.lanes({from, length_, totals});
    float* const same = workspace;
    std::fill_n(
        same, kMaxWidth,
        static_cast<float>(merged(largest_, [](double a, double b) { return b > a || std::isnan(b) ? b : a; })));
    float* const sums = same + kMaxWidth;
    float* const exponentials = workspace + kTotals + kKnown;
    float* const between = exponentials + kStrip;
    std::fill_n(totals, width, sum_.neutral);
    StripOperand operands[kInputs] = {{}, {same, true}, {sums, true}};
    for (std::ptrdiff_t x = 0; x < length_ && !run.stopped(); x += kStrip) {
      const std::ptrdiff_t count = std::min(kStrip, length_ - x);
      float* const put = logarithm_ ? exponentials : to + x;
      operands[0] = {from + x, false};
      exponentials_.run(operands, put, count, false, between);
      sum_.lanes({put, count, totals});
    }
    std::fill_n(sums, kMaxWidth, known(merged(sum_, [](double a, double b) { return a + b; })));
    for (std::ptrdiff_t x = 0; x < length_; x += kStrip) {
      operands[0] = {(logarithm_ ? from : to) + x, false};
      results_.run(operands, to + x, std::min(kStrip, length_ - x), false, between);
    }
  }

  void alongColumns(const float* from, float* to, std::ptrdiff_t count, float* workspace, const Run& run) const {
    double* const totals = reinterpret_cast<double*>(workspace);
    float* const top = workspace + kTotals;
    float* const sums = top + kPiece;
    float* const exponentials = workspace + kTotals + kKnown;
    float* const between = exponentials + kStrip;
    std::fill_n(totals, count, largest_.neutral);
    for (std::ptrdiff_t d = 0; d < length_ && !run.stopped(); d++) largest_.columns({from + d * inner_, count, totals});
    std::copy_n(totals, count, top);
    std::fill_n(totals, count, sum_.neutral);
    StripOperand operands[kInputs] = {{}, {top, false}, {sums, false}};
    for (std::ptrdiff_t d = 0; d < length_ && !run.stopped(); d++) {
      float* const put = logarithm_ ? exponentials : to + d * inner_;
      operands[0] = {from + d * inner_, false};
      exponentials_.run(operands, put, count, false, between);
      sum_.columns({put, count, totals});
    }
    for (std::ptrdiff_t i = 0; i < count; i++) sums[i] = known(totals[i]);
    for (std::ptrdiff_t d = 0; d < length_ && !run.stopped(); d++) {
      operands[0] = {(logarithm_ ? from : to) + d * inner_, false};
      results_.run(operands, to + d * inner_, count, false, between);
    }
  }

  const KernelTable& kernels_;
  const Accumulation &largest_, &sum_;
  bool logarithm_;
  Formula exponentials_, results_;
  std::ptrdiff_t outer_, length_, inner_, floats_, pieces_, perItem_;
  int threads_;
};

}  // namespace

const Operator kSoftmax{"softmax", prepare<SoftmaxKernel>};

}  // namespace winograd
