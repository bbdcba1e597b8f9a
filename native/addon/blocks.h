#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "addon/values.h"
#include "runtime/memory.h"

namespace winograd::addon {

/// Blocks that JavaScript holds. A pass holds them too: an ArrayBuffer may be transferred or collected while a worker
/// writes to it, and a reference to it would not keep its memory.
class Blocks {
 public:
  static Blocks& shared() {
    static Blocks* blocks = new Blocks;
    return *blocks;
  }
  void add(const std::shared_ptr<Block>& block) {
    const std::lock_guard lock(mutex_);
    blocks_[block->data()] = block;
  }
  void remove(const std::shared_ptr<Block>& block) {
    const std::lock_guard lock(mutex_);
    blocks_.erase(block->data());
  }
  /// The block that holds all of these elements, or null.
  std::shared_ptr<Block> find(const Elements<float>& elements) {
    const std::lock_guard lock(mutex_);
    auto after = blocks_.upper_bound(elements.data);
    if (after == blocks_.begin()) return nullptr;
    const std::shared_ptr<Block> block = std::prev(after)->second.lock();
    if (!block || elements.data + elements.length > block->data() + block->size()) return nullptr;
    return block;
  }

 private:
  std::mutex mutex_;
  std::map<const float*, std::weak_ptr<Block>> blocks_;
};

/// The functions on memory of src/native/addon.ts.
void defineMemory(Napi::Env env, Napi::Object exports);

}  // namespace winograd::addon
