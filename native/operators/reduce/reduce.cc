#include "operators/reduce/reduce.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "operators/common/describe.h"
#include "operators/common/work.h"
#include "operators/elementwise/elementwise.h"
#include "operators/elementwise/formula.h"
#include "runtime/memory.h"

namespace winograd {
namespace {

double sum(double a, double b) {
  return a + b;
}
double product(double a, double b) {
  return a * b;
}
double largest(double a, double b) {
  return b > a || std::isnan(b) ? b : a;
}
double smallest(double a, double b) {
  return b < a || std::isnan(b) ? b : a;
}

// What a reduction does: sums and the like by a kernel of the table, those of lanes and parts merged, and the rest.
struct Operation {
  const char* name;
  const char* accumulation;
  double (*merge)(double, double);
  double (*finish)(double total, double count);
};
constexpr Operation kOperations[] = {
    {"Mean", "Sum", sum, [](double total, double count) { return total / count; }},
    {"Sum", "Sum", sum, [](double total, double) { return total; }},
    {"Max", "Largest", largest, [](double total, double) { return total; }},
    {"Min", "Smallest", smallest, [](double total, double) { return total; }},
    {"Prod", "Product", product, [](double total, double) { return total; }},
    {"L1", "SumOfSizes", sum, [](double total, double) { return total; }},
    {"L2", "SumOfSquares", sum, [](double total, double) { return std::sqrt(total); }},
    {"SumSquare", "SumOfSquares", sum, [](double total, double) { return total; }},
    {"LogSum", "Sum", sum, [](double total, double) { return std::log(total); }},
};

const Operation& readOperation(const Value& name) {
  std::vector<const char*> names;
  for (const Operation& each : kOperations) names.push_back(each.name);
  return kOperations[describe::choice(name, names)];
}

// Axes that are kept or reduced, without the innermost: where in the input the elements begin that they count, the
// innermost of them first, which for kept axes is the order of the results.
struct Outer {
  std::vector<std::ptrdiff_t> sizes, strides;
  std::ptrdiff_t count = 1;

  void add(std::ptrdiff_t size, std::ptrdiff_t stride) {
    sizes.push_back(size);
    strides.push_back(stride);
    count *= size;
  }
  std::ptrdiff_t offset(std::ptrdiff_t index) const {
    std::ptrdiff_t offset = 0;
    for (std::size_t a = 0; a < sizes.size(); index /= sizes[a++]) offset += index % sizes[a] * strides[a];
    return offset;
  }
};

// The innermost axes are a row. Either its elements all go into one result, or one for each lane of a vector; rows are
// then cut into parts that are added in order, whoever takes them. Or each element goes into a result of its own, and
// the rows of a column of results are added from the first to the last.
class ReduceKernel : public Kernel {
 public:
  explicit ReduceKernel(const Value& description)
      : kernels_(describe::kernels(description)),
        operation_(readOperation(description["operation"])),
        accumulation_(findAccumulation(kernels_, operation_.accumulation)),
        width_(kernels_.width) {
    const TensorShape shape = readShape(description);
    blocked_ = shape.layout == TensorLayout::blocked;
    inputFloats_ = shape.floats(kernels_.width);
    const std::ptrdiff_t rank = static_cast<std::ptrdiff_t>(shape.sizes.size());
    std::vector<bool> reduced(rank + blocked_, false);
    TensorShape result = shape;
    const Value axes = description["axes"];
    for (const int32_t axis : axes.integers()) {
      if (axis < 0 || axis >= rank || (blocked_ && axis == 1)) axes.refuse("axes of the shape, no blocked one");
      reduced[axis] = true;
      result.sizes[axis] = 1;
    }
    resultFloats_ = result.floats(kernels_.width);
    std::vector<std::ptrdiff_t> sizes = shape.sizes;
    if (blocked_) {
      channels_ = sizes[1];
      sizes[1] = divideUp(sizes[1], width_);
      sizes.push_back(width_);
      blockFloats_ = resultFloats_ / std::max<std::ptrdiff_t>(1, result.sizes[0] * sizes[1]);
    }
    arrange(sizes, reduced);
    if (!description["formula"].missing()) readFormula(description, shape);
    const std::ptrdiff_t items = byLanes_ ? kept_.count * parts_ : kept_.count * pieces_;
    const std::ptrdiff_t worthwhile = std::min(items, inputFloats_ / kItem);
    threads_ = static_cast<int>(std::clamp<std::ptrdiff_t>(worthwhile, 1, describe::threads(description)));
    // Parts are shared out among threads where there are too few results for that.
    split_ = byLanes_ && threads_ > 1 && kept_.count < 4 * threads_ && parts_ > 1;
    perItem_ =
        split_ ? 1 : std::max<std::ptrdiff_t>(1, kept_.count * kItem / std::max<std::ptrdiff_t>(1, inputFloats_));
  }

