// Moving floats without changing them. After layout.h, whose transpose of width x width values it uses.

// At most width x width values; only whole vectors where there are as many.
static WINOGRAD_INLINE void transposeBlock(const MatrixArgs& args, std::ptrdiff_t row, std::ptrdiff_t column) {
  const std::ptrdiff_t rows = args.rows - row < Vec::width ? args.rows - row : Vec::width;
  const std::ptrdiff_t columns = args.columns - column < Vec::width ? args.columns - column : Vec::width;
  const float* const from = args.from + row * args.fromStride + column;
  float* const to = args.to + column * args.toStride + row;
  Vec block[Vec::width];
  if (rows == Vec::width && columns == Vec::width) {
#pragma GCC unroll 16
    for (int r = 0; r < Vec::width; r++) block[r] = Vec::load(from + r * args.fromStride);
    transpose(block);
#pragma GCC unroll 16
    for (int c = 0; c < Vec::width; c++) block[c].store(to + c * args.toStride);
    return;
  }
#pragma GCC unroll 16
  for (int r = 0; r < Vec::width; r++)
    block[r] = r < rows ? loadPart(from + r * args.fromStride, columns) : Vec::zero();
  transpose(block);
#pragma GCC unroll 16
  for (int c = 0; c < Vec::width; c++) {
    if (c < columns) storePart(block[c], to + c * args.toStride, rows);
  }
}

// Two rows into one, their floats in turn.
template <int HALF>
struct Alternating {
  static constexpr int lane(int j) { return HALF * Vec::width / 2 + j / 2 + j % 2 * Vec::width; }
};
static WINOGRAD_INLINE void interleaveRows(const MatrixArgs& args) {
  const float *first = args.from, *second = args.from + args.fromStride;
  std::ptrdiff_t c = 0;
  for (; c + Vec::width <= args.columns; c += Vec::width) {
    const Vec a = Vec::load(first + c), b = Vec::load(second + c);
    rearrange<Alternating<0>>(a, b).store(args.to + 2 * c);
    rearrange<Alternating<1>>(a, b).store(args.to + 2 * c + Vec::width);
  }
  for (; c < args.columns; c++) {
    args.to[2 * c] = first[c];
    args.to[2 * c + 1] = second[c];
  }
}

// Whole lines of the result one after another: a result's line waits in a cache for at most as many reads as fill it.
static void transposeTile(const MatrixArgs& args) {
  if (args.rows == 2 && args.toStride == 2) return interleaveRows(args);
  for (std::ptrdiff_t column = 0; column < args.columns; column += Vec::width) {
    for (std::ptrdiff_t row = 0; row < args.rows; row += Vec::width) transposeBlock(args, row, column);
  }
}

static void copyRows(const MatrixArgs& args) {
  for (std::ptrdiff_t r = 0; r < args.rows; r++) {
    const float* const from = args.from + r * args.fromStride;
    float* const to = args.to + r * args.toStride;
    std::ptrdiff_t c = 0;
    for (; c + Vec::width <= args.columns; c += Vec::width) Vec::load(from + c).store(to + c);
    if (c < args.columns) storePart(loadPart(from + c, args.columns - c), to + c, args.columns - c);
  }
}

// Short runs of floats, one after another. RUN vectors each, or any number of floats (0).
template <int RUN>
static void copyRunsOf(const CopyRunsArgs& args) {
  const std::ptrdiff_t run = RUN > 0 ? RUN * Vec::width : args.run;
  float* to = args.to;
  for (std::ptrdiff_t i = 0; i < args.count; i++, to += run) {
    const std::ptrdiff_t offset = args.offsets != nullptr ? args.offsets[i] : i * args.step;
    const bool filled = args.offsets != nullptr && offset < 0;
    std::ptrdiff_t at = 0;
    for (; at + Vec::width <= run; at += Vec::width)
      (filled ? Vec::broadcast(args.fill) : Vec::load(args.from + offset + at)).store(to + at);
    if (at < run)
      storePart(filled ? Vec::broadcast(args.fill) : loadPart(args.from + offset + at, run - at), to + at, run - at);
  }
}

static void copyRuns(const CopyRunsArgs& args) {
  if (args.run == Vec::width) return copyRunsOf<1>(args);
  if (args.run == 2 * Vec::width) return copyRunsOf<2>(args);
  copyRunsOf<0>(args);
}

struct Backwards {
  static constexpr int lane(int j) { return Vec::width - 1 - j; }
};
struct EveryOther {
  static constexpr int lane(int j) { return 2 * j; }
};

// Single floats, one after another.
static void copySingles(const CopyRunsArgs& args) {
  if (args.offsets != nullptr) {
    for (std::ptrdiff_t i = 0; i < args.count; i++)
      args.to[i] = args.offsets[i] < 0 ? args.fill : args.from[args.offsets[i]];
    return;
  }
  std::ptrdiff_t i = 0;
  if (args.step == 0) {
    const Vec value = Vec::broadcast(*args.from);
    for (; i + Vec::width <= args.count; i += Vec::width) value.store(args.to + i);
  } else if (args.step == -1) {
    for (; i + Vec::width <= args.count; i += Vec::width) {
      const Vec value = Vec::load(args.from - i - Vec::width + 1);
      rearrange<Backwards>(value, value).store(args.to + i);
    }
  } else if (args.step == 2) {
    // One vector less than fits: the second load reads a float behind the last one that is taken.
    for (; i + Vec::width < args.count; i += Vec::width) {
      const float* const from = args.from + 2 * i;
      rearrange<EveryOther>(Vec::load(from), Vec::load(from + Vec::width)).store(args.to + i);
    }
  }
  for (; i < args.count; i++) args.to[i] = args.from[i * args.step];
}
