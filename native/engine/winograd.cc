#include "winograd.h"

#include <algorithm>
#include <set>

#include "../runtime/stopwatch.h"
#include "../runtime/threads.h"
#include "view.h"

namespace winograd {
namespace {

constexpr std::ptrdiff_t kLine = 16;  // floats in a cache line
constexpr std::ptrdiff_t kLineBytes = 64;
constexpr std::ptrdiff_t kBlock = 1 << 19;        // floats of U and M together: the second level of cache
constexpr std::ptrdiff_t kNearWeights = 8 << 20;  // floats of weights that stay in the third level of cache
constexpr std::ptrdiff_t kLargestU = 3 << 20;     // floats of U that stay in the third level of cache
constexpr std::ptrdiff_t kEnoughTiles = 28;       // that each weight should serve, once fetched
constexpr std::ptrdiff_t kStrip = 32 * 1024;  // floats of a strip: two of them leave most of the second level of cache

// Planes that lie a multiple of 4 KiB apart would fall into the same cache sets.
std::ptrdiff_t planeStride(std::ptrdiff_t floats) {
  const std::ptrdiff_t lines = divideUp(floats, kLine);
  return (lines + (lines % 64 == 0 ? 1 : 0)) * kLine;
}

// Zeros wherever a packed strip lies outside the box of `present` vectors from `first` on.
void clearAround(float* at, const Axes& extents, const Axes& first, const Axes& present, std::ptrdiff_t width) {
  const auto inside = [&](int axis, std::ptrdiff_t i) { return i >= first[axis] && i < first[axis] + present[axis]; };
  for (std::ptrdiff_t d = 0; d < extents[0]; d++) {
    for (std::ptrdiff_t h = 0; h < extents[1]; h++, at += extents[2] * width) {
      const bool row = inside(0, d) && inside(1, h);
      const std::ptrdiff_t left = row ? first[2] : extents[2], right = row ? first[2] + present[2] : extents[2];
      std::fill(at, at + left * width, 0.0f);
      std::fill(at + right * width, at + extents[2] * width, 0.0f);
    }
  }
}

}  // namespace

WinogradPlan::WinogradPlan(std::shared_ptr<const Weights> weights, const Problem& problem)
    : Plan(std::move(weights), problem),
      kernels_(*layer().kernels),
      panels_(layer().outChannels, kernels_.width, layer().weightFormat),
      channels_(roundUp(layer().depth(), kernels_.width)) {
  for (int a = 0; a < 3; a++) {
    products_[a] = layer().transforms[a].products;
    for (const Form& form : problem_.tiling[a].forms) {
      inputTransforms_[a].emplace_back(kernels_, form.products, form.inputs, form.B);
      outputTransforms_[a].emplace_back(kernels_, form.outputs, form.products, form.A);
    }
  }
  read_ = problem_;
  if (readsOften()) read_.inputLayout = Layout::blocked;
  chooseBlocks();
  const std::ptrdiff_t strip = stripSize({0, 0, 0}, 2) - stripSize({0, 0, 0}, 1);  // of one more tile
  blocks_ = makeTileBlocks(problem_, products_, problem_.tileBlock, kernels_.gemmRows,
                           std::max<std::ptrdiff_t>(kStrip / strip, 2));
  std::ptrdiff_t tiles = 0;
  for (const TileBlock& block : blocks_) tiles = std::max(tiles, block.tiles);
  offsets_.resize(static_cast<std::size_t>(tiles) + 1);
  for (const TileBlock& block : blocks_) {
    for (const Band& band : block.bandOf) {
      std::vector<std::ptrdiff_t>& offsets = offsets_[static_cast<std::size_t>(band.tiles)];
      if (!offsets.empty()) continue;
      const std::ptrdiff_t single = layer().depth() % kernels_.width, whole = layer().depth() - single;
      for (std::ptrdiff_t c = 0; c < whole; c += kernels_.width) offsets.push_back(c * band.tiles);
      for (std::ptrdiff_t c = 0; c < single; c++) offsets.push_back(whole * band.tiles + c);
    }
  }
  for (int vectors = 1; vectors <= 2; vectors++) {
    const std::ptrdiff_t rowBytes =
        storedVectors(layer().weightFormat, vectors) * kernels_.width * static_cast<std::ptrdiff_t>(sizeof(float));
    for (std::ptrdiff_t groups = 1; groups <= tiles; groups++)
      paces_[static_cast<std::size_t>(vectors - 1)].push_back(paceOf(groups, rowBytes));
  }
  uPlane_ = planeStride(tiles * channels_);
  mPanel_ = tiles * 2 * kernels_.width;
  mPlane_ = planeStride(mPanel_ * panelsPerGroup_);
  scratch_ = 0;
  for (const TileBlock& block : blocks_) {
    for (const Run& run : block.runs) scratch_ = std::max(scratch_, stripSize(run.form, run.count));
  }
  scratch_ = roundUp(scratch_, kLine);
}

// The more groups there are, the fewer of their channels fetch.
WinogradPlan::Pace WinogradPlan::paceOf(std::ptrdiff_t groups, std::ptrdiff_t rowBytes) {
  const std::ptrdiff_t channels = divideUp(4, groups);
  const std::ptrdiff_t step = divideUp(4 * std::min(rowBytes, kLineBytes), channels * groups);
  return {static_cast<int>(channels), step, channels * divideUp(rowBytes, kLineBytes) * step};
}

// The largest strip that a run of `count` tiles passes through, before or after any axis' transform.
std::ptrdiff_t WinogradPlan::stripSize(const std::array<int, 3>& forms, std::ptrdiff_t count) const {
  std::ptrdiff_t rows = 1;
  for (int a = 0; a < 2; a++) {
    const Form& f = form(a, forms[a]);
    rows *= std::max({f.inputs, f.products, f.outputs});
  }
  const Form& last = form(2, forms[2]);
  return rows * (count * last.outputs + std::max(last.inputs - last.outputs, 0)) * kernels_.width;
}

// Whether strips that overlap along both outer axes read planar inputs so often that a blocked copy of them all pays.
bool WinogradPlan::readsOften() const {
  constexpr double often = 2;
  double reads = 1;
  for (int a = 0; a < 2; a++) reads *= static_cast<double>(form(a, 0).inputs) / form(a, 0).outputs;
  return problem_.inputLayout == Layout::planar && volume(layer().folded()) == 1 && reads > often;
}

void WinogradPlan::reshuffle(const float* x, float* to) const {
  const std::ptrdiff_t width = kernels_.width, blocks = channels_ / width;
  const Axes& size = problem_.input;
  ThreadPool::shared().forEach(problem_.batch * blocks * size[0], problem_.threads, [&](std::ptrdiff_t item, int) {
    const std::ptrdiff_t plane = item / size[0], depth = item % size[0];
    InputRow row{plane / blocks, {depth, 0, 0}, size[2], 0, plane % blocks, layer().depth()};
    float* at = to + item * size[1] * size[2] * width;
    for (; row.at[1] < size[1]; row.at[1]++, at += size[2] * width) loadInputRow(layer(), problem_, x, row, at);
  });
}

// Enough tiles that each weight, once fetched, serves many of them; few enough that U and M stay in cache. The optimum
// is flat.
void WinogradPlan::chooseBlocks() {
  const std::ptrdiff_t products = volume(products_), tiles = countTiles(problem_);
  // One panel, unless asked for more: its weights are one stream.
  panelsPerGroup_ = std::clamp<std::ptrdiff_t>(problem_.channelGroup / (2 * kernels_.width), 1, panels_.count());
  if (problem_.tileBlock == 0) {
    const std::ptrdiff_t perTile = products * (channels_ + panelsPerGroup_ * 2 * kernels_.width);
    // Every group of output channels reads U again: it must not be driven out by the weights that stream past.
    const std::ptrdiff_t most = std::max<std::ptrdiff_t>(kLargestU / (products * channels_), 2 * kernels_.gemmRows);
    // Whole register tiles.
    const std::ptrdiff_t rows = kernels_.gemmRows;
    problem_.tileBlock = std::max(kBlock / perTile / rows * rows, roundUp(std::min(kEnoughTiles, most), rows));
  }
  // Splitting tiles keeps U in the cache of the core that made it. It needs enough of them to fill register tiles, and
  // weights that the threads share in cache: each would stream all of them from memory.
  const bool near = products * layer().depth() * panels_.stored() <= kNearWeights;
  const bool enoughTiles = tiles >= problem_.threads * (kernels_.gemmRows / 2);
  const bool channels = problem_.split == Split::automatic ? !near || !enoughTiles : problem_.split == Split::channels;
  splitChannels_ = problem_.threads > 1 && channels && panels_.count() > 1;
  problem_.split = splitChannels_ ? Split::channels : Split::tiles;
  if (splitChannels_) {
    panelsPerGroup_ = std::min(panelsPerGroup_, divideUp(panels_.count(), problem_.threads));
  } else {
    // As many blocks for one thread as for the other.
    problem_.tileBlock = divideUp(tiles, roundUp(divideUp(tiles, problem_.tileBlock), problem_.threads));
  }
  problem_.tileBlock = std::min(problem_.tileBlock, tiles);
  problem_.channelGroup = panelsPerGroup_ * 2 * kernels_.width;
}

std::size_t WinogradPlan::workspaceBytes() const {
  const std::ptrdiff_t threads = problem_.threads, u = volume(products_) * uPlane_, m = volume(products_) * mPlane_;
  const std::ptrdiff_t copy =
      read_.inputLayout == problem_.inputLayout ? 0 : problem_.batch * channels_ * volume(problem_.input);
  return static_cast<std::size_t>((splitChannels_ ? 1 : threads) * u + threads * (m + 2 * scratch_) + copy) *
         sizeof(float);
}

std::vector<std::string> WinogradPlan::codelets() const {
  std::set<std::string> names;
  for (const auto* transforms : {&inputTransforms_, &outputTransforms_}) {
    for (const auto& axis : *transforms) {
      for (const LineTransform& transform : axis) transform.nameCodelet(names);
    }
  }
  return {names.begin(), names.end()};
}

Times WinogradPlan::execute(const float* x, float* y, const float* residual) const {
  const ThreadPool::Session awake = session();
  weights_->prepare(problem_.threads);
  Stopwatch total;
  Activations activations{x, y, residual, streamsOutput()};
  const int threads = problem_.threads;
  const std::shared_ptr<Block> workspace = pooledBlock(workspaceBytes() / sizeof(float));
  const std::ptrdiff_t uSize = volume(products_) * uPlane_, mSize = volume(products_) * mPlane_;
  float* const uBase = workspace->data();
  float* const mBase = uBase + (splitChannels_ ? 1 : threads) * uSize;
  float* const scratchBase = mBase + threads * mSize;
  std::vector<Times> times(static_cast<std::size_t>(threads));
  if (read_.inputLayout != problem_.inputLayout) {
    Stopwatch watch;
    float* const copy = scratchBase + threads * 2 * scratch_;
    reshuffle(x, copy);
    activations.x = copy;
    times[0].input += watch.lap();
  }

  const std::ptrdiff_t channelBlocks = channels_ / kernels_.width;
  const std::ptrdiff_t groups = divideUp(panels_.count(), panelsPerGroup_);
  const auto input = [&](const TileBlock& block, std::ptrdiff_t item, int slot, float* u) {
    Stopwatch watch;
    transformInput(activations, block, block.runs[static_cast<std::size_t>(item / channelBlocks)], item % channelBlocks,
                   u, scratchBase + slot * 2 * scratch_);
    times[static_cast<std::size_t>(slot)].input += watch.lap();
  };
  const auto output = [&](const TileBlock& block, std::ptrdiff_t group, int slot, const float* u) {
    Stopwatch watch;
    const std::ptrdiff_t first = panels_.count() * group / groups, end = panels_.count() * (group + 1) / groups;
    float* m = mBase + slot * mSize;
    multiply(block, first, end, u, m);
    times[static_cast<std::size_t>(slot)].product += watch.lap();
    for (const Run& run : block.runs)
      transformOutput(activations, run, first, end, m, scratchBase + slot * 2 * scratch_);
    if (activations.streamed) drainStores();
    times[static_cast<std::size_t>(slot)].output += watch.lap();
  };

  ThreadPool& pool = ThreadPool::shared();
  if (splitChannels_) {
    for (const TileBlock& block : blocks_) {
      pool.forEach(static_cast<std::ptrdiff_t>(block.runs.size()) * channelBlocks, threads,
                   [&](std::ptrdiff_t item, int slot) { input(block, item, slot, uBase); });
      pool.forEach(groups, threads, [&](std::ptrdiff_t group, int slot) { output(block, group, slot, uBase); });
    }
  } else {
    pool.forEach(static_cast<std::ptrdiff_t>(blocks_.size()), threads, [&](std::ptrdiff_t b, int slot) {
      const TileBlock& block = blocks_[static_cast<std::size_t>(b)];
      float* u = uBase + slot * uSize;
      const std::ptrdiff_t items = static_cast<std::ptrdiff_t>(block.runs.size()) * channelBlocks;
      for (std::ptrdiff_t item = 0; item < items; item++) input(block, item, slot, u);
      for (std::ptrdiff_t group = 0; group < groups; group++) output(block, group, slot, u);
    });
  }

  return sumOf(times, total.lap());
}

// The run's strip of inputs, transformed along the outer axes for all its tiles at once: neighbours share columns.
// Blocked inputs are read where they lie: padding along one axis stays zero under the transform of another, so only
// padding along the axis that comes first has to be put into a copy.
View WinogradPlan::transformOuterAxes(const Activations& activations, const Run& run, std::ptrdiff_t channelBlock,
                                      Axes& extents, float* scratch) const {
  const std::ptrdiff_t width = kernels_.width;
  const Axes& size = problem_.input;
  Axes begin, first, present;  // the strip in the input; what of the strip lies in the input
  std::array<bool, 3> padded;
  for (int a = 0; a < 3; a++) {
    begin[a] = run.start[a] - problem_.padBegin[a] + form(a, run.form[a]).offset;
    first[a] = std::clamp<std::ptrdiff_t>(-begin[a], 0, extents[a]);
    present[a] = std::clamp<std::ptrdiff_t>(size[a] - begin[a], first[a], extents[a]) - first[a];
    padded[a] = present[a] < extents[a];
  }
  const std::array<const LineTransform*, 2> transforms{&inputTransform(0, run.form[0]),
                                                       &inputTransform(1, run.form[1])};
  const int lead = transforms[0]->identity() || (padded[0] && !transforms[1]->identity()) ? 1 : 0;
  float *const near = scratch, *const far = scratch + scratch_;

  const bool identity = transforms[lead]->identity();
  if (read_.inputLayout == Layout::planar || padded[lead] || (identity && (padded[0] || padded[2]))) {
    InputRow row{run.image, begin, extents[2], 0, channelBlock, layer().depth()};
    float* to = near;
    for (std::ptrdiff_t d = 0; d < extents[0]; d++) {
      for (std::ptrdiff_t h = 0; h < extents[1]; h++, to += extents[2] * width) {
        row.at = {begin[0] + d, begin[1] + h, begin[2]};
        loadInputRow(layer(), read_, activations.x, row, to);
      }
    }
    return applyAll({lead, 1 - lead}, transforms, packed(near, extents, width), extents, far, near, width);
  }

  const std::ptrdiff_t plane = run.image * (channels_ / width) + channelBlock;
  const View input = packed(activations.x + plane * volume(size) * width, size, width);
  Axes from;
  for (int a = 0; a < 3; a++) from[a] = begin[a] + first[a];
  if (identity) return {input.at + offset(input, from), input.stride};
  extents[lead] = transforms[lead]->rows();
  present[lead] = extents[lead];
  first[lead] = 0;
  const View strip = packed(far, extents, width);
  clearAround(far, extents, first, present, width);
  applyAlong(lead, *transforms[lead], {input.at + offset(input, from), input.stride}, far + offset(strip, first),
             strip.stride, present);
  return applyAll({1 - lead}, transforms, strip, extents, near, far, width);
}

void WinogradPlan::transformInput(const Activations& activations, const TileBlock& block, const Run& run,
                                  std::ptrdiff_t channelBlock, float* u, float* scratch) const {
  const std::ptrdiff_t width = kernels_.width;
  Axes extents;
  for (int a = 0; a < 3; a++) extents[a] = form(a, run.form[a]).inputs;
  const std::ptrdiff_t step = form(2, run.form[2]).outputs;
  extents[2] += (run.count - 1) * step;
  const View strip = transformOuterAxes(activations, run, channelBlock, extents, scratch);

  const LineTransform& transform = inputTransform(2, run.form[2]);
  const Axes planes{products_[1] * products_[2] * uPlane_, products_[2] * uPlane_, uPlane_};
  for (std::ptrdiff_t j = 0, end; j < run.count; j = end) {
    const Band& band = block.bandOf[static_cast<std::size_t>(run.first + j)];
    const std::ptrdiff_t row = run.first + j - band.first;
    end = std::min(run.count, j + band.tiles - row);
    float* to = u + band.first * channels_ + (channelBlock * band.tiles + row) * width;
    applyAlong(2, transform, {strip.at + j * step * width, strip.stride}, to, planes, extents,
               {end - j, step * width, width});
  }
}

// M[i] = U[i] × weights of product i, for all products and a group of panels. While the groups of tiles work on a
// panel, each fetches its share of the next one.
void WinogradPlan::multiply(const TileBlock& block, std::ptrdiff_t firstPanel, std::ptrdiff_t endPanel, const float* u,
                            float* m) const {
  const std::ptrdiff_t width = kernels_.width, channels = layer().depth();
  const std::ptrdiff_t segments = channels / width, rest = channels % width;
  const std::ptrdiff_t chunk = problem_.sumBlock > 0 ? std::max<std::ptrdiff_t>(problem_.sumBlock / width, 1)
                                                     : std::max<std::ptrdiff_t>(segments, 1);
  const std::ptrdiff_t productCount = volume(products_);
  const auto& kernels = kernels_.gemm[static_cast<int>(layer().weightFormat)];
  const auto weightsOf = [&](std::ptrdiff_t panel, std::ptrdiff_t product) {
    const Panel at = panels_.at(panel);
    return weights_->panels() + (at.first * productCount + product * at.stored) * channels;
  };

  GemmArgs args{};  // once: all of this costs where sums are short
  for (std::ptrdiff_t i = 0; i < productCount; i++) {
    const std::vector<Group>& groups =
        block.participations[static_cast<std::size_t>(block.participationOf[static_cast<std::size_t>(i)])];
    if (groups.empty()) continue;
    for (std::ptrdiff_t p = firstPanel; p < endPanel; p++) {
      const Panel panel = panels_.at(p);
      const float* const weights = weightsOf(p, i);
      const float* const next = p + 1 < endPanel       ? weightsOf(p + 1, i)
                                : i + 1 < productCount ? weightsOf(firstPanel, i + 1)
                                                       : weightsOf(endPanel % panels_.count(), 0);
      const Pace& pace = paces_[static_cast<std::size_t>(panel.vectors - 1)][groups.size() - 1];
      args.fetchingChannels = pace.channels;
      args.prefetchStep = pace.step;
      for (std::size_t g = 0; g < groups.size(); g++) {
        const Group& group = groups[g];
        const Gemm gemm = kernels[panel.vectors - 1][group.rows - 1];
        args.a = u + i * uPlane_ + group.band.first * channels_ + (group.first - group.band.first) * width;
        args.c = m + i * mPlane_ + (p - firstPanel) * mPanel_ + group.first * panel.vectors * width;
        const std::ptrdiff_t* const offsets = offsets_[static_cast<std::size_t>(group.band.tiles)].data();
        for (std::ptrdiff_t s = 0; s < std::max<std::ptrdiff_t>(segments, 1); s += chunk) {
          args.full = std::min(chunk, segments - s);
          args.single = s + chunk >= segments ? rest : 0;
          args.offsets = offsets + s;
          args.b = weights + s * width * panel.stored;
          args.addend = s > 0 ? args.c : nullptr;
          args.prefetch = reinterpret_cast<const char*>(next) +
                          (static_cast<std::ptrdiff_t>(g) * channels + s * width) / 4 * pace.bytesPerFour;
          gemm(args);
        }
      }
    }
  }
}

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
