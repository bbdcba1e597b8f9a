#include "operators/conv/positions/positions.h"

#include <algorithm>
#include <cstring>

#include "operators/conv/algorithm.h"
#include "operators/conv/positions/pack.h"
#include "operators/conv/transform/view.h"
#include "runtime/stopwatch.h"
#include "runtime/threads.h"

namespace winograd {
namespace {

Axes maximum(const Axes& a, const Axes& b) {
  return {std::max(a[0], b[0]), std::max(a[1], b[1]), std::max(a[2], b[2])};
}

// Transforms a packed strip along the given axes, between two buffers; `strip` lies anywhere but in `next`. Axes whose
// transform is the identity are skipped. Returns the strip's new view and leaves its extents in `extents`.
View applyAll(std::initializer_list<int> axes, const LineTransforms& transforms, View strip, Axes& extents, float* next,
              float* current, std::ptrdiff_t width) {
  for (const int a : axes) {
    const LineTransform& transform = transforms[static_cast<std::size_t>(a)][0];
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

struct PositionsKernel::Tile {
  std::ptrdiff_t image;
  Axes start;  // first output
};

PositionsKernel::PositionsKernel(const Problem& problem, const Schedule& schedule, const KernelTransforms& transforms,
                                 const Tilings& tilings)
    : ConvolutionKernel(problem, schedule, packedPositionsFloats(problem, transforms, *schedule.kernels),
                        problem.groups),
      inputTransforms_(inputTransforms(kernels_, tilings)),
      outputTransforms_(outputTransforms(kernels_, tilings)) {
  for (std::size_t a = 0; a < 3; a++) {
    const Form& form = tilings[a].forms[0];
    inputs_[a] = form.inputs;
    offsets_[a] = form.offset;
    outputs_[a] = form.outputs;
    products_[a] = form.products;
    tiles_[a] = static_cast<std::ptrdiff_t>(tilings[a].sequence.size());
  }
  const std::ptrdiff_t width = kernels_.width;
  vectors_ = divideUp(volume(products_), width);
  // Any tensor between the passes, in lanes; whole vectors of positions are read after the last one.
  // And twice the outputs of the tiles: finished ones and what is added to them.
  scratch_ =
      std::max({volume(maximum(maximum(inputs_, products_), outputs_)), vectors_ * width, 2 * volume(outputs_)}) *
      width;
}

std::size_t PositionsKernel::scratchFloats() const {
  const std::ptrdiff_t block = vectors_ * kernels_.width * kernels_.width;
  const std::size_t channels = static_cast<std::size_t>(problem_.groupInputs() + problem_.groupOutputs());
  const std::size_t each =
      checkedAdd(checkedMultiply(channels, static_cast<std::size_t>(block)), static_cast<std::size_t>(2 * scratch_));
  return checkedMultiply(static_cast<std::size_t>(schedule_.threads), each);
}

std::vector<std::string> PositionsKernel::codelets() const {
  return codeletsOf({&inputTransforms_, &outputTransforms_});
}

Times PositionsKernel::compute(const Pass& pass, float* workspace, const Run& run) const {
  Stopwatch total;
  const std::ptrdiff_t width = kernels_.width, block = vectors_ * width * width;
  const std::size_t threads = static_cast<std::size_t>(schedule_.threads);
  const std::ptrdiff_t perThread = static_cast<std::ptrdiff_t>(scratchFloats() / threads);
  std::vector<Times> times(threads);
  const std::ptrdiff_t count = problem_.batch * volume(tiles_);

  ThreadPool::shared().forEach(divideUp(count, width), schedule_.threads, [&](std::ptrdiff_t item, int slot) {
    std::vector<Tile> tiles;
    for (std::ptrdiff_t t = item * width; t < std::min((item + 1) * width, count); t++) {
      const Axes index{t / (tiles_[1] * tiles_[2]) % tiles_[0], t / tiles_[2] % tiles_[1], t % tiles_[2]};
      tiles.push_back({t / volume(tiles_), {index[0] * outputs_[0], index[1] * outputs_[1], index[2] * outputs_[2]}});
    }
    float* const u = workspace + slot * perThread;
    float* const m = u + problem_.groupInputs() * block;
    float* const scratch = m + problem_.groupOutputs() * block;
    Times& time = times[static_cast<std::size_t>(slot)];
    Stopwatch watch;
    for (std::ptrdiff_t group = 0; group < problem_.groups; group++) {
      run.check();
      transformInput(pass.x, tiles, group, u, scratch);
      time.input += watch.lap();
      multiply(pass.weights, group, u, m);
      time.product += watch.lap();
      transformOutput(pass, tiles, group, m, scratch);
      time.output += watch.lap();
    }
    clearRest(pass.y, tiles);
  });

  return sumOf(times, total.lap());
}

// One channel of every tile, a tile a lane; zeros outside the input and in lanes without a tile.
void PositionsKernel::loadTiles(const float* x, const std::vector<Tile>& tiles, std::ptrdiff_t channel,
                                float* lanes) const {
  const std::ptrdiff_t width = kernels_.width;
  const Axes& size = problem_.input;
  std::memset(lanes, 0, static_cast<std::size_t>(volume(inputs_) * width) * sizeof(float));
  for (std::size_t lane = 0; lane < tiles.size(); lane++) {
    Axes first, begin, end;  // of the tile in the input; the part of the tile that is inside
    for (int a = 0; a < 3; a++) {
      first[a] = tiles[lane].start[a] - problem_.padBegin[a] + offsets_[a];
      begin[a] = std::clamp<std::ptrdiff_t>(-first[a], 0, inputs_[a]);
      end[a] = std::clamp<std::ptrdiff_t>(size[a] - first[a], begin[a], inputs_[a]);
    }
    const ChannelPlace place = placeOf(input_, tiles[lane].image, channel);
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
void PositionsKernel::transformInput(const float* x, const std::vector<Tile>& tiles, std::ptrdiff_t group, float* u,
                                     float* scratch) const {
  const std::ptrdiff_t width = kernels_.width, block = width * width, channels = problem_.groupInputs();
  const float zeros[kMaxWidth] = {};
  for (std::ptrdiff_t c = 0; c < channels; c++) {
    loadTiles(x, tiles, group * channels + c, scratch);
    Axes extents = inputs_;
    const View strip = applyAll({0, 1, 2}, inputTransforms_, packed(scratch, extents, width), extents,
                                scratch + scratch_, scratch, width);
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
void PositionsKernel::multiply(const float* packed, std::ptrdiff_t group, const float* u, float* m) const {
  const std::ptrdiff_t width = kernels_.width, block = width * width;
  const std::ptrdiff_t channels = problem_.groupInputs(), outputs = problem_.groupOutputs();
  const float* weights = packed + group * outputs * channels * vectors_ * width;
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

void PositionsKernel::transformOutput(const Pass& pass, const std::vector<Tile>& tiles, std::ptrdiff_t group,
                                      const float* m, float* scratch) const {
  const std::ptrdiff_t width = kernels_.width, block = width * width, outputs = problem_.groupOutputs();
  for (std::ptrdiff_t k = 0; k < outputs; k++) {
    const std::ptrdiff_t channel = group * outputs + k;
    for (std::ptrdiff_t v = 0; v < vectors_; v++) {
      const float* rows[kMaxWidth];
      for (std::ptrdiff_t lane = 0; lane < width; lane++) rows[lane] = m + (k * vectors_ + v) * block + lane * width;
      kernels_.loadRow({rows, 0, width, 0, true, scratch + v * block});
    }
    Axes extents = products_;
    const View strip = applyAll({2, 1, 0}, outputTransforms_, packed(scratch, extents, width), extents,
                                scratch + scratch_, scratch, width);
    // Through the epilogue to [tile][output], then row by row to where they belong.
    float* const finished = strip.at == scratch ? scratch + scratch_ : scratch;
    float biases[kMaxWidth];
    std::fill_n(biases, width, biasOf(pass, group)[k]);
    StoreRowsArgs store{};
    store.from = strip.at;
    store.pixelStride = width;
    store.rows = 1;
    store.count = volume(outputs_);
    store.to = finished;
    store.channelStride = volume(outputs_);
    store.channels = static_cast<int>(tiles.size());
    store.bias = biases;
    if (pass.residual != nullptr) {
      float* const residual = finished + volume(outputs_) * width;
      forEachOutputRow(tiles, channel, epilogue_.residual,
                       [&](std::ptrdiff_t tiled, std::ptrdiff_t count, std::ptrdiff_t at, std::ptrdiff_t step) {
                         for (std::ptrdiff_t w = 0; w < count; w++) residual[tiled + w] = pass.residual[at + w * step];
                       });
      store.residual = residual;
    }
    store.activation = problem_.activation;
    kernels_.storeRows(store);
    forEachOutputRow(tiles, channel, epilogue_.output,
                     [&](std::ptrdiff_t tiled, std::ptrdiff_t count, std::ptrdiff_t at, std::ptrdiff_t step) {
                       for (std::ptrdiff_t w = 0; w < count; w++) pass.y[at + w * step] = finished[tiled + w];
                     });
  }
}

// Channels that a blocked result has beyond the last one are zero.
void PositionsKernel::clearRest(float* y, const std::vector<Tile>& tiles) const {
  if (epilogue_.output.layout == Layout::planar) return;
  for (std::ptrdiff_t channel = problem_.outChannels; channel % kernels_.width != 0; channel++) {
    forEachOutputRow(tiles, channel, epilogue_.output,
                     [&](std::ptrdiff_t, std::ptrdiff_t count, std::ptrdiff_t at, std::ptrdiff_t step) {
                       for (std::ptrdiff_t w = 0; w < count; w++) y[at + w * step] = 0;
                     });
  }
}

// Calls body(place in [tile][output], outputs, place in the result or residual, from each to the next) for every row of
// the tiles' outputs that exist.
template <class Body>
void PositionsKernel::forEachOutputRow(const std::vector<Tile>& tiles, std::ptrdiff_t channel, const Pixels& pixels,
                                       const Body& body) const {
  for (std::size_t t = 0; t < tiles.size(); t++) {
    const Axes& start = tiles[t].start;
    const ChannelPlace place = placeOf(pixels, tiles[t].image, channel);
    const std::ptrdiff_t count = std::min(outputs_[2], problem_.output[2] - start[2]);
    for (std::ptrdiff_t d = 0; d < std::min(outputs_[0], problem_.output[0] - start[0]); d++) {
      for (std::ptrdiff_t h = 0; h < std::min(outputs_[1], problem_.output[1] - start[1]); h++) {
        const std::ptrdiff_t tiled =
            static_cast<std::ptrdiff_t>(t) * volume(outputs_) + (d * outputs_[1] + h) * outputs_[2];
        const std::ptrdiff_t pixel =
            ((start[0] + d) * problem_.output[1] + start[1] + h) * problem_.output[2] + start[2];
        body(tiled, count, place.first + pixel * place.step, place.step);
      }
    }
  }
}

namespace {

KernelTransforms transformsOf(const Value& schedule, const Filters& filters) {
  return readTransforms(schedule, filters.kernel, {});
}

std::unique_ptr<Kernel> prepare(const Value& description) {
  const Problem problem = readProblem(description["problem"]);
  const Value value = description["schedule"];
  const Schedule schedule = readSchedule(value);
  if (volume(problem.stride) != 1 || volume(problem.dilation) != 1)
    value["algorithm"].refuse("another one for strides and dilations other than 1");
  checkLayouts(value, schedule.layouts, {true, true});
  if (schedule.streamOutput) value["streamOutput"].refuse("false: results are stored number by number");
  const KernelTransforms transforms = transformsOf(value, problem);
  const Tilings tilings = readTilings(value, *schedule.kernels, transforms, problem.output, problem.stride);
  for (std::size_t a = 0; a < 3; a++) {
    if (tilings[a].forms.size() != 1 || tilings[a].forms[0].products != transforms[a].products)
      value["tilings"].array()[a].refuse("of one form, with all products");
  }
  return std::make_unique<PositionsKernel>(problem, schedule, transforms, tilings);
}

}  // namespace

extern const Algorithm kPositions;
const Algorithm kPositions{"positions", Direction::forward, prepare, [](const Value& description) {
                             const Filters filters = readFilters(description["problem"]);
                             const Value schedule = description["schedule"];
                             return packPositions(filters, transformsOf(schedule, filters), readKernels(schedule),
                                                  readThreads(schedule));
                           }};

}  // namespace winograd
