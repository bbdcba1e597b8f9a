// Rows of planar pixels (NCDHW) to blocked pixels and back: transposes of width x width blocks.

// In each quarter of 128 bits, the pieces of SIZE lanes in its HALF, of a and b in turn: one instruction that leaves
// both operands alone, as all of a transpose are.
template <int SIZE, int HALF>
struct Interleaved {
  static constexpr int lane(int j) {
    const int piece = j % 4 / SIZE;
    return j / 4 * 4 + HALF * 2 + piece / 2 * SIZE + j % SIZE + piece % 2 * Vec::width;
  }
};
template <int SIZE, int HALF>
static WINOGRAD_INLINE Vec interleave(Vec a, Vec b) {
  return rearrange<Interleaved<SIZE, HALF>>(a, b);
}

// Every other quarter of a, the first or the second, then of b.
template <int FIRST>
struct Alternate {
  static constexpr int lane(int j) { return (j / 4 * 2 + FIRST) * 4 + j % 4; }
};
template <int FIRST>
static WINOGRAD_INLINE Vec alternate(Vec a, Vec b) {
  return rearrange<Alternate<FIRST>>(a, b);
}

static WINOGRAD_INLINE void transpose(Vec (&rows)[WINOGRAD_WIDTH]) {
#pragma GCC unroll 4
  for (int r = 0; r < Vec::width; r += 4) {
    const Vec a = interleave<1, 0>(rows[r], rows[r + 1]), b = interleave<1, 0>(rows[r + 2], rows[r + 3]);
    const Vec c = interleave<1, 1>(rows[r], rows[r + 1]), d = interleave<1, 1>(rows[r + 2], rows[r + 3]);
    rows[r] = interleave<2, 0>(a, b);
    rows[r + 1] = interleave<2, 1>(a, b);
    rows[r + 2] = interleave<2, 0>(c, d);
    rows[r + 3] = interleave<2, 1>(c, d);
  }
  // Row r + q now holds column q of each quarter, of the rows r to r + 3: quarters change places.
#pragma GCC unroll 4
  for (int q = 0; q < 4; q++) {
#if WINOGRAD_WIDTH == 16
    const Vec a = alternate<0>(rows[q], rows[q + 4]), b = alternate<0>(rows[q + 8], rows[q + 12]);
    const Vec c = alternate<1>(rows[q], rows[q + 4]), d = alternate<1>(rows[q + 8], rows[q + 12]);
    rows[q] = alternate<0>(a, b);
    rows[q + 4] = alternate<0>(c, d);
    rows[q + 8] = alternate<1>(a, b);
    rows[q + 12] = alternate<1>(c, d);
#elif WINOGRAD_WIDTH == 8
    const Vec a = rows[q], b = rows[q + 4];
    rows[q] = alternate<0>(a, b);
    rows[q + 4] = alternate<1>(a, b);
#endif
  }
}

// width x width values: rows of channels to blocked pixels.
template <class Load>
static WINOGRAD_INLINE void loadBlock(const LoadRowArgs& args, std::ptrdiff_t x, const Load& load, float* to,
                                      std::ptrdiff_t pixels) {
  Vec rows[Vec::width];
#pragma GCC unroll 16
  for (int c = 0; c < Vec::width; c++) rows[c] = args.from[c] != nullptr ? load(args.from[c] + x) : Vec::zero();
  transpose(rows);
#pragma GCC unroll 16
  for (int p = 0; p < Vec::width; p++) {
    if (p < pixels) rows[p].store(to + p * Vec::width);
  }
}

static void loadRow(const LoadRowArgs& args) {
  float* to = args.to;
  for (std::ptrdiff_t x = 0; x < args.left; x++, to += Vec::width) Vec::zero().store(to);
  const auto whole = [](const float* from) { return Vec::load(from); };
  if (args.count >= Vec::width) {
    // The last block ends with the row and may overlap the one before.
    for (std::ptrdiff_t x = 0; x < args.count; x += Vec::width) {
      const std::ptrdiff_t start = x + Vec::width <= args.count ? x : args.count - Vec::width;
      loadBlock(args, start, whole, to + start * Vec::width, Vec::width);
    }
  } else if (args.count > 0 && args.slack) {
    loadBlock(args, 0, whole, to, args.count);
  } else if (args.count > 0) {
    loadBlock(
        args, 0, [&](const float* from) { return loadPart(from, args.count); }, to, args.count);
  }
  to += args.count * Vec::width;
  for (std::ptrdiff_t r = 0; r < args.right; r++, to += Vec::width) Vec::zero().store(to);
}

