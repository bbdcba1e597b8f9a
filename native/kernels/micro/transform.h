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

// What two rows take and give, for the first line.
template <int PAIRS>
struct PairOfRows {
  const float* columns[2][PAIRS + 1];
  const float* in;
  const int* termColumns;
  const float* termCoefficients;
  int termEnds[3];
  std::ptrdiff_t inStride;
  float *even, *odd, *sum, *difference;  // null: none
};

template <int LINES>
static WINOGRAD_INLINE void storeLines(const Vec (&values)[LINES], float* to, std::ptrdiff_t step) {
#pragma GCC unroll 8
  for (int l = 0; l < LINES; l++) values[l].store(to + l * step);
}

template <int PAIRS, int LINES>
static WINOGRAD_INLINE void addTerms(Vec (&sum)[LINES], const PairOfRows<PAIRS>& rows, int half, std::ptrdiff_t at,
                                     std::ptrdiff_t step) {
  for (int t = rows.termEnds[half]; t < rows.termEnds[half + 1]; t++) {
    const Vec coefficient = Vec::broadcast(rows.termCoefficients[t]);
    const float* from = rows.in + rows.termColumns[t] * rows.inStride + at;
#pragma GCC unroll 8
    for (int l = 0; l < LINES; l++) sum[l] = fma(Vec::load(from + l * step), coefficient, sum[l]);
  }
}

// LINES neighbouring lines, the first of them `inAt` and `outAt` from the first of all.
template <int PAIRS, bool CROSSED, int LINES>
static WINOGRAD_INLINE void pairOfRows(const PairOfRows<PAIRS>& rows, const Vec (&coefficients)[2][PAIRS + 1],
                                       std::ptrdiff_t inAt, std::ptrdiff_t inStep, std::ptrdiff_t outAt,
                                       std::ptrdiff_t outStep) {
  Vec even[LINES], odd[LINES];
#pragma GCC unroll 8
  for (int l = 0; l < LINES; l++) even[l] = odd[l] = Vec::zero();
  addTerms<PAIRS, LINES>(even, rows, 0, inAt, inStep);
  addTerms<PAIRS, LINES>(odd, rows, 1, inAt, inStep);
#pragma GCC unroll 8
  for (int k = 0; k < PAIRS; k++) {
#pragma GCC unroll 8
    for (int l = 0; l < LINES; l++) {
      Vec a = Vec::load(rows.columns[0][k] + inAt + l * inStep), b = Vec::load(rows.columns[1][k] + inAt + l * inStep);
      if constexpr (CROSSED) {
        pin(a);
        pin(b);
      }
      even[l] = fma(CROSSED ? a + b : a, coefficients[0][k], even[l]);
      odd[l] = fma(CROSSED ? a - b : b, coefficients[1][k], odd[l]);
    }
  }
  if (rows.even != nullptr) storeLines(even, rows.even + outAt, outStep);
  if (rows.odd != nullptr) storeLines(odd, rows.odd + outAt, outStep);
#pragma GCC unroll 8
  for (int l = 0; l < LINES; l++) {
    const Vec e = even[l], o = odd[l];
    even[l] = e + o;
    odd[l] = e - o;
  }
  if (rows.sum != nullptr) storeLines(even, rows.sum + outAt, outStep);
  if (rows.difference != nullptr) storeLines(odd, rows.difference + outAt, outStep);
}

// Goes along the lines with one pair of rows at a time, so that all that is particular to it stays in registers and
// inputs are operands in memory: a load for a fused multiply-add, which is what machines do in a cycle. (With the
// inputs in registers, and going along the rows, every row of every line costs its bookkeeping.)
template <int PAIRS, bool CROSSED>
static void pairedLines(const PairedTransform& givenTransform, const LineArgs& givenArgs) {
  constexpr int group = 4;  // lines at once, which hides the latency of the fused multiply-add
  // Lines that stay in the nearest cache while their rows are worked on.
  constexpr std::ptrdiff_t chunk = 32;
  forEachInnerLoop(givenArgs, [&](const float* in, float* out) {
    // Copies: the lines written might alias the originals.
    const PairedTransform transform = givenTransform;
    const std::ptrdiff_t inStride = givenArgs.inStride, outStride = givenArgs.outStride;
    const LineLoop inner = givenArgs.loops[0];
    PairOfRows<PAIRS> rows;
    rows.in = in;
    rows.inStride = inStride;
    rows.termColumns = transform.termColumns;
    rows.termCoefficients = transform.termCoefficients;
#pragma GCC unroll 8
    for (int k = 0; k < PAIRS; k++) {
      rows.columns[0][k] = in + transform.columns[k].first * inStride;
      rows.columns[1][k] = in + transform.columns[k].second * inStride;
    }
    for (std::ptrdiff_t begin = 0; begin < inner.count; begin += chunk) {
      const std::ptrdiff_t end = begin + chunk < inner.count ? begin + chunk : inner.count;
      const float* coefficients = transform.coefficients;
      rows.termEnds[2] = 0;
      for (int r = 0; r < transform.rowPairs; r++, coefficients += 2 * PAIRS) {
        const RowPair to = transform.rows[r];
        rows.even = to.even < 0 ? nullptr : out + to.even * outStride;
        rows.odd = to.odd < 0 ? nullptr : out + to.odd * outStride;
        rows.sum = to.sum < 0 ? nullptr : out + to.sum * outStride;
        rows.difference = to.difference < 0 ? nullptr : out + to.difference * outStride;
        rows.termEnds[0] = rows.termEnds[2];
        rows.termEnds[1] = transform.termEnds[2 * r];
        rows.termEnds[2] = transform.termEnds[2 * r + 1];
        Vec factors[2][PAIRS + 1];
#pragma GCC unroll 8
        for (int k = 0; k < PAIRS; k++) {
          factors[0][k] = Vec::broadcast(coefficients[k]);
          factors[1][k] = Vec::broadcast(coefficients[PAIRS + k]);
        }
        // Leaves them in memory: what the compiler can't keep in registers for addresses it would keep in vectors.
        asm volatile("" : : "r"(&rows) : "memory");
        std::ptrdiff_t i = begin;
        for (; i + group <= end; i += group)
          pairOfRows<PAIRS, CROSSED, group>(rows, factors, i * inner.inStep, inner.inStep, i * inner.outStep,
                                            inner.outStep);
        for (; i < end; i++)
          pairOfRows<PAIRS, CROSSED, 1>(rows, factors, i * inner.inStep, inner.inStep, i * inner.outStep,
                                        inner.outStep);
      }
    }
  });
}
