#include "runtime/memory.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <limits>
#include <string>

#ifdef __linux__
#include <sys/mman.h>
#include <unistd.h>
#endif

namespace winograd {
namespace {

constexpr std::size_t kAlignment = 64;
constexpr std::size_t kHugePage = std::size_t{2} << 20;

// Of all blocks. Linux promises more memory than there is and kills the process that uses it, so what can never fit is
// refused: more than the machine has, or than a container may use, in all.
std::atomic<std::size_t> heldBytes{0};

std::size_t usableBytes() {
#ifdef __linux__
  static const std::size_t usable = [] {
    std::size_t bytes =
        static_cast<std::size_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<std::size_t>(sysconf(_SC_PAGE_SIZE));
    for (const char* path : {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
      std::size_t limit;  // the file says "max" where there is none
      if (std::ifstream(path) >> limit) bytes = std::min(bytes, limit);
    }
    return bytes;
  }();
  return usable;
#else
  return std::numeric_limits<std::size_t>::max();
#endif
}

}  // namespace

Block::Block(std::size_t floats) : floats_(floats) {
  bytes_ = checkedAdd(checkedMultiply(floats, sizeof(float)), kAlignment) / kAlignment * kAlignment;
  if (heldBytes.fetch_add(bytes_) > usableBytes() - std::min(bytes_, usableBytes())) refuse();
#ifdef __linux__
  if (bytes_ >= kHugePage) {
    // One huge page more than needed, so that the block can start on the boundary of one.
    mappedBytes_ = (bytes_ + 2 * kHugePage - 1) / kHugePage * kHugePage;
    mapping_ = mmap(nullptr, mappedBytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapping_ == MAP_FAILED) refuse();
    const std::uintptr_t start = (reinterpret_cast<std::uintptr_t>(mapping_) + kHugePage - 1) / kHugePage * kHugePage;
    madvise(reinterpret_cast<void*>(start), bytes_, MADV_HUGEPAGE);
    data_ = reinterpret_cast<float*>(start);
    return;
  }
#endif
  data_ = static_cast<float*>(std::aligned_alloc(kAlignment, bytes_));
  if (data_ == nullptr) refuse();
  std::memset(data_, 0, bytes_);
}

void Block::refuse() const {
  heldBytes -= bytes_;
  throw OutOfMemory("Expected " + std::to_string(bytes_ >> 20) +
                    " MiB of memory to be available but there is not enough");
}

Block::~Block() {
  heldBytes -= bytes_;
#ifdef __linux__
  if (mapping_ != nullptr) {
    munmap(mapping_, mappedBytes_);
    return;
  }
#endif
  std::free(data_);
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
