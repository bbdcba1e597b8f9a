#pragma once

#include <array>
#include <cstddef>
#include <limits>
#include <stdexcept>
#include <vector>

#include "kernels/kernels.h"

/// What is to be computed: a layer (its weights depend on nothing else) and the problem it is run on.
namespace winograd {

/// Depth, height, width; 1-D and 2-D problems have leading ones.
using Axes = std::array<std::ptrdiff_t, 3>;

/// winograd: vectors of channels; positions: Winograd with vectors of a tile's positions (Algorithm 2); direct.
enum class Algorithm { winograd, positions, direct };

/// planar: N x C x D x H x W. blocked: N x C/width x D x H x W x width, channels padded to whole vectors; what a
/// network keeps between its layers.
enum class Layout { planar, blocked };

/// The part of one axis' F(S, G) that the weights depend on: C, products x taps, row-major.
struct KernelTransform {
  int taps = 1, products = 1;
  std::vector<double> C;
};

/// One kind of tile along an axis; it uses the first `products` rows of the axis' kernel transform.
struct Form {
  int outputs = 1, inputs = 1;
  int offset = 0;  // of the first input under the first output, padding included
  int products = 1;
  std::vector<double> A;  // outputs x products
  std::vector<double> B;  // products x inputs
};

/// How an axis is covered: the form of each tile, in order.
struct Tiling {
  std::vector<Form> forms;
  std::vector<int> sequence;
};

struct Layer {
  std::ptrdiff_t inChannels = 0, outChannels = 0, groups = 1;
  Axes kernel{1, 1, 1};
  Algorithm algorithm = Algorithm::direct;
  /// bfloat16 for Winograd with vectors of channels alone: where tiles are few, memory delivers the weights more slowly
  /// than they are used.
  WeightFormat weightFormat = WeightFormat::float32;
  std::array<KernelTransform, 3> transforms;  // for Winograd
  /// For Winograd: axes whose taps are summed like channels, in the products' inner dimension, instead of being
  /// transformed; such an axis has the transform F(1, 1). It is the way of layers with few channels.
  std::array<bool, 3> fold{};  // never the last axis
  const KernelTable* kernels = nullptr;

  std::ptrdiff_t groupInputs() const { return inChannels / groups; }
  std::ptrdiff_t groupOutputs() const { return outChannels / groups; }
  /// Direct convolution with groups that would leave lanes of a vector of output channels empty.
  bool narrowGroups() const { return algorithm == Algorithm::direct && groups > 1 && groupOutputs() < kernels->width; }
  /// Of narrow groups: whether a vector of output channels and the input channels of its groups are the same ones.
  bool alignedGroups() const { return groupInputs() == groupOutputs() && kernels->width % groupOutputs() == 0; }
  /// Taps that count as channels.
  Axes folded() const { return {fold[0] ? kernel[0] : 1, fold[1] ? kernel[1] : 1, 1}; }
  /// Products of one tile, all axes.
  std::ptrdiff_t products() const {
    return std::ptrdiff_t{1} * transforms[0].products * transforms[1].products * transforms[2].products;
  }
  /// The inner dimension of a Winograd layer's products.
  std::ptrdiff_t depth() const { return inChannels * folded()[0] * folded()[1]; }
};

/// How threads share a Winograd layer: each its own blocks of tiles, or all the same block and each its own output
/// channels. Which is faster depends on how far the cores' caches are apart.
enum class Split { automatic, tiles, channels };

struct Problem {
  std::ptrdiff_t batch = 1;
  Axes input{1, 1, 1}, stride{1, 1, 1}, dilation{1, 1, 1}, padBegin{}, padEnd{};
  Activation activation;
  Layout inputLayout = Layout::planar, outputLayout = Layout::planar;
  Layout residualLayout = Layout::planar;  // of what is added to the result
  int threads = 1;
  /// Flops that take as long as a pass at one core's peak, about: a short one wakes no sleeping thread.
  double work = std::numeric_limits<double>::infinity();
  std::array<Tiling, 3> tiling;  // for Winograd
  Split split = Split::automatic;
  // Zero lets the engine choose.
  std::ptrdiff_t tileBlock = 0;     // tiles that pass through the stages together
  std::ptrdiff_t channelGroup = 0;  // output channels that are transformed back together
  std::ptrdiff_t sumBlock = 0;      // input channels summed in registers before the sum goes to memory
};

/// Output extents of a valid problem.
Axes outputShape(const Layer& layer, const Problem& problem);

inline std::ptrdiff_t volume(const Axes& axes) {
  return axes[0] * axes[1] * axes[2];
}

/// Whether the layer can read a blocked input, and write a blocked output or add a blocked residual: where vectors of
/// blocked pixels are vectors of the algorithm's, too.
bool takesBlockedInput(const Layer& layer);
bool takesBlockedOutput(const Layer& layer);

/// Throw std::invalid_argument (`Expected … but received …`) for anything the engine can't run, and
/// std::overflow_error for sizes that do not fit.
void validate(const Layer& layer);
void validate(const Layer& layer, const Problem& problem);

}  // namespace winograd