  std::vector<std::size_t> inputBytes() const override {
    if (!made_) return {describe::floatBytes(inputFloats_)};
    std::vector<std::size_t> bytes;
    for (const TensorShape& input : made_->inputs) bytes.push_back(describe::floatBytes(input.floats(kernels_.width)));
    return bytes;
  }
  std::vector<std::size_t> outputBytes() const override { return {describe::floatBytes(resultFloats_)}; }
  std::size_t workspaceBytes() const override {
    return static_cast<std::size_t>(totalsCount()) * sizeof(double) + describe::floatBytes(threads_ * madeFloats());
  }
  int threads() const override { return threads_; }
  bool wakes() const override { return inputFloats_ >= kWorthWakingFloats; }

  Times execute(std::span<const Buffer> inputs, std::span<const Buffer> outputs, const Run& run) const override {
    Source source;
    for (const Buffer& input : inputs) source.from.push_back(input.floats());
    source.workspace = reinterpret_cast<float*>(run.workspace.as<double>() + totalsCount());
    const float* const from = source.from[0];
    float* const to = outputs[0].floats();
    double* const totals = run.workspace.as<double>();
    if (split_) {
      forEachItem(kept_.count * parts_, threads_, run, [&](std::ptrdiff_t item, int slot) {
        takePart(source, slot, item / parts_, item % parts_, totals + item * width_);
      });
      for (std::ptrdiff_t k = 0; k < kept_.count; k++) {
        double* const total = totals + k * parts_ * width_;
        for (std::ptrdiff_t part = 1; part < parts_; part++) merge(total, total + part * width_);
        finishLanes(total, k, to);
      }
    } else if (byLanes_) {
      forEachRange(kept_.count, perItem_, threads_, run, [&](std::ptrdiff_t begin, std::ptrdiff_t end, int slot) {
        double* const total = totals + slot * 2 * width_;
        for (std::ptrdiff_t k = begin; k < end; k++) {
          std::fill_n(total, width_, accumulation_.neutral);
          for (std::ptrdiff_t part = 0; part < parts_ && !run.stopped(); part++) {
            takePart(source, slot, k, part, part == 0 ? total : total + width_);
            if (part > 0) merge(total, total + width_);
          }
          finishLanes(total, k, to);
        }
      });
    } else {
      forEachRange(kept_.count * pieces_, perItem_, threads_, run,
                   [&](std::ptrdiff_t begin, std::ptrdiff_t end, int slot) {
                     for (std::ptrdiff_t item = begin; item < end; item++)
                       takeColumns(from, item / pieces_, item % pieces_, totals + slot * kPiece, to, run);
                   });
    }
    if (blocked_) clearMissing(to);
    return {};
  }

 private:
  static constexpr std::ptrdiff_t kItem = 16384, kPart = 65536, kPiece = 512, kStrip = 1024;  // floats
  static constexpr std::ptrdiff_t kWorthWakingFloats = 1 << 18;

  void arrange(const std::vector<std::ptrdiff_t>& sizes, const std::vector<bool>& reduced) {
    struct Axis {
      std::ptrdiff_t size, stride;
      bool reduced;
    };
    std::vector<Axis> axes;  // the innermost first, neighbours of one kind joined
    std::ptrdiff_t stride = 1;
    for (std::size_t a = sizes.size(); a-- > 0; stride *= sizes[a]) {
      if (sizes[a] == 1) continue;
      if (!axes.empty() && axes.back().reduced == reduced[a]) {
        axes.back().size *= sizes[a];
      } else {
        axes.push_back({sizes[a], stride, reduced[a]});
      }
      if (reduced[a]) elements_ *= static_cast<double>(sizes[a]);
    }
    if (axes.empty()) axes.push_back({1, 1, false});
    perLane_ = !axes[0].reduced && axes[0].size == width_ && axes.size() > 1;
    byLanes_ = perLane_ || axes[0].reduced;
    const std::size_t inner = perLane_ ? 2 : 1;
    row_ = perLane_ ? axes[1].size * width_ : axes[0].size;
    for (std::size_t a = inner; a < axes.size(); a++)
      (axes[a].reduced ? outerReduced_ : kept_).add(axes[a].size, axes[a].stride);
    pieces_ = divideUp(row_, kPiece);
    rowsPerPart_ = std::max<std::ptrdiff_t>(1, kPart / std::max<std::ptrdiff_t>(1, row_));
    partsPerRow_ = std::max<std::ptrdiff_t>(1, divideUp(row_, kPart));
    parts_ = divideUp(outerReduced_.count, rowsPerPart_) * partsPerRow_;
    if (parts_ == 0) parts_ = 1;
  }

  // Elements that a formula makes of several inputs, a strip at a time.
  struct Made {
    std::vector<TensorShape> inputs;
    Formula formula;
    Broadcast broadcast;
  };
  // Where a run finds its inputs, and room for what each thread makes.
  struct Source {
    std::vector<const float*> from;
    float* workspace;
  };

