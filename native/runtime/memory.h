#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>

/// Memory for activations, weights and workspaces.
namespace winograd {

/// Zero-filled floats on a 64-byte boundary; large blocks ask for huge pages.
/// Throws OutOfMemory when there is none left.
class Block {
 public:
  explicit Block(std::size_t floats);
  ~Block();
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

  float* data() const { return data_; }
  std::size_t size() const { return floats_; }

 private:
  float* data_ = nullptr;
  std::size_t floats_ = 0;
  std::size_t mapped_ = 0;  // bytes, when the block is a mapping of its own
};

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
constexpr std::ptrdiff_t divideUp(std::ptrdiff_t value, std::ptrdiff_t step) { return (value + step - 1) / step; }

}  // namespace winograd
