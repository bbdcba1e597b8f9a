#pragma once

#include <array>
#include <cstddef>
#include <string>

namespace winograd {

/// The processor as the system and the processor itself tell it; what neither tells is empty or zero.
struct Machine {
  std::string name;           // for people
  std::string vendor;         // as CPUID spells it, or ARM's number of the implementer
  int family = 0, model = 0;  // of x86; of ARM the model is the part number
  int cores = 1;              // hardware threads that this process may use
  /// Bytes of the caches of data: first and second level of one core, third level as cores share it.
  std::array<std::size_t, 3> caches{};
};

/// Detected at the first call, then remembered.
const Machine& machine();

}  // namespace winograd
