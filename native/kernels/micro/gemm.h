// Register-tile kernels of GemmArgs, for ROWS x (VECTORS * width) outputs. The accumulators stay in registers:
// every loop over them is fully unrolled.

// Where the rows of a register tile begin. With any stride, a pointer for every four of them leaves the addresses to
// base, index and scale, and few registers to them; pinned, because compilers would keep one for each row instead, and
// spill them.
template <int ROWS, bool STRIDED>
class Rows {
 public:
  WINOGRAD_INLINE Rows(const float* a, std::ptrdiff_t rowStride)
      : stride_(STRIDED ? rowStride : Vec::width), stride3_(3 * stride_) {
    if constexpr (STRIDED) asm("" : "+r"(stride3_));
    begin(a);
  }
  WINOGRAD_INLINE void begin(const float* a) {
#pragma GCC unroll 16
    for (int g = 0; g < groups; g++) {
      at_[g] = g == 0 ? a : at_[g - 1] + stride_ + stride3_;
      if constexpr (STRIDED) asm("" : "+r"(at_[g]));
    }
  }
  WINOGRAD_INLINE float value(int row) const {
    return at_[row / span][row % span == 3 ? stride3_ : row % span * stride_];
  }
  WINOGRAD_INLINE void advance() {
#pragma GCC unroll 16
    for (int g = 0; g < groups; g++) {
      at_[g]++;
      if constexpr (STRIDED) asm("" : "+r"(at_[g]));
    }
  }

 private:
  static constexpr int span = STRIDED ? 4 : 16, groups = (ROWS + span - 1) / span;
  const float* at_[groups];
  std::ptrdiff_t stride_, stride3_;
};

// The weights of one channel.
template <int VECTORS, WeightFormat FORMAT>
static WINOGRAD_INLINE void loadWeights(const float* from, Vec (&weights)[VECTORS]) {
#pragma GCC unroll 2
  for (int v = 0; v < VECTORS; v++) {
    if constexpr (FORMAT == WeightFormat::bfloat16) {
      const Lanes pairs = reinterpret_cast<Lanes>(Vec::load(from).raw);
      weights[v] = {reinterpret_cast<Raw>(v == 0 ? pairs & -0x10000 : pairs << 16)};
    } else {
      weights[v] = Vec::load(from + v * Vec::width);
    }
    pin(weights[v]);
  }
}

template <int ROWS, int VECTORS, bool STRIDED>
static WINOGRAD_INLINE void gemmStep(Vec (&sum)[ROWS][VECTORS], const Rows<ROWS, STRIDED>& a,
                                     const Vec (&weights)[VECTORS]) {
#pragma GCC unroll 16
  for (int r = 0; r < ROWS; r++) {
    const Vec value = Vec::broadcast(a.value(r));
#pragma GCC unroll 2
    for (int v = 0; v < VECTORS; v++) {
      sum[r][v] = fma(value, weights[v], sum[r][v]);
      pin(sum[r][v]);
    }
  }
}

// Fetches the next panel into L2 at the pace at which this one is read. Never in bursts: a few of them fill all buffers
// of outstanding misses, and the products wait.
template <int BYTES>
static WINOGRAD_INLINE void fetchAhead(const char*& at, std::ptrdiff_t step) {
#pragma GCC unroll 2
  for (int line = 0; line < (BYTES < 64 ? 1 : BYTES / 64); line++, at += step) __builtin_prefetch(at, 0, 2);
}

// Where a register tile lies in memory: floats between its rows and between the vectors of a row.
struct Strides {
  std::ptrdiff_t row, vector;
};

// What is done to all sums of a register tile, without a loop. None of this is a lambda: g++ 12 keeps in memory what
// one has captured, be it the sums or the arguments, and short sums then take up to twice as long.
template <int ROWS, int VECTORS>
static WINOGRAD_INLINE void clearSums(Vec (&sum)[ROWS][VECTORS]) {
#pragma GCC unroll 16
  for (int r = 0; r < ROWS; r++) {
#pragma GCC unroll 2
    for (int v = 0; v < VECTORS; v++) sum[r][v] = Vec::zero();
  }
}

template <int ROWS, int VECTORS>
static WINOGRAD_INLINE void addToSums(Vec (&sum)[ROWS][VECTORS], const float* from, Strides strides) {
#pragma GCC unroll 16
  for (int r = 0; r < ROWS; r++) {
#pragma GCC unroll 2
    for (int v = 0; v < VECTORS; v++) sum[r][v] = sum[r][v] + Vec::load(from + r * strides.row + v * strides.vector);
  }
}

