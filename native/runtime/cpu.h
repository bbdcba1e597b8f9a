#pragma once

#include <string>

namespace winograd {

/// The processor's name as the system tells it, or "unknown".
std::string cpuModel();

/// Hardware threads that this process may use.
int cpuCores();

}  // namespace winograd
