#include "workspace.h"

#include <algorithm>
#include <mutex>
#include <vector>

namespace winograd {
namespace {

// As many as passes usually run at once; the smallest goes first.
constexpr std::size_t kMaxIdle = 2;

struct Idle {
  std::mutex mutex;
  std::vector<std::unique_ptr<Block>> blocks;
};

Idle& idle() {
  // Never destroyed: a pass may end after static objects have gone.
  static Idle* blocks = new Idle;
  return *blocks;
}

bool smaller(const std::unique_ptr<Block>& a, const std::unique_ptr<Block>& b) { return a->size() < b->size(); }

}  // namespace

Workspace::Workspace(std::size_t floats) {
  {
    const std::lock_guard lock(idle().mutex);
    auto& blocks = idle().blocks;
    const auto largest = std::max_element(blocks.begin(), blocks.end(), smaller);
    if (largest != blocks.end() && (*largest)->size() >= floats) {
      block_ = std::move(*largest);
      blocks.erase(largest);
      return;
    }
  }
  block_ = std::make_unique<Block>(floats);
}

Workspace::~Workspace() {
  std::unique_ptr<Block> dropped;  // unmapped after the lock is released
  const std::lock_guard lock(idle().mutex);
  auto& blocks = idle().blocks;
  blocks.push_back(std::move(block_));
  if (blocks.size() > kMaxIdle) {
    const auto smallest = std::min_element(blocks.begin(), blocks.end(), smaller);
    dropped = std::move(*smallest);
    blocks.erase(smallest);
  }
}

}  // namespace winograd