  void readFormula(const Value& description, const TensorShape& shape) {
    if (!byLanes_ || row_ < 1) description["axes"].refuse("the innermost ones, for a formula");
    std::vector<TensorShape> inputs = readInputs(description["inputs"]);
    Formula formula(kernels_, FormulaParts::read(description["formula"], static_cast<int>(inputs.size())));
    Broadcast broadcast(kernels_, shape, inputs, std::min(kStrip, row_));
    if (!broadcast.takes(row_)) description["inputs"].refuse("as large as the shape, or a number for each channel");
    made_.emplace(Made{std::move(inputs), std::move(formula), std::move(broadcast)});
  }
  std::ptrdiff_t totalsCount() const {
    return split_ ? kept_.count * parts_ * width_ : threads_ * (byLanes_ ? 2 * width_ : kPiece);
  }
  std::ptrdiff_t madeFloats() const {
    return made_ ? made_->broadcast.workspaceFloats() + made_->formula.workspaceFloats() + kStrip : 0;
  }

  // Lane by lane: some rows of a result, or a part of one.
  void takePart(const Source& source, int slot, std::ptrdiff_t kept, std::ptrdiff_t part, double* total) const {
    std::fill_n(total, width_, accumulation_.neutral);
    const std::ptrdiff_t x = part % partsPerRow_ * kPart, first = part / partsPerRow_ * rowsPerPart_;
    const std::ptrdiff_t end = std::min(first + rowsPerPart_, outerReduced_.count);
    for (std::ptrdiff_t r = first; r < end; r++) {
      const std::ptrdiff_t at = kept_.offset(kept) + outerReduced_.offset(r) + x, count = std::min(kPart, row_ - x);
      if (made_) {
        takeMade(source, slot, at, count, total);
      } else {
        accumulation_.lanes({source.from[0] + at, count, total});
      }
    }
  }
  void takeMade(const Source& source, int slot, std::ptrdiff_t at, std::ptrdiff_t count, double* total) const {
    float* const made = source.workspace + slot * madeFloats();
    float* const workspace = made + kStrip;
    StripOperand operands[kMaxElementwiseInputs];
    const std::ptrdiff_t strip = made_->broadcast.longestStrip();
    for (std::ptrdiff_t done = 0; done < count; done += strip) {
      const std::ptrdiff_t now = std::min(strip, count - done);
      made_->broadcast.resolve({at + done, now}, source.from.data(), operands, workspace);
      made_->formula.run(operands, made, now, false, workspace + made_->broadcast.workspaceFloats());
      accumulation_.lanes({made, now, total});
    }
  }
  void merge(double* total, const double* other) const {
    for (std::ptrdiff_t lane = 0; lane < width_; lane++) total[lane] = operation_.merge(total[lane], other[lane]);
  }
  void finishLanes(const double* total, std::ptrdiff_t kept, float* to) const {
    if (perLane_) {
      for (std::ptrdiff_t lane = 0; lane < width_; lane++)
        to[kept * width_ + lane] = static_cast<float>(operation_.finish(total[lane], elements_));
      return;
    }
    double all = total[0];
    for (std::ptrdiff_t lane = 1; lane < width_; lane++) all = operation_.merge(all, total[lane]);
    to[kept] = static_cast<float>(operation_.finish(all, elements_));
  }

  void takeColumns(const float* from, std::ptrdiff_t kept, std::ptrdiff_t piece, double* totals, float* to,
                   const Run& run) const {
    const std::ptrdiff_t x = piece * kPiece, count = std::min(kPiece, row_ - x);
    std::fill_n(totals, count, accumulation_.neutral);
    for (std::ptrdiff_t r = 0; r < outerReduced_.count && !run.stopped(); r++)
      accumulation_.columns({from + kept_.offset(kept) + outerReduced_.offset(r) + x, count, totals});
    for (std::ptrdiff_t i = 0; i < count; i++)
      to[kept * row_ + x + i] = static_cast<float>(operation_.finish(totals[i], elements_));
  }

  void clearMissing(float* to) const {
    const std::ptrdiff_t blocks = divideUp(channels_, width_), missing = blocks * width_ - channels_;
    if (missing == 0) return;
    for (std::ptrdiff_t block = blocks - 1; (block + 1) * blockFloats_ <= resultFloats_; block += blocks) {
      for (std::ptrdiff_t i = block * blockFloats_; i < (block + 1) * blockFloats_; i += width_)
        std::fill_n(to + i + width_ - missing, missing, 0.0f);
    }
  }

  const KernelTable& kernels_;
  const Operation& operation_;
  const Accumulation& accumulation_;
  std::ptrdiff_t width_, inputFloats_, resultFloats_;
  bool blocked_, byLanes_, perLane_, split_;
  std::ptrdiff_t channels_ = 0, blockFloats_ = 1;
  Outer kept_, outerReduced_;
  std::optional<Made> made_;
  double elements_ = 1;  // that go into one result
  std::ptrdiff_t row_, pieces_, rowsPerPart_, partsPerRow_, parts_, perItem_;
  int threads_;
};

}  // namespace

const Accumulation& findAccumulation(const KernelTable& kernels, const std::string& name) {
  const Accumulation* const end = kernels.accumulations + kernels.accumulationCount;
  const Accumulation* const found =
      std::find_if(kernels.accumulations, end, [&](const Accumulation& each) { return name == each.name; });
  if (found == end) throw std::invalid_argument("Expected an accumulation of the kernel table but received " + name);
  return *found;
}

const Operator kReduce{"reduce", prepare<ReduceKernel>};

}  // namespace winograd
