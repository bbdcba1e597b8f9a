#include "operators/conv/winograd/slabs.h"

#include <algorithm>

#include "runtime/threads.h"

namespace winograd {

Slabs::Slabs(const Pixels& input, const Axes& padding, const Tilings& tilings, const std::vector<TileBlock>& blocks,
             std::ptrdiff_t most)
    : planes_(input) {
  planes_.extents = {input.extents[0], 1, input.extents[1] * input.extents[2]};
  const std::ptrdiff_t depth = input.extents[0];
  for (std::size_t b = 0; b < blocks.size(); b++) {
    std::ptrdiff_t first = input.batch * depth, end = 0;
    for (const TileRun& run : blocks[b].runs) {
      const Form& form = tilings[0].forms[static_cast<std::size_t>(run.form[0])];
      const std::ptrdiff_t begin = run.start[0] * tilings[0].stride - padding[0] + form.offset;
      first = std::min(first, run.image * depth + std::clamp<std::ptrdiff_t>(begin, 0, depth));
      end = std::max(end, run.image * depth + std::clamp<std::ptrdiff_t>(begin + form.inputs, 0, depth));
    }
    if (!slabs_.empty()) {
      Slab& last = slabs_.back();
      const std::ptrdiff_t low = std::min(last.firstPlane, first), high = std::max(last.endPlane, end);
      if ((high - low) * planeFloats() <= most) {
        last = {last.firstBlock, b + 1, low, high};
        continue;
      }
    }
    slabs_.push_back({b, b + 1, first, end});
  }
}

std::ptrdiff_t Slabs::planeFloats() const {
  return planes_.extents[2] * roundUp(planes_.channels, planes_.kernels->width);
}

std::ptrdiff_t Slabs::size() const {
  std::ptrdiff_t planes = 0;
  for (const Slab& slab : slabs_) planes = std::max(planes, slab.endPlane - slab.firstPlane);
  return planes * planeFloats();
}

InputSource Slabs::copy(const float* x, const Slab& slab, int threads, float* to) const {
  const std::ptrdiff_t width = planes_.kernels->width, depth = planes_.extents[0], pixels = planes_.extents[2];
  const std::ptrdiff_t planes = slab.endPlane - slab.firstPlane;
  ThreadPool::shared().forEach(divideUp(planes_.channels, width) * planes, threads, [&](std::ptrdiff_t item, int) {
    const std::ptrdiff_t plane = slab.firstPlane + item % planes;
    const InputRow row{plane / depth, {plane % depth, 0, 0}, pixels, 0, item / planes, planes_.channels};
    loadInputRow(planes_, x, row, to + item * pixels * width);
  });
  return {to, Layout::blocked, slab.firstPlane, depth, planes};
}

}  // namespace winograd
