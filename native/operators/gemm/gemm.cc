#include "operators/gemm/gemm.h"

#include <algorithm>

#include "operators/common/work.h"
#include "operators/gemm/blocked.h"
#include "operators/gemm/plain.h"

namespace winograd {
namespace {

class GemmKernel : public Kernel {
 public:
  explicit GemmKernel(const Value& description)
      : panels_(readPanels(description)),
        blocks_(
            readProductBlocks(description, description["m"].integer(1, describe::kMaxElements), panels_.n, panels_.k)),
        a_(readMatrix(description, "a", description["transposeA"].boolean(), blocks_.m, blocks_.k)),
        packed_(description["packed"].boolean()),
        plain_(readPlainFactor(description, panels_)),
        b_(readMatrix(description, "b", plain_.transposed, blocks_.k, blocks_.n)),
        cStride_(strideOf(description["strides"], "c", blocks_.n)),
        copiesA_(a_.transposed || description["packA"].boolean()),
        product_(blocks_, copiesA_, !packed_),
        accumulates_(!description["accumulates"].missing() && description["accumulates"].boolean()),
        beta_(static_cast<float>(description["beta"].number())),
        activation_(describe::activation(description["activation"])),
        wake_(description["wake"].missing() || description["wake"].boolean()) {
    if (a_.starts.size() != b_.starts.size()) description["b"].refuse("as many indices as of A");
    if (packed_ && b_.stride != blocks_.n && b_.stride != blocks_.k)
      description["strides"]["b"].refuse("left out for a packed factor");
    plain_.stride = b_.stride;
    const Value& strides = description["biasStrides"];
    if (!strides.missing()) {
      const std::vector<std::ptrdiff_t> given = describe::sizes(strides, 2, 0);
      biased_ = true;
      biasRow_ = given[0];
      biasColumn_ = given[1];
      if (biasColumn_ > 1 || (biasRow_ != 0 && biasRow_ != (biasColumn_ == 1 ? blocks_.n : 1)))
        strides.refuse("those of rows, columns or a matrix");
      if (accumulates_) strides.refuse("left out where the result is added to");
    }
    results_ = static_cast<std::ptrdiff_t>(a_.starts.size());
    cBytes_ =
        describe::floatBytes(describe::elements({results_ - 1, blocks_.m, cStride_}) + last(blocks_.m, blocks_.n));
    // The workspace: the bias of each row or of each column, then that of the product.
    productAt_ = biased_ ? roundUp(std::max(blocks_.m, roundUp(blocks_.n, panels_.width())), panels_.width()) : 0;
    describe::elements({1, productAt_ + product_.workspaceFloats()});
  }

  std::vector<std::size_t> inputBytes() const override {
    return {a_.bytes, packed_ ? describe::floatBytes(describe::elements({b_.matrices, panels_.floats()})) : b_.bytes,
            biased_ ? describe::floatBytes((blocks_.m - 1) * biasRow_ + (blocks_.n - 1) * biasColumn_ + 1) : 0};
  }
  std::vector<std::size_t> outputBytes() const override { return {cBytes_}; }
  std::size_t workspaceBytes() const override { return describe::floatBytes(productAt_ + product_.workspaceFloats()); }
  int threads() const override { return blocks_.threads; }
  bool wakes() const override { return wake_; }

  Times execute(std::span<const Buffer> inputs, std::span<const Buffer> outputs, const Run& run) const override {
    Stopwatch watch;
    const ThreadPool::Session awake(ThreadPool::shared(), blocks_.threads, wake_);
    const PlainRows a(*blocks_.kernels, inputs[0].floats(), a_.stride, a_.transposed, {a_.starts.data()});
    const PlainColumns plain(*blocks_.kernels, inputs[1].floats(), plain_, {b_.starts.data()});
    const PackedColumns packed(panels_, inputs[1].floats(), b_.indices.data());
    const float* const bias = inputs.size() > 2 ? inputs[2].floats() : nullptr;
    ProductResult result{outputs[0].floats(), cStride_};
    result.activation = changesNothing(activation_) ? nullptr : &activation_;
    result.adds = accumulates_;
    result.scale = beta_;
    if (biased_) addBias(bias, result, run);
    product_.run(
        results_, a, packed_ ? static_cast<const SecondFactor&>(packed) : plain,
        [&](std::ptrdiff_t product) {
          ProductResult each = result;
          each.c += product * blocks_.m * cStride_;
          return each;
        },
        run, workspaceAt(run, productAt_));
    return {watch.lap()};
  }

