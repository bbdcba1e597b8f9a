// The table of elementwise functions. To add one: a row here, and one in src/operators/elementwise/functions.ts.

// Applies f to strips of OPERANDS operands. The loop has one call of f, so that it is inlined there.
template <int OPERANDS, class Function>
static WINOGRAD_INLINE void overStrip(const StripArgs& args, const Function& function) {
  const float* from[OPERANDS];
  std::ptrdiff_t step[OPERANDS];
#pragma GCC unroll 4
  for (int o = 0; o < OPERANDS; o++) {
    from[o] = args.operands[o].from;
    step[o] = args.operands[o].same ? 0 : Vec::width;
  }
  const auto next = [&](auto load) __attribute__((always_inline)) {
    Vec values[4];
#pragma GCC unroll 4
    for (int o = 0; o < OPERANDS; o++) values[o] = load(from[o], step[o]), from[o] += step[o];
    if constexpr (OPERANDS == 1) return function(values[0]);
    if constexpr (OPERANDS == 2) return function(values[0], values[1]);
    if constexpr (OPERANDS == 3) return function(values[0], values[1], values[2]);
    if constexpr (OPERANDS == 4) return function(values[0], values[1], values[2], values[3]);
  };
  const auto whole = [](const float* at, std::ptrdiff_t) __attribute__((always_inline)) {
    return Vec::load(at);
  };
  const std::ptrdiff_t vectors = args.count / Vec::width, rest = args.count % Vec::width;
  float* to = args.to;
  if (args.streamed && aligned(to)) {
    for (std::ptrdiff_t v = 0; v < vectors; v++, to += Vec::width) stream(next(whole), to);
  } else {
    for (std::ptrdiff_t v = 0; v < vectors; v++, to += Vec::width) next(whole).store(to);
  }
  if (rest > 0) {
    const auto part = [rest](const float* at, std::ptrdiff_t s) __attribute__((always_inline)) {
      return s == 0 ? Vec::load(at) : loadPart(at, rest);
    };
    storePart(next(part), to, rest);
  }
}

// Truth as 1 and 0.
static WINOGRAD_INLINE Vec truth(Lanes mask) {
  return select(mask, number(1), Vec::zero());
}
static WINOGRAD_INLINE Lanes holds(Vec a) {
  return a.raw != Raw{};
}
static WINOGRAD_INLINE Lanes negative(Vec a) {
  return a.raw < Raw{};
}
static WINOGRAD_INLINE Vec elu(Vec x, Vec alpha) {
  return select(negative(x), alpha * exponentialMinusOne(x), x);
}
static WINOGRAD_INLINE Vec between(Vec x, Vec low, Vec high) {
  x = select(x.raw < low.raw, low, x);
  return select(x.raw > high.raw, high, x);
}
static WINOGRAD_INLINE Vec hardSigmoid(Vec x, Vec alpha, Vec beta) {
  return between(fma(alpha, x, beta), Vec::zero(), number(1));
}

