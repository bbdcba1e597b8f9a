// Products of matrices against the triple loop, on integers, where every sum is exact.

#include "operators.h"

using namespace operators_test;

namespace {

struct Case {
  int m, n, k, sumBlock, rowBlock, columnBlock, aMatrices, bMatrices;
  std::vector<int32_t> a, b;
  bool transposeA, transposeB, packed, packA;
  double alpha, beta;
  int biasRow = 0, biasColumn = 0;
  bool biased, activated, accumulates;
  bool sharesRows;
  int aGap, bGap, cGap;  // between rows as they lie
};

Case randomCase(const KernelTable& kernels, Generator& generator) {
  Case c{};
  const auto flag = [&] { return between(generator, 0, 1) == 1; };
  c.m = between(generator, 1, 40);
  c.n = between(generator, 1, 70);
  c.k = between(generator, 1, 90);
  c.sumBlock = between(generator, 1, 100);
  c.rowBlock = between(generator, 1, 30);
  c.columnBlock = between(generator, 1, 3) * 2 * kernels.width;
  c.aMatrices = between(generator, 1, 3);
  c.bMatrices = between(generator, 1, 3);
  for (int i = between(generator, 1, 4); i > 0; i--) {
    c.a.push_back(between(generator, 0, c.aMatrices - 1));
    c.b.push_back(between(generator, 0, c.bMatrices - 1));
  }
  c.transposeA = flag();
  c.transposeB = flag();
  c.packed = flag();
  c.packA = flag();
  c.alpha = flag() ? 1 : 2;
  c.beta = flag() ? 1 : -3;
  c.biased = flag();
  c.activated = flag();
  c.accumulates = !c.biased && flag();
  c.sharesRows = flag();
  c.aGap = between(generator, 0, 2);
  c.bGap = c.packed ? 0 : between(generator, 0, 2);
  c.cGap = between(generator, 0, 2);
  if (c.biased) {
    c.biasColumn = between(generator, 0, 1);
    if (flag()) c.biasRow = c.biasColumn == 1 ? c.n : 1;
  }
  return c;
}

std::vector<Member> description(const Case& c, const KernelTable& kernels, int threads) {
  std::vector<Member> members{{"isa", kernels.name},
                              {"threads", threads},
                              {"m", c.m},
                              {"n", c.n},
                              {"k", c.k},
                              {"matrices", describe({{"a", c.aMatrices}, {"b", c.bMatrices}})},
                              {"a", c.a},
                              {"b", c.b},
                              {"transposeA", c.transposeA},
                              {"transposeB", c.transposeB},
                              {"alpha", c.alpha},
                              {"beta", c.beta},
                              {"packed", c.packed},
                              {"packA", c.packA},
                              {"rowBlock", c.rowBlock},
                              {"columnBlock", c.columnBlock},
                              {"sumBlock", c.sumBlock},
                              {"shared", c.sharesRows ? "rows" : "columns"},
                              {"accumulates", c.accumulates},
                              {"strides", describe({{"a", (c.transposeA ? c.m : c.k) + c.aGap},
                                                    {"b", (c.transposeB ? c.k : c.n) + c.bGap},
                                                    {"c", c.n + c.cGap}})}};
  if (c.biased) members.push_back({"biasStrides", std::vector<int32_t>{c.biasRow, c.biasColumn}});
  if (c.activated) members.push_back({"activation", describe({{"slope", 0.5}, {"low", -40.0}, {"high", 60.0}})});
  return members;
}

std::vector<Member> packing(const Case& c, const KernelTable& kernels) {
  return {{"isa", kernels.name},
          {"threads", 2},
          {"matrices", c.bMatrices},
          {"n", c.n},
          {"k", c.k},
          {"sumBlock", c.sumBlock},
          {"transposeB", c.transposeB},
          {"alpha", c.alpha}};
}

// What C becomes: gaps between its rows keep what they have.
Floats product(const Case& c, const Floats& a, const Floats& b, const Floats& bias, Floats result) {
  const int aStep = (c.transposeA ? c.m : c.k) + c.aGap, bStep = (c.transposeB ? c.k : c.n) + c.bGap;
  const int cStep = c.n + c.cGap;
  for (std::size_t i = 0; i < c.a.size(); i++) {
    const float* const first = a.data() + c.a[i] * (c.transposeA ? c.k : c.m) * aStep;
    const float* const second = b.data() + c.b[i] * (c.transposeB ? c.n : c.k) * bStep;
    for (int row = 0; row < c.m; row++) {
      for (int column = 0; column < c.n; column++) {
        double sum = 0;
        for (int s = 0; s < c.k; s++) {
          const float left = c.transposeA ? first[s * aStep + row] : first[row * aStep + s];
          const float right = c.transposeB ? second[column * bStep + s] : second[s * bStep + column];
          sum += static_cast<double>(left * right);
        }
        float& to = result[(i * static_cast<std::size_t>(c.m) + static_cast<std::size_t>(row)) *
                               static_cast<std::size_t>(cStep) +
                           static_cast<std::size_t>(column)];
        double value = c.alpha * sum;
        if (c.accumulates) value += c.beta * static_cast<double>(to);
        if (c.biased)
          value +=
              c.beta * static_cast<double>(bias[static_cast<std::size_t>(row * c.biasRow + column * c.biasColumn)]);
        if (c.activated) value = std::min(60.0, std::max(-40.0, value < 0 ? value / 2 : value));
        to = static_cast<float>(value);
      }
    }
  }
  return result;
}

std::size_t floatsOf(int matrices, int rows, int columns, int gap) {
  return static_cast<std::size_t>(matrices * rows * (columns + gap) - gap);
}

void test(const KernelTable& kernels, Generator& generator) {
  const Case c = randomCase(kernels, generator);
  const Floats a =
      integers(floatsOf(c.aMatrices, c.transposeA ? c.k : c.m, c.transposeA ? c.m : c.k, c.aGap), generator);
  const Floats b =
      integers(floatsOf(c.bMatrices, c.transposeB ? c.n : c.k, c.transposeB ? c.k : c.n, c.bGap), generator);
  const int last = (c.m - 1) * c.biasRow + (c.n - 1) * c.biasColumn;
  const Floats bias = integers(static_cast<std::size_t>(last + 1), generator);
  const auto kernel = prepare("gemm", describe(description(c, kernels, between(generator, 1, 3))));
  std::vector<Floats> inputs{a, b};
  if (c.packed) inputs[1] = run(*prepare("pack gemm", describe(packing(c, kernels))), {b}, "pack gemm");
  if (c.biased) inputs.push_back(bias);
  const Floats before = integers(floatsOf(static_cast<int>(c.a.size()), c.m, c.n, c.cGap), generator);
  Floats got = run(*kernel, inputs, "gemm", before), wanted = product(c, a, b, bias, before);
  for (float& value : got) value += 0.0f;
  for (float& value : wanted) value += 0.0f;
  checkSame(got, wanted, "gemm");
}

void testRefusals(const KernelTable& kernels) {
  Generator generator(1);
  Case good = randomCase(kernels, generator);
  good.biased = false;
  Case index = good;
  index.a[0] = good.aMatrices;
  checkRefused("gemm", description(index, kernels, 1), "a matrix that does not exist");
  Case block = good;
  block.columnBlock = kernels.width / 2;
  checkRefused("gemm", description(block, kernels, 1), "a column block of half a vector");
  Case empty = good;
  empty.k = 0;
  checkRefused("gemm", description(empty, kernels, 1), "sums of nothing");
  Case strides = good;
  strides.biased = true;
  strides.biasRow = good.n + 1;
  strides.biasColumn = 1;
  checkRefused("gemm", description(strides, kernels, 1), "a bias that is not there");
  Case large = good;
  large.m = large.n = large.k = 100000;
  checkRefused("gemm", description(large, kernels, 1), "matrices of too many elements");
  Case gaps = good;
  gaps.aGap = -1;
  checkRefused("gemm", description(gaps, kernels, 1), "rows that overlap");
  good.packed = false;
  good.aGap = good.bGap = good.cGap = 0;
  const auto kernel = prepare("gemm", describe(description(good, kernels, 2)));
  checkCancelled(*kernel,
                 {Floats(static_cast<std::size_t>(good.aMatrices * good.m * good.k)),
                  Floats(static_cast<std::size_t>(good.bMatrices * good.n * good.k))},
                 "gemm");
}

}  // namespace

int main(int argc, char** argv) {
  return runAll(
      argc, argv,
      [](const KernelTable& kernels, Generator& generator) {
        for (int i = 0; i < 8; i++) test(kernels, generator);
      },
      testRefusals);
}
