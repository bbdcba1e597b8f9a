// OpenBLAS as a contender of the benchmark: answers one JSON object a line (bench/products/run.ts) with one of its own.
// Factors are small integers, so that every sum is exact and results can be compared by a sum of theirs.

#include <cblas.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <string>
#include <vector>

namespace {

long number(const std::string& line, const std::string& key) {
  const std::size_t at = line.find("\"" + key + "\":");
  return at == std::string::npos ? 0 : std::stol(line.substr(at + key.size() + 3));
}

std::vector<float> integers(long count, long seed) {
  std::vector<float> values(static_cast<std::size_t>(count));
  for (long i = 0; i < count; i++) values[static_cast<std::size_t>(i)] = static_cast<float>((i * 7 + seed) % 11 - 5);
  return values;
}

void answer(const std::string& line) {
  const int m = static_cast<int>(number(line, "m")), n = static_cast<int>(number(line, "n")),
            k = static_cast<int>(number(line, "k"));
  static std::vector<float> a, b, c;
  static std::string last;
  const std::string shape = std::to_string(m) + ' ' + std::to_string(n) + ' ' + std::to_string(k);
  if (shape != last) {
    a = integers(static_cast<long>(m) * k, 1);
    b = integers(static_cast<long>(k) * n, 2);
    c.assign(static_cast<std::size_t>(m) * static_cast<std::size_t>(n), 0);
    last = shape;
  }
  openblas_set_num_threads(static_cast<int>(number(line, "threads")));
  const long passes = number(line, "passes");
  const auto begin = std::chrono::steady_clock::now();
  for (long i = 0; i < passes; i++)
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1, a.data(), k, b.data(), n, 0, c.data(), n);
  const std::chrono::duration<double, std::milli> time = std::chrono::steady_clock::now() - begin;
  double sum = 0;
  for (std::size_t i = 0; i < c.size(); i++) sum += c[i] * static_cast<double>(i % 13);
  std::printf("{\"ms\":%.6f,\"sum\":%.1f,\"library\":\"%s\"}\n", time.count() / static_cast<double>(passes), sum,
              openblas_get_config());
  std::fflush(stdout);
}

}  // namespace

int main() {
  for (std::string line; std::getline(std::cin, line);) answer(line);
}