// Calls body(start, pixels) for blocks of at most `width` pixels. The last block ends with the row and may overlap the
// one before, which gives the same values again.
template <class Body>
static WINOGRAD_INLINE void forEachBlock(std::ptrdiff_t count, const Body& body) {
  const std::ptrdiff_t pixels = count < Vec::width ? count : Vec::width;
  for (std::ptrdiff_t x = 0; x < count; x += Vec::width) body(x + pixels <= count ? x : count - pixels, pixels);
}

// At most `width` pixels of one row, as rows of channels: their sums but for a planar residual.
template <bool WHOLE>
static WINOGRAD_INLINE void loadPixels(const StoreRowsArgs& args, Vec bias, std::ptrdiff_t row, std::ptrdiff_t start,
                                       std::ptrdiff_t pixels, Vec (&rows)[Vec::width]) {
  const float* from = args.from + row * args.fromStep + start * args.pixelStride;
#pragma GCC unroll 16
  for (int p = 0; p < Vec::width; p++) {
    rows[p] = WHOLE || p < pixels ? Vec::load(from + p * args.pixelStride) + bias : Vec::zero();
  }
  if (args.blockedResidual != nullptr) {
    const float* residual = args.blockedResidual + (row * args.toStep + start) * Vec::width;
#pragma GCC unroll 16
    for (int p = 0; p < Vec::width; p++) {
      if (WHOLE || p < pixels) rows[p] = rows[p] + Vec::load(residual + p * Vec::width);
    }
  }
  transpose(rows);
}

template <bool WHOLE, bool ACTIVATED>
static WINOGRAD_INLINE void storeBlock(const StoreRowsArgs& args, const Activation& activation, Vec bias,
                                       std::ptrdiff_t row, std::ptrdiff_t start, std::ptrdiff_t pixels) {
  Vec rows[Vec::width];
  loadPixels<WHOLE>(args, bias, row, start, pixels, rows);
#pragma GCC unroll 16
  for (int c = 0; c < Vec::width; c++) {
    if (c >= args.channels) break;
    const std::ptrdiff_t at = c * args.channelStride + row * args.toStep + start;
    if (args.residual != nullptr) {
      rows[c] = rows[c] + (WHOLE ? Vec::load(args.residual + at) : loadPart(args.residual + at, pixels));
    }
    if (ACTIVATED) rows[c] = activate(rows[c], activation);
    if (WHOLE) {
      rows[c].store(args.to + at);
    } else {
      storePart(rows[c], args.to + at, pixels);
    }
  }
}

template <bool ACTIVATED>
static void storeBlocks(const StoreRowsArgs& args) {
  const Activation activation = limited(args.activation);
  const Vec bias = Vec::load(args.bias);
  for (std::ptrdiff_t row = 0; row < args.rows; row++) {
    forEachBlock(args.count, [&](std::ptrdiff_t start, std::ptrdiff_t pixels) {
      if (pixels == Vec::width) {
        storeBlock<true, ACTIVATED>(args, activation, bias, row, start, pixels);
      } else {
        storeBlock<false, ACTIVATED>(args, activation, bias, row, start, pixels);
      }
    });
  }
}

constexpr int kLineFloats = 16;  // of a cache line

// `count` values of one channel: whole lines past the caches, what lies before and after through them.
static WINOGRAD_INLINE void streamValues(const float* from, const float* residual, float* to, std::ptrdiff_t count,
                                         const Activation& activation) {
  const auto value = [&](std::ptrdiff_t i, std::ptrdiff_t lanes) {
    Vec sum = Vec::load(from + i);
    if (residual != nullptr) sum = sum + loadPart(residual + i, lanes);
    return activate(sum, activation);
  };
  const auto edge = [&](std::ptrdiff_t i, std::ptrdiff_t end) {
    for (; i < end; i += Vec::width) {
      const std::ptrdiff_t lanes = end - i < Vec::width ? end - i : Vec::width;
      storePart(value(i, lanes), to + i, lanes);
    }
  };
  const std::ptrdiff_t past = reinterpret_cast<std::uintptr_t>(to) / sizeof(float) % kLineFloats;
  const std::ptrdiff_t before = past == 0 ? 0 : kLineFloats - past < count ? kLineFloats - past : count;
  const std::ptrdiff_t end = before + (count - before) / kLineFloats * kLineFloats;
  edge(0, before);
  for (std::ptrdiff_t i = before; i < end; i += Vec::width) stream(value(i, Vec::width), to + i);
  edge(end, count);
}

