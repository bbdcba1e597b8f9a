#pragma once

#include <cstddef>
#include <cstdint>

/// The micro-kernels' table: what the engine knows of an instruction set.
///
/// Activations inside the engine are blocked: `width` channels side by side. Everything here works on such
/// vectors; strides count floats.
namespace winograd {

constexpr int kMaxGemmRows = 16;
constexpr int kMaxWidth = 16;

/// What happens to a sum on its way out: v = sum + bias + residual; v < 0 is multiplied by slope; then
/// low <= v <= high. The defaults leave v as it is.
struct Activation {
  float slope = 1;
  float low = -__builtin_inff(), high = __builtin_inff();
};
// Static, so that every instruction set compiles its own.
static constexpr bool changesNothing(const Activation& activation) {
  return activation.slope == 1 && activation.low == -__builtin_inff() && activation.high == __builtin_inff();
}

/// How packed weights are stored. bfloat16: the upper half of a float, its sign, its exponent and 7 bits of its
/// fraction. A lane holds one of the panel's first vector in its upper half and one of the second vector, if there is
/// one, in the lower, for the halves become floats by a shift or a mask, while widening half a vector takes several
/// instructions.
enum class WeightFormat { float32, bfloat16 };
constexpr int kWeightFormats = 2;
/// Vectors that `vectors` vectors of weights take.
constexpr int storedVectors(WeightFormat format, int vectors) {
  return format == WeightFormat::bfloat16 ? 1 : vectors;
}

/// One register tile of a sum of small matrix products (batch-reduce GEMM, Georganas et al. 2018, section II-C):
/// c[r][:] = activation(((Σ_segments Σ_k a[offset + r * rowStride + k] * b[segment][k][:] + addend[r][:]) + bias[:] +
/// rowBias[r]) + residual[r][:]). A segment is one channel block (Winograd), one tap of one channel block, or one tap
/// of one channel (direct).
struct GemmArgs {
  const float* a;
  std::ptrdiff_t rowStride;
  const std::ptrdiff_t* offsets;  // of `full` segments of `width` channels, then `single` ones of one channel
  std::ptrdiff_t full, single;
  const float* b;  // packed panel, [segment][channel][storedVectors * width], read once from front to back
  float* c;
  std::ptrdiff_t cStride, cVector;  // between rows, and between the vectors of a row
  const float* addend;              // laid out like c, or c itself; null: nothing
  const float* bias;                // vectors * width; null: none
  const float* rowBias;             // one for each row; null: none
  const float* residual;            // laid out like c; null: none
  const Activation* activation;     // null: none
  bool streamed;                    // stored past the caches
  const char* prefetch;             // next panel's share, fetched into L2 while this one is worked on
  int fetchingChannels;             // how many of four channels fetch as many lines of it as they read of b
  std::ptrdiff_t prefetchStep;      // bytes from one of these lines to the next
};
using Gemm = void (*)(const GemmArgs&);

/// An n-mode product over many lines (Budden et al. 2017, equation 3): for each line of three nested loops, the first
/// innermost, out[row * outStride] = Σ_column matrix[row][column] * in[column * inStride].
struct LineLoop {
  std::ptrdiff_t count, inStep, outStep;
};
struct LineArgs {
  const float* in;
  std::ptrdiff_t inStride;
  float* out;
  std::ptrdiff_t outStride;
  LineLoop loops[3];
};
using Lines = void (*)(const LineArgs&);

/// A transform known at build time: straight-line code for exactly the matrix whose digest is in the name.
struct Codelet {
  const char* name;
  int rows, columns;
  Lines run;
};

/// A transform known at run time, for the generic kernel. Its points come as ±p, so rows (of an input transform) come
/// as E + O and E - O, where E sums over some columns and O over others, and columns (of an output transform) are used
/// by their sum in some rows, E, and by their difference in the others, O. Either way two rows take two sums over
/// halves: a dense part over `pairs` pairs of columns, and single terms for columns that few rows use or that have no
/// partner.
struct ColumnPair {
  int first, second;  // E takes the first and O the second; if crossed, E takes their sum and O their difference
};
struct RowPair {
  int even = -1, odd = -1, sum = -1, difference = -1;  // the rows that are E, O, E + O, E - O; -1: none
};
struct PairedTransform {
  int rowPairs;
  const RowPair* rows;
  const ColumnPair* columns;
  const float* coefficients;  // [row pair][even, odd][column pair]
  const int* termEnds;        // [row pair][even, odd], the first begin at 0
  const int* termColumns;
  const float* termCoefficients;
};
using PairedLines = void (*)(const PairedTransform&, const LineArgs&);
constexpr int kMaxColumnPairs = 8;

/// One register tile of Algorithm 2 (Budden et al. 2017) for one vector of positions: 4 tiles side by side, some
/// kernels, m[kernel][tile] = Σ_channel d[channel][tile] ⊙ g[channel][kernel].
constexpr int kPositionTiles = 4;
constexpr int kMaxPositionKernels = 6;
struct PositionArgs {
  const float* d;
  std::ptrdiff_t dStep;  // between channels
  const float* g;        // [channel][kernel], read once from front to back
  std::ptrdiff_t channels;
  float* m;
  std::ptrdiff_t mKernel;  // between kernels
};
using Positions = void (*)(const PositionArgs&);

/// A row of sums where each lane has an input of its own: to[p][:] = Σ_tap from[tap.input + p * pixelStride][:] ⊙
/// weights[tap.weight][:]. A triple stands for three taps whose inputs and weights lie side by side, and takes pixels
/// that do.
constexpr int kGroupedPixels = 8;
struct GroupedTap {
  std::ptrdiff_t input, weight;
};
struct GroupedArgs {
  const float* from;
  std::ptrdiff_t pixelStride;
  const GroupedTap* taps;  // triples, then singles
  std::ptrdiff_t triples, singles;
  const float* weights;
  float* to;
};
using Grouped = void (*)(const GroupedArgs&);

/// One register tile of sums of outer products of pixels, kOuterRows channels by some vectors of them: to[r * toRow + v
/// * width + :] (+)= Σ_row Σ_pixel a[row * aRow + pixel * aPixel + r] * b[v * bVector + row * bRow + pixel * bPixel +
/// :]. The sum of a call begins at zero and joins what is there at the end, so that long sums are summed in blocks.
constexpr int kOuterRows = 4;
constexpr int kMaxOuterVectors = 4;
struct OuterArgs {
  const float* a;
  std::ptrdiff_t aRow, aPixel;
  const float* b;
  std::ptrdiff_t bRow, bPixel, bVector;
  std::ptrdiff_t rows, pixels;
  float* to;
  std::ptrdiff_t toRow;
  bool adds;  // to what is there
};
using Outer = void (*)(const OuterArgs&);

/// Rearranges the channels of blocked pixels: to[p][l] = from[p][lanes[l]].
struct SpreadArgs {
  const float* from;
  std::ptrdiff_t pixels;
  const int* lanes;
  float* to;
};
using Spread = void (*)(const SpreadArgs&);

/// Copies `count` pixels of `width` planar rows into blocked pixels, with `left` zero pixels before and `right` after.
struct LoadRowArgs {
  const float* const* from;  // one row a channel; null for a channel of zeros
  std::ptrdiff_t left, count, right;
  bool slack;  // a vector may be read from the start of each row, even if the row is shorter
  float* to;
};
using LoadRow = void (*)(const LoadRowArgs&);

/// The way back, for `rows` rows of `count` blocked pixels (pixelStride apart): to planar rows (of `channels` channels,
/// channelStride apart) or to blocked pixels side by side. What is added may lie either way, whatever the result does.
struct StoreRowsArgs {
  const float* from;
  std::ptrdiff_t pixelStride;
  std::ptrdiff_t rows, count;
  std::ptrdiff_t fromStep;  // floats from one row to the next
  std::ptrdiff_t toStep;    // pixels from one row of the result to the next
  float* to;
  std::ptrdiff_t channelStride;  // of planar rows, those of the residual, too
  int channels;                  // of planar rows
  const float* bias;             // `width` values
  const float* residual;         // planar rows, or null
  const float* blockedResidual;  // blocked pixels side by side, or null; not both
  bool streamed;                 // stored past the caches
  Activation activation;
};
using StoreRows = void (*)(const StoreRowsArgs&);

/// A matrix: to[c * toStride + r] = from[r * fromStride + c] where it is transposed, to[r * toStride + c] where it is
/// copied.
struct MatrixArgs {
  const float* from;
  std::ptrdiff_t fromStride, rows, columns;
  float* to;
  std::ptrdiff_t toStride;
};
using MoveMatrix = void (*)(const MatrixArgs&);

/// `count` runs of floats side by side: to[i * run + j] = from[offset(i) + j], where the offset is i * step, or
/// offsets[i] if there are any, and negative for a run of `fill`.
struct CopyRunsArgs {
  const float* from;
  const std::int32_t* offsets;  // or null
  std::ptrdiff_t step, count, run;
  float fill;
  float* to;
};
using CopyRuns = void (*)(const CopyRunsArgs&);

/// Rows of an unfolded input: row (channel, tap) has under each output the input that the tap meets there. For each tap
/// its runs: some columns side by side that have inputs `step` floats apart, from `plane` of their channel on, or zeros
/// if that is negative. They cover all columns that matter, in order.
struct ColumnRun {
  std::int32_t plane, column, count;
};
struct UnfoldArgs {
  float* plane;              // of the first row's channel
  std::ptrdiff_t planeStep;  // to the next channel's
  const ColumnRun* runs;
  const std::int32_t* ends;  // of each tap's; the first begin at 0
  std::ptrdiff_t taps, tap;  // of a channel, and the first row's
  std::ptrdiff_t rows, step;
  float* columns;  // of the first row; unfolding may write a vector behind each row
  std::ptrdiff_t columnsStep;
};
using Unfold = void (*)(const UnfoldArgs&);

/// A row of a sparse matrix by a panel of up to kMaxSparseVectors vectors: c = activation(Σ values[i] *
/// panel[offsets[i]
/// + :] + bias + (what c was, if it adds) + residual).
constexpr int kMaxSparseVectors = 8;
struct SparseRowArgs {
  const float* values;
  const std::int32_t* offsets;  // floats from the panel to its row
  std::ptrdiff_t count;
  const float* panel;
  float* c;
  bool adds;
  float bias;
  const float* residual;         // or null
  const Activation* activation;  // or null
};
using SparseRow = void (*)(const SparseRowArgs&);

/// One row of a pooling over lines: `rows` are combined into one, which is padded, then windows of its pixels into the
/// result: to[x] = combine over rows and taps of row[(x * stride + tap * dilation - left)], for each of `lanes` floats
/// of a pixel.
struct PoolArgs {
  const float* const* rows;
  std::ptrdiff_t rowCount;
  std::ptrdiff_t left, pixels, right;  // of the line
  std::ptrdiff_t lanes;                // 1, or those of a vector
  std::ptrdiff_t taps, stride, dilation, outputs;
  float* line;            // (left + pixels + right) * lanes, and `stride` vectors
  const float* divisors;  // of each output's sum; unused for maxima
  float* to;
};
using Pool = void (*)(const PoolArgs&);

/// The gradient of the maxima of windows side by side: each is added to the first of the largest of its window's
/// pixels. A NaN is larger than all numbers.
struct LargestArgs {
  const float* x;
  const float *begin, *end;  // of what may be read around x
  std::ptrdiff_t lanes;      // of a pixel: 1 or those of a vector
  std::ptrdiff_t outputs;    // windows
  std::ptrdiff_t stride;     // floats from one to the next
  std::ptrdiff_t count;      // taps
  // Of each tap: floats from x, or from the result, to its pixel of the first window; the windows that have it.
  const std::int32_t *pixels, *firsts, *ends;
  const float* gradient;
  float* to;
};
using Largest = void (*)(const LargestArgs&);

/// A weighted sum of rows: to[i] = Σ_tap weights[tap] * rows[tap][i].
struct BlendRowsArgs {
  const float* const* rows;
  const float* weights;
  std::ptrdiff_t taps, count;
  float* to;
};
using BlendRows = void (*)(const BlendRowsArgs&);

/// Weighted sums of pixels of `lanes` floats each, one of them or whole vectors: to[j][:] = Σ_tap weights[tap * count +
/// j]
/// * from[indices[tap * count + j]][:].
struct BlendPixelsArgs {
  const float* from;
  const std::int32_t* indices;
  const float* weights;
  std::ptrdiff_t taps, count, lanes;
  float* to;
};
using BlendPixels = void (*)(const BlendPixelsArgs&);

/// One elementwise function over a strip: to[i] = f(operands[0][i], operands[1][i], …) for `count` floats. The result
/// may overwrite an operand.
constexpr int kMaxElementOperands = 4;
struct StripOperand {
  const float* from;
  bool same;  // a vector of `width` values that holds for every vector of the strip
};
struct StripArgs {
  StripOperand operands[kMaxElementOperands];
  float* to;
  std::ptrdiff_t count;
  bool streamed;  // stored past the caches
};
struct ElementFunction {
  const char* name;
  int operands;
  void (*run)(const StripArgs&);
};

/// Takes `count` floats into totals in double precision.
struct AccumulateArgs {
  const float* from;
  std::ptrdiff_t count;
  double* totals;
};
using Accumulate = void (*)(const AccumulateArgs&);
struct Accumulation {
  const char* name;
  double neutral;      // what totals begin with
  Accumulate lanes;    // from[i] into totals[i modulo width]
  Accumulate columns;  // from[i] into totals[i]
};

/// An n-mode product in double precision: out[left][row][right] = Σ_column matrix[row][column] in[left][column][right].
struct ModeArgs {
  const double* matrix;
  int rows, columns;
  const double* in;
  double* out;
  std::ptrdiff_t left, right;
};
using ModeProduct = void (*)(const ModeArgs&);

/// `lines` of `lanes` numbers each, one behind the other, from floats that are `fromStride` apart from line to line.
struct WidenArgs {
  const float* from;
  std::ptrdiff_t fromStride, lines, lanes;
  double* to;
};
using Widen = void (*)(const WidenArgs&);

/// `count` numbers, each rounded to the nearest float.
struct NarrowArgs {
  const double* from;
  std::ptrdiff_t count;
  float* to;
  bool streamed;  // stored past the caches
};
using Narrow = void (*)(const NarrowArgs&);

struct KernelTable {
  const char* name;
  bool (*supported)();
  int width;
  int gemmRows;  // most rows of a register tile
  /// [weight format][vectors - 1][rows - 1]: a and c lie in rows of `width` and `vectors * width`; no bias, residual,
  /// activation, streaming.
  Gemm gemm[kWeightFormats][2][kMaxGemmRows];
  /// The same for weights of float32, with any strides and all of these.
  Gemm gemmStrided[2][kMaxGemmRows];
  int positionKernels;                       // most kernels of a register tile of positions
  Positions positions[kMaxPositionKernels];  // [kernels - 1]
  Grouped grouped[kGroupedPixels];           // [pixels - 1]
  int outerVectors;                          // most vectors of a register tile of outer products
  Outer outer[kMaxOuterVectors];             // [vectors - 1]
  Spread spread;
  const Codelet* codelets;  // sorted by name; the same names in every table
  int codeletCount;
  PairedLines pairedLines[2][kMaxColumnPairs + 1];  // [crossed][column pairs]
  LoadRow loadRow;
  StoreRows storeRows;         // to planar rows
  StoreRows storeBlockedRows;  // to blocked pixels
  MoveMatrix transpose, copyRows;
  CopyRuns copyRuns, copySingles;          // of runs of one float
  Unfold unfold, fold;                     // from planes to columns; from columns, added to planes
  SparseRow sparseRow[kMaxSparseVectors];  // [vectors - 1]
  Pool poolMaximum, poolAverage;
  Largest giveToLargest;
  BlendRows blendRows;
  BlendPixels blendPixels;
  const ElementFunction* functions;
  int functionCount;
  const Accumulation* accumulations;
  int accumulationCount;
  Accumulate moments;  // into sums, totals[i modulo width], and sums of squares, totals[width + i modulo width]
  ModeProduct modeProduct;
  Widen widen;
  Narrow narrow;
  /// Runs `iterations` dependent-free FMA rounds of registers; returns the floating-point operations done.
  double (*fmaRounds)(std::ptrdiff_t iterations);
  /// Reads `count` floats from `data` on, but for a remainder below 8 vectors, as fast as they come; returns their sum.
  float (*readAll)(const float* data, std::ptrdiff_t count);
};

/// Tables this build has, best first; the portable one is last and always supported.
extern const KernelTable* const kKernelTables[];
extern const int kKernelTableCount;

/// The table of that name if this machine can run it, else null.
const KernelTable* findKernels(const char* name);

/// The codelet of that name, else null.
const Codelet* findCodelet(const KernelTable& kernels, const char* name);

/// The table in use: the one that the environment variable WINOGRAD_ISA names, else the best supported one.
/// Throws std::invalid_argument if the variable names a table that this machine can't run.
const KernelTable& defaultKernels();

}  // namespace winograd
