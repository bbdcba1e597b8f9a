#include "operators/conv/winograd/stages.h"

#include <algorithm>

#include "runtime/memory.h"

namespace winograd {
namespace {

constexpr std::ptrdiff_t kLine = 16;  // floats in a cache line

// The same place of all planes is touched in turn: an odd number of lines apart they fall into all sets of a cache, a
// multiple of 1 KiB apart into four of the 64 that the first level has.
std::ptrdiff_t planeStride(std::ptrdiff_t floats) {
  return (divideUp(floats, kLine) | 1) * kLine;
}

std::ptrdiff_t stripOf(const Tilings& tilings, const TileRun& run, std::ptrdiff_t width) {
  const auto form = [&](std::size_t a) { return tilings[a].forms[static_cast<std::size_t>(run.form[a])]; };
  std::ptrdiff_t rows = 1;
  for (std::size_t a = 0; a < 2; a++) rows *= std::max({form(a).inputs, form(a).products, form(a).outputs});
  const std::ptrdiff_t step = tilings[2].step(run.form[2]);
  return rows * (run.count * step + std::max<std::ptrdiff_t>(form(2).inputs - step, 0)) * width;
}

}  // namespace

TransformedInput::TransformedInput(const Axes& products, std::ptrdiff_t channels, std::ptrdiff_t tiles)
    : products(products), channels(channels), plane(planeStride(tiles * channels)) {}

ProductSums::ProductSums(const Axes& products, std::ptrdiff_t panels, std::ptrdiff_t tiles, std::ptrdiff_t width)
    : products(products), panel(tiles * 2 * width), plane(planeStride(panel * panels)) {}

std::ptrdiff_t stripFloats(const Tilings& tilings, const std::vector<TileBlock>& blocks, std::ptrdiff_t width) {
  std::ptrdiff_t most = 0;
  for (const TileBlock& block : blocks) {
    for (const TileRun& run : block.runs) most = std::max(most, stripOf(tilings, run, width));
  }
  return roundUp(most, kLine);
}

std::ptrdiff_t tilesAtOnce(std::ptrdiff_t slice, std::ptrdiff_t floatsPerTile, std::ptrdiff_t count) {
  const std::ptrdiff_t most = std::max<std::ptrdiff_t>(slice / floatsPerTile, 1);
  return divideUp(count, divideUp(count, most));
}

}  // namespace winograd
