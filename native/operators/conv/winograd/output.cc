#include "operators/conv/winograd/output.h"

#include <algorithm>

namespace winograd {

OutputTransform::OutputTransform(const Epilogue& epilogue, const Panels& panels, const Tilings& tilings,
                                 const ProductSums& from, std::ptrdiff_t slice, std::ptrdiff_t strip)
    : epilogue_(epilogue),
      panels_(panels),
      tilings_(tilings),
      transforms_(outputTransforms(*epilogue.output.kernels, tilings)),
      from_(from),
      slice_(slice),
      strip_(strip) {}

// The other way round as the input: the last two axes slice by slice and a few tiles at once, with what is between them
// in the first level of cache, to a strip in the second; then the first axis, whose rows go to memory while they are in
// the first level.
void OutputTransform::run(const Pass& pass, const TileRun& run, std::ptrdiff_t firstPanel, std::ptrdiff_t endPanel,
                          const float* m, float* scratch) const {
  const std::ptrdiff_t width = epilogue_.output.kernels->width, outputs = epilogue_.output.channels;
  Axes tile, products;  // extents of one tile after and before
  Axes valid;           // outputs of the strip that exist
  for (std::size_t a = 0; a < 3; a++) {
    const Form& f = tilings_[a].forms[static_cast<std::size_t>(run.form[a])];
    tile[a] = f.outputs;
    products[a] = f.products;
    valid[a] = std::min((a == 2 ? run.count : 1) * tile[a], epilogue_.output.extents[a] - run.start[a]);
  }
  const LineTransform &first = transform(0, run), &middle = transform(1, run), &last = transform(2, run);
  const Axes planes{from_.products[1] * from_.products[2] * from_.plane, from_.products[2] * from_.plane, from_.plane};
  // The run's tiles lie in the strip side by side along the last axis.
  const Axes extents{products[0], tile[1], run.count * tile[2]};
  const View strip = packed(scratch + strip_, extents, width);
  // Planar rows past the caches go together: they lie side by side in each channel.
  const bool together = epilogue_.streamed && epilogue_.output.layout == Layout::planar;
  const std::ptrdiff_t rowsAtOnce = together ? valid[1] : 1;
  const View rows = packed(scratch, {tile[0], rowsAtOnce, extents[2]}, width);
  const std::ptrdiff_t most =
      middle.identity() ? run.count : tilesAtOnce(slice_, products[1] * tile[2] * width, run.count);

  for (std::ptrdiff_t p = firstPanel; p < endPanel; p++) {
    const Panel panel = panels_.at(p);
    const std::ptrdiff_t lanes = panel.vectors * width;
    for (int v = 0; v < panel.vectors; v++) {
      for (std::ptrdiff_t j = 0; j < run.count; j += most) {
        const std::ptrdiff_t count = std::min(most, run.count - j);
        const LineLoop tiles{count, lanes, tile[2] * width};
        View from{m + (p - firstPanel) * from_.panel + (run.first + j) * lanes + v * width, planes};
        float* to = scratch + strip_ + j * tile[2] * width;
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
                    pass.bias + channel,
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
          epilogue_.store(pass, row, from.at + d * from.stride[0], width);
        }
      }
    }
  }
}

}  // namespace winograd
