#include "operators/conv/positions/pack.h"

#include <algorithm>

#include "operators/conv/common/packing.h"
#include "operators/conv/transform/weights.h"
#include "runtime/memory.h"
#include "runtime/threads.h"

namespace winograd {

std::size_t packedPositionsFloats(const Filters& filters, const KernelTransforms& transforms,
                                  const KernelTable& kernels) {
  return checkedMultiply(
      checkedMultiply(static_cast<std::size_t>(filters.inChannels), static_cast<std::size_t>(filters.groupOutputs())),
      static_cast<std::size_t>(roundUp(volume(productsOf(transforms)), kernels.width)));
}

std::unique_ptr<Kernel> packPositions(const Filters& filters, const KernelTransforms& transforms,
                                      const KernelTable& kernels, int threads) {
  const WeightTransform transform(filters, transforms, {}, kernels);
  const std::ptrdiff_t channels = filters.groupInputs(), outputs = filters.groupOutputs(), width = kernels.width;
  const std::ptrdiff_t products = transform.products(), vectors = divideUp(products, width);
  const std::ptrdiff_t most = kernels.positionKernels, tiles = divideUp(outputs, most);
  const auto pack = [=](const float* from, float* packed, const Run& run) {
    ThreadPool::shared().forEach(filters.groups * tiles, threads, [&](std::ptrdiff_t item, int) {
      const std::ptrdiff_t group = item / tiles, first = item % tiles * most, count = std::min(most, outputs - first);
      float* const out = packed + (group * outputs + first) * channels * vectors * width;
      WeightTransform::Buffers buffers;
      for (std::ptrdiff_t c = 0; c < channels; c++) {
        run.check();
        const double* values = transform.transform(from, group, c, 1, first, count, count, buffers);
        for (std::ptrdiff_t i = 0; i < products; i++) {
          for (std::ptrdiff_t k = 0; k < count; k++) {
            out[((i / width * channels + c) * count + k) * width + i % width] =
                static_cast<float>(values[i * count + k]);
          }
        }
      }
    });
  };
  return makePacking(filters, packedPositionsFloats(filters, transforms, kernels), threads, Written::part, pack);
}

}  // namespace winograd
