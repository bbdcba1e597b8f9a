#include "operators/concat/concat.h"

#include <algorithm>
#include <cstring>

#include "operators/common/describe.h"
#include "operators/common/work.h"

namespace winograd {
namespace {

constexpr std::ptrdiff_t kItemFloats = 1 << 16;

class Concat : public Kernel {
 public:
  Concat(int threads, std::ptrdiff_t outer, std::vector<std::ptrdiff_t> runs)
      : threads_(threads), outer_(outer), runs_(std::move(runs)) {
    for (const std::ptrdiff_t run : runs_) {
      offsets_.push_back(row_);
      describe::elements({outer_, row_ += run});
    }
  }

  std::vector<std::size_t> inputBytes() const override {
    std::vector<std::size_t> bytes;
    for (const std::ptrdiff_t run : runs_) bytes.push_back(describe::floatBytes(outer_ * run));
    return bytes;
  }
  std::vector<std::size_t> outputBytes() const override { return {describe::floatBytes(outer_ * row_)}; }
  std::size_t workspaceBytes() const override { return 0; }
  int threads() const override { return threads_; }

  Times execute(std::span<const Buffer> inputs, std::span<const Buffer> outputs, const Run& run) const override {
    Stopwatch watch;
    float* const to = outputs[0].floats();
    // Ranges of the result, however rows and inputs lie in it.
    const std::ptrdiff_t all = outer_ * row_;
    forEachRange(
        all, grainOf(all, threads_, kItemFloats), threads_, run, [&](std::ptrdiff_t begin, std::ptrdiff_t end, int) {
          std::ptrdiff_t row = begin / row_, at = begin % row_;
          std::size_t part = 0;
          for (std::ptrdiff_t done = begin; done < end;) {
            while (at >= offsets_[part] + runs_[part]) part++;
            const std::ptrdiff_t inside = at - offsets_[part];
            const std::ptrdiff_t count = std::min(runs_[part] - inside, end - done);
            std::memcpy(to + done, inputs[part].floats() + row * runs_[part] + inside, describe::floatBytes(count));
            done += count;
            at += count;
            if (at < row_) continue;
            at = 0;
            part = 0;
            row++;
          }
        });
    return {watch.lap()};
  }

 private:
  int threads_;
  std::ptrdiff_t outer_;
  std::vector<std::ptrdiff_t> runs_, offsets_;
  std::ptrdiff_t row_ = 0;
};

std::unique_ptr<Kernel> prepareConcat(const Value& description) {
  const Value& runs = description["runs"];
  return std::make_unique<Concat>(describe::threads(description),
                                  description["outer"].integer(0, describe::kMaxElements),
                                  describe::sizes(runs, runs.integers().size(), 0));
}

std::unique_ptr<Kernel> prepareCopy(const Value& description) {
  constexpr std::ptrdiff_t size = sizeof(float);
  const std::ptrdiff_t bytes = description["bytes"].integer(0, describe::kMaxElements * size);
  if (bytes % size != 0) description["bytes"].refuse("the bytes of whole floats");
  return std::make_unique<Concat>(describe::threads(description), 1, std::vector{bytes / size});
}

}  // namespace

const Operator kConcat{"concat", prepareConcat};
const Operator kCopy{"copy", prepareCopy};

}  // namespace winograd
