// One vector type for every instruction set: WINOGRAD_WIDTH floats, by the compiler's vector extension.
// Included inside the namespace of one instruction set (see table.h), so that no symbol is shared between
// files that are compiled with different flags.

typedef float Raw __attribute__((vector_size(WINOGRAD_WIDTH * sizeof(float))));
typedef float UnalignedRaw
    __attribute__((vector_size(WINOGRAD_WIDTH * sizeof(float)), aligned(sizeof(float)), may_alias));
typedef int Lanes __attribute__((vector_size(WINOGRAD_WIDTH * sizeof(int))));

#define WINOGRAD_INLINE inline __attribute__((always_inline))

struct Vec {
  static constexpr int width = WINOGRAD_WIDTH;
  Raw raw;
  static WINOGRAD_INLINE Vec load(const float* from) { return {*reinterpret_cast<const UnalignedRaw*>(from)}; }
  static WINOGRAD_INLINE Vec broadcast(float value) { return {value - Raw{}}; }
  static WINOGRAD_INLINE Vec zero() { return {Raw{}}; }
  WINOGRAD_INLINE void store(float* to) const { *reinterpret_cast<UnalignedRaw*>(to) = raw; }
};

static WINOGRAD_INLINE bool aligned(const float* at) {
  return reinterpret_cast<std::uintptr_t>(at) % sizeof(Raw) == 0;
}

// Stores past the caches where the machine can: for what is not read again soon. A line of the cache is then not
// fetched only to be overwritten. Other threads see it after a fence. `to` is aligned to vectors.
static WINOGRAD_INLINE void stream(Vec value, float* to) {
#if defined(__clang__)
  __builtin_nontemporal_store(value.raw, reinterpret_cast<Raw*>(to));
#elif defined(__AVX512F__) && WINOGRAD_WIDTH == 16
  __builtin_ia32_movntps512(to, value.raw);
#elif defined(__AVX__) && WINOGRAD_WIDTH == 8
  __builtin_ia32_movntps256(to, value.raw);
#elif defined(__SSE__) && WINOGRAD_WIDTH == 4
  __builtin_ia32_movntps(to, value.raw);
#else
  value.store(to);
#endif
}

static WINOGRAD_INLINE Vec operator+(Vec a, Vec b) {
  return {a.raw + b.raw};
}
static WINOGRAD_INLINE Vec operator-(Vec a, Vec b) {
  return {a.raw - b.raw};
}
static WINOGRAD_INLINE Vec operator*(Vec a, Vec b) {
  return {a.raw * b.raw};
}
static WINOGRAD_INLINE Vec operator-(Vec a) {
  return {-a.raw};
}
// Contracted to one instruction where the instruction set has it (-ffp-contract=fast).
static WINOGRAD_INLINE Vec fma(Vec a, Vec b, Vec c) {
  return {a.raw * b.raw + c.raw};
}
static WINOGRAD_INLINE Vec fnma(Vec a, Vec b, Vec c) {
  return {c.raw - a.raw * b.raw};
}
static WINOGRAD_INLINE Vec fms(Vec a, Vec b, Vec c) {
  return {a.raw * b.raw - c.raw};
}
// 0, 1, …, COUNT - 1 as a pack, without the standard library.
template <int... NUMBERS>
struct Numbers {};
template <int COUNT, int... NUMBERS>
struct CountUp : CountUp<COUNT - 1, COUNT - 1, NUMBERS...> {};
template <int... NUMBERS>
struct CountUp<0, NUMBERS...> {
  using Type = Numbers<NUMBERS...>;
};

// Lanes rearranged: lane j is `Pattern::lane(j)` of a, or of b if that is `width` or more.
template <class Pattern, int... LANES>
static WINOGRAD_INLINE Vec rearrange(Vec a, Vec b, Numbers<LANES...>) {
#if defined(__clang__)
  return {__builtin_shufflevector(a.raw, b.raw, Pattern::lane(LANES)...)};
#else
  return {__builtin_shuffle(a.raw, b.raw, Lanes{Pattern::lane(LANES)...})};
#endif
}
template <class Pattern>
static WINOGRAD_INLINE Vec rearrange(Vec a, Vec b) {
  return rearrange<Pattern>(a, b, typename CountUp<Vec::width>::Type{});
}

