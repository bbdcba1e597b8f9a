#include "runtime/machine.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <thread>

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#define WINOGRAD_CPUID
#endif

namespace winograd {
namespace {

/// The value of the first line `key : value` of Linux' description of the processor, or nothing.
std::string described(const std::string& key) {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    const std::size_t colon = line.find(':');
    if (line.rfind(key, 0) == 0 && colon != std::string::npos) return line.substr(std::min(colon + 2, line.size()));
  }
  return {};
}

/// A number, decimal or after 0x hexadecimal; 0 for none.
int numberOf(const std::string& text) {
  return static_cast<int>(std::strtol(text.c_str(), nullptr, 0));
}

std::string wordOf(const std::string& path) {
  std::string word;
  std::ifstream(path) >> word;
  return word;
}

/// `512K` as Linux writes sizes, in bytes.
std::size_t bytesOf(const std::string& size) {
  char* unit = nullptr;
  const std::size_t count = std::strtoul(size.c_str(), &unit, 10);
  return count << (*unit == 'K' ? 10 : *unit == 'M' ? 20 : *unit == 'G' ? 30 : 0);
}

/// The same on x86 and ARM.
std::array<std::size_t, 3> cachesOfLinux() {
  std::array<std::size_t, 3> caches{};
  for (int index = 0; index < 8; index++) {
    const std::string folder = "/sys/devices/system/cpu/cpu0/cache/index" + std::to_string(index) + "/";
    const int level = numberOf(wordOf(folder + "level"));
    if (level < 1 || level > 3 || wordOf(folder + "type") == "Instruction") continue;
    caches[static_cast<std::size_t>(level - 1)] = bytesOf(wordOf(folder + "size"));
  }
  return caches;
}

#ifdef WINOGRAD_CPUID

/// Where the system tells nothing: CPUID leaf 4 of Intel, which AMD has at 0x8000001D in the same form.
std::array<std::size_t, 3> cachesOfCpuid(unsigned leaf) {
  std::array<std::size_t, 3> caches{};
  unsigned a = 0, b = 0, c = 0, d = 0;
  for (unsigned index = 0; index < 8 && __get_cpuid_count(leaf, index, &a, &b, &c, &d); index++) {
    const unsigned type = a & 31, level = a >> 5 & 7;  // of type 2 are those of instructions
    if (type == 0) break;
    if (type == 2 || level < 1 || level > 3) continue;
    const std::size_t ways = (b >> 22) + 1, partitions = (b >> 12 & 1023) + 1, line = (b & 4095) + 1;
    caches[level - 1] = ways * partitions * line * (std::size_t{c} + 1);
  }
  return caches;
}

void identify(Machine& found) {
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (!__get_cpuid(0, &a, &b, &c, &d)) return;
  char vendor[13] = {};
  std::memcpy(vendor, &b, 4);
  std::memcpy(vendor + 4, &d, 4);
  std::memcpy(vendor + 8, &c, 4);
  found.vendor = vendor;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return;
  const unsigned family = a >> 8 & 15;
  found.family = static_cast<int>(family == 15 ? family + (a >> 20 & 255) : family);
  found.model = static_cast<int>((a >> 4 & 15) | (a >> 12 & 240));
  if (found.caches[0] == 0) found.caches = cachesOfCpuid(4);
  if (found.caches[0] == 0) found.caches = cachesOfCpuid(0x8000001D);
}

#else

void identify(Machine& found) {
  found.vendor = described("CPU implementer");
  found.model = numberOf(described("CPU part"));
}

#endif

Machine detect() {
  Machine found;
  found.name = described("model name");
  found.cores = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  found.caches = cachesOfLinux();
  identify(found);
  if (found.name.empty()) found.name = "unknown";
  return found;
}

}  // namespace

const Machine& machine() {
  static const Machine found = detect();
  return found;
}

}  // namespace winograd
