#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "operators/conv/transform/tiling.h"

namespace winograd {

/// Neighbouring tiles of one row (along the last axis) that have the same forms.
struct TileRun {
  std::ptrdiff_t image;
  Axes start;               // first output of the first tile
  std::array<int, 3> form;  // per axis
  std::ptrdiff_t count;     // tiles
  std::ptrdiff_t first;     // index of the first tile in its block
};

/// Tiles that lie side by side in U, channel block by channel block.
struct Band {
  std::ptrdiff_t first;  // index in the block
  std::ptrdiff_t tiles;
};

/// Tiles that are the rows of one register tile.
struct Group {
  Band band;
  std::ptrdiff_t first;  // index in the block
  int rows;
};

/// Tiles that pass through the stages together, those of the same forms numbered one after another.
struct TileBlock {
  std::vector<TileRun> runs;
  std::ptrdiff_t tiles = 0;
  /// Per tile of the block.
  std::vector<Band> bandOf;
  /// Small forms have only some of the products: which tiles take part in a product, as groups; each way once.
  std::vector<std::vector<Group>> participations;
  /// Per product of all axes: the index of its participation.
  std::vector<int> participationOf;
};

/// Tiles that cover all outputs of `batch` images, in blocks of at most `most` tiles, balanced, whose groups have at
/// most `rows` tiles and are balanced too (16 = 5 + 5 + 6: a short last group would waste the registers). If `most` is
/// a number of whole rows of tiles, so are all blocks. Runs have at most `longestRun` tiles, so that their strips stay
/// in the first levels of cache. `products` counts those of each axis.
std::vector<TileBlock> makeTileBlocks(const Tilings& tilings, std::ptrdiff_t batch, const Axes& products,
                                      std::ptrdiff_t most, int rows, std::ptrdiff_t longestRun);

/// Tiles of the largest block.
std::ptrdiff_t largestOf(const std::vector<TileBlock>& blocks);

/// How many tiles there are. Throws std::overflow_error.
std::ptrdiff_t countTiles(const Tilings& tilings, std::ptrdiff_t batch);

}  // namespace winograd