 private:
  // A factor as it lies.
  struct Matrix {
    std::ptrdiff_t matrices, stride;
    bool transposed;
    std::vector<std::ptrdiff_t> indices, starts;  // of each product: the matrix, and the floats before it
    std::size_t bytes;
  };

  static Matrix readMatrix(const Value& description, const char* name, bool transposed, std::ptrdiff_t rows,
                           std::ptrdiff_t columns) {
    if (transposed) std::swap(rows, columns);
    Matrix matrix{description["matrices"][name].integer(1, describe::kMaxElements),
                  strideOf(description["strides"], name, columns),
                  transposed,
                  {},
                  {},
                  0};
    const Value& indices = description[name];
    matrix.indices = describe::sizes(indices, indices.integers().size(), 0, matrix.matrices - 1);
    const std::ptrdiff_t floats = describe::elements({rows, matrix.stride});
    for (const std::ptrdiff_t index : matrix.indices) matrix.starts.push_back(index * floats);
    matrix.bytes = describe::floatBytes(describe::elements({matrix.matrices, floats}) - matrix.stride + columns);
    return matrix;
  }

  static std::ptrdiff_t strideOf(const Value& strides, const char* name, std::ptrdiff_t columns) {
    if (strides.missing()) return columns;
    const Value stride = strides[name];
    return stride.missing() ? columns : stride.integer(columns, describe::kMaxElements);
  }

  std::ptrdiff_t last(std::ptrdiff_t rows, std::ptrdiff_t columns) const {
    return describe::elements({rows - 1, cStride_}) + columns;
  }

  // A bias of rows or of columns is added to sums in registers; a matrix lies where the sums come before they do.
  void addBias(const float* bias, ProductResult& result, const Run& run) const {
    float* const scaled = workspaceAt(run, 0);
    const auto scale = [&](std::ptrdiff_t count) {
      for (std::ptrdiff_t i = 0; i < count; i++) scaled[i] = beta_ * bias[i];
      std::fill(scaled + count, scaled + productAt_, 0.0f);
    };
    if (biasRow_ == 0) {
      if (biasColumn_ == 0) {
        std::fill_n(scaled, productAt_, beta_ * *bias);
      } else {
        scale(blocks_.n);
      }
      result.columnBias = scaled;
    } else if (biasColumn_ == 0) {
      scale(blocks_.m);
      result.rowBias = scaled;
    } else {
      forEachItem(results_ * blocks_.m, blocks_.threads, run, [&](std::ptrdiff_t row, int) {
        std::copy_n(bias + row % blocks_.m * blocks_.n, blocks_.n, result.c + row * cStride_);
      });
      result.adds = true;
    }
  }

  const GemmPanels panels_;
  const ProductBlocks blocks_;
  const Matrix a_;
  const bool packed_;
  PlainFactor plain_;
  const Matrix b_;
  const std::ptrdiff_t cStride_;
  const bool copiesA_;
  const BlockedProduct product_;
  const bool accumulates_;
  const float beta_;
  const Activation activation_;
  const bool wake_;
  std::ptrdiff_t results_;
  bool biased_ = false;
  std::ptrdiff_t biasRow_ = 0, biasColumn_ = 0;
  std::size_t cBytes_;
  std::ptrdiff_t productAt_;
};

}  // namespace

const Operator kGemm{"gemm", prepare<GemmKernel>};

}  // namespace winograd
