#include "tiles.h"

#include <algorithm>
#include <map>

#include "../runtime/memory.h"

namespace winograd {
namespace {

struct Tile {
  std::ptrdiff_t start;
  int form;
};

std::vector<Tile> tilesOf(const Tiling& tiling) {
  std::vector<Tile> tiles;
  std::ptrdiff_t start = 0;
  for (const int form : tiling.sequence) {
    tiles.push_back({start, form});
    start += tiling.forms[static_cast<std::size_t>(form)].outputs;
  }
  return tiles;
}

bool touchesPadding(const Problem& problem, const Tile& tile) {
  const Form& form = problem.tiling[2].forms[static_cast<std::size_t>(tile.form)];
  const std::ptrdiff_t begin = tile.start - problem.padBegin[2] + form.offset;
  return begin < 0 || begin + form.inputs > problem.input[2];
}

// Rows of tiles in memory order, each cut where the form changes. Tiles of a blocked input that need no padding stand
// apart from those that do: they are read where they lie.
std::vector<Run> allRuns(const Problem& problem) {
  const bool apart = problem.inputLayout == Layout::blocked;
  const std::vector<Tile> depth = tilesOf(problem.tiling[0]), height = tilesOf(problem.tiling[1]),
                          width = tilesOf(problem.tiling[2]);
  std::vector<Run> runs;
  for (std::ptrdiff_t image = 0; image < problem.batch; image++) {
    for (const Tile& d : depth) {
      for (const Tile& h : height) {
        for (std::size_t w = 0, end; w < width.size(); w = end) {
          const bool border = touchesPadding(problem, width[w]);
          for (end = w + 1; end < width.size() && width[end].form == width[w].form; end++) {
            if (apart && (border || touchesPadding(problem, width[end]))) break;
          }
          runs.push_back({image,
                          {d.start, h.start, width[w].start},
                          {d.form, h.form, width[w].form},
                          static_cast<std::ptrdiff_t>(end - w),
                          0});
        }
      }
    }
  }
  return runs;
}

// Numbers the tiles cluster by cluster and cuts each cluster into balanced groups.
void arrange(TileBlock& block, const Problem& problem, int rows) {
  std::map<std::array<int, 3>, std::vector<Run*>> byForm;
  for (Run& run : block.runs) byForm[run.form].push_back(&run);
  for (const auto& [form, runs] : byForm) {
    const std::ptrdiff_t begin = block.tiles;
    for (Run* run : runs) {
      run->first = block.tiles;
      block.tiles += run->count;
    }
    Cluster cluster;
    for (int a = 0; a < 3; a++)
      cluster.products[a] = problem.tiling[a].forms[static_cast<std::size_t>(form[a])].products;
    const std::ptrdiff_t tiles = block.tiles - begin, groups = divideUp(tiles, rows);
    for (std::ptrdiff_t g = 0; g < groups; g++) {
      const std::ptrdiff_t first = begin + tiles * g / groups;
      const Group group{first, static_cast<int>(begin + tiles * (g + 1) / groups - first)};
      cluster.groups.push_back(group);
      block.groupOf.insert(block.groupOf.end(), static_cast<std::size_t>(group.rows), group);
    }
    block.clusters.push_back(std::move(cluster));
  }
}

}  // namespace

std::ptrdiff_t countTiles(const Problem& problem) {
  std::ptrdiff_t tiles = problem.batch;
  for (const Tiling& tiling : problem.tiling) tiles *= static_cast<std::ptrdiff_t>(tiling.sequence.size());
  return tiles;
}

std::vector<TileBlock> makeTileBlocks(const Problem& problem, std::ptrdiff_t most, int rows,
                                      std::ptrdiff_t longestRun) {
  const std::ptrdiff_t tiles = countTiles(problem);
  const std::ptrdiff_t count = divideUp(tiles, most);
  std::vector<TileBlock> blocks(static_cast<std::size_t>(count));
  std::ptrdiff_t placed = 0, b = 0;
  for (Run run : allRuns(problem)) {
    const Tiling& last = problem.tiling[2];
    const std::ptrdiff_t step = last.forms[static_cast<std::size_t>(run.form[2])].outputs;
    while (run.count > 0) {
      const std::ptrdiff_t end = tiles * (b + 1) / count;  // blocks differ by at most one tile
      const std::ptrdiff_t fits = std::min({run.count, end - placed, longestRun});
      Run part = run;
      part.count = fits;
      blocks[static_cast<std::size_t>(b)].runs.push_back(part);
      run.start[2] += fits * step;
      run.count -= fits;
      placed += fits;
      if (placed == end) b++;
    }
  }
  for (TileBlock& block : blocks) arrange(block, problem, rows);
  return blocks;
}

}  // namespace winograd
