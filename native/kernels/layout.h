// Rows of planar pixels (NCDHW) to blocked pixels and back: transposes of width x width blocks.

// Two vectors' lanes rearranged: lane j is `lane(j)` of a, or of b if that is `width` or more.
template <class Lane>
static WINOGRAD_INLINE Vec rearrange(Vec a, Vec b, const Lane& lane) {
  Lanes lanes;
#pragma GCC unroll 16
  for (int j = 0; j < Vec::width; j++) lanes[j] = lane(j);
  return {__builtin_shuffle(a.raw, b.raw, lanes)};
}

// In each quarter of 128 bits, the pieces of SIZE lanes in its HALF, of a and b in turn: one instruction that leaves
// both operands alone, as all of a transpose are.
template <int SIZE, int HALF>
static WINOGRAD_INLINE Vec interleave(Vec a, Vec b) {
  return rearrange(a, b, [](int j) {
    const int piece = j % 4 / SIZE;
    return j / 4 * 4 + HALF * 2 + piece / 2 * SIZE + j % SIZE + piece % 2 * Vec::width;
  });
}

// Every other quarter of a, the first or the second, then of b.
template <int FIRST>
static WINOGRAD_INLINE Vec alternate(Vec a, Vec b) {
  return rearrange(a, b, [](int j) { return (j / 4 * 2 + FIRST) * 4 + j % 4; });
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

template <bool WHOLE, bool ACTIVATED>
static WINOGRAD_INLINE void storeBlock(const StoreRowArgs& args, Vec bias, std::ptrdiff_t start,
                                       std::ptrdiff_t pixels) {
  const float* from = args.from + start * args.pixelStride;
  Vec rows[Vec::width];
#pragma GCC unroll 16
  for (int p = 0; p < Vec::width; p++) {
    rows[p] = WHOLE || p < pixels ? Vec::load(from + p * args.pixelStride) + bias : Vec::zero();
  }
  if (args.blockedResidual != nullptr) {
#pragma GCC unroll 16
    for (int p = 0; p < Vec::width; p++) {
      if (WHOLE || p < pixels) rows[p] = rows[p] + Vec::load(args.blockedResidual + (start + p) * Vec::width);
    }
  }
  transpose(rows);
#pragma GCC unroll 16
  for (int c = 0; c < Vec::width; c++) {
    if (c >= args.channels) break;
    const std::ptrdiff_t at = c * args.channelStride + start;
    if (args.residual != nullptr) {
      rows[c] = rows[c] + (WHOLE ? Vec::load(args.residual + at) : loadPart(args.residual + at, pixels));
    }
    if (ACTIVATED) rows[c] = activate(rows[c], args.activation);
    if (WHOLE) {
      rows[c].store(args.to + at);
    } else {
      storePart(rows[c], args.to + at, pixels);
    }
  }
}

template <bool ACTIVATED>
static void storeBlocks(const StoreRowArgs& args) {
  const Vec bias = Vec::load(args.bias);
  forEachBlock(args.count, [&](std::ptrdiff_t start, std::ptrdiff_t pixels) {
    if (pixels == Vec::width) {
      storeBlock<true, ACTIVATED>(args, bias, start, pixels);
    } else {
      storeBlock<false, ACTIVATED>(args, bias, start, pixels);
    }
  });
}

static void storeRow(const StoreRowArgs& args) {
  changesNothing(args.activation) ? storeBlocks<false>(args) : storeBlocks<true>(args);
}

static void storeBlockedRow(const StoreRowArgs& args) {
  const Vec bias = Vec::load(args.bias);
  const auto store = [&](std::ptrdiff_t x, Vec sum) {
    const Vec value = activate(sum, args.activation);
    float* const to = args.to + x * Vec::width;
    if (args.streamed && aligned(to)) {
      stream(value, to);
    } else {
      value.store(to);
    }
  };
  const auto load = [&](std::ptrdiff_t x) { return Vec::load(args.from + x * args.pixelStride) + bias; };
  if (args.residual == nullptr) {
    for (std::ptrdiff_t x = 0; x < args.count; x++) {
      Vec value = load(x);
      if (args.blockedResidual != nullptr) value = value + Vec::load(args.blockedResidual + x * Vec::width);
      store(x, value);
    }
    return;
  }
  forEachBlock(args.count, [&](std::ptrdiff_t start, std::ptrdiff_t pixels) {
    Vec rows[Vec::width];
#pragma GCC unroll 16
    for (int c = 0; c < Vec::width; c++) {
      const float* from = args.residual + c * args.channelStride + start;
      rows[c] = c >= args.channels ? Vec::zero() : pixels == Vec::width ? Vec::load(from) : loadPart(from, pixels);
    }
    transpose(rows);
#pragma GCC unroll 16
    for (int p = 0; p < Vec::width; p++) {
      if (p < pixels) store(start + p, load(start + p) + rows[p]);
    }
  });
}
