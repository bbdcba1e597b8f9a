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

// Fetches the next panel into L2 at the pace at which this one is read. Never in bursts: a few of them fill all buffers
// of outstanding misses, and the products wait.
template <int VECTORS>
static WINOGRAD_INLINE void fetchAhead(const char*& at, std::ptrdiff_t step) {
  constexpr int bytes = VECTORS * Vec::width * static_cast<int>(sizeof(float));
#pragma GCC unroll 2
  for (int line = 0; line < (bytes < 64 ? 1 : bytes / 64); line++, at += step) __builtin_prefetch(at, 0, 2);
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
    // Four steps at a time: more buys no speed, but makes compilers take minutes, with sanitizers above all.
#pragma GCC unroll 4
    for (int k = 0; k < Vec::width; k++) {
      fetchAhead<VECTORS>(prefetch, args.prefetchStep);
      gemmStep<ROWS, VECTORS>(sum, a + k, rowStride, b + k * columns);
    }
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
