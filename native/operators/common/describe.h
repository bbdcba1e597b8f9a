#pragma once

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <span>
#include <vector>

#include "kernels/kernels.h"
#include "operators/kernel.h"
#include "runtime/value.h"

/// What the descriptions of many operators have in common. Everything throws std::invalid_argument for what does not
/// fit.
namespace winograd::describe {

/// Most elements of a tensor: indices of them fit an int32, and their bytes a size_t many times over.
constexpr std::ptrdiff_t kMaxElements = std::ptrdiff_t{1} << 31;
constexpr int kMaxThreads = 256;

/// The kernel table that `isa` names; it must run on this machine.
const KernelTable& kernels(const Value& description);
/// `threads`, from 1 to kMaxThreads.
int threads(const Value& description);
/// { slope, low, high }, or nothing for none.
Activation activation(const Value& value);
/// One of the names, by its index.
std::size_t choice(const Value& value, std::span<const char* const> names);

/// Elements of an Int32Array, each within the limits.
std::vector<std::ptrdiff_t> sizes(const Value& value, std::size_t count, std::ptrdiff_t least,
                                  std::ptrdiff_t most = kMaxElements);

/// The product; throws std::overflow_error beyond kMaxElements.
std::ptrdiff_t elements(std::span<const std::ptrdiff_t> sizes);
std::ptrdiff_t elements(std::initializer_list<std::ptrdiff_t> sizes);

/// Bytes of that many floats.
constexpr std::size_t floatBytes(std::ptrdiff_t count) {
  return static_cast<std::size_t>(count) * sizeof(float);
}

}  // namespace winograd::describe

namespace winograd {

/// What an operator's row holds: makes a kernel of that class, whose constructor reads the description.
template <class Made>
std::unique_ptr<Kernel> prepare(const Value& description) {
  return std::make_unique<Made>(description);
}

}  // namespace winograd
