// Direct convolution of groups with few channels: a vector holds neighbouring output channels, whichever groups they
// are of, and meets the input channels of each, so that a tap is one product a lane. PIXELS sums share the loads of
// weights, and three taps side by side share those of the pixels between them.

template <int PIXELS>
static void grouped(const GroupedArgs& args) {
  Vec sum[PIXELS];
#pragma GCC unroll 8
  for (int p = 0; p < PIXELS; p++) sum[p] = Vec::zero();
  const GroupedTap* tap = args.taps;
  for (const GroupedTap* end = tap + args.triples; tap < end; tap++) {
    const float *from = args.from + tap->input, *weights = args.weights + tap->weight;
    Vec weight[3];
#pragma GCC unroll 3
    for (int t = 0; t < 3; t++) {
      weight[t] = Vec::load(weights + t * Vec::width);
      pin(weight[t]);
    }
#pragma GCC unroll 10
    for (int x = 0; x < PIXELS + 2; x++) {
      Vec value = Vec::load(from + x * Vec::width);
      pin(value);
#pragma GCC unroll 3
      for (int t = 0; t < 3; t++) {
        if (x >= t && x - t < PIXELS) sum[x - t] = fma(value, weight[t], sum[x - t]);
      }
    }
  }
  for (const GroupedTap* end = tap + args.singles; tap < end; tap++) {
    const Vec weight = Vec::load(args.weights + tap->weight);
    const float* from = args.from + tap->input;
#pragma GCC unroll 8
    for (int p = 0; p < PIXELS; p++) sum[p] = fma(Vec::load(from + p * args.pixelStride), weight, sum[p]);
  }
#pragma GCC unroll 8
  for (int p = 0; p < PIXELS; p++) sum[p].store(args.to + p * Vec::width);
}

static void spread(const SpreadArgs& args) {
  Lanes lanes;
#pragma GCC unroll 16
  for (int l = 0; l < Vec::width; l++) lanes[l] = args.lanes[l];
  for (std::ptrdiff_t p = 0; p < args.pixels; p++) {
    const Vec value = Vec::load(args.from + p * Vec::width);
    pick(value, lanes).store(args.to + p * Vec::width);
  }
}