template <int ROWS, int VECTORS>
static WINOGRAD_INLINE void addRowsToSums(Vec (&sum)[ROWS][VECTORS], const float* from) {
#pragma GCC unroll 16
  for (int r = 0; r < ROWS; r++) {
    const Vec value = Vec::broadcast(from[r]);
#pragma GCC unroll 2
    for (int v = 0; v < VECTORS; v++) sum[r][v] = sum[r][v] + value;
  }
}

template <int ROWS, int VECTORS>
static WINOGRAD_INLINE void activateSums(Vec (&sum)[ROWS][VECTORS], const Activation& activation) {
  if (activation.slope != 1) {
#pragma GCC unroll 16
    for (int r = 0; r < ROWS; r++) {
#pragma GCC unroll 2
      for (int v = 0; v < VECTORS; v++) sum[r][v] = scaleNegative(sum[r][v], activation);
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < ROWS; r++) {
#pragma GCC unroll 2
    for (int v = 0; v < VECTORS; v++) sum[r][v] = clamp(sum[r][v], activation);
  }
}

template <bool STREAMED, int ROWS, int VECTORS>
static WINOGRAD_INLINE void storeSums(const Vec (&sum)[ROWS][VECTORS], float* to, Strides strides) {
#pragma GCC unroll 16
  for (int r = 0; r < ROWS; r++) {
#pragma GCC unroll 2
    for (int v = 0; v < VECTORS; v++) {
      float* const at = to + r * strides.row + v * strides.vector;
      if (STREAMED) {
        stream(sum[r][v], at);
      } else {
        sum[r][v].store(at);
      }
    }
  }
}

// What only the strided ones do is left out of the others, whose sums may be short.
template <int ROWS, int VECTORS, bool STRIDED, WeightFormat FORMAT = WeightFormat::float32>
static void gemm(const GemmArgs& given) {
  const GemmArgs args = given;  // a copy that no store can change
  constexpr int columns = VECTORS * Vec::width, stored = storedVectors(FORMAT, VECTORS) * Vec::width;
  Vec weights[VECTORS];
  Vec sum[ROWS][VECTORS];
  clearSums(sum);
  // What sums are added to arrives while they are taken.
  if (STRIDED && args.addend == args.c) {
#pragma GCC unroll 16
    for (int r = 0; r < ROWS; r++) {
#pragma GCC unroll 2
      for (int v = 0; v < VECTORS; v++) __builtin_prefetch(args.c + r * args.cStride + v * args.cVector, 1);
    }
  }
  Rows<ROWS, STRIDED> a(args.a, args.rowStride);
  const float* b = args.b;
  const char* prefetch = args.prefetch;
  const std::ptrdiff_t* offset = args.offsets;
  for (const std::ptrdiff_t* end = offset + args.full; offset != end;) {
    a.begin(args.a + *offset++);
    // Four steps at a time: more buys no speed, but makes compilers take minutes, with sanitizers above all.
    for (int k = 0; k < Vec::width; k += 4) {
#pragma GCC unroll 4
      for (int step = 0; step < 4; step++, b += stored) {
        if (step < args.fetchingChannels)
          fetchAhead<stored* static_cast<int>(sizeof(float))>(prefetch, args.prefetchStep);
        loadWeights<VECTORS, FORMAT>(b, weights);
        gemmStep(sum, a, weights);
        a.advance();
      }
    }
  }
  for (const std::ptrdiff_t* end = offset + args.single; offset != end; b += stored) {
    a.begin(args.a + *offset++);
    loadWeights<VECTORS, FORMAT>(b, weights);
    gemmStep(sum, a, weights);
  }
  const Strides strides{STRIDED ? args.cStride : columns, STRIDED ? args.cVector : Vec::width};
  if (args.addend != nullptr) addToSums(sum, args.addend, strides);
  if (STRIDED && args.bias != nullptr) addToSums(sum, args.bias, {0, Vec::width});
  if (STRIDED && args.rowBias != nullptr) addRowsToSums(sum, args.rowBias);
  if (STRIDED && args.residual != nullptr) addToSums(sum, args.residual, strides);
  if (STRIDED && args.activation != nullptr) activateSums(sum, limited(*args.activation));
  if (STRIDED && args.streamed && aligned(args.c)) {
    storeSums<true>(sum, args.c, strides);
  } else {
    storeSums<false>(sum, args.c, strides);
  }
}
