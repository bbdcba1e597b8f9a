#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "operators/kernel.h"
#include "runtime/memory.h"

namespace winograd {

/// What programs read and never write, such as weights: given, or made by a kernel at first need, by the run that needs
/// it and off the main thread. Programs share them, from any thread.
class Constant {
 public:
  /// Holds the first `bytes` of a block, which nobody may change any more.
  Constant(std::shared_ptr<const Block> block, std::size_t bytes);
  /// The only output of a kernel. The inputs (or null for one that is left out) are let go once it is made.
  /// Throws std::invalid_argument where they do not fit the kernel.
  Constant(std::shared_ptr<const Kernel> kernel, std::vector<std::shared_ptr<const Constant>> inputs);

  std::size_t bytes() const { return bytes_; }
  /// Its memory, after making it where that is still to do; whoever comes meanwhile waits. What fails is tried again by
  /// the next. Throws Cancelled, OutOfMemory.
  Buffer ready(const std::atomic<bool>* cancelled) const;

 private:
  std::size_t bytes_;
  mutable std::mutex making_;
  mutable std::atomic<bool> made_{false};
  mutable std::shared_ptr<const Block> block_;
  mutable std::shared_ptr<const Kernel> kernel_;
  mutable std::vector<std::shared_ptr<const Constant>> inputs_;
};

}  // namespace winograd
