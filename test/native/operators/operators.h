#pragma once

// What tests of operators share: descriptions in short, a run between guards, and counting. Kernels are known by their
// names and descriptions alone, as by those who come from outside.

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "kernels/kernels.h"
#include "operators/kernel.h"
#include "runtime/memory.h"
#include "runtime/value.h"

namespace operators_test {

using winograd::Buffer;
using winograd::Kernel;
using winograd::KernelTable;
using winograd::Value;
using Floats = std::vector<float>;
using Generator = std::mt19937;

inline int passed = 0, failed = 0;

inline void check(bool holds, const std::string& what) {
  (holds ? passed : failed)++;
  if (!holds) std::printf("FAILED %s\n", what.c_str());
}

/// A description: { "name", value } pairs.
struct Member {
  std::string name;
  Value::Content value;
  Member(std::string name, const char* text) : name(std::move(name)), value(std::string(text)) {}
  Member(std::string name, std::string text) : name(std::move(name)), value(std::move(text)) {}
  Member(std::string name, bool flag) : name(std::move(name)), value(flag) {}
  Member(std::string name, int number) : name(std::move(name)), value(static_cast<double>(number)) {}
  Member(std::string name, double number) : name(std::move(name)), value(number) {}
  Member(std::string name, std::vector<int32_t> numbers) : name(std::move(name)), value(std::move(numbers)) {}
  Member(std::string name, Floats numbers) : name(std::move(name)), value(std::move(numbers)) {}
  Member(std::string name, const Value& whole) : name(std::move(name)), value(whole.content()) {}
  Member(std::string name, Value::Array list) : name(std::move(name)), value(std::move(list)) {}
};

inline Value describe(const std::vector<Member>& members) {
  Value::Object object;
  for (const Member& member : members) object.emplace(member.name, Value(member.value));
  return Value(Value::Content(std::move(object)));
}

inline int between(Generator& generator, int least, int most) {
  return std::uniform_int_distribution<int>(least, most)(generator);
}

/// Small integers: their sums and products are exact.
inline Floats integers(std::size_t count, Generator& generator) {
  Floats values(count);
  for (float& value : values) value = static_cast<float>(between(generator, -8, 8));
  return values;
}

inline std::unique_ptr<Kernel> prepare(const std::string& name, const Value& description) {
  return winograd::findOperator(name).prepare(description);
}

/// Runs a kernel of one output. What lies around its output has to stay as it is; the workspace is full of NaN.
inline Floats run(const Kernel& kernel, const std::vector<Floats>& inputs, const std::string& what,
                  const Floats& before = {}) {
  constexpr std::size_t guard = 32;
  std::vector<Buffer> in;
  const std::vector<std::size_t> asked = kernel.inputBytes();
  check(asked.size() >= inputs.size(), what + ": inputs");
  for (std::size_t i = 0; i < asked.size(); i++) {
    if (i >= inputs.size()) {
      check(asked[i] == 0, what + ": an input is missing");
      in.push_back({});
      continue;
    }
    check(asked[i] == inputs[i].size() * sizeof(float), what + ": bytes of input " + std::to_string(i));
    in.push_back({const_cast<float*>(inputs[i].data()), asked[i]});
  }
  const std::size_t count = kernel.outputBytes().at(0) / sizeof(float);
  Floats out(count + 2 * guard, 12345.0f), workspace(kernel.workspaceBytes() / sizeof(float) + 32, NAN);
  const std::vector<Buffer> outputs{{out.data() + guard, count * sizeof(float)}};
  if (!before.empty()) check(before.size() == count, what + ": numbers of the result before it is there");
  std::copy(before.begin(), before.end(), out.begin() + guard);
  // On a line of the cache, as runs lend it.
  float* lent = workspace.data();
  while (reinterpret_cast<std::uintptr_t>(lent) % 64 != 0) lent++;
  kernel.execute(in, outputs, {{lent, kernel.workspaceBytes()}, nullptr});
  bool kept = true;
  for (std::size_t i = 0; i < guard; i++) kept = kept && out[i] == 12345.0f && out[count + guard + i] == 12345.0f;
  check(kept, what + ": memory around the output");
  return {out.begin() + guard, out.end() - guard};
}

/// Bit by bit, so that -0 and NaN count.
inline void checkSame(const Floats& got, const Floats& wanted, const std::string& what) {
  bool same = got.size() == wanted.size();
  for (std::size_t i = 0; same && i < got.size(); i++) {
    same = got[i] == wanted[i] ? std::signbit(got[i]) == std::signbit(wanted[i])
                               : got[i] != got[i] && wanted[i] != wanted[i];
    if (!same)
      std::printf("%s: element %zu is %g instead of %g\n", what.c_str(), i, static_cast<double>(got[i]),
                  static_cast<double>(wanted[i]));
  }
  check(same, what);
}

inline void checkRefused(const std::string& name, const std::vector<Member>& members, const std::string& what) {
  try {
    prepare(name, describe(members));
    check(false, what + " is not refused");
  } catch (const std::invalid_argument&) {
    check(true, what);
  } catch (const std::overflow_error&) {
    check(true, what);
  }
}

/// A cancelled run of any kernel ends with Cancelled.
inline void checkCancelled(const Kernel& kernel, const std::vector<Floats>& inputs, const std::string& what) {
  std::vector<Buffer> in;
  for (const Floats& input : inputs) in.push_back({const_cast<float*>(input.data()), input.size() * sizeof(float)});
  in.resize(kernel.inputBytes().size());
  Floats out(kernel.outputBytes().at(0) / sizeof(float)), workspace(kernel.workspaceBytes() / sizeof(float) + 1);
  const std::vector<Buffer> outputs{{out.data(), kernel.outputBytes()[0]}};
  const std::atomic<bool> cancelled{true};
  try {
    kernel.execute(in, outputs, {{workspace.data(), kernel.workspaceBytes()}, &cancelled});
    check(false, what + " goes on when cancelled");
  } catch (const winograd::Cancelled&) {
    check(true, what);
  }
}

/// Runs rounds of a test on each kernel table of this machine; the round is the seed.
inline int runAll(int argc, char** argv, const std::function<void(const KernelTable&, Generator&)>& test,
                  const std::function<void(const KernelTable&)>& once) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 60;
  for (int i = 0; i < winograd::kKernelTableCount; i++) {
    const KernelTable& kernels = *winograd::kKernelTables[i];
    if (!kernels.supported()) {
      std::printf("%s: not on this machine, skipped\n", kernels.name);
      continue;
    }
    for (int seed = 0; seed < rounds; seed++) {
      const int before = failed;
      Generator generator(static_cast<unsigned>(seed));
      test(kernels, generator);
      if (failed != before) std::printf("... on %s with seed %d\n", kernels.name, seed);
    }
    once(kernels);
    std::printf("%s: %d rounds\n", kernels.name, rounds);
  }
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}

}  // namespace operators_test