#define WINOGRAD_VECTORS_1 Vec a
#define WINOGRAD_VECTORS_2 Vec a, Vec b
#define WINOGRAD_VECTORS_3 Vec a, Vec b, Vec c
#define WINOGRAD_VECTORS_4 Vec a, Vec b, Vec c, Vec d
#define WINOGRAD_FUNCTION(name, operands, value)                                                          \
  {                                                                                                       \
    name, operands, [](const StripArgs& args) {                                                           \
      overStrip<operands>(                                                                                \
          args, [](WINOGRAD_VECTORS_##operands) __attribute__((always_inline))->Vec { return (value); }); \
    }                                                                                                     \
  }

// Operands are a, b, c, d in order; a function's parameters are operands too.
const ElementFunction elementFunctions[] = {
    WINOGRAD_FUNCTION("Identity", 1, a),
    WINOGRAD_FUNCTION("Add", 2, a + b),
    WINOGRAD_FUNCTION("Sub", 2, a - b),
    WINOGRAD_FUNCTION("Mul", 2, a* b),
    WINOGRAD_FUNCTION("Div", 2, a / b),
    WINOGRAD_FUNCTION("Min", 2, smaller(a, b)),
    WINOGRAD_FUNCTION("Max", 2, larger(a, b)),
    WINOGRAD_FUNCTION("Pow", 2, power(a, b)),
    WINOGRAD_FUNCTION("MultiplyAdd", 3, fma(a, b, c)),
    WINOGRAD_FUNCTION("Normalize", 4, fma(a - b, c, d)),
    WINOGRAD_FUNCTION("Abs", 1, absolute(a)),
    WINOGRAD_FUNCTION("Neg", 1, -a),
    WINOGRAD_FUNCTION("Reciprocal", 1, number(1) / a),
    WINOGRAD_FUNCTION("Sign", 1, select(negative(a), number(-1), select(negative(-a), number(1), a))),
    WINOGRAD_FUNCTION("Floor", 1, roundDown(a)),
    WINOGRAD_FUNCTION("Ceil", 1, roundUp(a)),
    WINOGRAD_FUNCTION("Round", 1, roundToEven(a)),
    WINOGRAD_FUNCTION("Sqrt", 1, squareRoot(a)),
    WINOGRAD_FUNCTION("Exp", 1, exponential(a)),
    WINOGRAD_FUNCTION("Log", 1, logarithm(a)),
    WINOGRAD_FUNCTION("Erf", 1, errorFunction(a)),
    WINOGRAD_FUNCTION("Tanh", 1, hyperbolicTangent(a)),
    WINOGRAD_FUNCTION("Sigmoid", 1, sigmoid(a)),
    WINOGRAD_FUNCTION("HardSigmoid", 3, hardSigmoid(a, b, c)),
    WINOGRAD_FUNCTION("HardSwish", 1, weighted(a, hardSigmoid(a, number(1.0f / 6), number(0.5f)))),
    WINOGRAD_FUNCTION("Silu", 1, weighted(a, sigmoid(a))),
    WINOGRAD_FUNCTION("Mish", 1, mish(a)),
    WINOGRAD_FUNCTION("Gelu", 1, geluByErrorFunction(a)),
    WINOGRAD_FUNCTION("GeluTanh", 1, geluByTangent(a)),
    WINOGRAD_FUNCTION("Softplus", 1, softplus(a)),
    WINOGRAD_FUNCTION("Softsign", 1, softsign(a)),
    WINOGRAD_FUNCTION("Relu", 1, select(negative(a), Vec::zero(), a)),
    WINOGRAD_FUNCTION("LeakyRelu", 2, select(negative(a), a* b, a)),
    WINOGRAD_FUNCTION("Elu", 2, elu(a, b)),
    WINOGRAD_FUNCTION("Selu", 3, c* elu(a, b)),
    WINOGRAD_FUNCTION("Celu", 2, select(negative(a), b* exponentialMinusOne(a / b), a)),
    WINOGRAD_FUNCTION("ThresholdedRelu", 2, select(a.raw <= b.raw, Vec::zero(), a)),
    WINOGRAD_FUNCTION("Clip", 3, between(a, b, c)),
    WINOGRAD_FUNCTION("Equal", 2, truth(a.raw == b.raw)),
    WINOGRAD_FUNCTION("Greater", 2, truth(a.raw > b.raw)),
    WINOGRAD_FUNCTION("GreaterOrEqual", 2, truth(a.raw >= b.raw)),
    WINOGRAD_FUNCTION("Less", 2, truth(a.raw < b.raw)),
    WINOGRAD_FUNCTION("LessOrEqual", 2, truth(a.raw <= b.raw)),
    WINOGRAD_FUNCTION("And", 2, truth(holds(a) & holds(b))),
    WINOGRAD_FUNCTION("Or", 2, truth(holds(a) | holds(b))),
    WINOGRAD_FUNCTION("Xor", 2, truth(holds(a) ^ holds(b))),
    WINOGRAD_FUNCTION("Not", 1, truth(~holds(a))),
    WINOGRAD_FUNCTION("Where", 3, select(holds(a), b, c)),
};
#undef WINOGRAD_FUNCTION
