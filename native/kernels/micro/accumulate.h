// Sums, products and extremes in double precision, in which a million floats add up to as many digits as a float has.

static WINOGRAD_INLINE Wide wideLoad(const float* from) {
  HalfRaw half;
  __builtin_memcpy(&half, from, sizeof(half));
  return __builtin_convertvector(half, Wide);
}
typedef double UnalignedWide
    __attribute__((vector_size(WINOGRAD_WIDTH * sizeof(double) / 2), aligned(sizeof(double)), may_alias));
static WINOGRAD_INLINE Wide wideLoad(const double* from) {
  return *reinterpret_cast<const UnalignedWide*>(from);
}
static WINOGRAD_INLINE void wideStore(Wide value, double* to) {
  *reinterpret_cast<UnalignedWide*>(to) = value;
}
static WINOGRAD_INLINE Wide wideAbsolute(Wide a) {
  return reinterpret_cast<Wide>(reinterpret_cast<WideLanes>(a) & 0x7fffffffffffffff);
}

constexpr int kHalf = WINOGRAD_WIDTH / 2;

// A vector of floats, `count` of them there and the others zero, as two halves in double precision.
struct WideVec {
  Wide low, high;
  static WINOGRAD_INLINE WideVec load(const float* from) { return {wideLoad(from), wideLoad(from + kHalf)}; }
  static WINOGRAD_INLINE WideVec load(const double* from) { return {wideLoad(from), wideLoad(from + kHalf)}; }
  static WINOGRAD_INLINE WideVec loadPart(const float* from, std::ptrdiff_t count) {
    float lanes[WINOGRAD_WIDTH] = {};
    for (std::ptrdiff_t j = 0; j < count; j++) lanes[j] = from[j];
    return load(lanes);
  }
  WINOGRAD_INLINE void store(double* to) const {
    wideStore(low, to);
    wideStore(high, to + kHalf);
  }
  WINOGRAD_INLINE void storePart(double* to, std::ptrdiff_t count) const {
    double lanes[WINOGRAD_WIDTH];
    store(lanes);
    for (std::ptrdiff_t j = 0; j < count; j++) to[j] = lanes[j];
  }
};

// The operation on both halves.
template <class Operation>
static WINOGRAD_INLINE WideVec combine(WideVec a, WideVec b, const Operation& operation) {
  return {operation(a.low, b.low), operation(a.high, b.high)};
}

// Lane by lane: totals[lane] takes in from[i] for all i that are lane modulo the width. Two sums at once hide half of
// the latency of additions.
template <class Reduction>
static void accumulateLanes(const AccumulateArgs& args) {
  const auto take = [](Wide a, Wide b) __attribute__((always_inline)) {
    return Reduction::take(a, b);
  };
  const auto merge = [](Wide a, Wide b) __attribute__((always_inline)) {
    return Reduction::merge(a, b);
  };
  WideVec total = WideVec::load(args.totals), other = {Wide{} + Reduction::neutral, Wide{} + Reduction::neutral};
  const float* from = args.from;
  std::ptrdiff_t left = args.count;
  for (; left >= 2 * Vec::width; left -= 2 * Vec::width, from += 2 * Vec::width) {
    total = combine(total, WideVec::load(from), take);
    other = combine(other, WideVec::load(from + Vec::width), take);
  }
  if (left >= Vec::width) {
    total = combine(total, WideVec::load(from), take);
    left -= Vec::width;
    from += Vec::width;
  }
  total = combine(total, other, merge);
  total.store(args.totals);
  if (left > 0) combine(total, WideVec::loadPart(from, left), take).storePart(args.totals, left);
}

// Element by element: totals[i] takes in from[i].
template <class Reduction>
static void accumulateColumns(const AccumulateArgs& args) {
  const auto take = [](Wide a, Wide b) __attribute__((always_inline)) {
    return Reduction::take(a, b);
  };
  const std::ptrdiff_t whole = args.count / Vec::width * Vec::width;
  for (std::ptrdiff_t i = 0; i < whole; i += Vec::width)
    combine(WideVec::load(args.totals + i), WideVec::load(args.from + i), take).store(args.totals + i);
  for (std::ptrdiff_t i = whole; i < args.count; i++) {
    const Wide total = Wide{} + args.totals[i];
    args.totals[i] = Reduction::take(total, Wide{} + static_cast<double>(args.from[i]))[0];
  }
}

// Sums and sums of squares of each lane: totals[0][lane] and totals[1][lane].
static void accumulateMoments(const AccumulateArgs& args) {
  WideVec sum = WideVec::load(args.totals), square = WideVec::load(args.totals + Vec::width);
  WideVec otherSum = {}, otherSquare = {};
  const auto take = [](WideVec & sums, WideVec & squares, WideVec x) __attribute__((always_inline)) {
    sums = {sums.low + x.low, sums.high + x.high};
    squares = {squares.low + x.low * x.low, squares.high + x.high * x.high};
  };
  const float* from = args.from;
  std::ptrdiff_t left = args.count;
  for (; left >= 2 * Vec::width; left -= 2 * Vec::width, from += 2 * Vec::width) {
    take(sum, square, WideVec::load(from));
    take(otherSum, otherSquare, WideVec::load(from + Vec::width));
  }
  for (; left > 0; left -= Vec::width, from += Vec::width)
    take(sum, square, left < Vec::width ? WideVec::loadPart(from, left) : WideVec::load(from));
  const auto plus = [](Wide a, Wide b) { return a + b; };
  combine(sum, otherSum, plus).store(args.totals);
  combine(square, otherSquare, plus).store(args.totals + Vec::width);
}

struct Sum {
  static constexpr double neutral = 0;
  static WINOGRAD_INLINE Wide take(Wide total, Wide x) { return total + x; }
  static WINOGRAD_INLINE Wide merge(Wide a, Wide b) { return a + b; }
};
struct SumOfSizes : Sum {
  static WINOGRAD_INLINE Wide take(Wide total, Wide x) { return total + wideAbsolute(x); }
};
struct SumOfSquares : Sum {
  static WINOGRAD_INLINE Wide take(Wide total, Wide x) { return total + x * x; }
};
struct Product {
  static constexpr double neutral = 1;
  static WINOGRAD_INLINE Wide take(Wide total, Wide x) { return total * x; }
  static WINOGRAD_INLINE Wide merge(Wide a, Wide b) { return a * b; }
};
// NaN wins over every number.
struct Largest {
  static constexpr double neutral = -__builtin_inf();
  static WINOGRAD_INLINE Wide take(Wide total, Wide x) { return wideSelect((x > total) | (x != x), x, total); }
  static WINOGRAD_INLINE Wide merge(Wide a, Wide b) { return take(a, b); }
};
struct Smallest {
  static constexpr double neutral = __builtin_inf();
  static WINOGRAD_INLINE Wide take(Wide total, Wide x) { return wideSelect((x < total) | (x != x), x, total); }
  static WINOGRAD_INLINE Wide merge(Wide a, Wide b) { return take(a, b); }
};

template <class Reduction>
constexpr Accumulation accumulation(const char* name) {
  return {name, Reduction::neutral, accumulateLanes<Reduction>, accumulateColumns<Reduction>};
}
const Accumulation accumulations[] = {
    accumulation<Sum>("Sum"),
    accumulation<SumOfSizes>("SumOfSizes"),
    accumulation<SumOfSquares>("SumOfSquares"),
    accumulation<Product>("Product"),
    accumulation<Largest>("Largest"),
    accumulation<Smallest>("Smallest"),
};
