#include "operators/conv/transform/tiles.h"

#include <algorithm>
#include <map>

#include "runtime/memory.h"

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

// Rows of tiles in memory order, each cut where the form changes.
std::vector<TileRun> allRuns(const Tilings& tilings, std::ptrdiff_t batch) {
  const std::vector<Tile> depth = tilesOf(tilings[0]), height = tilesOf(tilings[1]), width = tilesOf(tilings[2]);
  std::vector<TileRun> runs;
  for (std::ptrdiff_t image = 0; image < batch; image++) {
    for (const Tile& d : depth) {
      for (const Tile& h : height) {
        for (std::size_t w = 0, end; w < width.size(); w = end) {
          end = w + 1;
          while (end < width.size() && width[end].form == width[w].form) end++;
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

// Tiles of the same forms.
struct Cluster {
  Axes products;
  std::ptrdiff_t first, tiles;
};

// Numbers the tiles form by form, those with most products in the middle.
std::vector<Cluster> number(TileBlock& block, const Tilings& tilings) {
  std::map<std::array<int, 3>, std::vector<TileRun*>> byForm;
  for (TileRun& run : block.runs) byForm[run.form].push_back(&run);
  std::vector<std::pair<Axes, std::vector<TileRun*>>> sorted;
  for (auto& [form, runs] : byForm) {
    Axes products;
    for (int a = 0; a < 3; a++) products[a] = tilings[a].forms[static_cast<std::size_t>(form[a])].products;
    sorted.emplace_back(products, std::move(runs));
  }
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return volume(a.first) > volume(b.first); });
  // On either side in turn: tiles that share products then lie side by side, and share register tiles.
  decltype(sorted) placed;
  for (std::size_t i = 0; i < sorted.size(); i++) {
    placed.insert(i % 2 == 0 ? placed.begin() : placed.end(), std::move(sorted[i]));
  }
  std::vector<Cluster> clusters;
  for (const auto& [products, runs] : placed) {
    const std::ptrdiff_t first = block.tiles;
    for (TileRun* run : runs) {
      run->first = block.tiles;
      block.tiles += run->count;
    }
    clusters.push_back({products, first, block.tiles - first});
  }
  return clusters;
}

// Cuts tiles into balanced groups; in a band of their own each, or in the one given.
std::vector<Group> cut(std::ptrdiff_t first, std::ptrdiff_t tiles, int rows, const Band* band) {
  std::vector<Group> groups;
  const std::ptrdiff_t count = divideUp(tiles, rows);
  for (std::ptrdiff_t g = 0; g < count; g++) {
    const std::ptrdiff_t begin = first + tiles * g / count, end = first + tiles * (g + 1) / count;
    groups.push_back({band != nullptr ? *band : Band{begin, end - begin}, begin, static_cast<int>(end - begin)});
  }
  return groups;
}

// A block of one form packs each group by itself, which is read front to back. Tiles of several forms take part in
// different products together: they share one band, out of which each product takes its groups.
void arrange(TileBlock& block, const Tilings& tilings, const Axes& products, int rows) {
  const std::vector<Cluster> clusters = number(block, tilings);
  const Band whole{0, block.tiles};
  const Band* shared = clusters.size() > 1 ? &whole : nullptr;
  std::map<std::vector<bool>, int> known;
  for (std::ptrdiff_t i = 0; i < volume(products); i++) {
    const Axes index{i / (products[1] * products[2]), i / products[2] % products[1], i % products[2]};
    std::vector<bool> takesPart;
    for (const Cluster& cluster : clusters) {
      takesPart.push_back(index[0] < cluster.products[0] && index[1] < cluster.products[1] &&
                          index[2] < cluster.products[2]);
    }
    const auto [entry, added] = known.try_emplace(takesPart, static_cast<int>(block.participations.size()));
    block.participationOf.push_back(entry->second);
    if (!added) continue;
    std::vector<Group> groups;
    for (std::size_t c = 0, end; c < clusters.size(); c = end) {
      std::ptrdiff_t tiles = 0;
      for (end = c; end < clusters.size() && takesPart[end]; end++) tiles += clusters[end].tiles;
      const std::vector<Group> more = cut(clusters[c].first, tiles, rows, shared);
      groups.insert(groups.end(), more.begin(), more.end());
      if (end == c) end++;
    }
    block.participations.push_back(std::move(groups));
  }
  block.bandOf.assign(static_cast<std::size_t>(block.tiles), whole);
  if (shared == nullptr) {
    for (const Group& group : block.participations[0]) {
      std::fill_n(block.bandOf.begin() + group.first, group.rows, group.band);
    }
  }
}

}  // namespace

std::ptrdiff_t largestOf(const std::vector<TileBlock>& blocks) {
  std::ptrdiff_t tiles = 0;
  for (const TileBlock& block : blocks) tiles = std::max(tiles, block.tiles);
  return tiles;
}

std::ptrdiff_t countTiles(const Tilings& tilings, std::ptrdiff_t batch) {
  std::size_t tiles = static_cast<std::size_t>(batch);
  for (const Tiling& tiling : tilings) tiles = checkedMultiply(tiles, tiling.sequence.size());
  return static_cast<std::ptrdiff_t>(tiles);
}

std::vector<TileBlock> makeTileBlocks(const Tilings& tilings, std::ptrdiff_t batch, const Axes& products,
                                      std::ptrdiff_t most, int rows, std::ptrdiff_t longestRun) {
  const std::ptrdiff_t tiles = countTiles(tilings, batch);
  const std::ptrdiff_t row = static_cast<std::ptrdiff_t>(tilings[2].sequence.size());
  const std::ptrdiff_t count = divideUp(tiles, most);
  const std::ptrdiff_t unit = most % row == 0 ? row : 1;  // by which blocks differ at most
  std::vector<TileBlock> blocks(static_cast<std::size_t>(count));
  std::ptrdiff_t placed = 0, b = 0;
  for (TileRun run : allRuns(tilings, batch)) {
    const Tiling& last = tilings[2];
    const std::ptrdiff_t step = last.forms[static_cast<std::size_t>(run.form[2])].outputs;
    while (run.count > 0) {
      const std::ptrdiff_t end = tiles / unit * (b + 1) / count * unit;
      const std::ptrdiff_t fits = std::min(run.count, end - placed);
      TileRun part = run;
      part.count = divideUp(fits, divideUp(fits, longestRun));  // rather halves than a rest
      blocks[static_cast<std::size_t>(b)].runs.push_back(part);
      run.start[2] += part.count * step;
      run.count -= part.count;
      placed += part.count;
      if (placed == end) b++;
    }
  }
  for (TileBlock& block : blocks) arrange(block, tilings, products, rows);
  return blocks;
}

}  // namespace winograd
