#include <algorithm>

#include "operators/conv/gradient/winograd.h"
#include "runtime/memory.h"

namespace winograd {

WeightSums::WeightSums(const KernelTable& kernels, const WeightsGradient& result,
                       const WinogradGradientSchedule& decisions, const std::vector<TileBlock>& blocks,
                       const TransformedInput& rows, const TransformedInput& lanes)
    : kernels_(kernels), result_(result), decisions_(decisions), blocks_(blocks), rows_(rows), lanes_(lanes) {
  for (std::size_t a = 0; a < 3; a++) taps_[a] = decisions.back[a].front().rows();
  rowsOfGroup_ = std::min(decisions.rowGroup, rows.channels);
  lanesOfGroup_ = std::min(decisions.laneGroup, lanes.channels);
  rowGroups_ = divideUp(rows.channels, rowsOfGroup_);
  laneGroups_ = divideUp(lanes.channels, lanesOfGroup_);
  plane_ = rowsOfGroup_ * lanesOfGroup_;
}

// One block needs none: a group's sums of a row of products are transformed back as soon as they are there.
std::size_t WeightSums::sharedFloats() const {
  if (blocks_.size() == 1) return 0;
  const std::size_t planes =
      checkedMultiply(static_cast<std::size_t>(volume(rows_.products)), static_cast<std::size_t>(groups()));
  return checkedMultiply(planes, static_cast<std::size_t>(plane_));
}

// Sums of a row of products; of its taps for all rows; of these for all planes; and the taps.
std::size_t WeightSums::scratchFloats() const {
  const Axes& products = rows_.products;
  const std::ptrdiff_t lines = products[2] + products[1] * taps_[2] + products[0] * taps_[1] * taps_[2] + volume(taps_);
  return checkedMultiply(static_cast<std::size_t>(lines), static_cast<std::size_t>(plane_));
}

WeightSums::Group WeightSums::groupOf(std::ptrdiff_t group) const {
  const std::ptrdiff_t row = group / laneGroups_ * rowsOfGroup_, lane = group % laneGroups_ * lanesOfGroup_;
  return {row, std::min(rowsOfGroup_, rows_.channels - row), lane, std::min(lanesOfGroup_, lanes_.channels - lane)};
}

void WeightSums::run(std::size_t block, std::ptrdiff_t index, const float* rows, const float* lanes, float* shared,
                     float* scratch, float* to) const {
  const Axes& products = rows_.products;
  const Group group = groupOf(index);
  const bool first = block == 0, last = block + 1 == blocks_.size(), single = blocks_.size() == 1;
  float* const own = shared + (single ? 0 : index * volume(products) * plane_);
  float* const row = scratch;
  float* const ofRows = row + products[2] * plane_;
  float* const ofPlanes = ofRows + products[1] * taps_[2] * plane_;
  float* const taps = ofPlanes + products[0] * taps_[1] * taps_[2] * plane_;
  for (std::ptrdiff_t d = 0; d < products[0]; d++) {
    for (std::ptrdiff_t h = 0; h < products[1]; h++) {
      const std::ptrdiff_t line = (d * products[1] + h) * products[2];
      float* const sums = single ? row : own + line * plane_;
      for (std::ptrdiff_t w = 0; w < products[2]; w++)
        addProducts(blocks_[block], first, group, line + w, rows, lanes, sums + w * plane_);
      if (last) transformLines(2, sums, ofRows + h * taps_[2] * plane_, 1, group);
    }
    if (last) transformLines(1, ofRows, ofPlanes + d * taps_[1] * taps_[2] * plane_, taps_[2], group);
  }
  if (!last) return;
  transformLines(0, ofPlanes, taps, taps_[1] * taps_[2], group);
  store(group, taps, to);
}

// A product's tiles lie side by side where they take part in it: each run of them in blocks, every block in registers.
void WeightSums::addProducts(const TileBlock& block, bool first, const Group& group, std::ptrdiff_t product,
                             const float* rows, const float* lanes, float* sums) const {
  const std::ptrdiff_t width = kernels_.width;
  const auto& runs =
      block.participations[static_cast<std::size_t>(block.participationOf[static_cast<std::size_t>(product)])];
  if (runs.empty() && first) std::fill_n(sums, plane_, 0.0f);
  OuterArgs args{};
  args.rows = 1;
  args.aPixel = args.bPixel = width;
  args.toRow = lanesOfGroup_;
  args.adds = !first;
  for (const winograd::Group& run : runs) {
    args.bVector = run.band.tiles * width;
    const float* const a = rows + product * rows_.plane + run.band.first * rows_.channels;
    const float* const b = lanes + product * lanes_.plane + run.band.first * lanes_.channels;
    for (std::ptrdiff_t t = 0; t < run.rows; t += args.pixels) {
      const std::ptrdiff_t tile = run.first - run.band.first + t;
      const std::ptrdiff_t left = run.rows - t;
      args.pixels = divideUp(left, divideUp(left, decisions_.sumBlock));
      for (std::ptrdiff_t l = 0; l < group.lanes; l += width * kernels_.outerVectors) {
        const std::ptrdiff_t vectors = std::min<std::ptrdiff_t>(kernels_.outerVectors, (group.lanes - l) / width);
        const Outer outer = kernels_.outer[vectors - 1];
        args.b = b + (group.firstLane + l) * run.band.tiles + tile * width;
        for (std::ptrdiff_t r = 0; r < group.rows; r += kOuterRows) {
          const std::ptrdiff_t channel = group.firstRow + r;
          args.a = a + channel / width * args.bVector + tile * width + channel % width;
          args.to = sums + r * lanesOfGroup_ + l;
          outer(args);
        }
      }
      args.adds = true;
    }
  }
}

// Along an axis, whose products lie `inner` planes apart.
void WeightSums::transformLines(std::size_t axis, const float* from, float* to, std::ptrdiff_t inner,
                                const Group& group) const {
  const std::ptrdiff_t width = kernels_.width, vectors = (group.rows * lanesOfGroup_) / width;
  const LineTransform& back = decisions_.back[axis].front();
  back.run({from, inner * plane_, to, inner * plane_, {{vectors, width, width}, {inner, plane_, plane_}, {1, 0, 0}}});
}

void WeightSums::store(const Group& group, const float* taps, float* to) const {
  const std::ptrdiff_t endRow = std::min(result_.rows(), group.firstRow + group.rows);
  const std::ptrdiff_t lanes = std::min(result_.lanes() - group.firstLane, group.lanes);
  for (std::ptrdiff_t r = group.firstRow; r < endRow; r++) {
    const float* const from = taps + (r - group.firstRow) * lanesOfGroup_;
    result_.store(kernels_, r, group.firstLane, lanes, 0, result_.taps(), from, plane_, to);
  }
}

}  // namespace winograd
