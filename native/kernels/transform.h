// N-mode products over lines of vectors (LineArgs).

// Calls body(in, out) for every innermost loop. Works on copies: the lines written might alias the arguments.
template <class Body>
static WINOGRAD_INLINE void forEachInnerLoop(const LineArgs& args, const Body& body) {
  const LineLoop middle = args.loops[1], outer = args.loops[2];
  const float* inOuter = args.in;
  float* outOuter = args.out;
  for (std::ptrdiff_t o = 0; o < outer.count; o++) {
    const float* in = inOuter;
    float* out = outOuter;
    for (std::ptrdiff_t m = 0; m < middle.count; m++) {
      body(in, out);
      in += middle.inStep;
      out += middle.outStep;
    }
    inOuter += outer.inStep;
    outOuter += outer.outStep;
  }
}

// A codelet from `npm run codegen`, looped over all lines.
template <class CODELET>
static void codeletLines(const LineArgs& args) {
  const std::ptrdiff_t inStride = args.inStride, outStride = args.outStride;
  const LineLoop inner = args.loops[0];
  forEachInnerLoop(args, [=](const float* in, float* out) {
    for (std::ptrdiff_t i = 0; i < inner.count; i++) {
      CODELET::template run<Vec>(in, inStride, out, outStride);
      in += inner.inStep;
      out += inner.outStep;
    }
  });
}

// COUNT neighbouring lines at once: each coefficient is loaded once for all of them, and their sums are
// independent, which hides the latency of the fused multiply-add.
template <int COUNT>
static WINOGRAD_INLINE void sparseDot(Vec (&sum)[COUNT], const SparseTransform& transform, int begin, int end,
                                      const float* in, const LineArgs& args) {
#pragma GCC unroll 8
  for (int l = 0; l < COUNT; l++) sum[l] = Vec::zero();
  for (int t = begin; t < end; t++) {
    const Vec coefficient = Vec::broadcast(transform.coefficients[t]);
    const float* at = in + transform.columns[t] * args.inStride;
#pragma GCC unroll 8
    for (int l = 0; l < COUNT; l++) sum[l] = fma(Vec::load(at + l * args.loops[0].inStep), coefficient, sum[l]);
  }
}

template <int COUNT>
static WINOGRAD_INLINE void sparseGroup(const SparseTransform& transform, const LineArgs& args, const float* in,
                                        float* out) {
  for (int r = 0; r < transform.rowCount; r++) {
    const SparseRow row = transform.rows[r];
    Vec even[COUNT];
    sparseDot<COUNT>(even, transform, row.evenBegin, row.evenEnd, in, args);
    float* first = out + row.first * args.outStride;
    if (row.second < 0) {
#pragma GCC unroll 8
      for (int l = 0; l < COUNT; l++) even[l].store(first + l * args.loops[0].outStep);
      continue;
    }
    Vec odd[COUNT];
    sparseDot<COUNT>(odd, transform, row.oddBegin, row.oddEnd, in, args);
    float* second = out + row.second * args.outStride;
#pragma GCC unroll 8
    for (int l = 0; l < COUNT; l++) {
      (even[l] + odd[l]).store(first + l * args.loops[0].outStep);
      (even[l] - odd[l]).store(second + l * args.loops[0].outStep);
    }
  }
}

static void sparseLines(const SparseTransform& transform, const LineArgs& args) {
  constexpr int group = 4;
  const LineLoop inner = args.loops[0];
  forEachInnerLoop(args, [&](const float* in, float* out) {
    std::ptrdiff_t i = 0;
    for (; i + group <= inner.count; i += group) {
      sparseGroup<group>(transform, args, in + i * inner.inStep, out + i * inner.outStep);
    }
    for (; i < inner.count; i++) sparseGroup<1>(transform, args, in + i * inner.inStep, out + i * inner.outStep);
  });
}
