// Register-tile kernels of GemmArgs, for ROWS x (VECTORS * width) outputs. The accumulators stay in registers:
// every loop over them is fully unrolled.

template <int ROWS, int VECTORS>
static WINOGRAD_INLINE void gemmStep(Vec (&sum)[ROWS][VECTORS], const float* a, std::ptrdiff_t rowStride,
                                     const float* b) {
  Vec weights[VECTORS];
#pragma GCC unroll 2
  for (int v = 0; v < VECTORS; v++) {
    weights[v] = Vec::load(b + v * Vec::width);
    pin(weights[v]);
  }
#pragma GCC unroll 16
  for (int r = 0; r < ROWS; r++) {
    const Vec value = Vec::broadcast(a[r * rowStride]);
#pragma GCC unroll 2
    for (int v = 0; v < VECTORS; v++) {
      sum[r][v] = fma(value, weights[v], sum[r][v]);
      pin(sum[r][v]);
    }
  }
}

template <int ROWS, int VECTORS, bool STRIDED>
static void gemm(const GemmArgs& args) {
  const std::ptrdiff_t rowStride = STRIDED ? args.rowStride : Vec::width;
  constexpr int columns = VECTORS * Vec::width;
  Vec sum[ROWS][VECTORS];
#pragma GCC unroll 16
  for (int r = 0; r < ROWS; r++) {
#pragma GCC unroll 2
    for (int v = 0; v < VECTORS; v++) sum[r][v] = Vec::zero();
  }
  const float* b = args.b;
  const char* prefetch = args.prefetch;
  for (std::ptrdiff_t s = 0; s < args.full; s++) {
    const float* a = args.a + args.offsets[s];
    for (std::ptrdiff_t l = 0; l < args.prefetchLines; l++) {
      __builtin_prefetch(prefetch, 0, 2);
      prefetch += 64;
    }
    // Four steps at a time: more buys no speed, but makes compilers take minutes, with sanitizers above all.
#pragma GCC unroll 4
    for (int k = 0; k < Vec::width; k++) gemmStep<ROWS, VECTORS>(sum, a + k, rowStride, b + k * columns);
    b += Vec::width * columns;
  }
  for (std::ptrdiff_t s = args.full; s < args.full + args.partial; s++) {
    const float* a = args.a + args.offsets[s];
    for (int k = 0; k < args.depth; k++) {
      gemmStep<ROWS, VECTORS>(sum, a + k, rowStride, b);
      b += columns;
    }
  }
  float* c = args.c;
  if (args.accumulate) {
#pragma GCC unroll 16
    for (int r = 0; r < ROWS; r++) {
#pragma GCC unroll 2
      for (int v = 0; v < VECTORS; v++) {
        float* at = c + r * args.cStride + v * Vec::width;
        (sum[r][v] + Vec::load(at)).store(at);
      }
    }
  } else {
#pragma GCC unroll 16
    for (int r = 0; r < ROWS; r++) {
#pragma GCC unroll 2
      for (int v = 0; v < VECTORS; v++) sum[r][v].store(c + r * args.cStride + v * Vec::width);
    }
  }
}
