// Sums of outer products of pixels (Georganas et al. 2018, section II-J: the register tile of a weight update). Four
// rows to as many vectors as registers allow: of all shapes with as many sums the one that loads least, and has least
// to begin and to store.
template <int VECTORS>
static void outerProducts(const OuterArgs& args) {
  Vec sums[kOuterRows][VECTORS];
#pragma GCC unroll 4
  for (int r = 0; r < kOuterRows; r++) {
#pragma GCC unroll 4
    for (int v = 0; v < VECTORS; v++) sums[r][v] = Vec::zero();
  }
  for (std::ptrdiff_t row = 0; row < args.rows; row++) {
    const float* a = args.a + row * args.aRow;
    const float* b = args.b + row * args.bRow;
    for (std::ptrdiff_t p = 0; p < args.pixels; p++, a += args.aPixel, b += args.bPixel) {
      Vec right[VECTORS];
#pragma GCC unroll 4
      for (int v = 0; v < VECTORS; v++) {
        right[v] = Vec::load(b + v * args.bVector);
        pin(right[v]);
      }
#pragma GCC unroll 4
      for (int r = 0; r < kOuterRows; r++) {
        const Vec left = Vec::broadcast(a[r]);
#pragma GCC unroll 4
        for (int v = 0; v < VECTORS; v++) sums[r][v] = fma(left, right[v], sums[r][v]);
      }
    }
  }
#pragma GCC unroll 4
  for (int r = 0; r < kOuterRows; r++) {
    float* const to = args.to + r * args.toRow;
#pragma GCC unroll 4
    for (int v = 0; v < VECTORS; v++) {
      const Vec sum = args.adds ? Vec::load(to + v * Vec::width) + sums[r][v] : sums[r][v];
      sum.store(to + v * Vec::width);
    }
  }
}
