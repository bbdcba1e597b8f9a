#include "runtime/memory.h"

#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <string>

#ifdef __linux__
#include <sys/mman.h>
#include <unistd.h>
#endif

namespace winograd {
namespace {

constexpr std::size_t kAlignment = 64;
constexpr std::size_t kHugePage = std::size_t{2} << 20;

[[noreturn]] void fail(std::size_t bytes) {
  throw OutOfMemory("Expected " + std::to_string(bytes >> 20) +
                    " MiB of memory to be available but there is not enough");
}

#ifdef __linux__
// Linux promises more memory than there is and kills the process when it is used; refuse what can never fit.
std::size_t physicalBytes() {
  static const std::size_t bytes =
      static_cast<std::size_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<std::size_t>(sysconf(_SC_PAGE_SIZE));
  return bytes;
}
#endif

}  // namespace

Block::Block(std::size_t floats) : floats_(floats) {
  const std::size_t bytes = checkedAdd(checkedMultiply(floats, sizeof(float)), kAlignment) / kAlignment * kAlignment;
#ifdef __linux__
  if (bytes > physicalBytes()) fail(bytes);
  if (bytes >= kHugePage) {
    // One huge page more than needed, so that the block can start on the boundary of one.
    mappedBytes_ = checkedAdd(bytes, 2 * kHugePage - 1) / kHugePage * kHugePage;
    mapping_ = mmap(nullptr, mappedBytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapping_ == MAP_FAILED) fail(bytes);
    const std::uintptr_t start = (reinterpret_cast<std::uintptr_t>(mapping_) + kHugePage - 1) / kHugePage * kHugePage;
    madvise(reinterpret_cast<void*>(start), bytes, MADV_HUGEPAGE);
    data_ = reinterpret_cast<float*>(start);
    return;
  }
#endif
  data_ = static_cast<float*>(std::aligned_alloc(kAlignment, bytes));
  if (data_ == nullptr) fail(bytes);
  std::memset(data_, 0, bytes);
}

Block::~Block() {
#ifdef __linux__
  if (mapping_ != nullptr) {
    munmap(mapping_, mappedBytes_);
    return;
  }
#endif
  std::free(data_);
}

namespace {

class Pool {
 public:
  static Pool& shared() {
    // Never destroyed: blocks may come back after static objects have gone.
    static Pool* pool = new Pool;
    return *pool;
  }

  // The smallest idle block that fits without wasting more than half of itself, or null.
  std::unique_ptr<Block> take(std::size_t floats) {
    const std::lock_guard lock(mutex_);
    const auto found = idle_.lower_bound(floats);
    if (found == idle_.end() || found->first / 2 > floats) return nullptr;
    std::unique_ptr<Block> block = std::move(found->second);
    idle_.erase(found);
    bytes_ -= block->size() * sizeof(float);
    return block;
  }

  void give(std::unique_ptr<Block> block) {
    const std::size_t bytes = block->size() * sizeof(float);
    const std::lock_guard lock(mutex_);
    if (bytes_ + bytes > kPoolBytes) return;  // freed, before the lock is released
    bytes_ += bytes;
    idle_.emplace(block->size(), std::move(block));
  }

  void clear() {
    std::multimap<std::size_t, std::unique_ptr<Block>> dropped;
    const std::lock_guard lock(mutex_);
    dropped.swap(idle_);
    bytes_ = 0;
  }

 private:
  std::mutex mutex_;
  std::multimap<std::size_t, std::unique_ptr<Block>> idle_;  // by size
  std::size_t bytes_ = 0;
};

}  // namespace

std::shared_ptr<Block> pooledBlock(std::size_t floats) {
  std::unique_ptr<Block> block = Pool::shared().take(floats);
  if (!block) {
    try {
      block = std::make_unique<Block>(floats);
    } catch (const OutOfMemory&) {
      Pool::shared().clear();
      block = std::make_unique<Block>(floats);
    }
  }
  return {block.release(), [](Block* returned) { Pool::shared().give(std::unique_ptr<Block>(returned)); }};
}

std::size_t checkedMultiply(std::size_t a, std::size_t b) {
  std::size_t product;
  if (__builtin_mul_overflow(a, b, &product))
    throw std::overflow_error("Expected a size that fits in memory but it overflows");
  return product;
}

std::size_t checkedAdd(std::size_t a, std::size_t b) {
  std::size_t sum;
  if (__builtin_add_overflow(a, b, &sum))
    throw std::overflow_error("Expected a size that fits in memory but it overflows");
  return sum;
}

}  // namespace winograd
