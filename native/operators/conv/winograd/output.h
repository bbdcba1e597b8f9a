#pragma once

#include "operators/conv/common/rows.h"
#include "operators/conv/transform/view.h"
#include "operators/conv/winograd/stages.h"

namespace winograd {

/// The last stage, from M to the result: sums transformed back along each axis, and the epilogue.
class OutputTransform {
 public:
  /// @param tilings outlives it
  /// @param slice floats that stay in the first level of cache
  /// @param strip floats of the largest strip
  OutputTransform(const Epilogue& epilogue, const Panels& panels, const Tilings& tilings, const ProductSums& from,
                  std::ptrdiff_t slice, std::ptrdiff_t strip);

  /// Transforms a run's tiles of some panels, the first of which M begins with. `scratch` holds two strips.
  void run(const Pass& pass, const TileRun& run, std::ptrdiff_t firstPanel, std::ptrdiff_t endPanel, const float* m,
           float* scratch) const;

  const LineTransforms& transforms() const { return transforms_; }

 private:
  const LineTransform& transform(std::size_t axis, const TileRun& run) const {
    return transforms_[axis][static_cast<std::size_t>(run.form[axis])];
  }

  Epilogue epilogue_;
  Panels panels_;
  const Tilings& tilings_;
  LineTransforms transforms_;
  ProductSums from_;
  std::ptrdiff_t slice_, strip_;
};

}  // namespace winograd
