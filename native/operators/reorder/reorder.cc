#include "operators/reorder/reorder.h"

#include <algorithm>

#include "operators/common/describe.h"
#include "operators/common/work.h"
#include "runtime/memory.h"

namespace winograd {
namespace {

// Pixels of one item: as many bytes of a vector of channels as stay in the second level of cache.
constexpr std::ptrdiff_t kPixels = 4096;

class Reorder : public Kernel {
 public:
  explicit Reorder(const Value& description)
      : kernels_(describe::kernels(description)),
        threads_(describe::threads(description)),
        blocks_(describe::choice(description["to"], kLayouts) == 1),
        batch_(description["batch"].integer(0, describe::kMaxElements)),
        channels_(description["channels"].integer(1, describe::kMaxElements)),
        pixels_(description["pixels"].integer(0, describe::kMaxElements)),
        vectors_(divideUp(channels_, kernels_.width)) {
    planarBytes_ = describe::floatBytes(describe::elements({batch_, channels_, pixels_}));
    blockedBytes_ = describe::floatBytes(describe::elements({batch_, vectors_, pixels_, kernels_.width}));
  }

  std::vector<std::size_t> inputBytes() const override { return {blocks_ ? planarBytes_ : blockedBytes_}; }
  std::vector<std::size_t> outputBytes() const override { return {blocks_ ? blockedBytes_ : planarBytes_}; }
  std::size_t workspaceBytes() const override { return 0; }
  int threads() const override { return threads_; }

  Times execute(std::span<const Buffer> inputs, std::span<const Buffer> outputs, const Run& run) const override {
    Stopwatch watch;
    const std::ptrdiff_t pieces = divideUp(pixels_, kPixels);
    forEachItem(batch_ * vectors_ * pieces, threads_, run, [&](std::ptrdiff_t item, int) {
      const Piece piece{item / pieces / vectors_, item / pieces % vectors_, item % pieces * kPixels,
                        std::min(kPixels, pixels_ - item % pieces * kPixels)};
      blocks_ ? block(piece, inputs[0].floats(), outputs[0].floats())
              : unblock(piece, inputs[0].floats(), outputs[0].floats());
    });
    return {watch.lap()};
  }

 private:
  static constexpr const char* kLayouts[] = {"planar", "blocked"};

  struct Piece {
    std::ptrdiff_t image, vector, pixel, count;
  };

  std::ptrdiff_t planarAt(const Piece& piece) const {
    return (piece.image * channels_ + piece.vector * kernels_.width) * pixels_ + piece.pixel;
  }
  std::ptrdiff_t blockedAt(const Piece& piece) const {
    return ((piece.image * vectors_ + piece.vector) * pixels_ + piece.pixel) * kernels_.width;
  }
  int channelsOf(const Piece& piece) const {
    return static_cast<int>(std::min<std::ptrdiff_t>(kernels_.width, channels_ - piece.vector * kernels_.width));
  }

  void block(const Piece& piece, const float* from, float* to) const {
    const float* rows[kMaxWidth] = {};
    for (int lane = 0; lane < channelsOf(piece); lane++) rows[lane] = from + planarAt(piece) + lane * pixels_;
    kernels_.loadRow({rows, 0, piece.count, 0, false, to + blockedAt(piece)});
  }

  void unblock(const Piece& piece, const float* from, float* to) const {
    // The one number that leaves every other as it is when it is added: 0 would make 0 of -0.
    alignas(64) static constexpr float nothing[kMaxWidth] = {-0.0f, -0.0f, -0.0f, -0.0f, -0.0f, -0.0f, -0.0f, -0.0f,
                                                             -0.0f, -0.0f, -0.0f, -0.0f, -0.0f, -0.0f, -0.0f, -0.0f};
    StoreRowsArgs args{};
    args.from = from + blockedAt(piece);
    args.pixelStride = kernels_.width;
    args.rows = 1;
    args.count = args.toStep = piece.count;
    args.to = to + planarAt(piece);
    args.channelStride = pixels_;
    args.channels = channelsOf(piece);
    args.bias = nothing;
    kernels_.storeRows(args);
  }

  const KernelTable& kernels_;
  int threads_;
  bool blocks_;
  std::ptrdiff_t batch_, channels_, pixels_;
  std::ptrdiff_t vectors_;
  std::size_t planarBytes_, blockedBytes_;
};

}  // namespace

const Operator kReorder{"reorder", prepare<Reorder>};

}  // namespace winograd
