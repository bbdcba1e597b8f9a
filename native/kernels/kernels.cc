#include "kernels/kernels.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>

namespace winograd {

#ifdef WINOGRAD_X86
extern const KernelTable kAvx512Kernels;
extern const KernelTable kAvx2Kernels;
#endif
extern const KernelTable kPortableKernels;

const KernelTable* const kKernelTables[] = {
#ifdef WINOGRAD_X86
    &kAvx512Kernels,
    &kAvx2Kernels,
#endif
    &kPortableKernels,
};
const int kKernelTableCount = static_cast<int>(sizeof(kKernelTables) / sizeof(kKernelTables[0]));

const KernelTable* findKernels(const char* name) {
  for (const KernelTable* table : kKernelTables) {
    if (std::strcmp(table->name, name) == 0 && table->supported()) return table;
  }
  return nullptr;
}

const Codelet* findCodelet(const KernelTable& kernels, const char* name) {
  const Codelet* const end = kernels.codelets + kernels.codeletCount;
  const Codelet* const found = std::lower_bound(
      kernels.codelets, end, name,
      [](const Codelet& codelet, const char* wanted) { return std::strcmp(codelet.name, wanted) < 0; });
  return found != end && std::strcmp(found->name, name) == 0 ? found : nullptr;
}

const KernelTable& defaultKernels() {
  const char* forced = std::getenv("WINOGRAD_ISA");
  if (forced != nullptr && *forced != '\0') {
    if (const KernelTable* table = findKernels(forced)) return *table;
    std::string names;
    for (const KernelTable* table : kKernelTables) {
      if (table->supported()) names += std::string(names.empty() ? "" : ", ") + table->name;
    }
    throw std::invalid_argument("Expected WINOGRAD_ISA to be one of " + names + " but received " + forced);
  }
  for (const KernelTable* table : kKernelTables) {
    if (table->supported()) return *table;
  }
  return kPortableKernels;
}

}  // namespace winograd
