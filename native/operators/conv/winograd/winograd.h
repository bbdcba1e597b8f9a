#pragma once

#include <optional>

#include "operators/conv/common/kernel.h"
#include "operators/conv/winograd/output.h"
#include "operators/conv/winograd/products.h"
#include "operators/conv/winograd/schedule.h"
#include "operators/conv/winograd/slabs.h"

namespace winograd {

/// Fast convolution by nested F(S, G) (Budden et al. 2017, equations 4 and 5) with vectors of channels, block of tiles
/// by block of tiles: the three stages of stages.h, so that U and M stay in cache.
class WinogradKernel final : public ConvolutionKernel {
 public:
  WinogradKernel(const Problem& problem, const Schedule& schedule, WinogradSchedule decisions);

  std::vector<std::string> codelets() const override;

 private:
  /// What the threads of a pass share.
  struct Workspace;

  std::size_t scratchFloats() const override;
  Times compute(const Pass& pass, float* scratch, const Run& run) const override;
  void runBlocks(const Pass& pass, const InputSource& source, std::size_t firstBlock, std::size_t endBlock,
                 Workspace& workspace, const Run& run) const;
  void transformInput(const InputSource& source, const TileBlock& block, std::ptrdiff_t item, int slot, float* u,
                      Workspace& workspace) const;
  void multiplyAndTransform(const Pass& pass, const TileBlock& block, std::ptrdiff_t group, int slot, const float* u,
                            Workspace& workspace) const;

  bool splitsChannels() const { return decisions_.split == Split::channels; }
  std::ptrdiff_t inputItems(const TileBlock& block) const;
  std::ptrdiff_t groups() const { return divideUp(panels_.count(), panelsPerGroup_); }

  WinogradSchedule decisions_;
  std::ptrdiff_t depth_;  // inner dimension of the products
  Panels panels_;
  std::ptrdiff_t panelsPerGroup_;
  std::vector<TileBlock> blocks_;
  TransformedInput u_;
  ProductSums m_;
  std::ptrdiff_t strip_;
  InputTransform inputStage_;
  Products products_;
  OutputTransform outputStage_;
  std::optional<Slabs> slabs_;
};

}  // namespace winograd
