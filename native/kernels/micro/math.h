// Functions of vectors. Polynomials are minimax fits (Remez) of the relative error on the interval named; arguments are
// reduced as in Cephes (Moshier 1989). NaN goes in and comes out: comparisons with it are false, and every select below
// keeps the value then.

static WINOGRAD_INLINE Vec operator/(Vec a, Vec b) {
  return {a.raw / b.raw};
}
static WINOGRAD_INLINE Vec number(float value) {
  return Vec::broadcast(value);
}
// The bits of a vector as integers, and back.
static WINOGRAD_INLINE Lanes bits(Vec value) {
  return reinterpret_cast<Lanes>(value.raw);
}
static WINOGRAD_INLINE Vec fromBits(Lanes lanes) {
  return {reinterpret_cast<Raw>(lanes)};
}
static WINOGRAD_INLINE Lanes allLanes(int value) {
  return Lanes{} + value;
}

static WINOGRAD_INLINE Vec absolute(Vec a) {
  return fromBits(bits(a) & allLanes(0x7fffffff));
}
static WINOGRAD_INLINE Vec withSignOf(Vec magnitude, Vec sign) {
  return fromBits((bits(magnitude) & allLanes(0x7fffffff)) | (bits(sign) & allLanes(~0x7fffffff)));
}
static WINOGRAD_INLINE Vec atLeast(Vec a, float low) {
  return select(a.raw < number(low).raw, number(low), a);
}
static WINOGRAD_INLINE Vec atMost(Vec a, float high) {
  return select(a.raw > number(high).raw, number(high), a);
}
static WINOGRAD_INLINE Vec smaller(Vec a, Vec b) {
  return select((a.raw < b.raw) | (a.raw != a.raw), a, b);
}
static WINOGRAD_INLINE Vec larger(Vec a, Vec b) {
  return select((a.raw > b.raw) | (a.raw != a.raw), a, b);
}

static WINOGRAD_INLINE Vec squareRoot(Vec a) {
#if defined(__AVX512F__) && WINOGRAD_WIDTH == 16
  return {__builtin_ia32_sqrtps512_mask(a.raw, a.raw, static_cast<unsigned short>(-1), 4)};
#elif defined(__AVX__) && WINOGRAD_WIDTH == 8
  return {__builtin_ia32_sqrtps256(a.raw)};
#elif defined(__SSE__) && WINOGRAD_WIDTH == 4
  return {__builtin_ia32_sqrtps(a.raw)};
#else
  for (int j = 0; j < Vec::width; j++) a.raw[j] = __builtin_sqrtf(a.raw[j]);
  return a;
#endif
}

// Σ coefficients[i] x^i, highest first.
template <int COUNT>
static WINOGRAD_INLINE Vec polynomial(Vec x, const float (&coefficients)[COUNT]) {
  Vec sum = number(coefficients[0]);
#pragma GCC unroll 16
  for (int i = 1; i < COUNT; i++) sum = fma(sum, x, number(coefficients[i]));
  return sum;
}

// Adding 1.5 * 2^23 leaves no bit for fractions: it rounds, ties to even, and the low bits are the integer.
constexpr float kRounder = 12582912;

static WINOGRAD_INLINE Vec roundToEven(Vec a) {
  const Vec rounded = (absolute(a) + number(8388608)) - number(8388608);
  return withSignOf(select(absolute(a).raw < number(8388608).raw, rounded, a), a);
}
static WINOGRAD_INLINE Vec roundDown(Vec a) {
  const Vec rounded = roundToEven(a);
  return withSignOf(select(rounded.raw > a.raw, rounded - number(1), rounded), a);
}
static WINOGRAD_INLINE Vec roundUp(Vec a) {
  return -roundDown(-a);
}

// 2^n for n in [-126, 127].
static WINOGRAD_INLINE Vec powerOfTwo(Lanes n) {
  return fromBits((n + 127) << 23);
}

// e^x = 2^n e^r, |r| <= ln(2) / 2: e^r = 1 + r + r² P(r). 2^n in two factors, so that results below 2^-126 round once.
static WINOGRAD_INLINE Vec exponential(Vec x) {
  constexpr float coefficients[] = {0.00019910974f, 0.0013948599f, 0.008333281f, 0.04166624f, 0.16666667f, 0.5f};
  const Vec bounded = atMost(atLeast(x, -104), 89);
  const Vec shifted = fma(bounded, number(1.44269504f), number(kRounder));
  const Lanes n = bits(shifted) - bits(number(kRounder));
  const Vec whole = shifted - number(kRounder);
  const Vec r = fnma(whole, number(-2.12194440e-4f), fnma(whole, number(0.693359375f), bounded));
  const Vec value = fma(r * r, polynomial(r, coefficients), r) + number(1);
  const Lanes half = n >> 1;
  return value * powerOfTwo(half) * powerOfTwo(n - half);
}

