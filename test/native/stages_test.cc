// Winograd's stages one by one, each against its definition, on integers.

#include <algorithm>

#include "case.h"
#include "check.h"
#include "cook_toom.h"
#include "operators/conv/winograd/input.h"
#include "operators/conv/winograd/output.h"
#include "operators/conv/winograd/products.h"
#include "programs.h"
#include "tests.h"

using namespace winograd;
using programs::Matrix;
using programs::matrixOf;

namespace {

// A plane of 9 x 13 outputs in tiles of 4 x 4 and 2 x 4, of some channels.
struct Stages {
  const KernelTable& kernels;
  Tilings tilings;
  Axes products{1, 6, 6};
  std::ptrdiff_t channels, outputs;
  std::vector<TileBlock> blocks;
  TransformedInput u;
  Panels panels;
  ProductSums m;
  std::ptrdiff_t strip;

  explicit Stages(const KernelTable& table)
      : kernels(table),
        tilings{Tiling{{cook_toom::identity()}, {0}}, Tiling{{cook_toom::form(4, 3), cook_toom::form(2, 3)}, {0, 1, 0}},
                Tiling{{cook_toom::form(4, 3)}, {0, 0, 0, 0}}},
        channels(table.width + 2),
        outputs(3 * table.width - 1),
        blocks(makeTileBlocks(tilings, 1, products, 7, table.gemmRows, 3)),
        u(products, roundUp(channels, table.width), 7),
        panels(outputs, table.width),
        m(products, panels.count(), 7, table.width),
        strip(stripFloats(tilings, blocks, table.width)) {}

