// Pooling of one row of windows: rows are combined lane by lane, then the pixels under each window.

// A NaN in a window makes the result NaN.
struct Maximum {
  static WINOGRAD_INLINE Vec identity() { return Vec::broadcast(-__builtin_inff()); }
  static WINOGRAD_INLINE Vec combine(Vec most, Vec value) {
    const Vec larger = select(value.raw > most.raw, value, most);
    return select(value.raw != value.raw, value, larger);
  }
  static WINOGRAD_INLINE Vec finish(Vec most, Vec) { return most; }
  static constexpr bool divides = false;
};

struct Average {
  static WINOGRAD_INLINE Vec identity() { return Vec::zero(); }
  static WINOGRAD_INLINE Vec combine(Vec sum, Vec value) { return sum + value; }
  static WINOGRAD_INLINE Vec finish(Vec sum, Vec divisor) { return {sum.raw / divisor.raw}; }
  static constexpr bool divides = true;
};

// `count` floats, and what is left of the last vector.
static WINOGRAD_INLINE void fillFloats(Vec value, std::ptrdiff_t count, float* to) {
  for (std::ptrdiff_t i = 0; i < count; i += Vec::width) value.store(to + i);
}

// The line is written from its beginning to its end: the last vector of each part may reach into the next.
template <class Operation>
static WINOGRAD_INLINE void combineRows(const PoolArgs& args) {
  const std::ptrdiff_t floats = args.pixels * args.lanes;
  fillFloats(Operation::identity(), args.left * args.lanes, args.line);
  float* const to = args.line + args.left * args.lanes;
  std::ptrdiff_t i = 0;
  for (; i + Vec::width <= floats; i += Vec::width) {
    Vec value = Vec::load(args.rows[0] + i);
    for (std::ptrdiff_t r = 1; r < args.rowCount; r++) value = Operation::combine(value, Vec::load(args.rows[r] + i));
    value.store(to + i);
  }
  if (i < floats) {
    Vec value = loadPart(args.rows[0] + i, floats - i);
    for (std::ptrdiff_t r = 1; r < args.rowCount; r++)
      value = Operation::combine(value, loadPart(args.rows[r] + i, floats - i));
    value.store(to + i);
  }
  fillFloats(Operation::identity(), args.right * args.lanes, to + floats);
}

// Windows side by side, whose pixels are vectors.
template <class Operation>
static WINOGRAD_INLINE void poolVectors(const PoolArgs& args) {
  for (std::ptrdiff_t x = 0; x < args.outputs; x++) {
    const float* at = args.line + x * args.stride * Vec::width;
    Vec value = Vec::load(at);
    for (std::ptrdiff_t tap = 1; tap < args.taps; tap++)
      value = Operation::combine(value, Vec::load(at += args.dilation * Vec::width));
    const Vec divisor = Operation::divides ? Vec::broadcast(args.divisors[x]) : Vec::zero();
    Operation::finish(value, divisor).store(args.to + x * Vec::width);
  }
}

// Of two vectors of which the second begins with the last float of the first.
struct EveryOtherOverlapped {
  static constexpr int lane(int j) { return j < Vec::width / 2 ? 2 * j : 2 * j + 1; }
};

// Every STRIDE-th float, for the strides that one rearrangement of two vectors serves; 0: any stride.
template <int STRIDE>
static WINOGRAD_INLINE Vec loadStrided(const float* from, std::ptrdiff_t stride) {
  if constexpr (STRIDE == 1) return Vec::load(from);
  if constexpr (STRIDE == 2) return rearrange<EveryOtherOverlapped>(Vec::load(from), Vec::load(from + Vec::width - 1));
  Vec value = Vec::zero();
#pragma GCC unroll 16
  for (int lane = 0; lane < Vec::width; lane++) value.raw[lane] = from[lane * stride];
  return value;
}

// Windows side by side, whose pixels are single floats: as many at once as a vector holds. The last vector of them ends
// with the row, unless the row is shorter.
template <class Operation, int STRIDE>
static WINOGRAD_INLINE void poolSingles(const PoolArgs& args) {
  const auto window = [&](std::ptrdiff_t x) {
    const float* at = args.line + x * args.stride;
    Vec value = loadStrided<STRIDE>(at, args.stride);
    for (std::ptrdiff_t tap = 1; tap < args.taps; tap++)
      value = Operation::combine(value, loadStrided<STRIDE>(at += args.dilation, args.stride));
    return value;
  };
  std::ptrdiff_t x = 0;
  for (; x + Vec::width <= args.outputs; x += Vec::width) {
    const Vec divisors = Operation::divides ? Vec::load(args.divisors + x) : Vec::zero();
    Operation::finish(window(x), divisors).store(args.to + x);
  }
  if (x < args.outputs) {
    const std::ptrdiff_t count = args.outputs - x;
    const Vec divisors = Operation::divides ? loadPart(args.divisors + x, count) : Vec::zero();
    storePart(Operation::finish(window(x), divisors), args.to + x, count);
  }
}

