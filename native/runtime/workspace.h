#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "memory.h"

namespace winograd {

/// Scratch memory of one pass. Fresh pages cost as much as computing on them, so finished passes leave theirs for
/// the next one, whichever layer it belongs to. The contents are undefined.
class Workspace {
 public:
  /// Throws OutOfMemory.
  explicit Workspace(std::size_t floats);
  ~Workspace();
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;

  float* data() const { return block_->data(); }

 private:
  std::unique_ptr<Block> block_;
};

}  // namespace winograd
