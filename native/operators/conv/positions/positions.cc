#include "operators/conv/positions/positions.h"

#include <algorithm>
#include <cstring>
#include <set>

#include "operators/conv/common/rows.h"
#include "operators/conv/transform/view.h"
#include "runtime/stopwatch.h"
#include "runtime/threads.h"

namespace winograd {
namespace {

std::array<LineTransform, 3> transformsOf(const KernelTable& kernels, const Problem& problem, bool input) {
  const auto make = [&](int a) {
    const Form& form = problem.tiling[a].forms[0];
    return input ? LineTransform(kernels, form.products, form.inputs, form.B)
                 : LineTransform(kernels, form.outputs, form.products, form.A);
  };
  return {make(0), make(1), make(2)};
}

Axes maximum(const Axes& a, const Axes& b) {
  return {std::max(a[0], b[0]), std::max(a[1], b[1]), std::max(a[2], b[2])};
}

// Transforms a packed strip along the given axes, between two buffers; `strip` lies anywhere but in `next`. Axes whose
// transform is the identity are skipped. Returns the strip's new view and leaves its extents in `extents`.
template <class Transforms>
View applyAll(std::initializer_list<int> axes, const Transforms& transforms, View strip, Axes& extents, float* next,
              float* current, std::ptrdiff_t width) {
  for (const int a : axes) {
    const LineTransform& transform = *transforms[static_cast<std::size_t>(a)];
    if (transform.identity()) continue;
    Axes after = extents;
    after[static_cast<std::size_t>(a)] = transform.rows();
    const View out = packed(next, after, width);
    applyAlong(a, transform, strip, next, out.stride, extents);
    strip = out;
    extents = after;
    std::swap(current, next);
  }
  return strip;
}

}  // namespace

struct PositionsPlan::Tile {
  std::ptrdiff_t image;
  Axes start;  // first output
};

PositionsPlan::PositionsPlan(std::shared_ptr<const Weights> weights, const Problem& problem)
    : Plan(std::move(weights), problem),
      kernels_(*layer().kernels),
      inputTransforms_(transformsOf(kernels_, problem, true)),
      outputTransforms_(transformsOf(kernels_, problem, false)) {
  for (int a = 0; a < 3; a++) {
    const Form& form = problem.tiling[a].forms[0];
    inputs_[a] = form.inputs;
    outputs_[a] = form.outputs;
    products_[a] = form.products;
    tiles_[a] = static_cast<std::ptrdiff_t>(problem.tiling[a].sequence.size());
  }
  const std::ptrdiff_t width = kernels_.width;
  vectors_ = divideUp(volume(products_), width);
  // Any tensor between the passes, in lanes; whole vectors of positions are read after the last one.
  // And twice the outputs of the tiles: finished ones and what is added to them.
  scratch_ =
      std::max({volume(maximum(maximum(inputs_, products_), outputs_)), vectors_ * width, 2 * volume(outputs_)}) *
      width;
}

std::size_t PositionsPlan::workspaceBytes() const {
  const std::ptrdiff_t block = vectors_ * kernels_.width * kernels_.width;
  const std::ptrdiff_t channels = layer().groupInputs() + layer().groupOutputs();
  return static_cast<std::size_t>(problem_.threads * (channels * block + 2 * scratch_)) * sizeof(float);
}

std::vector<std::string> PositionsPlan::codelets() const {
  std::set<std::string> names;
  for (const auto* transforms : {&inputTransforms_, &outputTransforms_}) {
    for (const LineTransform& transform : *transforms) transform.nameCodelet(names);
  }
  return {names.begin(), names.end()};
}

Times PositionsPlan::execute(const float* x, float* y, const float* residual) const {
  const ThreadPool::Session awake = session();
  weights_->prepare(problem_.threads);
  Stopwatch total;
  const Activations activations{x, y, residual};
  const std::ptrdiff_t width = kernels_.width, block = vectors_ * width * width;
  const std::ptrdiff_t perThread = static_cast<std::ptrdiff_t>(workspaceBytes() / sizeof(float)) / problem_.threads;
  const std::shared_ptr<Block> workspace = pooledBlock(workspaceBytes() / sizeof(float));
  std::vector<Times> times(static_cast<std::size_t>(problem_.threads));
  const std::ptrdiff_t count = problem_.batch * volume(tiles_);

  ThreadPool::shared().forEach(divideUp(count, width), problem_.threads, [&](std::ptrdiff_t item, int slot) {
    std::vector<Tile> tiles;
    for (std::ptrdiff_t t = item * width; t < std::min((item + 1) * width, count); t++) {
      const Axes index{t / (tiles_[1] * tiles_[2]) % tiles_[0], t / tiles_[2] % tiles_[1], t % tiles_[2]};
      tiles.push_back({t / volume(tiles_), {index[0] * outputs_[0], index[1] * outputs_[1], index[2] * outputs_[2]}});
    }
    float* const u = workspace->data() + slot * perThread;
    float* const m = u + layer().groupInputs() * block;
    float* const scratch = m + layer().groupOutputs() * block;
    Times& time = times[static_cast<std::size_t>(slot)];
    Stopwatch watch;
    for (std::ptrdiff_t group = 0; group < layer().groups; group++) {
      transformInput(x, tiles, group, u, scratch);
      time.input += watch.lap();
      multiply(group, u, m);
      time.product += watch.lap();
      transformOutput(activations, tiles, group, m, scratch);
      time.output += watch.lap();
    }
    clearRest(y, tiles);
  });

  return sumOf(times, total.lap());
}

// One channel of every tile, a tile a lane; zeros outside the input and in lanes without a tile.
void PositionsPlan::loadTiles(const float* x, const std::vector<Tile>& tiles, std::ptrdiff_t channel,
                              float* lanes) const {
  const std::ptrdiff_t width = kernels_.width;
  const Axes& size = problem_.input;
  std::memset(lanes, 0, static_cast<std::size_t>(volume(inputs_) * width) * sizeof(float));
  for (std::size_t lane = 0; lane < tiles.size(); lane++) {
    Axes first, begin, end;  // of the tile in the input; the part of the tile that is inside
    for (int a = 0; a < 3; a++) {
      first[a] = tiles[lane].start[a] - problem_.padBegin[a] + problem_.tiling[a].forms[0].offset;
      begin[a] = std::clamp<std::ptrdiff_t>(-first[a], 0, inputs_[a]);
      end[a] = std::clamp<std::ptrdiff_t>(size[a] - first[a], begin[a], inputs_[a]);
    }
    const ChannelPlace place =
        placeOf(problem_.inputLayout, kernels_.width, tiles[lane].image, channel, layer().inChannels, volume(size));
    for (std::ptrdiff_t d = begin[0]; d < end[0]; d++) {
      for (std::ptrdiff_t h = begin[1]; h < end[1]; h++) {
        const std::ptrdiff_t pixel = ((first[0] + d) * size[1] + first[1] + h) * size[2] + first[2];
        const float* from = x + place.first + pixel * place.step;
        float* to = lanes + (d * inputs_[1] + h) * inputs_[2] * width + lane;
        for (std::ptrdiff_t w = begin[2]; w < end[2]; w++) to[w * width] = from[w * place.step];
      }
    }
  }
}

// U: [vector of positions][channel][tile][position].
void PositionsPlan::transformInput(const float* x, const std::vector<Tile>& tiles, std::ptrdiff_t group, float* u,
                                   float* scratch) const {
  const std::ptrdiff_t width = kernels_.width, block = width * width, channels = layer().groupInputs();
  const std::array<const LineTransform*, 3> transforms{&inputTransforms_[0], &inputTransforms_[1],
                                                       &inputTransforms_[2]};
  const float zeros[kMaxWidth] = {};
  for (std::ptrdiff_t c = 0; c < channels; c++) {
    loadTiles(x, tiles, group * channels + c, scratch);
    Axes extents = inputs_;
    const View strip =
        applyAll({0, 1, 2}, transforms, packed(scratch, extents, width), extents, scratch + scratch_, scratch, width);
    for (std::ptrdiff_t v = 0; v < vectors_; v++) {
      StoreRowsArgs transpose{};
      transpose.from = strip.at + v * block;
      transpose.pixelStride = width;
      transpose.rows = 1;
      transpose.count = width;
      transpose.to = u + (v * channels + c) * block;
      transpose.channelStride = width;
      transpose.channels = static_cast<int>(width);
      transpose.bias = zeros;
      kernels_.storeRows(transpose);
    }
  }
}

// M: [kernel][vector of positions][tile][position].
void PositionsPlan::multiply(std::ptrdiff_t group, const float* u, float* m) const {
  const std::ptrdiff_t width = kernels_.width, block = width * width;
  const std::ptrdiff_t channels = layer().groupInputs(), outputs = layer().groupOutputs();
  const float* weights = weights_->panels() + group * outputs * channels * vectors_ * width;
  for (std::ptrdiff_t first = 0; first < outputs; first += kernels_.positionKernels) {
    const std::ptrdiff_t count = std::min<std::ptrdiff_t>(kernels_.positionKernels, outputs - first);
    for (std::ptrdiff_t v = 0; v < vectors_; v++, weights += channels * count * width) {
      for (std::ptrdiff_t t = 0; t < width; t += kPositionTiles) {
        kernels_.positions[count - 1]({u + v * channels * block + t * width, block, weights, channels,
                                       m + (first * vectors_ + v) * block + t * width, vectors_ * block});
      }
    }
  }
}

void PositionsPlan::transformOutput(const Activations& activations, const std::vector<Tile>& tiles,
                                    std::ptrdiff_t group, const float* m, float* scratch) const {
  const std::ptrdiff_t width = kernels_.width, block = width * width, outputs = layer().groupOutputs();
  const std::array<const LineTransform*, 3> transforms{&outputTransforms_[0], &outputTransforms_[1],
                                                       &outputTransforms_[2]};
  for (std::ptrdiff_t k = 0; k < outputs; k++) {
    const std::ptrdiff_t channel = group * outputs + k;
    for (std::ptrdiff_t v = 0; v < vectors_; v++) {
      const float* rows[kMaxWidth];
      for (std::ptrdiff_t lane = 0; lane < width; lane++) rows[lane] = m + (k * vectors_ + v) * block + lane * width;
      kernels_.loadRow({rows, 0, width, 0, true, scratch + v * block});
    }
    Axes extents = products_;
    const View strip =
        applyAll({2, 1, 0}, transforms, packed(scratch, extents, width), extents, scratch + scratch_, scratch, width);
    // Through the epilogue to [tile][output], then row by row to where they belong.
    float* const finished = strip.at == scratch ? scratch + scratch_ : scratch;
    float biases[kMaxWidth];
    std::fill_n(biases, width, weights_->bias(group)[k]);
    StoreRowsArgs store{};
    store.from = strip.at;
    store.pixelStride = width;
    store.rows = 1;
    store.count = volume(outputs_);
    store.to = finished;
    store.channelStride = volume(outputs_);
    store.channels = static_cast<int>(tiles.size());
    store.bias = biases;
    if (activations.residual != nullptr) {
      float* const residual = finished + volume(outputs_) * width;
      forEachOutputRow(tiles, channel, problem_.residualLayout,
                       [&](std::ptrdiff_t tiled, std::ptrdiff_t count, std::ptrdiff_t at, std::ptrdiff_t step) {
                         for (std::ptrdiff_t w = 0; w < count; w++)
                           residual[tiled + w] = activations.residual[at + w * step];
                       });
      store.residual = residual;
    }
    store.activation = problem_.activation;
    kernels_.storeRows(store);
    forEachOutputRow(tiles, channel, problem_.outputLayout,
                     [&](std::ptrdiff_t tiled, std::ptrdiff_t count, std::ptrdiff_t at, std::ptrdiff_t step) {
                       for (std::ptrdiff_t w = 0; w < count; w++) activations.y[at + w * step] = finished[tiled + w];
                     });
  }
}

// Channels that a blocked result has beyond the last one are zero.
void PositionsPlan::clearRest(float* y, const std::vector<Tile>& tiles) const {
  if (problem_.outputLayout == Layout::planar) return;
  for (std::ptrdiff_t channel = layer().outChannels; channel % kernels_.width != 0; channel++) {
    forEachOutputRow(tiles, channel, Layout::blocked,
                     [&](std::ptrdiff_t, std::ptrdiff_t count, std::ptrdiff_t at, std::ptrdiff_t step) {
                       for (std::ptrdiff_t w = 0; w < count; w++) y[at + w * step] = 0;
                     });
  }
}

// Calls body(place in [tile][output], outputs, place in the result or residual, from each to the next) for every row of
// the tiles' outputs that exist.
template <class Body>
void PositionsPlan::forEachOutputRow(const std::vector<Tile>& tiles, std::ptrdiff_t channel, Layout layout,
                                     const Body& body) const {
  for (std::size_t t = 0; t < tiles.size(); t++) {
    const Axes& start = tiles[t].start;
    const ChannelPlace place =
        placeOf(layout, kernels_.width, tiles[t].image, channel, layer().outChannels, volume(output_));
    const std::ptrdiff_t count = std::min(outputs_[2], output_[2] - start[2]);
    for (std::ptrdiff_t d = 0; d < std::min(outputs_[0], output_[0] - start[0]); d++) {
      for (std::ptrdiff_t h = 0; h < std::min(outputs_[1], output_[1] - start[1]); h++) {
        const std::ptrdiff_t tiled =
            static_cast<std::ptrdiff_t>(t) * volume(outputs_) + (d * outputs_[1] + h) * outputs_[2];
        const std::ptrdiff_t pixel = ((start[0] + d) * output_[1] + start[1] + h) * output_[2] + start[2];
        body(tiled, count, place.first + pixel * place.step, place.step);
      }
    }
  }
}

}  // namespace winograd
