// n-mode products in double precision, by which weights are transformed, and the way to float32.

// A product that is rounded before it is added: a coefficient of a third times 3 is then 1, so that weights which are
// multiples of the denominators are transformed exactly.
static WINOGRAD_INLINE Wide roundedProduct(double a, Wide b) {
  Wide product = a * b;
#if defined(__x86_64__) && WINOGRAD_WIDTH > 4
  asm("" : "+v"(product));
#elif defined(__aarch64__)
  asm("" : "+w"(product));
#endif
  return product;
}

// COLUMNS of a line stay in registers; 0: any number, from memory.
template <int COLUMNS>
static WINOGRAD_INLINE void modeLine(const ModeArgs& args, const double* in, double* out) {
  Wide columns[COLUMNS == 0 ? 1 : COLUMNS];
  for (int c = 0; c < COLUMNS; c++) columns[c] = wideLoad(in + c * args.right);
  for (int r = 0; r < args.rows; r++) {
    const double* const row = args.matrix + r * args.columns;
    Wide sum = {};
    if constexpr (COLUMNS == 0) {
      for (int c = 0; c < args.columns; c++) sum += roundedProduct(row[c], wideLoad(in + c * args.right));
    } else {
#pragma GCC unroll 8
      for (int c = 0; c < COLUMNS; c++) sum += roundedProduct(row[c], columns[c]);
    }
    wideStore(sum, out + r * args.right);
  }
}

template <int COLUMNS>
static WINOGRAD_INLINE void modeLines(const ModeArgs& args) {
  for (std::ptrdiff_t l = 0; l < args.left; l++) {
    const double* const in = args.in + l * args.columns * args.right;
    double* const out = args.out + l * args.rows * args.right;
    std::ptrdiff_t x = 0;
    for (; x + kHalf <= args.right; x += kHalf) modeLine<COLUMNS>(args, in + x, out + x);
    for (; x < args.right; x++) {
      for (int r = 0; r < args.rows; r++) {
        Wide sum = {};
        for (int c = 0; c < args.columns; c++)
          sum += roundedProduct(args.matrix[r * args.columns + c], Wide{} + in[c * args.right + x]);
        out[r * args.right + x] = sum[0];
      }
    }
  }
}

static void modeProduct(const ModeArgs& args) {
  if (args.columns == 2) return modeLines<2>(args);
  if (args.columns == 3) return modeLines<3>(args);
  if (args.columns == 5) return modeLines<5>(args);
  modeLines<0>(args);
}

// As many floats as there are doubles in a vector.
typedef float HalfFloats __attribute__((vector_size(WINOGRAD_WIDTH * sizeof(float) / 2)));

static void widen(const WidenArgs& args) {
  double* to = args.to;
  for (std::ptrdiff_t line = 0; line < args.lines; line++, to += args.lanes) {
    const float* const from = args.from + line * args.fromStride;
    std::ptrdiff_t i = 0;
    for (; i + kHalf <= args.lanes; i += kHalf) {
      HalfFloats half;
      __builtin_memcpy(&half, from + i, sizeof(half));
      wideStore(__builtin_convertvector(half, Wide), to + i);
    }
    for (; i < args.lanes; i++) to[i] = static_cast<double>(from[i]);
  }
}

static void narrow(const NarrowArgs& args) {
  const bool streamed = args.streamed && aligned(args.to);
  std::ptrdiff_t i = 0;
  for (; i + Vec::width <= args.count; i += Vec::width) {
    HalfFloats halves[2];
    halves[0] = __builtin_convertvector(wideLoad(args.from + i), HalfFloats);
    halves[1] = __builtin_convertvector(wideLoad(args.from + i + kHalf), HalfFloats);
    Vec value;
    __builtin_memcpy(&value, halves, sizeof(value));
    if (streamed)
      stream(value, args.to + i);
    else
      value.store(args.to + i);
  }
  for (; i < args.count; i++) args.to[i] = static_cast<float>(args.from[i]);
}
