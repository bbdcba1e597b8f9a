// From M to the output: the stage … ×ₙ Aₙ of a pass (winograd.h).

#include <algorithm>

#include "winograd.h"

namespace winograd {

void WinogradPlan::transformOutput(const Activations& activations, const Run& run, std::ptrdiff_t firstPanel,
                                   std::ptrdiff_t endPanel, const float* m, float* scratch) const {
  const std::ptrdiff_t width = kernels_.width, outputs = layer().outChannels;
  Axes tile, products;  // extents of one tile after and before
  for (int a = 0; a < 3; a++) {
    const Form& f = form(a, run.form[a]);
    tile[a] = f.outputs;
    products[a] = f.products;
  }
  const std::array<const LineTransform*, 3> transforms{
      &outputTransform(0, run.form[0]), &outputTransform(1, run.form[1]), &outputTransform(2, run.form[2])};
  Axes valid;  // outputs of the strip that exist
  for (int a = 0; a < 3; a++) valid[a] = std::min((a == 2 ? run.count : 1) * tile[a], output_[a] - run.start[a]);
  const Axes planes{products_[1] * products_[2] * mPlane_, products_[2] * mPlane_, mPlane_};

  for (std::ptrdiff_t p = firstPanel; p < endPanel; p++) {
    const Panel panel = panels_.at(p);
    const std::ptrdiff_t lanes = panel.vectors * width;
    for (int v = 0; v < panel.vectors; v++) {
      // From here on the run is one strip, its tiles side by side along the last axis.
      Axes extents{products[0], products[1], run.count * tile[2]};
      const View columns = packed(scratch, extents, width);
      applyAlong(2, *transforms[2], {m + (p - firstPanel) * mPanel_ + run.first * lanes + v * width, planes}, scratch,
                 columns.stride, products, {run.count, lanes, tile[2] * width});
      const View strip = applyAll({1, 0}, transforms, columns, extents, scratch + scratch_, scratch, width);
      const std::ptrdiff_t channel = panel.channel + v * width;
      OutputRow row{run.image,
                    {},
                    valid[2],
                    channel,
                    static_cast<int>(std::min(width, outputs - channel)),
                    weights_->bias(0) + channel};
      for (std::ptrdiff_t d = 0; d < valid[0]; d++) {
        for (std::ptrdiff_t h = 0; h < valid[1]; h++) {
          row.at = {run.start[0] + d, run.start[1] + h, run.start[2]};
          storeOutputRow(layer(), problem_, output_, activations, row,
                         strip.at + d * strip.stride[0] + h * strip.stride[1], width);
        }
      }
    }
  }
}

}  // namespace winograd
