#include "operators/elementwise/elementwise.h"

#include <algorithm>

#include "operators/common/describe.h"
#include "operators/common/work.h"
#include "operators/elementwise/formula.h"
#include "runtime/memory.h"

namespace winograd {
namespace {

class ElementwiseKernel : public Kernel {
 public:
  explicit ElementwiseKernel(const Value& description)
      : kernels_(describe::kernels(description)),
        result_(readShape(description)),
        inputs_(readInputs(description["inputs"])),
        formula_(kernels_, FormulaParts::read(description["formula"], static_cast<int>(inputs_.size()))),
        broadcast_(kernels_, result_, inputs_, formula_.strip()),
        streamed_(!description["streamed"].missing() && description["streamed"].boolean()) {
    // An item is worth handing out to a thread.
    stripsPerItem_ = std::max<std::ptrdiff_t>(1, kItemWork / (formula_.strip() * formula_.steps()));
    work_ = broadcast_.floats() * formula_.steps();
    threads_ = static_cast<int>(
        std::clamp<std::ptrdiff_t>(divideUp(broadcast_.strips(), stripsPerItem_), 1, describe::threads(description)));
  }

  std::vector<std::size_t> inputBytes() const override {
    std::vector<std::size_t> bytes;
    for (const TensorShape& input : inputs_) bytes.push_back(describe::floatBytes(input.floats(kernels_.width)));
    return bytes;
  }
  std::vector<std::size_t> outputBytes() const override { return {describe::floatBytes(broadcast_.floats())}; }
  std::size_t workspaceBytes() const override { return describe::floatBytes(threads_ * workspaceFloats()); }
  int threads() const override { return threads_; }
  bool wakes() const override { return work_ >= kWorthWakingFloats; }

  Times execute(std::span<const Buffer> inputs, std::span<const Buffer> outputs, const Run& run) const override {
    std::vector<const float*> from;
    float* const to = outputs[0].floats();
    // What is overwritten is in the cache anyway.
    bool streamed = streamed_;
    for (const Buffer& input : inputs) {
      from.push_back(input.floats());
      streamed = streamed && input.data != to;
    }
    forEachRange(broadcast_.strips(), stripsPerItem_, threads_, run,
                 [&](std::ptrdiff_t begin, std::ptrdiff_t end, int slot) {
                   float* const workspace = workspaceAt(run, slot * workspaceFloats());
                   StripOperand operands[kMaxElementwiseInputs];
                   for (std::ptrdiff_t s = begin; s < end; s++) {
                     const Broadcast::Strip strip = broadcast_.strip(s);
                     const bool missing = broadcast_.hasMissing(strip);
                     broadcast_.resolve(strip, from.data(), operands, workspace);
                     formula_.run(operands, to + strip.begin, strip.count, streamed && !missing,
                                  workspace + broadcast_.workspaceFloats());
                     if (missing) broadcast_.clearMissing(strip, to);
                   }
                   if (streamed) drainStores();
                 });
    return {};
  }

 private:
  static constexpr std::ptrdiff_t kItemWork = 32768;             // floats times functions
  static constexpr std::ptrdiff_t kWorthWakingFloats = 1 << 18;  // of the same: some 50 microseconds

  std::ptrdiff_t workspaceFloats() const { return broadcast_.workspaceFloats() + formula_.workspaceFloats(); }

  const KernelTable& kernels_;
  TensorShape result_;
  std::vector<TensorShape> inputs_;
  Formula formula_;
  Broadcast broadcast_;
  bool streamed_;
  std::ptrdiff_t stripsPerItem_, work_;
  int threads_;
};

}  // namespace

TensorShape readShape(const Value& description) {
  constexpr const char* layouts[] = {"planar", "blocked"};
  TensorShape shape;
  shape.layout = static_cast<TensorLayout>(describe::choice(description["layout"], layouts));
  const Value sizes = description["shape"];
  const std::size_t axes = sizes.integers().size();
  if (axes > kMaxAxes) sizes.refuse("at most " + std::to_string(kMaxAxes) + " sizes");
  shape.sizes = describe::sizes(sizes, axes, 0);
  return shape;
}

std::vector<TensorShape> readInputs(const Value& list) {
  std::vector<TensorShape> inputs;
  for (const Value& input : list.array()) inputs.push_back(readShape(input));
  if (inputs.empty() || inputs.size() > kMaxElementwiseInputs)
    list.refuse("1 to " + std::to_string(kMaxElementwiseInputs) + " inputs");
  return inputs;
}

const Operator kElementwise{"elementwise", prepare<ElementwiseKernel>};

}  // namespace winograd
