// The engine without Node, on every kernel table of this machine; sanitizer builds run it too.
//
//   cmake -S . -B build-test -DWINOGRAD_TESTS=ON && cmake --build build-test && ctest --test-dir build-test

#include <cstdio>
#include <cstdlib>
#include <random>

#include "check.h"
#include "tests.h"
#include "transform_cases.h"

using namespace winograd;

namespace {

int passed = 0, failed = 0;

}  // namespace

void check(bool holds, const std::string& what) {
  (holds ? passed : failed)++;
  if (!holds) std::printf("FAILED %s\n", what.c_str());
}

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 60;
  for (int i = 0; i < kKernelTableCount; i++) {
    const KernelTable& kernels = *kKernelTables[i];
    if (!kernels.supported()) {
      std::printf("%s: not on this machine, skipped\n", kernels.name);
      continue;
    }
    std::mt19937 generator(2);
    for (int round = 0; round < 5 * rounds; round++) transform_cases::run(kernels, generator, check);
    transform_cases::runCodelets(kernels, generator, check);
    testRounding(kernels);
    testActivations(kernels);
    testOrderOfSums(kernels);
    testStages(kernels);
    testGradients(kernels, 2 * rounds);
    std::printf("%s: %d cases\n", kernels.name, testConvolutions(kernels, rounds));
  }
  testRefusals();
  testValues();
  testMemory();
  testPool();
  testCancelling();
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}
