#include "operators/common/describe.h"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace winograd::describe {

const KernelTable& kernels(const Value& description) {
  const Value& isa = description["isa"];
  const KernelTable* const found = findKernels(isa.text().c_str());
  if (found == nullptr) isa.refuse("the name of a kernel table that this machine can run");
  return *found;
}

int threads(const Value& description) {
  return static_cast<int>(description["threads"].integer(1, kMaxThreads));
}

Activation activation(const Value& value) {
  if (value.missing()) return {};
  return {static_cast<float>(value["slope"].number()), static_cast<float>(value["low"].number()),
          static_cast<float>(value["high"].number())};
}

std::size_t choice(const Value& value, std::span<const char* const> names) {
  std::string all;
  for (std::size_t i = 0; i < names.size(); i++) {
    if (value.text() == names[i]) return i;
    all += (i == 0 ? "" : ", ") + std::string(names[i]);
  }
  value.refuse("one of " + all);
}

std::vector<std::ptrdiff_t> sizes(const Value& value, std::size_t count, std::ptrdiff_t least, std::ptrdiff_t most) {
  const std::vector<int32_t>& given = value.integers();
  const auto fits = [&](int32_t size) { return size >= least && size <= most; };
  if (given.size() != count || !std::all_of(given.begin(), given.end(), fits)) {
    value.refuse(std::to_string(count) + " integers from " + std::to_string(least) + " to " + std::to_string(most));
  }
  return {given.begin(), given.end()};
}

std::ptrdiff_t elements(std::span<const std::ptrdiff_t> sizes) {
  std::ptrdiff_t product = 1;
  for (const std::ptrdiff_t size : sizes) {
    if (size == 0) return 0;
    // Both factors are at most 2^31, so that their product cannot wrap around.
    if (size > kMaxElements || (product *= size) > kMaxElements) {
      throw std::overflow_error("Expected a tensor to be of at most 2^31 elements but received more");
    }
  }
  return product;
}

std::ptrdiff_t elements(std::initializer_list<std::ptrdiff_t> sizes) {
  return elements(std::span(sizes.begin(), sizes.size()));
}

}  // namespace winograd::describe
