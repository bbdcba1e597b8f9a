#pragma once

#include <array>
#include <vector>

#include "operators/conv/common/plan.h"
#include "operators/conv/common/rows.h"
#include "operators/conv/transform/line_transform.h"
#include "operators/conv/transform/tiles.h"
#include "operators/conv/transform/view.h"

namespace winograd {

/// Fast convolution by nested F(S, G) (Budden et al. 2017, equations 4 and 5), block of tiles by block of tiles:
///
///   U[i][tile][channel] = input tiles transformed along each axis          (D ×ₙ Bₙ)
///   M[i][tile][kernel]  = U[i] times the weights of product i               (equation 5)
///   y                   = M transformed back along each axis, plus bias      (… ×ₙ Aₙ)
///
/// i counts the products of all axes. U and M hold one block, so they stay in cache.
class WinogradPlan final : public Plan {
 public:
  WinogradPlan(std::shared_ptr<const Weights> weights, const Problem& problem);

  Times execute(const float* x, float* y, const float* residual) const override;
  std::size_t workspaceBytes() const override;
  std::vector<std::string> codelets() const override;

 private:
  /// How groups of tiles that work on a panel of weights share in fetching the next one (GemmArgs).
  struct Pace {
    int channels;  // of four that fetch
    std::ptrdiff_t step;
    std::ptrdiff_t bytesPerFour;  // from where four channels begin to where the next four do
  };
  static Pace paceOf(std::ptrdiff_t groups, std::ptrdiff_t rowBytes);

  /// Blocks of tiles that read planar inputs out of one blocked copy of some planes. These lie across the first axis
  /// and are counted through all images.
  struct Slab {
    std::size_t firstBlock, endBlock;
    std::ptrdiff_t firstPlane, endPlane;
  };
  /// Where inputs are read: those given, or a slab's copy.
  struct Inputs {
    const float* x;
    Layout layout;
    // Of a blocked layout: the first plane there is, and planes from image to image and from one vector of channels to
    // the next.
    std::ptrdiff_t firstPlane, imagePlanes, channelPlanes;
  };
  /// A run's inputs, transformed along one of the outer axes.
  struct Strip {
    View view;
    Axes extents;
    int axis;
  };

  void chooseBlocks();
  bool readsOften() const;
  Axes inputsOf(const Run& run) const;
  std::vector<Slab> slabs() const;
  Inputs copySlab(const float* x, const Slab& slab, float* to) const;
  std::ptrdiff_t tilesAtOnce(std::ptrdiff_t vectorsPerTile, std::ptrdiff_t count) const;
  std::ptrdiff_t stripSize(const std::array<int, 3>& forms, std::ptrdiff_t count) const;
  void transformInput(const Inputs& inputs, const TileBlock& block, const Run& run, std::ptrdiff_t channelBlock,
                      float* u, float* scratch) const;
  Strip readStrip(const Inputs& inputs, const Run& run, std::ptrdiff_t channelBlock, float* scratch) const;
  void multiply(const TileBlock& block, std::ptrdiff_t firstPanel, std::ptrdiff_t endPanel, const float* u,
                float* m) const;
  void transformOutput(const Activations& activations, const Run& run, std::ptrdiff_t firstPanel,
                       std::ptrdiff_t endPanel, const float* m, float* scratch) const;

  const Form& form(int axis, int index) const { return problem_.tiling[axis].forms[static_cast<std::size_t>(index)]; }
  const LineTransform& inputTransform(int axis, int index) const {
    return inputTransforms_[axis][static_cast<std::size_t>(index)];
  }
  const LineTransform& outputTransform(int axis, int index) const {
    return outputTransforms_[axis][static_cast<std::size_t>(index)];
  }

  const KernelTable& kernels_;
  Problem planes_;  // the problem's input with planes for rows
  Panels panels_;
  std::array<std::vector<LineTransform>, 3> inputTransforms_, outputTransforms_;  // per axis and form
  std::vector<TileBlock> blocks_;
  std::vector<Slab> slabs_;                           // empty: inputs are read where they lie
  std::vector<std::vector<std::ptrdiff_t>> offsets_;  // of channel blocks in U, by the tiles of the band
  std::array<std::vector<Pace>, 2> paces_;            // by the vectors of a panel and the number of groups
  std::ptrdiff_t channels_;                           // inner dimension of the products, padded to whole vectors
  Axes products_;                                     // per axis
  std::ptrdiff_t panelsPerGroup_;
  std::ptrdiff_t uPlane_, mPanel_, mPlane_;  // floats between products of U, panels of M, products of M
  std::ptrdiff_t scratch_;                   // floats of one thread's strips
  bool splitChannels_;  // threads share a block and split its output channels; else they split the blocks
};

}  // namespace winograd
