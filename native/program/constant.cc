#include "program/constant.h"

#include <stdexcept>
#include <string>

namespace winograd {
namespace {

constexpr std::size_t floatsFor(std::size_t bytes) {
  return bytes / sizeof(float) + (bytes % sizeof(float) != 0 ? 1 : 0);
}

}  // namespace

Constant::Constant(std::shared_ptr<const Block> block, std::size_t bytes)
    : bytes_(bytes), made_(true), block_(std::move(block)) {}

Constant::Constant(std::shared_ptr<const Kernel> kernel, std::vector<std::shared_ptr<const Constant>> inputs)
    : bytes_(0), kernel_(std::move(kernel)), inputs_(std::move(inputs)) {
  const std::vector<std::size_t> expected = kernel_->inputBytes(), made = kernel_->outputBytes();
  bool fits = made.size() == 1 && expected.size() == inputs_.size();
  for (std::size_t i = 0; fits && i < inputs_.size(); i++)
    fits = inputs_[i] == nullptr || inputs_[i]->bytes() >= expected[i];
  if (!fits) throw std::invalid_argument("Expected the inputs of a constant to be those of its kernel");
  bytes_ = made[0];
}

Buffer Constant::ready(const std::atomic<bool>* cancelled) const {
  if (!made_.load(std::memory_order_acquire)) {
    const std::lock_guard lock(making_);
    if (!made_.load(std::memory_order_relaxed)) {
      std::vector<Buffer> from;
      for (const auto& input : inputs_) from.push_back(input == nullptr ? Buffer{} : input->ready(cancelled));
      const auto block = std::make_shared<Block>(floatsFor(bytes_));
      const std::size_t workspaceBytes = kernel_->workspaceBytes();
      const std::shared_ptr<Block> workspace = workspaceBytes > 0 ? pooledBlock(floatsFor(workspaceBytes)) : nullptr;
      const Buffer to{block->data(), bytes_};
      kernel_->execute(from, {&to, 1}, {workspace ? Buffer{workspace->data(), workspaceBytes} : Buffer{}, cancelled});
      block_ = block;
      kernel_.reset();
      inputs_.clear();
      made_.store(true, std::memory_order_release);
    }
  }
  return {const_cast<float*>(block_->data()), bytes_};
}

}  // namespace winograd