// Channel by channel. A line of memory costs least when it is written as a whole, past the caches and after the one
// before it, while a transpose writes to as many channels in turn as a vector holds.
static void streamRows(const StoreRowsArgs& args) {
  constexpr std::ptrdiff_t most = 512, step = most + kLineFloats;  // not a multiple of 4 KiB
  alignas(64) float values[Vec::width * step];
  const Activation activation = limited(args.activation);
  const Vec bias = Vec::load(args.bias);
  const std::ptrdiff_t rowsAtOnce = args.count < most ? most / args.count : 1;
  for (std::ptrdiff_t row = 0; row < args.rows; row += rowsAtOnce) {
    const std::ptrdiff_t rows = args.rows - row < rowsAtOnce ? args.rows - row : rowsAtOnce;
    for (std::ptrdiff_t x = 0; x < args.count; x += most) {
      const std::ptrdiff_t count = args.count - x < most ? args.count - x : most;
      const bool joined = count == args.toStep;
      const std::ptrdiff_t segments = joined ? 1 : rows, length = joined ? rows * count : count;
      for (std::ptrdiff_t r = 0; r < rows; r++) {
        forEachBlock(count, [&](std::ptrdiff_t start, std::ptrdiff_t pixels) {
          Vec block[Vec::width];
          if (pixels == Vec::width) {
            loadPixels<true>(args, bias, row + r, x + start, pixels, block);
          } else {
            loadPixels<false>(args, bias, row + r, x + start, pixels, block);
          }
          // Of a short block, what is too much falls to the next row, which comes later.
#pragma GCC unroll 16
          for (int c = 0; c < Vec::width; c++) block[c].store(values + c * step + r * count + start);
        });
      }
      for (int c = 0; c < args.channels; c++) {
        for (std::ptrdiff_t r = 0; r < segments; r++) {
          const std::ptrdiff_t at = c * args.channelStride + (row + r) * args.toStep + x;
          streamValues(values + c * step + r * count, args.residual != nullptr ? args.residual + at : nullptr,
                       args.to + at, length, activation);
        }
      }
    }
  }
}

static void storeRows(const StoreRowsArgs& args) {
  const std::ptrdiff_t together = args.count == args.toStep ? args.rows * args.count : args.count;
  if (args.streamed && together >= 4 * kLineFloats) return streamRows(args);
  changesNothing(args.activation) ? storeBlocks<false>(args) : storeBlocks<true>(args);
}

static void storeBlockedRow(const StoreRowsArgs& args, const Activation& activation, std::ptrdiff_t row) {
  const Vec bias = Vec::load(args.bias);
  const float* const from = args.from + row * args.fromStep;
  const std::ptrdiff_t first = row * args.toStep;  // pixel
  const auto store = [&](std::ptrdiff_t x, Vec sum) {
    const Vec value = activate(sum, activation);
    float* const to = args.to + (first + x) * Vec::width;
    if (args.streamed && aligned(to)) {
      stream(value, to);
    } else {
      value.store(to);
    }
  };
  const auto load = [&](std::ptrdiff_t x) { return Vec::load(from + x * args.pixelStride) + bias; };
  if (args.residual == nullptr) {
    for (std::ptrdiff_t x = 0; x < args.count; x++) {
      Vec value = load(x);
      if (args.blockedResidual != nullptr) value = value + Vec::load(args.blockedResidual + (first + x) * Vec::width);
      store(x, value);
    }
    return;
  }
  forEachBlock(args.count, [&](std::ptrdiff_t start, std::ptrdiff_t pixels) {
    Vec rows[Vec::width];
#pragma GCC unroll 16
    for (int c = 0; c < Vec::width; c++) {
      const float* residual = args.residual + c * args.channelStride + first + start;
      rows[c] = c >= args.channels     ? Vec::zero()
                : pixels == Vec::width ? Vec::load(residual)
                                       : loadPart(residual, pixels);
    }
    transpose(rows);
#pragma GCC unroll 16
    for (int p = 0; p < Vec::width; p++) {
      if (p < pixels) store(start + p, load(start + p) + rows[p]);
    }
  });
}

static void storeBlockedRows(const StoreRowsArgs& args) {
  const Activation activation = limited(args.activation);
  for (std::ptrdiff_t row = 0; row < args.rows; row++) storeBlockedRow(args, activation, row);
}
