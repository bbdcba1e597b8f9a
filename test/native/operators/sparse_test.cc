// Sparse matrices by dense ones against the triple loop, on integers, where every sum is exact.

#include <cstring>

#include "operators.h"

using namespace operators_test;

namespace {

struct Case {
  int m, n, k;
  bool accumulates;
  Floats values;
  std::vector<int32_t> indices, pointers{0};
};

Case randomCase(Generator& generator) {
  Case c{between(generator, 1, 80),
         between(generator, 1, 300),
         between(generator, 1, 90),
         between(generator, 0, 1) == 1,
         {},
         {}};
  const int density = between(generator, 0, 10);
  for (int row = 0; row < c.m; row++) {
    for (int column = 0; column < c.k; column++) {
      if (between(generator, 1, 10) > density) continue;
      c.values.push_back(static_cast<float>(between(generator, -8, 8)));
      c.indices.push_back(column);
    }
    c.pointers.push_back(static_cast<int32_t>(c.indices.size()));
  }
  return c;
}

std::vector<Member> description(const Case& c, const KernelTable& kernels, int threads) {
  return {{"isa", kernels.name},
          {"threads", threads},
          {"m", c.m},
          {"n", c.n},
          {"k", c.k},
          {"nonZeros", static_cast<int>(c.values.size())},
          {"accumulates", c.accumulates}};
}

// Integers as the bits of floats, as inputs come.
Floats bits(const std::vector<int32_t>& integers) {
  Floats floats(integers.size());
  if (!integers.empty()) std::memcpy(floats.data(), integers.data(), integers.size() * sizeof(float));
  return floats;
}

void test(const KernelTable& kernels, Generator& generator) {
  const Case c = randomCase(generator);
  const Floats b = integers(static_cast<std::size_t>(c.k * c.n), generator);
  const Floats before = integers(static_cast<std::size_t>(c.m * c.n), generator);
  Floats wanted = c.accumulates ? before : Floats(before.size());
  for (int row = 0; row < c.m; row++) {
    for (int i = c.pointers[static_cast<std::size_t>(row)]; i < c.pointers[static_cast<std::size_t>(row) + 1]; i++) {
      for (int column = 0; column < c.n; column++)
        wanted[static_cast<std::size_t>(row * c.n + column)] +=
            c.values[static_cast<std::size_t>(i)] *
            b[static_cast<std::size_t>(c.indices[static_cast<std::size_t>(i)] * c.n + column)];
    }
  }
  const auto kernel = prepare("sparse product", describe(description(c, kernels, between(generator, 1, 3))));
  Floats got = run(*kernel, {c.values, bits(c.indices), bits(c.pointers), b}, "sparse product", before);
  for (float& value : got) value += 0.0f;
  for (float& value : wanted) value += 0.0f;
  checkSame(got, wanted, "sparse product");
}

void testRefusals(const KernelTable& kernels) {
  Generator generator(1);
  Case good = randomCase(generator);
  while (good.values.size() < 2) good = randomCase(generator);
  const auto refused = [&](const Case& c, const std::string& what) {
    const auto kernel = prepare("sparse product", describe(description(c, kernels, 1)));
    const Floats b(static_cast<std::size_t>(c.k * c.n));
    bool thrown = false;
    try {
      run(*kernel, {c.values, bits(c.indices), bits(c.pointers), b}, what);
    } catch (const std::invalid_argument&) {
      thrown = true;
    }
    check(thrown, what);
  };
  Case beyond = good;
  beyond.indices[0] = good.k;
  refused(beyond, "an index beyond the columns");
  Case before = good;
  before.indices[1] = -1;
  refused(before, "a negative index");
  Case falling = good;
  falling.pointers[static_cast<std::size_t>(good.m)]--;
  refused(falling, "pointers that end early");
  Case many = good;
  many.n = 0;
  checkRefused("sparse product", description(many, kernels, 1), "no columns");
}

}  // namespace

int main(int argc, char** argv) {
  return runAll(
      argc, argv,
      [](const KernelTable& kernels, Generator& generator) {
        for (int i = 0; i < 6; i++) test(kernels, generator);
      },
      testRefusals);
}
