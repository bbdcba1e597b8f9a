#pragma once

#include "operators/conv/common/panels.h"
#include "operators/conv/transform/tiles.h"

/// What Winograd's stages hand each other (Budden et al. 2017, equations 4 and 5):
///
///   U[i][tile][channel] = tiles transformed along each axis            (D ×ₙ Bₙ)
///   M[i][tile][output]  = U[i] times the weights of product i          (equation 5)
///   results             = M transformed back along each axis           (… ×ₙ Aₙ)
///
/// i counts the products of all axes. U and M hold one block of tiles.
namespace winograd {

/// Where U lies: [product][band of tiles][vector of channels][tile of the band][channel].
struct TransformedInput {
  Axes products;            // of each axis
  std::ptrdiff_t channels;  // inner dimension of the products, padded to whole vectors
  std::ptrdiff_t plane;     // floats from one product to the next

  TransformedInput(const Axes& products, std::ptrdiff_t channels, std::ptrdiff_t tiles);
  std::ptrdiff_t size() const { return volume(products) * plane; }
};

/// Where M lies: [product][panel of the group][tile][output channel of the panel].
struct ProductSums {
  Axes products;
  std::ptrdiff_t panel, plane;  // floats from one panel, from one product to the next

  ProductSums(const Axes& products, std::ptrdiff_t panels, std::ptrdiff_t tiles, std::ptrdiff_t width);
  std::ptrdiff_t size() const { return volume(products) * plane; }
};

/// Floats of the largest strip that a run of tiles passes through, before or after any axis' transform, in whole lines
/// of the cache. A stage works in two of them.
std::ptrdiff_t stripFloats(const Tilings& tilings, const std::vector<TileBlock>& blocks, std::ptrdiff_t width);

/// How many of `count` tiles pass two axes at once, so that what is between them fits `slice` floats.
std::ptrdiff_t tilesAtOnce(std::ptrdiff_t slice, std::ptrdiff_t floatsPerTile, std::ptrdiff_t count);

}  // namespace winograd
