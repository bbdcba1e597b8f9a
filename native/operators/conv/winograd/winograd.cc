#include "operators/conv/winograd/winograd.h"

#include <algorithm>
#include <set>

#include "runtime/stopwatch.h"
#include "runtime/threads.h"

namespace winograd {
namespace {

constexpr std::ptrdiff_t kLine = 16;                // floats in a cache line
constexpr std::ptrdiff_t kBlock = 1 << 18;          // floats of U and M together: the second level of cache
constexpr std::ptrdiff_t kNearWeights = 8 << 20;    // floats of weights that stay in the third level of cache
constexpr std::ptrdiff_t kLargestU = 2 << 20;       // floats of U that stay in it while weights pass by
constexpr std::ptrdiff_t kSharedU = 3 << 20;        // the same of all threads together, of one block each
constexpr std::ptrdiff_t kCachedWeights = 6 << 20;  // floats of weights that stay in it beside all else
constexpr std::ptrdiff_t kEnoughTiles = 28;         // that each weight should serve, once fetched
constexpr std::ptrdiff_t kFewTiles = 16;            // the same of weights in cache
constexpr std::ptrdiff_t kLeastTiles = 8;           // the same where U would be too large
constexpr std::ptrdiff_t kManyBlocks = 8;           // for each thread
constexpr std::ptrdiff_t kSlice = 5 * 1024;         // floats of a slice, which leave room in the first level of cache
constexpr std::ptrdiff_t kStrip = 56 * 1024;  // floats of a strip: two of them leave half of the second level of cache
// Floats of a result of which little would be left in cache for those who read it: storing past the caches saves
// fetching each line before it is overwritten.
constexpr std::size_t kFarOutput = 2 << 20;

// Planes that lie a multiple of 4 KiB apart would fall into the same cache sets.
std::ptrdiff_t planeStride(std::ptrdiff_t floats) {
  const std::ptrdiff_t lines = divideUp(floats, kLine);
  return (lines + (lines % 64 == 0 ? 1 : 0)) * kLine;
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
  chooseBlocks();
  const std::ptrdiff_t strip = stripSize({0, 0, 0}, 2) - stripSize({0, 0, 0}, 1);  // of one more tile
  blocks_ = makeTileBlocks(problem_, products_, problem_.tileBlock, kernels_.gemmRows,
                           std::max<std::ptrdiff_t>(kStrip / strip, 2));
  planes_ = problem_;
  planes_.input = {problem_.input[0], 1, problem_.input[1] * problem_.input[2]};
  if (readsOften()) slabs_ = slabs();
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

// How many of `count` tiles pass two axes at once, so that what is between them stays in the first level of cache.
std::ptrdiff_t WinogradPlan::tilesAtOnce(std::ptrdiff_t vectorsPerTile, std::ptrdiff_t count) const {
  const std::ptrdiff_t most = std::max<std::ptrdiff_t>(kSlice / (vectorsPerTile * kernels_.width), 1);
  return divideUp(count, divideUp(count, most));
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

// Enough tiles that each weight, once fetched, serves many of them; few enough that U and M stay in cache. The optimum
// is flat.
void WinogradPlan::chooseBlocks() {
  const std::ptrdiff_t products = volume(products_), tiles = countTiles(problem_);
  const std::ptrdiff_t weights = products * layer().depth() * panels_.stored();
  // One panel, unless asked for more: its weights are one stream.
  panelsPerGroup_ = std::clamp<std::ptrdiff_t>(problem_.channelGroup / (2 * kernels_.width), 1, panels_.count());
  if (problem_.tileBlock == 0) {
    const std::ptrdiff_t perTile = products * (channels_ + panelsPerGroup_ * 2 * kernels_.width);
    // Every group of output channels reads U again: it must not be driven out by the weights that stream past.
    const std::ptrdiff_t most = std::max(kLargestU / (products * channels_), kLeastTiles);
    problem_.tileBlock =
        std::max(kBlock / perTile, weights <= kCachedWeights ? kFewTiles : std::min(kEnoughTiles, most));
  }
  // Splitting tiles keeps U in the cache of the core that made it. It needs enough of them to fill register tiles.
  // Where weights are far, every thread streams all of them: once and about when the others do, or not at all; this
  // takes more work for each weight, and U of all threads must not drive them out of the cache that the threads share.
  const std::ptrdiff_t share = divideUp(tiles, problem_.threads), all = problem_.threads * share;
  const bool enough = weights <= kNearWeights ? share >= kernels_.gemmRows / 2
                                              : share >= kernels_.gemmRows && share <= problem_.tileBlock &&
                                                    all * products * channels_ <= kSharedU;
  const bool channels = problem_.split == Split::automatic ? !enough : problem_.split == Split::channels;
  splitChannels_ = problem_.threads > 1 && channels && panels_.count() > 1;
  problem_.split = splitChannels_ ? Split::channels : Split::tiles;
  if (splitChannels_) {
    panelsPerGroup_ = std::min(panelsPerGroup_, divideUp(panels_.count(), problem_.threads));
  } else {
    // As many blocks for one thread as for the other.
    problem_.tileBlock = divideUp(tiles, roundUp(divideUp(tiles, problem_.tileBlock), problem_.threads));
  }
  problem_.tileBlock = std::min(problem_.tileBlock, tiles);
  // Whole rows of tiles, where there are so many blocks that the threads still share them evenly: pieces of rows are
  // short strips, and neighbours read and write the same lines of memory.
  const std::ptrdiff_t row = tilesOfRow(problem_), rows = (problem_.tileBlock + row / 4) / row;
  if (rows > 0 && divideUp(tiles, rows * row) >= kManyBlocks * problem_.threads) problem_.tileBlock = rows * row;
  problem_.channelGroup = panelsPerGroup_ * 2 * kernels_.width;
}

std::size_t WinogradPlan::workspaceBytes() const {
  const std::ptrdiff_t threads = problem_.threads, u = volume(products_) * uPlane_, m = volume(products_) * mPlane_;
  std::ptrdiff_t planes = 0;
  for (const Slab& slab : slabs_) planes = std::max(planes, slab.endPlane - slab.firstPlane);
  const std::ptrdiff_t copy = planes * channels_ * planes_.input[2];
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
  const Activations activations{x, y, residual, outputSize() >= kFarOutput};
  const int threads = problem_.threads;
  const std::shared_ptr<Block> workspace = pooledBlock(workspaceBytes() / sizeof(float));
  const std::ptrdiff_t uSize = volume(products_) * uPlane_, mSize = volume(products_) * mPlane_;
  float* const uBase = workspace->data();
  float* const mBase = uBase + (splitChannels_ ? 1 : threads) * uSize;
  float* const scratchBase = mBase + threads * mSize;
  float* const copy = scratchBase + threads * 2 * scratch_;
  std::vector<Times> times(static_cast<std::size_t>(threads));
  const std::ptrdiff_t channelBlocks = channels_ / kernels_.width;
  const std::ptrdiff_t groups = divideUp(panels_.count(), panelsPerGroup_);
  const std::ptrdiff_t depth = problem_.input[0];
  Inputs inputs{x, problem_.inputLayout, 0, channelBlocks * depth, depth};
  const auto input = [&](const TileBlock& block, std::ptrdiff_t item, int slot, float* u) {
    Stopwatch watch;
    transformInput(inputs, block, block.runs[static_cast<std::size_t>(item / channelBlocks)], item % channelBlocks, u,
                   scratchBase + slot * 2 * scratch_);
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
  const auto pass = [&](std::size_t firstBlock, std::size_t endBlock) {
    if (splitChannels_) {
      for (std::size_t b = firstBlock; b < endBlock; b++) {
        const TileBlock& block = blocks_[b];
        pool.forEach(static_cast<std::ptrdiff_t>(block.runs.size()) * channelBlocks, threads,
                     [&](std::ptrdiff_t item, int slot) { input(block, item, slot, uBase); });
        pool.forEach(groups, threads, [&](std::ptrdiff_t group, int slot) { output(block, group, slot, uBase); });
      }
    } else {
      pool.forEach(static_cast<std::ptrdiff_t>(endBlock - firstBlock), threads, [&](std::ptrdiff_t b, int slot) {
        const TileBlock& block = blocks_[firstBlock + static_cast<std::size_t>(b)];
        float* u = uBase + slot * uSize;
        const std::ptrdiff_t items = static_cast<std::ptrdiff_t>(block.runs.size()) * channelBlocks;
        for (std::ptrdiff_t item = 0; item < items; item++) input(block, item, slot, u);
        for (std::ptrdiff_t group = 0; group < groups; group++) output(block, group, slot, u);
      });
    }
  };
  if (slabs_.empty()) pass(0, blocks_.size());
  for (const Slab& slab : slabs_) {
    Stopwatch watch;
    inputs = copySlab(x, slab, copy);
    times[0].input += watch.lap();
    pass(slab.firstBlock, slab.endBlock);
  }

  return sumOf(times, total.lap());
}

}  // namespace winograd