  const Form& form(std::size_t axis, const TileRun& run) const {
    return tilings[axis].forms[static_cast<std::size_t>(run.form[axis])];
  }
  // Calls body(run, tile of the run, product) for every product that a tile takes part in.
  template <class Body>
  void forEachProduct(const TileBlock& block, const Body& body) const {
    for (const TileRun& run : block.runs) {
      for (std::ptrdiff_t t = 0; t < run.count; t++) {
        for (int i = 0; i < form(1, run).products; i++) {
          for (int j = 0; j < form(2, run).products; j++) body(run, t, i * products[2] + j);
        }
      }
    }
  }
  std::size_t placeInU(const TileBlock& block, std::ptrdiff_t tile, std::ptrdiff_t product,
                       std::ptrdiff_t channel) const {
    const Band& band = block.bandOf[static_cast<std::size_t>(tile)];
    const std::ptrdiff_t width = kernels.width, row = channel / width * band.tiles + tile - band.first;
    return static_cast<std::size_t>(product * u.plane + band.first * u.channels + row * width + channel % width);
  }
  std::size_t placeInM(std::ptrdiff_t tile, std::ptrdiff_t product, std::ptrdiff_t output) const {
    const std::ptrdiff_t width = kernels.width, p = output / (2 * width);
    const std::ptrdiff_t at = tile * panels.at(p).vectors * width + output % (2 * width);
    return static_cast<std::size_t>(product * m.plane + p * m.panel + at);
  }
};

std::size_t size(std::ptrdiff_t count) {
  return static_cast<std::size_t>(count);
}

void testInput(const Stages& s, std::mt19937& generator) {
  const Pixels input{&s.kernels, Layout::planar, 1, s.channels, {1, 9, 13}};
  const Axes padding{0, 1, 2};
  const InputTransform stage(input, padding, {1, 1, 1}, s.tilings, s.u, 700, s.strip);
  const std::vector<float> x = randomIntegers(size(input.size()), 9, generator);
  std::vector<float> u(size(s.u.size()) + 16), scratch(size(2 * s.strip));
  bool right = true;
  for (const TileBlock& block : s.blocks) {
    for (const TileRun& run : block.runs) {
      for (std::ptrdiff_t c = 0; c < s.u.channels / s.kernels.width; c++)
        stage.run(stage.whole(x.data()), block, run, c, u.data(), scratch.data());
    }
    s.forEachProduct(block, [&](const TileRun& run, std::ptrdiff_t t, std::ptrdiff_t product) {
      const Form &rows = s.form(1, run), &columns = s.form(2, run);
      const Matrix ofRows = matrixOf(rows.B), ofColumns = matrixOf(columns.B);
      for (std::ptrdiff_t c = 0; c < s.channels; c++) {
        double sum = 0;
        for (std::ptrdiff_t h = 0; h < rows.inputs; h++) {
          for (std::ptrdiff_t w = 0; w < columns.inputs; w++) {
            const std::ptrdiff_t y = run.start[1] + h - padding[1];
            const std::ptrdiff_t z = run.start[2] + t * columns.outputs + w - padding[2];
            if (y < 0 || y >= 9 || z < 0 || z >= 13) continue;
            sum += ofRows[size(product / 6)][size(h)] * ofColumns[size(product % 6)][size(w)] *
                   x[size((c * 9 + y) * 13 + z)];
          }
        }
        right = right && u[s.placeInU(block, run.first + t, product, c)] == sum;
      }
    });
  }
  check(right, std::string(s.kernels.name) + " input transform alone");
}

void testProducts(const Stages& s, std::ptrdiff_t sumBlock, std::mt19937& generator) {
  const Products stage(s.kernels, s.panels, WeightFormat::float32, s.channels, sumBlock, s.blocks, s.u, s.m);
  const std::vector<float> packed = randomIntegers(size(36 * s.channels * s.panels.padded()) + 64, 5, generator);
  const std::vector<float> u = randomIntegers(size(s.u.size()) + 16, 5, generator);
  std::vector<float> m(size(s.m.size()));
  bool right = true;
  for (const TileBlock& block : s.blocks) {
    stage.run(block, packed.data(), 0, s.panels.count(), u.data(), m.data());
    s.forEachProduct(block, [&](const TileRun& run, std::ptrdiff_t t, std::ptrdiff_t product) {
      for (std::ptrdiff_t k = 0; k < s.outputs; k++) {
        const Panel panel = s.panels.at(k / (2 * s.kernels.width));
        double sum = 0;
        for (std::ptrdiff_t c = 0; c < s.channels; c++) {
          const std::ptrdiff_t at = (panel.first * 36 + product * panel.stored) * s.channels + c * panel.stored;
          sum += u[s.placeInU(block, run.first + t, product, c)] * packed[size(at + k - panel.channel)];
        }
        right = right && m[s.placeInM(run.first + t, product, k)] == sum;
      }
    });
  }
  check(right, std::string(s.kernels.name) + " products alone, " + std::to_string(sumBlock) + " channels at a time");
}

void testOutput(const Stages& s, std::mt19937& generator) {
  Problem problem;
  problem.outChannels = s.outputs;
  problem.output = {1, 9, 13};
  Schedule schedule;
  schedule.kernels = &s.kernels;
  const OutputTransform stage(Epilogue(problem, schedule), s.panels, s.tilings, s.m, 700, s.strip);
  const std::vector<float> m = randomIntegers(size(s.m.size()), 9, generator), bias(size(s.panels.padded()), 2);
  std::vector<float> y(size(s.outputs * 9 * 13)), scratch(size(2 * s.strip));
  bool right = true;
  for (const TileBlock& block : s.blocks) {
    for (const TileRun& run : block.runs) {
      stage.run({nullptr, nullptr, bias.data(), nullptr, y.data()}, run, 0, s.panels.count(), m.data(), scratch.data());
      const Form &rows = s.form(1, run), &columns = s.form(2, run);
      const Matrix ofRows = matrixOf(rows.A), ofColumns = matrixOf(columns.A);
      for (std::ptrdiff_t k = 0; k < s.outputs; k++) {
        for (std::ptrdiff_t h = 0; h < rows.outputs && run.start[1] + h < 9; h++) {
          for (std::ptrdiff_t w = 0; w < run.count * columns.outputs && run.start[2] + w < 13; w++) {
            double sum = 2;
            for (std::ptrdiff_t i = 0; i < rows.products; i++) {
              for (std::ptrdiff_t j = 0; j < columns.products; j++)
                sum += ofRows[size(h)][size(i)] * ofColumns[size(w % columns.outputs)][size(j)] *
                       m[s.placeInM(run.first + w / columns.outputs, i * 6 + j, k)];
            }
            right = right && y[size((k * 9 + run.start[1] + h) * 13 + run.start[2] + w)] == sum;
          }
        }
      }
    }
  }
  check(right, std::string(s.kernels.name) + " output transform alone");
}

}  // namespace

void testStages(const KernelTable& kernels) {
  std::mt19937 generator(11);
  const Stages stages(kernels);
  testInput(stages, generator);
  for (const std::ptrdiff_t sumBlock : {0, kernels.width}) testProducts(stages, sumBlock, generator);
  testOutput(stages, generator);
}
