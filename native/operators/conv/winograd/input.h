#pragma once

#include "operators/conv/common/rows.h"
#include "operators/conv/transform/view.h"
#include "operators/conv/winograd/stages.h"

namespace winograd {

/// Where the stage reads: all planes of the activations, or a blocked copy of some.
struct InputSource {
  const float* x;
  Layout layout;
  // Of a blocked layout: the first plane there is, counted through all images, and planes from image to image and from
  // one vector of channels to the next.
  std::ptrdiff_t firstPlane, imagePlanes, channelPlanes;
};

/// The first stage, from activations to U: tiles transformed along each axis.
class InputTransform {
 public:
  /// @param padding zeros before the first pixel of each axis
  /// @param folded taps along each axis that count as channels
  /// @param tilings outlives it
  /// @param slice floats that stay in the first level of cache
  /// @param strip floats of the largest strip
  InputTransform(const Pixels& input, const Axes& padding, const Axes& folded, const Tilings& tilings,
                 const TransformedInput& to, std::ptrdiff_t slice, std::ptrdiff_t strip);

  /// The source that is the input itself.
  InputSource whole(const float* x) const;

  /// Transforms one vector of channels of a run. `scratch` holds two strips.
  void run(const InputSource& source, const TileBlock& block, const TileRun& run, std::ptrdiff_t channelBlock, float* u,
           float* scratch) const;

  /// Inputs of a run's tiles along each axis.
  Axes inputsOf(const TileRun& run) const;
  const LineTransforms& transforms() const { return transforms_; }

 private:
  /// A run's inputs, transformed along one of the outer axes.
  struct Strip {
    View view;
    Axes extents;
    int axis;
  };
  Strip readStrip(const InputSource& source, const TileRun& run, std::ptrdiff_t channelBlock, float* scratch) const;

  const Form& form(std::size_t axis, int index) const { return tilings_[axis].forms[static_cast<std::size_t>(index)]; }
  const LineTransform& transform(int axis, const TileRun& run) const {
    const std::size_t a = static_cast<std::size_t>(axis);
    return transforms_[a][static_cast<std::size_t>(run.form[a])];
  }

  Pixels input_;
  Axes padding_, folded_;
  const Tilings& tilings_;
  LineTransforms transforms_;
  TransformedInput to_;
  std::ptrdiff_t slice_, strip_;
};

}  // namespace winograd