template <class Operation>
static void pool(const PoolArgs& args) {
  combineRows<Operation>(args);
  if (args.lanes > 1) return poolVectors<Operation>(args);
  if (args.stride == 1) return poolSingles<Operation, 1>(args);
  if (args.stride == 2) return poolSingles<Operation, 2>(args);
  poolSingles<Operation, 0>(args);
}

// Which tap has the largest of its pixels, lane by lane: the first of those that `has` and `load` tell of.
template <class Has, class Load>
static WINOGRAD_INLINE Lanes placeOfLargest(std::ptrdiff_t count, const Has& has, const Load& load) {
  Vec most = Vec::zero();
  Lanes place{}, none = place == 0;
  for (std::ptrdiff_t p = 0; p < count; p++) {
    const Vec value = load(p);
    const Lanes larger = has(p) & (none | (value.raw > most.raw) | ((value.raw != value.raw) & (most.raw == most.raw)));
    most = select(larger, value, most);
    place = larger ? Lanes{} + static_cast<int>(p) : place;
    none = none & ~larger;
  }
  return place;
}

// Windows whose pixels are vectors.
static WINOGRAD_INLINE void giveVectors(const LargestArgs& args) {
  for (std::ptrdiff_t x = 0; x < args.outputs; x++) {
    const std::ptrdiff_t at = x * args.stride;
    const auto inside = [&](std::ptrdiff_t p) { return x >= args.firsts[p] && x < args.ends[p]; };
    const Lanes place = placeOfLargest(
        args.count, [&](std::ptrdiff_t p) { return Lanes{} - (inside(p) ? 1 : 0); },
        [&](std::ptrdiff_t p) { return inside(p) ? Vec::load(args.x + at + args.pixels[p]) : Vec::zero(); });
    const Vec gradient = Vec::load(args.gradient + x * Vec::width);
    for (std::ptrdiff_t p = 0; p < args.count; p++) {
      if (!inside(p)) continue;
      float* const to = args.to + at + args.pixels[p];
      (Vec::load(to) + select(place == static_cast<int>(p), gradient, Vec::zero())).store(to);
    }
  }
}

// As many windows at once as a vector holds. Their pixels may be the same, so that gradients are added one by one.
template <int STRIDE>
static WINOGRAD_INLINE void giveSingles(const LargestArgs& args) {
  Lanes lanes{};
  for (int lane = 0; lane < Vec::width; lane++) lanes[lane] = lane;
  for (std::ptrdiff_t x = 0; x < args.outputs; x += Vec::width) {
    const std::ptrdiff_t at = x * args.stride, reach = (Vec::width - 1) * args.stride + 1;
    const auto has = [&](std::ptrdiff_t p) {
      return (lanes >= static_cast<int>(args.firsts[p] - x)) & (lanes < static_cast<int>(args.ends[p] - x));
    };
    const Lanes place = placeOfLargest(args.count, has, [&](std::ptrdiff_t p) {
      const float* const from = args.x + at + args.pixels[p];
      // What lies beside a row belongs to others and is not counted; what lies beside them all is not read.
      if (from >= args.begin && from + reach <= args.end) return loadStrided<STRIDE>(from, args.stride);
      Vec value = Vec::zero();
      const std::ptrdiff_t first = args.firsts[p] - x, end = args.ends[p] - x;
      for (std::ptrdiff_t lane = first > 0 ? first : 0; lane < end && lane < Vec::width; lane++)
        value.raw[lane] = from[lane * args.stride];
      return value;
    });
    const std::ptrdiff_t count = args.outputs - x < Vec::width ? args.outputs - x : Vec::width;
    for (std::ptrdiff_t lane = 0; lane < count; lane++)
      args.to[at + lane * args.stride + args.pixels[place[lane]]] += args.gradient[x + lane];
  }
}

static void giveToLargest(const LargestArgs& args) {
  if (args.lanes > 1) return giveVectors(args);
  if (args.stride == 1) return giveSingles<1>(args);
  if (args.stride == 2) return giveSingles<2>(args);
  giveSingles<0>(args);
}