// log(x) = e ln(2) + log(1 + f), 1 + f in [sqrt(1/2), sqrt(2)): log(1 + f) = f - f²/2 + f³ P(f).
static WINOGRAD_INLINE Vec logarithm(Vec x) {
  constexpr float coefficients[] = {0.06928756f,  -0.118415475f, 0.11890155f,  -0.12378704f, 0.14217107f,
                                    -0.16669399f, 0.20002183f,   -0.24999985f, 0.33333313f};
  const Lanes small = x.raw < number(1.17549435e-38f).raw;
  const Vec scaled = select(small, x * number(16777216), x);
  // Subtracting the bits of sqrt(1/2) puts the border between exponents there. The sign would make it overflow.
  const Lanes offset = bits(absolute(scaled)) - 0x3f3504f3;
  const Lanes exponent = (offset >> 23) - (small & allLanes(24));
  const Vec f = fromBits((offset & allLanes(0x7fffff)) + 0x3f3504f3) - number(1);
  const Vec e = {__builtin_convertvector(exponent, Raw)};
  const Vec square = f * f;
  Vec value = fma(e, number(-2.12194440e-4f), f * square * polynomial(f, coefficients));
  value = fma(e, number(0.693359375f), f + fnma(square, number(0.5f), value));
  value = select(x.raw == Raw{}, number(-__builtin_inff()), value);
  value = select(x.raw < Raw{}, number(__builtin_nanf("")), value);
  // Infinity and NaN.
  return select(absolute(x).raw < number(__builtin_inff()).raw, value, select(x.raw < Raw{}, value, x));
}

// log(1 + x) for x >= 0: what rounding took from u = 1 + x is put back by the slope of the logarithm (Kahan).
static WINOGRAD_INLINE Vec logarithmOfOnePlus(Vec x) {
  const Vec u = number(1) + x;
  return select(u.raw == number(1).raw, x, logarithm(u) * x / (u - number(1)));
}

// e^x - 1 for x <= 0: near zero by the series of e^x without its 1, for there the difference cancels.
static WINOGRAD_INLINE Vec exponentialMinusOne(Vec x) {
  constexpr float coefficients[] = {0.00019910974f, 0.0013948599f, 0.008333281f, 0.04166624f, 0.16666667f, 0.5f};
  return select(x.raw > number(-0.34657359f).raw, fma(x * x, polynomial(x, coefficients), x),
                exponential(x) - number(1));
}

// |x| < 0.625: x + x³ P(x²); else 1 - 2 / (e^2|x| + 1), with the sign of x.
static WINOGRAD_INLINE Vec hyperbolicTangent(Vec x) {
  constexpr float coefficients[] = {-0.0056646466f, 0.020615378f, -0.053738195f, 0.13331532f, -0.33333293f};
  const Vec size = absolute(x), square = x * x;
  const Vec far = number(1) - number(2) / (exponential(size + size) + number(1));
  const Vec near = fma(x * square, polynomial(square, coefficients), x);
  return withSignOf(select(size.raw < number(0.625f).raw, near, far), x);
}

// |x| < 1: x P(x²); else 1 - e^(|x| Q(|x|)), with the sign of x. Beyond 4 it is 1.
static WINOGRAD_INLINE Vec errorFunction(Vec x) {
  constexpr float near[] = {7.889132e-05f, -0.0008020844f, 0.0051895357f, -0.026854444f,
                            0.112836f,     -0.37612626f,   1.1283791f};
  constexpr float far[] = {-1.4134264e-05f, 0.000352336f, -0.003764674f, 0.024025535f,
                           -0.10654913f,    -0.63495827f, -1.1286972f};
  const Vec size = atMost(absolute(x), 4);
  const Vec tail = number(1) - exponential(size * polynomial(size, far));
  return select(size.raw < number(1).raw, x * polynomial(x * x, near), withSignOf(tail, x));
}

static WINOGRAD_INLINE Vec softsign(Vec x) {
  const Vec size = absolute(x);
  return select(size.raw == number(__builtin_inff()).raw, withSignOf(number(1), x), x / (number(1) + size));
}
static WINOGRAD_INLINE Vec sigmoid(Vec x) {
  return number(1) / (number(1) + exponential(-x));
}
// x f(x) where f vanishes faster than any x grows: zero, not NaN, at minus infinity.
static WINOGRAD_INLINE Vec weighted(Vec x, Vec factor) {
  return atLeast(x, -1000) * factor;
}
static WINOGRAD_INLINE Vec softplus(Vec x) {
  return larger(x, Vec::zero()) + logarithmOfOnePlus(exponential(-absolute(x)));
}
// tanh(log(1 + e^x)) = e^x (e^x + 2) / (e^x (e^x + 2) + 2), which is 1 from 20 on.
static WINOGRAD_INLINE Vec mish(Vec x) {
  const Vec e = exponential(atMost(x, 20)), n = e * (e + number(2));
  return weighted(x, n / (n + number(2)));
}
static WINOGRAD_INLINE Vec geluByErrorFunction(Vec x) {
  return weighted(x, fma(number(0.5f), errorFunction(x * number(0.70710678f)), number(0.5f)));
}
static WINOGRAD_INLINE Vec geluByTangent(Vec x) {
  const Vec inner = fma(x * x * x, number(0.044715f), x) * number(0.79788456f);
  return weighted(x, fma(number(0.5f), hyperbolicTangent(inner), number(0.5f)));
}

