// The one source of every kernel table. A file per instruction set defines WINOGRAD_WIDTH, WINOGRAD_TABLE,
// WINOGRAD_NAME, WINOGRAD_GEMM_ROWS and WINOGRAD_SUPPORTED and includes this; CMakeLists.txt gives it the flags.
// Nothing but C headers here: a shared inline function compiled with wider instructions could be picked by the
// linker for everybody.

#include <cstddef>
#include <cstdint>

#include "kernels/kernels.h"

namespace winograd {
namespace {

#include "kernels/micro/vector.h"
// after vector.h
#include "kernels/micro/activation.h"
// after activation.h
#include "kernels/micro/blend.h"
#include "kernels/micro/gemm.h"
#include "kernels/micro/grouped.h"
#include "kernels/micro/layout.h"
#include "kernels/micro/move.h"
#include "kernels/micro/pool.h"
#include "kernels/micro/positions.h"
#include "kernels/micro/transform.h"
// after vector.h
#include "kernels/micro/math.h"
// after math.h
#include "kernels/micro/accumulate.h"
#include "kernels/micro/functions.h"

namespace codelets {
#include "kernels/codelets/codelets.h"
}

#define WINOGRAD_CODELET(name) \
  {#name, codelets::name::rows, codelets::name::columns, codelets::name::matrix, codeletLines<codelets::name>},
const Codelet codeletTable[] = {WINOGRAD_CODELETS(WINOGRAD_CODELET){nullptr, 0, 0, nullptr, nullptr}};
#undef WINOGRAD_CODELET

double fmaRounds(std::ptrdiff_t iterations) {
  constexpr int chains = 12;
  Vec sum[chains];
#pragma GCC unroll 16
  for (int i = 0; i < chains; i++) sum[i] = Vec::broadcast(static_cast<float>(i));
  const Vec factor = Vec::broadcast(0.5f), term = Vec::broadcast(1.0f);
  for (std::ptrdiff_t n = 0; n < iterations; n++) {
#pragma GCC unroll 16
    for (int i = 0; i < chains; i++) {
      sum[i] = fma(sum[i], factor, term);
      pin(sum[i]);
    }
  }
  // The sums must be used, else the compiler drops the loop; they tend to 2 and never are negative.
  float used = 0;
#pragma GCC unroll 16
  for (int i = 0; i < chains; i++) used += sum[i].raw[0];
  return used < 0 ? 0 : 2.0 * chains * Vec::width * static_cast<double>(iterations);
}

bool supported() {
  return WINOGRAD_SUPPORTED;
}

}  // namespace

// ... stands for whether the kernels are strided, and the format of their weights.
#define WINOGRAD_ROWS(vectors, ...)                                                              \
  {                                                                                              \
    gemm<1, vectors, __VA_ARGS__>, gemm<2, vectors, __VA_ARGS__>, gemm<3, vectors, __VA_ARGS__>, \
        gemm<4, vectors, __VA_ARGS__>, gemm<5, vectors, __VA_ARGS__>,                            \
        gemm<6, vectors, __VA_ARGS__> WINOGRAD_MORE_ROWS(vectors, __VA_ARGS__)                   \
  }
#if WINOGRAD_GEMM_ROWS == 14
#define WINOGRAD_POSITIONS                                                             \
  6, {                                                                                 \
    positions<1>, positions<2>, positions<3>, positions<4>, positions<5>, positions<6> \
  }
#define WINOGRAD_MORE_ROWS(vectors, ...)                                                              \
  , gemm<7, vectors, __VA_ARGS__>, gemm<8, vectors, __VA_ARGS__>, gemm<9, vectors, __VA_ARGS__>,      \
      gemm<10, vectors, __VA_ARGS__>, gemm<11, vectors, __VA_ARGS__>, gemm<12, vectors, __VA_ARGS__>, \
      gemm<13, vectors, __VA_ARGS__>, gemm<14, vectors, __VA_ARGS__>
#elif WINOGRAD_GEMM_ROWS == 6
#define WINOGRAD_POSITIONS                   \
  3, {                                       \
    positions<1>, positions<2>, positions<3> \
  }
#define WINOGRAD_MORE_ROWS(vectors, ...)
#else
#error "WINOGRAD_GEMM_ROWS must be 6 or 14"
#endif

#define WINOGRAD_PAIRED_LINES(crossed)                                                                      \
  {                                                                                                         \
    pairedLines<0, crossed>, pairedLines<1, crossed>, pairedLines<2, crossed>, pairedLines<3, crossed>,     \
        pairedLines<4, crossed>, pairedLines<5, crossed>, pairedLines<6, crossed>, pairedLines<7, crossed>, \
        pairedLines<8, crossed>                                                                             \
  }

extern const KernelTable WINOGRAD_TABLE;
const KernelTable WINOGRAD_TABLE = {
    WINOGRAD_NAME,
    supported,
    WINOGRAD_WIDTH,
    WINOGRAD_GEMM_ROWS,
    {{WINOGRAD_ROWS(1, false), WINOGRAD_ROWS(2, false)},
     {WINOGRAD_ROWS(1, false, WeightFormat::bfloat16), WINOGRAD_ROWS(2, false, WeightFormat::bfloat16)}},
    {WINOGRAD_ROWS(1, true), WINOGRAD_ROWS(2, true)},
    WINOGRAD_POSITIONS,
    {grouped<1>, grouped<2>, grouped<3>, grouped<4>, grouped<5>, grouped<6>, grouped<7>, grouped<8>},
    spread,
    codeletTable,
    static_cast<int>(sizeof(codeletTable) / sizeof(codeletTable[0])) - 1,
    {WINOGRAD_PAIRED_LINES(false), WINOGRAD_PAIRED_LINES(true)},
    loadRow,
    storeRows,
    storeBlockedRows,
    transposeTile,
    copyRows,
    copyRuns,
    copySingles,
    pool<Maximum>,
    pool<Average>,
    blendRows,
    blendSingles,
    elementFunctions,
    static_cast<int>(sizeof(elementFunctions) / sizeof(elementFunctions[0])),
    accumulations,
    static_cast<int>(sizeof(accumulations) / sizeof(accumulations[0])),
    accumulateMoments,
    fmaRounds,
};

}  // namespace winograd
