#pragma once

#include "operators/conv/common/plan.h"

namespace winograd {

/// Where the activations of one pass lie.
struct Activations {
  const float* x;
  float* y;
  const float* residual;  // or null
  bool streamed = false;  // y is stored past the caches; `drainStores` before another thread reads it
};

/// Where the pixels of a channel lie: the first one, and from each to the next.
struct ChannelPlace {
  std::ptrdiff_t first, step;
};
ChannelPlace placeOf(Layout layout, int width, std::ptrdiff_t image, std::ptrdiff_t channel, std::ptrdiff_t channels,
                     std::ptrdiff_t pixels);

/// Reads `extent` pixels of an input row into blocked pixels, zeros where the row or its pixels lie outside the input.
/// `at`: image and first pixel (depth, row, column), which may be negative. `channelBlock` counts vectors of channels
/// from `firstChannel`; with `folded` taps, channel c * taps + tap is channel c shifted by the tap. In a planar input
/// `lanes` neighbouring channels of the row may be one channel of the input, and the next ones that `step` further.
struct InputRow {
  std::ptrdiff_t image;
  Axes at;
  std::ptrdiff_t extent;
  std::ptrdiff_t firstChannel, channelBlock, channels;
  std::ptrdiff_t lanes = 1, step = 1;
};
void loadInputRow(const Layer& layer, const Problem& problem, const float* x, const InputRow& row, float* to);

/// The same for the pixels of one channel, which `channelBlock` counts, of a planar input.
void loadPlanarRow(const Layer& layer, const Problem& problem, const float* x, const InputRow& row, float* to);

/// Writes `count` blocked pixels (pixelStride apart) of one vector of output channels to y, through the epilogue; or
/// those of several rows, `step` floats apart.
struct OutputRow {
  std::ptrdiff_t image;
  Axes at;
  std::ptrdiff_t count;
  std::ptrdiff_t channel;  // first of the vector
  int channels;            // of the vector that exist
  const float* bias;
  std::ptrdiff_t rows = 1, step = 0;
};
void storeOutputRow(const Layer& layer, const Problem& problem, const Axes& output, const Activations& activations,
                    const OutputRow& row, const float* from, std::ptrdiff_t pixelStride);

}  // namespace winograd