// Powers need the logarithm with more bits than a float has: 2^(y log2|x|) in double precision, half a vector at a
// time.
typedef float HalfRaw __attribute__((vector_size(WINOGRAD_WIDTH * sizeof(float) / 2)));
typedef double Wide __attribute__((vector_size(WINOGRAD_WIDTH * sizeof(double) / 2)));
typedef long long WideLanes __attribute__((vector_size(WINOGRAD_WIDTH * sizeof(double) / 2)));

static WINOGRAD_INLINE Wide wideSelect(WideLanes mask, Wide a, Wide b) {
  return mask ? a : b;
}
template <int COUNT>
static WINOGRAD_INLINE Wide widePolynomial(Wide x, const double (&coefficients)[COUNT]) {
  Wide sum = coefficients[0] - Wide{};
#pragma GCC unroll 16
  for (int i = 1; i < COUNT; i++) sum = sum * x + coefficients[i];
  return sum;
}
// log2(x) = e + 2 atanh(s) / ln(2), s = (m - 1) / (m + 1), m in [sqrt(1/2), sqrt(2)), for positive x.
static WINOGRAD_INLINE Wide wideLog2(Wide x) {
  constexpr double coefficients[] = {0.2829298089936638, 0.3199036652047749, 0.41220930085531715,
                                     0.5770779418953477, 0.9617966941149254, 2.885390081777849};
  constexpr long long border = 0x3fe6a09e667f3bcd, one = 0x3ff0000000000000;
  const WideLanes offset = reinterpret_cast<WideLanes>(x) - border;
  // The exponent sits in the upper half; as a double by the bits of 2^52 + 2^51.
  const WideLanes exponent = (offset >> 52) + 0x4338000000000000;
  const Wide e = reinterpret_cast<Wide>(exponent) - 6755399441055744.0;
  const Wide m = reinterpret_cast<Wide>((offset & 0xfffffffffffff) + border);
  static_assert(border < one);
  const Wide s = (m - 1.0) / (m + 1.0);
  return e + s * widePolynomial(s * s, coefficients);
}
// 2^z = 2^n 2^f, |f| <= 1/2, for |z| < 1000.
static WINOGRAD_INLINE Wide wideExp2(Wide z) {
  constexpr double coefficients[] = {1.5201707471002883e-05, 0.00015469551929132811, 0.0013333925516724797,
                                     0.009618026445613758,   0.055504103472553176,   0.24022651204143275,
                                     0.6931471807311552,     0.9999999999610668};
  const Wide shifted = z + 6755399441055744.0;
  const WideLanes n = reinterpret_cast<WideLanes>(shifted) - 0x4338000000000000;
  const Wide f = z - (shifted - 6755399441055744.0);
  return widePolynomial(f, coefficients) * reinterpret_cast<Wide>((n + 1023) << 52);
}

static WINOGRAD_INLINE HalfRaw halfPower(HalfRaw size, HalfRaw exponent) {
  constexpr double infinity = __builtin_inf();
  const Wide x = __builtin_convertvector(size, Wide), y = __builtin_convertvector(exponent, Wide);
  Wide log = wideLog2(x);
  log = wideSelect(x == Wide{}, Wide{} - infinity, log);
  log = wideSelect(x == infinity - Wide{}, infinity - Wide{}, log);
  log = wideSelect(x == x, log, x);
  Wide z = y * log;
  z = wideSelect(z < -200.0 - Wide{}, -200.0 - Wide{}, z);
  z = wideSelect(z > 200.0 - Wide{}, 200.0 - Wide{}, z);
  return __builtin_convertvector(wideSelect(z == z, wideExp2(z), z), HalfRaw);
}

// As IEEE 754 has pow: negative x for integers y alone, 1 for y = 0 or x = 1 whatever the other is.
static WINOGRAD_INLINE Vec power(Vec x, Vec y) {
  const Vec size = absolute(x);
  HalfRaw sizes[2], exponents[2], results[2];
  __builtin_memcpy(sizes, &size, sizeof(size));
  __builtin_memcpy(exponents, &y, sizeof(y));
#pragma GCC unroll 2
  for (int h = 0; h < 2; h++) results[h] = halfPower(sizes[h], exponents[h]);
  Vec value;
  __builtin_memcpy(&value, results, sizeof(value));
  const Vec half = y * number(0.5f);
  const Lanes whole = roundToEven(y).raw == y.raw, odd = whole & (roundToEven(half).raw != half.raw);
  const Lanes negative = bits(x) < Lanes{};
  value = select(negative & odd, -value, value);
  const Lanes undefined = (x.raw < Raw{}) & ~whole & (size.raw < number(__builtin_inff()).raw);
  value = select(undefined, number(__builtin_nanf("")), value);
  const Lanes oneToInfinity = (x.raw == number(-1).raw) & (absolute(y).raw == number(__builtin_inff()).raw);
  return select((y.raw == Raw{}) | (x.raw == number(1).raw) | oneToInfinity, number(1), value);
}
