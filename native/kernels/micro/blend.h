// Weighted sums of few values, as interpolation takes them.

template <int TAPS>
static WINOGRAD_INLINE void blendRowsOf(const BlendRowsArgs& args) {
  const std::ptrdiff_t taps = TAPS > 0 ? TAPS : args.taps;
  const auto sum = [&](const auto& load) {
    Vec value = Vec::broadcast(args.weights[0]) * load(args.rows[0]);
    for (std::ptrdiff_t tap = 1; tap < taps; tap++)
      value = fma(Vec::broadcast(args.weights[tap]), load(args.rows[tap]), value);
    return value;
  };
  std::ptrdiff_t i = 0;
  for (; i + Vec::width <= args.count; i += Vec::width)
    sum([&](const float* row) { return Vec::load(row + i); }).store(args.to + i);
  if (i < args.count) {
    const std::ptrdiff_t rest = args.count - i;
    storePart(sum([&](const float* row) { return loadPart(row + i, rest); }), args.to + i, rest);
  }
}

static void blendRows(const BlendRowsArgs& args) {
  args.taps == 2 ? blendRowsOf<2>(args) : blendRowsOf<0>(args);
}

template <int TAPS>
static WINOGRAD_INLINE void blendSinglesOf(const BlendPixelsArgs& args) {
  const std::ptrdiff_t taps = TAPS > 0 ? TAPS : args.taps;
  for (std::ptrdiff_t j = 0; j < args.count; j++) {
    float value = args.weights[j] * args.from[args.indices[j]];
    for (std::ptrdiff_t tap = 1; tap < taps; tap++)
      value += args.weights[tap * args.count + j] * args.from[args.indices[tap * args.count + j]];
    args.to[j] = value;
  }
}

template <int TAPS>
static WINOGRAD_INLINE void blendVectorsOf(const BlendPixelsArgs& args) {
  const std::ptrdiff_t taps = TAPS > 0 ? TAPS : args.taps;
  float* to = args.to;
  for (std::ptrdiff_t j = 0; j < args.count; j++) {
    for (std::ptrdiff_t lane = 0; lane < args.lanes; lane += Vec::width, to += Vec::width) {
      const auto from = [&](std::ptrdiff_t at) { return Vec::load(args.from + args.indices[at] * args.lanes + lane); };
      Vec value = Vec::broadcast(args.weights[j]) * from(j);
      for (std::ptrdiff_t tap = 1; tap < taps; tap++)
        value = fma(Vec::broadcast(args.weights[tap * args.count + j]), from(tap * args.count + j), value);
      value.store(to);
    }
  }
}

static void blendPixels(const BlendPixelsArgs& args) {
  if (args.lanes == 1) {
    args.taps == 2 ? blendSinglesOf<2>(args) : blendSinglesOf<0>(args);
  } else {
    args.taps == 2 ? blendVectorsOf<2>(args) : blendVectorsOf<0>(args);
  }
}
