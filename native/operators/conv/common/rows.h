#pragma once

#include "operators/conv/common/schedule.h"
#include "runtime/memory.h"

/// Rows of pixels: from the input's layout to blocked ones, and from blocked ones through the epilogue to the result's.
namespace winograd {

/// Activations in memory.
struct Pixels {
  const KernelTable* kernels;
  Layout layout;
  std::ptrdiff_t batch, channels;
  Axes extents;

  /// Floats of all.
  std::ptrdiff_t size() const {
    return batch * (layout == Layout::blocked ? roundUp(channels, kernels->width) : channels) * volume(extents);
  }
};
Pixels inputPixels(const Problem& problem, const Schedule& schedule);
Pixels outputPixels(const Problem& problem, const Schedule& schedule);
Pixels residualPixels(const Problem& problem, const Schedule& schedule);

/// Where the pixels of a channel lie: the first one, and from each to the next.
struct ChannelPlace {
  std::ptrdiff_t first, step;
};
ChannelPlace placeOf(const Pixels& pixels, std::ptrdiff_t image, std::ptrdiff_t channel);

/// Part of an input row, read into blocked pixels, zeros where the row or its pixels lie outside the input. `at`: image
/// and first pixel (depth, row, column), which may be negative. `channelBlock` counts vectors of channels from
/// `firstChannel`; with `folded` taps, channel c * taps + tap is channel c shifted by the tap. In a planar input
/// `lanes` neighbouring channels of the row may be one channel of the input, and the next ones that `step` further.
struct InputRow {
  std::ptrdiff_t image;
  Axes at;
  std::ptrdiff_t extent;
  std::ptrdiff_t firstChannel, channelBlock, channels;
  std::ptrdiff_t lanes = 1, step = 1;
  Axes folded{1, 1, 1};
};
void loadInputRow(const Pixels& input, const float* x, const InputRow& row, float* to);

/// The same for the pixels of one channel, which `channelBlock` counts, of a planar input.
void loadPlanarRow(const Pixels& input, const float* x, const InputRow& row, float* to);

/// What a pass works on.
struct Pass {
  const float* x;
  const float* weights;   // packed
  const float* bias;      // of each group padded with zeros to whole vectors; zeros where there is none
  const float* residual;  // or null
  float* y;
};

/// Blocked pixels of one vector of output channels, `count` of a row (pixelStride apart), or of several rows.
struct OutputRow {
  std::ptrdiff_t image;
  Axes at;
  std::ptrdiff_t count;
  std::ptrdiff_t channel;  // first of the vector
  int channels;            // of the vector that exist
  const float* bias;
  std::ptrdiff_t rows = 1, step = 0;  // rows, and floats from one to the next
};

/// How finished sums get to the result: bias, residual and activation on the way.
struct Epilogue {
  Pixels output, residual;
  Activation activation;
  bool streamed;  // stored past the caches; `drainStores` before another thread reads it

  Epilogue(const Problem& problem, const Schedule& schedule);
  void store(const Pass& pass, const OutputRow& row, const float* from, std::ptrdiff_t pixelStride) const;
};

}  // namespace winograd
