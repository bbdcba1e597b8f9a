// The one source of every kernel table. A file per instruction set defines WINOGRAD_WIDTH, WINOGRAD_TABLE,
// WINOGRAD_NAME, WINOGRAD_GEMM_ROWS, WINOGRAD_POSITION_KERNELS, WINOGRAD_OUTER_VECTORS and WINOGRAD_SUPPORTED and
// includes this; CMakeLists.txt gives it the flags. Nothing but C headers here: a shared inline function compiled with
// wider instructions could be picked by the linker for everybody.

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
#include "kernels/micro/outer.h"
#include "kernels/micro/pool.h"
#include "kernels/micro/positions.h"
#include "kernels/micro/sparse.h"
#include "kernels/micro/transform.h"
#include "kernels/micro/unfold.h"
// after vector.h
#include "kernels/micro/math.h"
// after math.h
#include "kernels/micro/accumulate.h"
#include "kernels/micro/functions.h"
#include "kernels/micro/mode.h"

namespace codelets {
#include "kernels/codelets/codelets.h"
}

#define WINOGRAD_CODELET(name) {#name, codelets::name::rows, codelets::name::columns, codeletLines<codelets::name>},
constexpr Codelet codeletTable[] = {WINOGRAD_CODELETS(WINOGRAD_CODELET)};
#undef WINOGRAD_CODELET
constexpr int codeletCount = sizeof(codeletTable) / sizeof(codeletTable[0]);

// Lookups search the table by halves.
constexpr bool codeletsAreSorted() {
  for (int i = 1; i < codeletCount; i++) {
    const char *before = codeletTable[i - 1].name, *after = codeletTable[i].name;
    while (*before != '\0' && *before == *after) before++, after++;
    if (*before >= *after) return false;
  }
  return true;
}
static_assert(codeletsAreSorted());

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

float readAll(const float* data, std::ptrdiff_t count) {
  constexpr int chains = 8;
  Vec sum[chains];
#pragma GCC unroll 8
  for (int i = 0; i < chains; i++) sum[i] = Vec::broadcast(0.0f);
  for (std::ptrdiff_t at = 0; at + chains * Vec::width <= count; at += chains * Vec::width) {
#pragma GCC unroll 8
    for (int i = 0; i < chains; i++) sum[i] = sum[i] + Vec::load(data + at + i * Vec::width);
  }
  float all = 0;
#pragma GCC unroll 8
  for (int i = 0; i < chains; i++) all += sum[i].raw[0];
  return all;
}

bool supported() {
  return WINOGRAD_SUPPORTED;
}

// Fill [rows - 1], [kernels - 1], [pixels - 1] and [column pairs] of the table, from the most on downwards.
template <int VECTORS, bool STRIDED, WeightFormat FORMAT, int ROWS = WINOGRAD_GEMM_ROWS>
constexpr void fillGemm(Gemm (&to)[kMaxGemmRows]) {
  to[ROWS - 1] = gemm<ROWS, VECTORS, STRIDED, FORMAT>;
  if constexpr (ROWS > 1) fillGemm<VECTORS, STRIDED, FORMAT, ROWS - 1>(to);
}

template <int KERNELS = WINOGRAD_POSITION_KERNELS>
constexpr void fillPositions(Positions (&to)[kMaxPositionKernels]) {
  to[KERNELS - 1] = positions<KERNELS>;
  if constexpr (KERNELS > 1) fillPositions<KERNELS - 1>(to);
}

template <int PIXELS = kGroupedPixels>
constexpr void fillGrouped(Grouped (&to)[kGroupedPixels]) {
  to[PIXELS - 1] = grouped<PIXELS>;
  if constexpr (PIXELS > 1) fillGrouped<PIXELS - 1>(to);
}

template <int VECTORS = WINOGRAD_OUTER_VECTORS>
constexpr void fillOuter(Outer (&to)[kMaxOuterVectors]) {
  to[VECTORS - 1] = outerProducts<VECTORS>;
  if constexpr (VECTORS > 1) fillOuter<VECTORS - 1>(to);
}

template <int VECTORS = kMaxSparseVectors>
constexpr void fillSparse(SparseRow (&to)[kMaxSparseVectors]) {
  to[VECTORS - 1] = sparseRow<VECTORS>;
  if constexpr (VECTORS > 1) fillSparse<VECTORS - 1>(to);
}

template <bool CROSSED, int PAIRS = kMaxColumnPairs>
constexpr void fillPairedLines(PairedLines (&to)[kMaxColumnPairs + 1]) {
  to[PAIRS] = pairedLines<PAIRS, CROSSED>;
  if constexpr (PAIRS > 0) fillPairedLines<CROSSED, PAIRS - 1>(to);
}

constexpr KernelTable makeTable() {
  KernelTable table{};
  table.name = WINOGRAD_NAME;
  table.supported = supported;
  table.width = WINOGRAD_WIDTH;
  table.gemmRows = WINOGRAD_GEMM_ROWS;
  fillGemm<1, false, WeightFormat::float32>(table.gemm[0][0]);
  fillGemm<2, false, WeightFormat::float32>(table.gemm[0][1]);
  fillGemm<1, false, WeightFormat::bfloat16>(table.gemm[1][0]);
  fillGemm<2, false, WeightFormat::bfloat16>(table.gemm[1][1]);
  fillGemm<1, true, WeightFormat::float32>(table.gemmStrided[0]);
  fillGemm<2, true, WeightFormat::float32>(table.gemmStrided[1]);
  table.positionKernels = WINOGRAD_POSITION_KERNELS;
  fillPositions(table.positions);
  fillGrouped(table.grouped);
  table.outerVectors = WINOGRAD_OUTER_VECTORS;
  fillOuter(table.outer);
  table.spread = spread;
  table.codelets = codeletTable;
  table.codeletCount = codeletCount;
  fillPairedLines<false>(table.pairedLines[0]);
  fillPairedLines<true>(table.pairedLines[1]);
  table.loadRow = loadRow;
  table.storeRows = storeRows;
  table.storeBlockedRows = storeBlockedRows;
  table.transpose = transposeTile;
  table.copyRows = copyRows;
  table.copyRuns = copyRuns;
  table.copySingles = copySingles;
  table.unfold = unfold;
  table.fold = fold;
  fillSparse(table.sparseRow);
  table.poolMaximum = pool<Maximum>;
  table.poolAverage = pool<Average>;
  table.giveToLargest = giveToLargest;
  table.blendRows = blendRows;
  table.blendPixels = blendPixels;
  table.functions = elementFunctions;
  table.functionCount = static_cast<int>(sizeof(elementFunctions) / sizeof(elementFunctions[0]));
  table.accumulations = accumulations;
  table.accumulationCount = static_cast<int>(sizeof(accumulations) / sizeof(accumulations[0]));
  table.moments = accumulateMoments;
  table.modeProduct = modeProduct;
  table.widen = widen;
  table.narrow = narrow;
  table.fmaRounds = fmaRounds;
  table.readAll = readAll;
  return table;
}

}  // namespace

extern const KernelTable WINOGRAD_TABLE;
constexpr KernelTable WINOGRAD_TABLE = makeTable();

}  // namespace winograd
