// Rows of planar pixels (NCDHW) to blocked pixels and back: transposes of width x width blocks.

// One stage of the transpose: exchanges the off-diagonal DISTANCE x DISTANCE blocks of each pair of rows.
template <int DISTANCE>
static WINOGRAD_INLINE void exchange(Vec (&rows)[WINOGRAD_WIDTH]) {
  Lanes low, high;
#pragma GCC unroll 16
  for (int j = 0; j < Vec::width; j++) {
    low[j] = j & DISTANCE ? j - DISTANCE + Vec::width : j;
    high[j] = j & DISTANCE ? j + Vec::width : j + DISTANCE;
  }
#pragma GCC unroll 16
  for (int i = 0; i < Vec::width; i++) {
    if (i & DISTANCE) continue;
    const Raw a = rows[i].raw, b = rows[i + DISTANCE].raw;
    rows[i].raw = __builtin_shuffle(a, b, low);
    rows[i + DISTANCE].raw = __builtin_shuffle(a, b, high);
  }
}

static WINOGRAD_INLINE void transpose(Vec (&rows)[WINOGRAD_WIDTH]) {
#if WINOGRAD_WIDTH >= 16
  exchange<8>(rows);
#endif
#if WINOGRAD_WIDTH >= 8
  exchange<4>(rows);
#endif
  exchange<2>(rows);
  exchange<1>(rows);
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

static void storeRow(const StoreRowArgs& args) {
  const Vec bias = Vec::load(args.bias);
  forEachBlock(args.count, [&](std::ptrdiff_t start, std::ptrdiff_t pixels) {
    const float* from = args.from + start * args.pixelStride;
    Vec rows[Vec::width];
#pragma GCC unroll 16
    for (int p = 0; p < Vec::width; p++) {
      rows[p] = p < pixels ? Vec::load(from + p * args.pixelStride) + bias : Vec::zero();
      if (args.blockedResidual != nullptr && p < pixels)
        rows[p] = rows[p] + Vec::load(args.blockedResidual + (start + p) * Vec::width);
    }
    transpose(rows);
#pragma GCC unroll 16
    for (int c = 0; c < Vec::width; c++) {
      if (c >= args.channels) break;
      const std::ptrdiff_t at = c * args.channelStride + start;
      if (pixels == Vec::width) {
        if (args.residual != nullptr) rows[c] = rows[c] + Vec::load(args.residual + at);
        activate(rows[c], args.activation).store(args.to + at);
      } else {
        if (args.residual != nullptr) rows[c] = rows[c] + loadPart(args.residual + at, pixels);
        storePart(activate(rows[c], args.activation), args.to + at, pixels);
      }
    }
  });
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
