// N-mode products over lines of vectors (LineArgs).

// A codelet from `npm run codegen`, looped over all lines.
template <class CODELET>
static void codeletLines(const LineArgs& args) {
  for (std::ptrdiff_t o = 0; o < args.outer; o++) {
    const float* in = args.in + o * args.inOuter;
    float* out = args.out + o * args.outOuter;
    for (std::ptrdiff_t i = 0; i < args.inner; i++) {
      CODELET::template run<Vec>(in, args.inStride, out, args.outStride);
      in += args.inInner;
      out += args.outInner;
    }
  }
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
    for (int l = 0; l < COUNT; l++) sum[l] = fma(Vec::load(at + l * args.inInner), coefficient, sum[l]);
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
      for (int l = 0; l < COUNT; l++) even[l].store(first + l * args.outInner);
      continue;
    }
    Vec odd[COUNT];
    sparseDot<COUNT>(odd, transform, row.oddBegin, row.oddEnd, in, args);
    float* second = out + row.second * args.outStride;
#pragma GCC unroll 8
    for (int l = 0; l < COUNT; l++) {
      (even[l] + odd[l]).store(first + l * args.outInner);
      (even[l] - odd[l]).store(second + l * args.outInner);
    }
  }
}

static void sparseLines(const SparseTransform& transform, const LineArgs& args) {
  constexpr int group = 4;
  for (std::ptrdiff_t o = 0; o < args.outer; o++) {
    const float* in = args.in + o * args.inOuter;
    float* out = args.out + o * args.outOuter;
    std::ptrdiff_t i = 0;
    for (; i + group <= args.inner; i += group) {
      sparseGroup<group>(transform, args, in + i * args.inInner, out + i * args.outInner);
    }
    for (; i < args.inner; i++) sparseGroup<1>(transform, args, in + i * args.inInner, out + i * args.outInner);
  }
}
