// From M to the output: the stage … ×ₙ Aₙ of a pass (winograd.h).

#include <algorithm>

#include "operators/conv/winograd/winograd.h"

namespace winograd {

// The other way round as the input: the last two axes slice by slice and a few tiles at once, with what is between them
// in the first level of cache, to a strip in the second; then the first axis, whose rows go to memory while they are in
// the first level.
void WinogradPlan::transformOutput(const Activations& activations, const Run& run, std::ptrdiff_t firstPanel,
                                   std::ptrdiff_t endPanel, const float* m, float* scratch) const {
  const std::ptrdiff_t width = kernels_.width, outputs = layer().outChannels;
  Axes tile, products;  // extents of one tile after and before
  Axes valid;           // outputs of the strip that exist
  for (int a = 0; a < 3; a++) {
    const Form& f = form(a, run.form[a]);
    tile[a] = f.outputs;
    products[a] = f.products;
    valid[a] = std::min((a == 2 ? run.count : 1) * tile[a], output_[a] - run.start[a]);
  }
  const LineTransform &first = outputTransform(0, run.form[0]), &middle = outputTransform(1, run.form[1]),
                      &last = outputTransform(2, run.form[2]);
  const Axes planes{products_[1] * products_[2] * mPlane_, products_[2] * mPlane_, mPlane_};
  // The run's tiles lie in the strip side by side along the last axis.
  const Axes extents{products[0], tile[1], run.count * tile[2]};
  const View strip = packed(scratch + scratch_, extents, width);
  // Planar rows past the caches go together: they lie side by side in each channel.
  const bool together = activations.streamed && problem_.outputLayout == Layout::planar;
  const std::ptrdiff_t rowsAtOnce = together ? valid[1] : 1;
  const View rows = packed(scratch, {tile[0], rowsAtOnce, extents[2]}, width);
  const std::ptrdiff_t most = middle.identity() ? run.count : tilesAtOnce(products[1] * tile[2], run.count);

  for (std::ptrdiff_t p = firstPanel; p < endPanel; p++) {
    const Panel panel = panels_.at(p);
    const std::ptrdiff_t lanes = panel.vectors * width;
    for (int v = 0; v < panel.vectors; v++) {
      for (std::ptrdiff_t j = 0; j < run.count; j += most) {
        const std::ptrdiff_t count = std::min(most, run.count - j);
        const LineLoop tiles{count, lanes, tile[2] * width};
        View from{m + (p - firstPanel) * mPanel_ + (run.first + j) * lanes + v * width, planes};
        float* to = scratch + scratch_ + j * tile[2] * width;
        if (middle.identity()) {
          applyAlong(2, last, from, to, strip.stride, products, tiles);
          continue;
        }
        const Axes before{1, products[1], products[2]}, between{1, products[1], count * tile[2]};
        const View slice = packed(scratch, between, width);
        for (std::ptrdiff_t d = 0; d < products[0]; d++) {
          applyAlong(2, last, from, scratch, slice.stride, before, tiles);
          applyAlong(1, middle, slice, to, strip.stride, between);
          from.at += planes[0];
          to += strip.stride[0];
        }
      }
      const std::ptrdiff_t channel = panel.channel + v * width;
      OutputRow row{run.image,
                    {},
                    valid[2],
                    channel,
                    static_cast<int>(std::min(width, outputs - channel)),
                    weights_->bias(0) + channel,
                    rowsAtOnce,
                    strip.stride[1]};
      for (std::ptrdiff_t h = 0; h < valid[1]; h += row.rows) {
        View from{strip.at + h * strip.stride[1], strip.stride};
        if (!first.identity()) {
          applyAlong(0, first, from, scratch, rows.stride, {products[0], row.rows, extents[2]});
          from = rows;
        }
        for (std::ptrdiff_t d = 0; d < valid[0]; d++) {
          row.at = {run.start[0] + d, run.start[1] + h, run.start[2]};
          storeOutputRow(layer(), problem_, output_, activations, row, from.at + d * from.stride[0], width);
        }
      }
    }
  }
}

}  // namespace winograd
