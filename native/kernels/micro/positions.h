// The register tile of Algorithm 2 (Budden et al. 2017): a vector holds neighbouring positions of one transformed tile,
// and every position is a product of its own, summed over channels. 4 tiles x KERNELS kernels share their loads.

template <int KERNELS>
static void positions(const PositionArgs& args) {
  constexpr int tiles = kPositionTiles;
  Vec sum[tiles][KERNELS];
#pragma GCC unroll 4
  for (int t = 0; t < tiles; t++) {
#pragma GCC unroll 6
    for (int k = 0; k < KERNELS; k++) sum[t][k] = Vec::zero();
  }
  const float *d = args.d, *g = args.g;
  for (std::ptrdiff_t c = 0; c < args.channels; c++) {
    Vec kernel[KERNELS];
#pragma GCC unroll 6
    for (int k = 0; k < KERNELS; k++) {
      kernel[k] = Vec::load(g + k * Vec::width);
      pin(kernel[k]);
    }
#pragma GCC unroll 4
    for (int t = 0; t < tiles; t++) {
      const Vec data = Vec::load(d + t * Vec::width);
#pragma GCC unroll 6
      for (int k = 0; k < KERNELS; k++) {
        sum[t][k] = fma(data, kernel[k], sum[t][k]);
        pin(sum[t][k]);
      }
    }
    d += args.dStep;
    g += KERNELS * Vec::width;
  }
#pragma GCC unroll 6
  for (int k = 0; k < KERNELS; k++) {
#pragma GCC unroll 4
    for (int t = 0; t < tiles; t++) sum[t][k].store(args.m + k * args.mKernel + t * Vec::width);
  }
}
