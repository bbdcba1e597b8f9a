#include "runtime/memory.h"

#include <cstdlib>
#include <cstring>
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
