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

static void loadRow(const LoadRowArgs& args) {
  float* to = args.to;
  for (std::ptrdiff_t x = 0; x < args.left; x++, to += Vec::width) Vec::zero().store(to);
  std::ptrdiff_t x = 0;
  if (args.channels == Vec::width) {
    for (; x + Vec::width <= args.count; x += Vec::width) {
      Vec rows[Vec::width];
#pragma GCC unroll 16
      for (int c = 0; c < Vec::width; c++) rows[c] = Vec::load(args.from + c * args.channelStride + x);
      transpose(rows);
#pragma GCC unroll 16
      for (int p = 0; p < Vec::width; p++) rows[p].store(to + p * Vec::width);
      to += Vec::width * Vec::width;
    }
  }
  for (; x < args.count; x++, to += Vec::width) {
    int c = 0;
    for (; c < args.channels; c++) to[c] = args.from[c * args.channelStride + x];
    for (; c < Vec::width; c++) to[c] = 0;
  }
  for (std::ptrdiff_t r = 0; r < args.right; r++, to += Vec::width) Vec::zero().store(to);
}

static WINOGRAD_INLINE Vec epilogue(Vec value, Vec bias, bool rectify) {
  const Vec sum = value + bias;
  return rectify ? relu(sum) : sum;
}

static void storeRow(const StoreRowArgs& args) {
  const Vec bias = Vec::load(args.bias);
  const float* from = args.from;
  std::ptrdiff_t x = 0;
  if (args.channels == Vec::width) {
    for (; x + Vec::width <= args.count; x += Vec::width) {
      Vec rows[Vec::width];
#pragma GCC unroll 16
      for (int p = 0; p < Vec::width; p++) {
        rows[p] = epilogue(Vec::load(from + p * args.pixelStride), bias, args.relu);
      }
      transpose(rows);
#pragma GCC unroll 16
      for (int c = 0; c < Vec::width; c++) rows[c].store(args.to + c * args.channelStride + x);
      from += Vec::width * args.pixelStride;
    }
  }
  for (; x < args.count; x++, from += args.pixelStride) {
    float values[Vec::width];
    epilogue(Vec::load(from), bias, args.relu).store(values);
    for (int c = 0; c < args.channels; c++) args.to[c * args.channelStride + x] = values[c];
  }
}
