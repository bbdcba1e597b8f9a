#include "operators/conv/common/packing.h"

#include <cstring>

#include "operators/conv/common/kernel.h"
#include "runtime/stopwatch.h"
#include "runtime/threads.h"

namespace winograd {
namespace {

class PackingKernel final : public Kernel {
 public:
  PackingKernel(const Filters& filters, std::size_t packedFloats, int threads, Written written, Pack pack)
      : sourceBytes_(bytesOf(static_cast<std::size_t>(filters.size()))),
        packedBytes_(bytesOf(packedFloats)),
        threads_(threads),
        written_(written),
        pack_(std::move(pack)) {}

  std::vector<std::size_t> inputBytes() const override { return {sourceBytes_}; }
  std::vector<std::size_t> outputBytes() const override { return {packedBytes_}; }
  std::size_t workspaceBytes() const override { return 0; }
  int threads() const override { return threads_; }

  Times execute(std::span<const Buffer> inputs, std::span<const Buffer> outputs, const Run& run) const override {
    checkBuffers("inputs", inputs, inputBytes());
    checkBuffers("outputs", outputs, outputBytes());
    const ThreadPool::Session awake(ThreadPool::shared(), threads_, true);
    Stopwatch total;
    if (written_ == Written::part) std::memset(outputs[0].data, 0, packedBytes_);
    pack_(inputs[0].floats(), outputs[0].floats(), run);
    return {total.lap(), 0, 0, 0};
  }

 private:
  std::size_t sourceBytes_, packedBytes_;
  int threads_;
  Written written_;
  Pack pack_;
};

}  // namespace

std::unique_ptr<Kernel> makePacking(const Filters& filters, std::size_t packedFloats, int threads, Written written,
                                    Pack pack) {
  return std::make_unique<PackingKernel>(filters, packedFloats, threads, written, std::move(pack));
}

}  // namespace winograd
