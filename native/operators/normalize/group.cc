#include <algorithm>
#include <cmath>
#include <numeric>

#include "operators/common/describe.h"
#include "operators/common/work.h"
#include "operators/elementwise/elementwise.h"
#include "operators/normalize/common.h"
#include "operators/normalize/normalize.h"
#include "runtime/memory.h"

namespace winograd {
namespace {

// The first function of the formula that runs: x, mean, scale, shift.
FormulaParts normalizing() {
  return {4, {}, {{"Normalize", {0, 1, 2, 3}}}};
}

// A row is a channel (planar) or a vector of channels (blocked) of one sample. A unit is the least run of rows that
// holds whole groups: it is read twice in a row, the second time from the cache. Rows are cut into parts whose sums are
// added in order, whoever takes them: the result does not depend on the number of threads.
class GroupNormalization : public Kernel {
 public:
  explicit GroupNormalization(const Value& description)
      : kernels_(describe::kernels(description)),
        shape_(readShape(description)),
        parts_(NormalizationParts::read(description)),
        formula_(kernels_, parts_.formula.after(normalizing())),
        width_(kernels_.width),
        floats_(shape_.floats(width_)) {
    if (shape_.sizes.size() < 2) description["shape"].refuse("at least N x C");
    samples_ = shape_.sizes[0];
    channels_ = shape_.sizes[1];
    const std::ptrdiff_t groups = description["groups"].integer(1, describe::kMaxElements);
    if (channels_ % groups != 0 || channels_ == 0) description["groups"].refuse("a divisor of the channels");
    groupChannels_ = channels_ / groups;
    blocked_ = shape_.layout == TensorLayout::blocked;
    pixels_ = describe::elements(std::span(shape_.sizes).subspan(2));
    rowChannels_ = blocked_ ? width_ : 1;
    rows_ = divideUp(channels_, rowChannels_);
    rowFloats_ = pixels_ * rowChannels_;
    unitRows_ = std::min(rows_, std::lcm(groupChannels_, rowChannels_) / rowChannels_);
    rowParts_ = divideUp(rowFloats_, kPart);
    units_ = samples_ * divideUp(rows_, unitRows_);
    threads_ = static_cast<int>(std::clamp<std::ptrdiff_t>(floats_ / kPart, 1, describe::threads(description)));
    unitWorkspace_ = unitRows_ * width_ * (rowParts_ * 2 * kFloatsOfDouble + kCoefficients);
    workspaceBytes_ = checkedMultiply(
        sizeof(float) * threads_,
        checkedAdd(checkedMultiply(unitRows_ * width_, rowParts_ * 4 + kCoefficients), formula_.workspaceFloats()));
  }

  std::vector<std::size_t> inputBytes() const override {
    return parts_.inputBytes(describe::floatBytes(floats_), describe::floatBytes(channels_));
  }
  std::vector<std::size_t> outputBytes() const override { return {describe::floatBytes(floats_)}; }
  std::size_t workspaceBytes() const override { return workspaceBytes_; }
  int threads() const override { return threads_; }
  bool wakes() const override { return floats_ >= kWorthWakingFloats; }

  Times execute(std::span<const Buffer> inputs, std::span<const Buffer> outputs, const Run& run) const override {
    const std::ptrdiff_t unitParts = unitRows_ * rowParts_;
    if (floats_ == 0) return {};
    if (threads_ == 1 || units_ >= 4 * threads_) {
      forEachItem(units_, threads_, run, [&](std::ptrdiff_t unit, int slot) {
        for (std::ptrdiff_t part = 0; part < unitParts && !run.stopped(); part++)
          measure(inputs, run, unit, slot, part);
        settle(inputs, run, unit, slot);
        for (std::ptrdiff_t part = 0; part < unitParts && !run.stopped(); part++)
          apply(inputs, outputs, run, unit, slot, part, slot);
      });
      return {};
    }
    for (std::ptrdiff_t unit = 0; unit < units_; unit++) {
      forEachItem(unitParts, threads_, run, [&](std::ptrdiff_t part, int) { measure(inputs, run, unit, 0, part); });
      settle(inputs, run, unit, 0);
      forEachItem(unitParts, threads_, run,
                  [&](std::ptrdiff_t part, int slot) { apply(inputs, outputs, run, unit, 0, part, slot); });
    }
    return {};
  }

 private:
  static constexpr std::ptrdiff_t kPart = 32768;  // floats
  static constexpr std::ptrdiff_t kWorthWakingFloats = 1 << 17;
  static constexpr std::ptrdiff_t kFloatsOfDouble = 2;
  static constexpr std::ptrdiff_t kCoefficients = 3;  // mean, scale, shift

  std::ptrdiff_t firstRow(std::ptrdiff_t unit) const { return unit % divideUp(rows_, unitRows_) * unitRows_; }
  std::ptrdiff_t sample(std::ptrdiff_t unit) const { return unit / divideUp(rows_, unitRows_); }

  // Sums and sums of squares of the lanes of a part of a row.
  double* totals(const Run& run, std::ptrdiff_t place, std::ptrdiff_t part) const {
    return reinterpret_cast<double*>(workspaceAt(run, place * unitWorkspace_)) + part * 2 * width_;
  }
  float* coefficients(const Run& run, std::ptrdiff_t place, std::ptrdiff_t row) const {
    return workspaceAt(run, place * unitWorkspace_ + unitRows_ * rowParts_ * 2 * width_ * kFloatsOfDouble) +
           row * kCoefficients * width_;
  }