// Lane j is lane `lanes[j]` of the value.
static WINOGRAD_INLINE Vec pick(Vec value, Lanes lanes) {
#if !defined(__clang__)
  return {__builtin_shuffle(value.raw, lanes)};
#elif defined(__AVX2__) && WINOGRAD_WIDTH == 8
  return {__builtin_ia32_permvarsf256(value.raw, lanes)};
#elif defined(__AVX512F__) && WINOGRAD_WIDTH == 16
  return {__builtin_ia32_permvarsf512(value.raw, lanes)};
#else
  Vec picked = Vec::zero();
  for (int j = 0; j < Vec::width; j++) picked.raw[j] = value.raw[lanes[j]];
  return picked;
#endif
}

// Lane by lane: a where the mask is set, else b.
static WINOGRAD_INLINE Vec select(Lanes mask, Vec a, Vec b) {
  return {mask ? a.raw : b.raw};
}

// The first `count` lanes, up to all of them; the others are zero when loaded and left alone when stored.
#if defined(__AVX512F__) && WINOGRAD_WIDTH == 16
static WINOGRAD_INLINE Vec loadPart(const float* from, std::ptrdiff_t count) {
  return {__builtin_ia32_loadups512_mask(from, Raw{}, static_cast<unsigned short>((1u << count) - 1))};
}
static WINOGRAD_INLINE void storePart(Vec value, float* to, std::ptrdiff_t count) {
  __builtin_ia32_storeups512_mask(to, value.raw, static_cast<unsigned short>((1u << count) - 1));
}
#elif defined(__AVX__) && WINOGRAD_WIDTH == 8
static WINOGRAD_INLINE Lanes firstLanes(std::ptrdiff_t count) {
  return Lanes{0, 1, 2, 3, 4, 5, 6, 7} < (Lanes{} + static_cast<int>(count));
}
static WINOGRAD_INLINE Vec loadPart(const float* from, std::ptrdiff_t count) {
  return {__builtin_ia32_maskloadps256(reinterpret_cast<const Raw*>(from), firstLanes(count))};
}
static WINOGRAD_INLINE void storePart(Vec value, float* to, std::ptrdiff_t count) {
  __builtin_ia32_maskstoreps256(reinterpret_cast<Raw*>(to), firstLanes(count), value.raw);
}
#else
// Copies `count` < 2 * PIECE floats in pieces of powers of two.
template <int PIECE>
static WINOGRAD_INLINE void copyPart(const float* from, float* to, std::ptrdiff_t count) {
  if (count & PIECE) {
    __builtin_memcpy(to, from, PIECE * sizeof(float));
    from += PIECE;
    to += PIECE;
  }
  if constexpr (PIECE > 1) copyPart<PIECE / 2>(from, to, count);
}

static WINOGRAD_INLINE Vec loadPart(const float* from, std::ptrdiff_t count) {
  if (count >= WINOGRAD_WIDTH) return Vec::load(from);
  float lanes[WINOGRAD_WIDTH] = {};
  copyPart<WINOGRAD_WIDTH / 2>(from, lanes, count);
  return Vec::load(lanes);
}
static WINOGRAD_INLINE void storePart(Vec value, float* to, std::ptrdiff_t count) {
  if (count >= WINOGRAD_WIDTH) return value.store(to);
  float lanes[WINOGRAD_WIDTH];
  value.store(lanes);
  copyPart<WINOGRAD_WIDTH / 2>(lanes, to, count);
}
#endif

// Keeps a value in its register: the compiler must not fold the load into each of its uses.
static WINOGRAD_INLINE void pin(Vec& a) {
#if defined(__x86_64__) && WINOGRAD_WIDTH > 4
  asm("" : "+v"(a.raw));
#elif defined(__x86_64__)
  asm("" : "+x"(a.raw));
#elif defined(__aarch64__)
  asm("" : "+w"(a.raw));
#endif
}
