#include "runtime/block_pool.h"

#include <algorithm>
#include <system_error>
#include <thread>

namespace winograd {
namespace {

constexpr std::size_t kPage = 4096;
std::size_t bytesOf(const Block& block) {
  return block.size() * sizeof(float);
}

}  // namespace

BlockPool& BlockPool::shared() {
  // Never destroyed: blocks may come back after static objects have gone.
  static BlockPool* pool = new BlockPool;
  return *pool;
}

std::shared_ptr<Block> BlockPool::reuse(std::size_t floats, std::chrono::microseconds wait) {
  std::unique_ptr<Block> block;
  {
    std::unique_lock lock(mutex_);
    block = find(floats);
    const Clock::time_point end = Clock::now() + wait;
    waiting_++;
    while (!block && Clock::now() < end) {
      returned_.wait_until(lock, end);
      block = find(floats);
    }
    waiting_--;
  }
  return block ? lend(std::move(block)) : nullptr;
}

std::shared_ptr<Block> BlockPool::take(std::size_t floats) {
  if (std::shared_ptr<Block> block = reuse(floats)) return block;
  try {
    return lend(std::make_unique<Block>(floats));
  } catch (const OutOfMemory&) {
    release();
    return lend(std::make_unique<Block>(floats));
  }
}

void BlockPool::reserve(std::size_t floats) {
  const std::size_t bytes = checkedMultiply(floats, sizeof(float));
  const std::lock_guard lock(mutex_);
  if (idleBytes_ + bytes > limit_) return;
  reserved_.push_back(floats);
  wakeKeeper();
}

void BlockPool::setLimit(std::size_t bytes) {
  Blocks dropped;
  const std::lock_guard lock(mutex_);
  limit_ = bytes;
  if (idleBytes_ > limit_) dropped = drop();
}

std::size_t BlockPool::limit() const {
  const std::lock_guard lock(mutex_);
  return limit_;
}

std::size_t BlockPool::idleBytes() const {
  const std::lock_guard lock(mutex_);
  return idleBytes_;
}

void BlockPool::release() {
  Blocks dropped;
  const std::lock_guard lock(mutex_);
  dropped = drop();
}

std::shared_ptr<Block> BlockPool::lend(std::unique_ptr<Block> block) {
  return {block.release(), [this](Block* returned) { give(std::unique_ptr<Block>(returned)); }};
}

void BlockPool::give(std::unique_ptr<Block> block) noexcept {
  const std::size_t bytes = bytesOf(*block);
  const std::lock_guard lock(mutex_);
  if (idleBytes_ + bytes > limit_) return;
  try {
    idle_[block->size()].push_back({nullptr, Clock::now()});
  } catch (const std::bad_alloc&) {
    return;  // an empty list of that size may stay, which `find` and `drop` pass over
  }
  idle_[block->size()].back().block = std::move(block);
  idleBytes_ += bytes;
  if (waiting_ > 0) returned_.notify_all();
  if (asleep_ || !started_) wakeKeeper();
}

std::unique_ptr<Block> BlockPool::find(std::size_t floats) {
  for (auto entry = idle_.lower_bound(floats); entry != idle_.end() && entry->first / 2 <= floats; ++entry) {
    Blocks& blocks = entry->second;
    if (blocks.empty()) continue;
    std::unique_ptr<Block> block = std::move(blocks.back().block);
    blocks.pop_back();
    idleBytes_ -= bytesOf(*block);
    return block;
  }
  return nullptr;
}

BlockPool::Blocks BlockPool::drop(Clock::time_point before) {
  Blocks dropped;
  for (auto entry = idle_.begin(); entry != idle_.end();) {
    Blocks& blocks = entry->second;
    const auto kept =
        std::find_if(blocks.begin(), blocks.end(), [&](const Idle& idle) { return idle.since >= before; });
    for (auto idle = blocks.begin(); idle != kept; ++idle) idleBytes_ -= bytesOf(*idle->block);
    dropped.splice(dropped.end(), blocks, blocks.begin(), kept);
    entry = blocks.empty() ? idle_.erase(entry) : std::next(entry);
  }
  return dropped;
}

void BlockPool::wakeKeeper() {
  if (!started_) {
    try {
      std::thread([this] { keep(); }).detach();
      started_ = true;
    } catch (const std::system_error&) {
      // Without the thread blocks stay until the limit or `release` drops them.
    }
  }
  work_.notify_one();
}

void BlockPool::keep() {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (!reserved_.empty()) {
      const std::size_t floats = reserved_.back();
      reserved_.pop_back();
      lock.unlock();
      prepare(floats);
    } else if (idleBytes_ == 0) {
      asleep_ = true;
      work_.wait(lock);
      asleep_ = false;
      continue;
    } else {
      work_.wait_for(lock, kIdleTime / 2);
      const Blocks dropped = drop(Clock::now() - kIdleTime);
      lock.unlock();
    }
    lock.lock();
  }
}

void BlockPool::prepare(std::size_t floats) noexcept {
  try {
    auto block = std::make_unique<Block>(floats);
    volatile float* data = block->data();
    for (std::size_t i = 0; i < floats; i += kPage / sizeof(float)) data[i] = 0;
    give(std::move(block));
  } catch (const std::exception&) {
    // What has to have the memory will say that there is none.
  }
}

std::shared_ptr<Block> pooledBlock(std::size_t floats) {
  return BlockPool::shared().take(floats);
}

}  // namespace winograd