  // Where a part of a unit begins in the tensor, and its floats: none beyond the last row.
  struct Range {
    std::ptrdiff_t row, begin, count;
  };
  Range range(std::ptrdiff_t unit, std::ptrdiff_t part) const {
    const std::ptrdiff_t row = firstRow(unit) + part / rowParts_, x = part % rowParts_ * kPart;
    if (row >= rows_) return {row, 0, 0};
    return {row, (sample(unit) * rows_ + row) * rowFloats_ + x, std::min(kPart, rowFloats_ - x)};
  }

  void measure(std::span<const Buffer> inputs, const Run& run, std::ptrdiff_t unit, std::ptrdiff_t place,
               std::ptrdiff_t part) const {
    const Range at = range(unit, part);
    double* const sums = totals(run, place, part);
    std::fill_n(sums, 2 * width_, 0.0);
    if (at.count > 0) kernels_.moments({inputs[0].floats() + at.begin, at.count, sums});
  }

  // Adds the sums of a channel of the unit to those of its group.
  void add(const Run& run, std::ptrdiff_t place, std::ptrdiff_t channel, double& sum, double& square) const {
    const std::ptrdiff_t row = channel / rowChannels_;
    const std::ptrdiff_t first = blocked_ ? channel % width_ : 0, end = blocked_ ? first + 1 : width_;
    for (std::ptrdiff_t part = 0; part < rowParts_; part++) {
      const double* const sums = totals(run, place, row * rowParts_ + part);
      for (std::ptrdiff_t lane = first; lane < end; lane++) {
        sum += sums[lane];
        square += sums[width_ + lane];
      }
    }
  }

  // From sums to coefficients, group by group.
  void settle(std::span<const Buffer> inputs, const Run& run, std::ptrdiff_t unit, std::ptrdiff_t place) const {
    const std::ptrdiff_t first = firstRow(unit) * rowChannels_;
    const std::ptrdiff_t count = std::min(unitRows_ * rowChannels_, channels_ - first);
    std::fill_n(coefficients(run, place, 0), unitRows_ * kCoefficients * width_, 0.0f);
    for (std::ptrdiff_t group = 0; group < count; group += groupChannels_) {
      double sum = 0, square = 0;
      for (std::ptrdiff_t c = group; c < group + groupChannels_; c++) add(run, place, c, sum, square);
      const Standardization standard = standardize(sum, square, groupChannels_ * pixels_, parts_.epsilon);
      // What rounding takes from the mean goes to the shift.
      const float mean = static_cast<float>(standard.mean);
      for (std::ptrdiff_t c = group; c < group + groupChannels_; c++) {
        const double scale = standard.factor * (parts_.scale ? inputs[1].floats()[first + c] : 1);
        const double bias = parts_.bias ? inputs[2].floats()[first + c] : 0;
        const double shift = bias + (static_cast<double>(mean) - standard.mean) * scale;
        float* const to = coefficients(run, place, c / rowChannels_);
        const std::ptrdiff_t lane = blocked_ ? c % width_ : 0, lanes = blocked_ ? 1 : width_;
        std::fill_n(to + lane, lanes, mean);
        std::fill_n(to + width_ + lane, lanes, static_cast<float>(scale));
        std::fill_n(to + 2 * width_ + lane, lanes, static_cast<float>(shift));
      }
    }
  }

  void apply(std::span<const Buffer> inputs, std::span<const Buffer> outputs, const Run& run, std::ptrdiff_t unit,
             std::ptrdiff_t place, std::ptrdiff_t part, int slot) const {
    const Range at = range(unit, part);
    const float* const known = coefficients(run, place, part / rowParts_);
    float* const workspace = workspaceAt(run, threads_ * unitWorkspace_ + slot * formula_.workspaceFloats());
    StripOperand operands[1 + kCoefficients + NormalizationParts::kMaxInputs];
    for (int k = 0; k < kCoefficients; k++) operands[1 + k] = {known + k * width_, true};
    const std::ptrdiff_t missing = blocked_ ? rows_ * width_ - channels_ : 0;
    for (std::ptrdiff_t x = 0; x < at.count; x += formula_.strip()) {
      const std::ptrdiff_t begin = at.begin + x, count = std::min(formula_.strip(), at.count - x);
      operands[0] = {inputs[0].floats() + begin, false};
      for (std::size_t i = NormalizationParts::kOthers; i < inputs.size(); i++)
        operands[1 + i] = {inputs[i].floats() + begin, false};
      float* const to = outputs[0].floats() + begin;
      formula_.run(operands, to, count, false, workspace);
      if (at.row + 1 < rows_ || missing == 0) continue;
      for (std::ptrdiff_t i = width_; i <= count; i += width_) std::fill_n(to + i - missing, missing, 0.0f);
    }
  }

  const KernelTable& kernels_;
  TensorShape shape_;
  NormalizationParts parts_;
  Formula formula_;
  std::ptrdiff_t width_, floats_;
  bool blocked_;
  std::ptrdiff_t samples_, channels_, groupChannels_, pixels_;
  std::ptrdiff_t rowChannels_, rows_, rowFloats_, rowParts_, unitRows_, units_, unitWorkspace_;
  std::size_t workspaceBytes_;
  int threads_;
};

}  // namespace

const Operator kGroupNormalization{"group normalization", prepare<GroupNormalization>};

}  // namespace winograd
