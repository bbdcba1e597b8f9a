// Sums of outer products of blocked pixels (Georganas et al. 2018, section II-J: the register tile of a weight update).
// The sum of a call begins at zero and joins what is there at the end, so that long sums are summed in blocks.
template <int ROWS>
static void outerProducts(const OuterArgs& args) {
  Vec sums[ROWS];
#pragma GCC unroll 16
  for (int r = 0; r < ROWS; r++) sums[r] = Vec::zero();
  for (std::ptrdiff_t row = 0; row < args.rows; row++) {
    const float* a = args.a + row * args.aRow;
    const float* b = args.b + row * args.bRow;
    for (std::ptrdiff_t p = 0; p < args.pixels; p++, a += args.aPixel, b += Vec::width) {
      Vec right = Vec::load(b);
      pin(right);
#pragma GCC unroll 16
      for (int r = 0; r < ROWS; r++) sums[r] = fma(Vec::broadcast(a[r]), right, sums[r]);
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < ROWS; r++) (Vec::load(args.to + r * Vec::width) + sums[r]).store(args.to + r * Vec::width);
}
