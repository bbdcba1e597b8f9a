#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>

/// Memory for activations, weights and workspaces.
namespace winograd {

/// Zero-filled floats on a 64-byte boundary; large blocks lie on huge pages where the system lends them.
/// Throws OutOfMemory when there is none left, or when all blocks together would exceed the machine's memory or the
/// container's.
class Block {
 public:
  explicit Block(std::size_t floats);
  ~Block();
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

  float* data() const { return data_; }
  std::size_t size() const { return floats_; }

 private:
  [[noreturn]] void refuse() const;

  float* data_ = nullptr;
  std::size_t floats_ = 0;
  std::size_t bytes_ = 0;
  void* mapping_ = nullptr;  // when the block is a mapping of its own
  std::size_t mappedBytes_ = 0;
};

/// A block from the pool of the whole process (runtime/block_pool.h), to which it returns when nobody holds it any
/// more. At least `floats` long; the contents are undefined. Throws OutOfMemory.
std::shared_ptr<Block> pooledBlock(std::size_t floats);

struct OutOfMemory : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// a * b and a + b; throw std::overflow_error instead of wrapping around.
std::size_t checkedMultiply(std::size_t a, std::size_t b);
std::size_t checkedAdd(std::size_t a, std::size_t b);

/// The smallest multiple of `step` that is not below `value`.
constexpr std::ptrdiff_t roundUp(std::ptrdiff_t value, std::ptrdiff_t step) {
  return (value + step - 1) / step * step;
}
constexpr std::ptrdiff_t divideUp(std::ptrdiff_t value, std::ptrdiff_t step) {
  return (value + step - 1) / step;
}

/// Waits until stores past the caches can be seen by every thread that synchronises with this one afterwards.
inline void drainStores() {
#if defined(__SSE__)
  __builtin_ia32_sfence();
#endif
}

}  // namespace winograd
