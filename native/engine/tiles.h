#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "problem.h"

namespace winograd {

/// Neighbouring tiles of one row (along the last axis) that have the same forms.
struct Run {
  std::ptrdiff_t image;
  Axes start;               // first output of the first tile
  std::array<int, 3> form;  // per axis
  std::ptrdiff_t count;     // tiles
  std::ptrdiff_t first;     // index of the first tile in its block
};

/// Tiles that are one register tile's rows: they lie side by side in U.
struct Group {
  std::ptrdiff_t first;  // index in the block
  int rows;
};

/// The tiles of a block that have the same forms, hence the same products; they are numbered one after another.
struct Cluster {
  std::array<int, 3> products;  // per axis, counted from the first
  std::vector<Group> groups;
};

/// Tiles that pass through the stages together.
struct TileBlock {
  std::vector<Run> runs;
  std::vector<Cluster> clusters;
  std::ptrdiff_t tiles = 0;
  /// Per tile of the block: the group it belongs to.
  std::vector<Group> groupOf;
};

/// Tiles that cover all outputs of the problem, in blocks of at most `most` tiles, balanced, whose groups have at
/// most `rows` tiles and are balanced too (16 = 5 + 5 + 6: a short last group would waste the registers). Runs are cut
/// after `longestRun` tiles, so that their strips stay in the first levels of cache.
std::vector<TileBlock> makeTileBlocks(const Problem& problem, std::ptrdiff_t most, int rows, std::ptrdiff_t longestRun);

/// How many tiles the problem has.
std::ptrdiff_t countTiles(const Problem& problem);

}  // namespace winograd
