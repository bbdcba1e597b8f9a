#pragma once

#include <random>
#include <string>
#include <vector>

#include "operators/conv/direct/schedule.h"
#include "operators/conv/winograd/schedule.h"
#include "operators/kernel.h"

/// A convolution with all its decisions, as a test makes them.
struct Case {
  std::string name, algorithm;
  winograd::Problem problem;
  winograd::Schedule schedule;
  winograd::WinogradSchedule winograd{};  // its transforms and tilings are those of positions, too
  winograd::DirectSchedule direct{};
  winograd::Axes band{1, 1, 1};
  struct {
    std::ptrdiff_t rowBlock = 1, columnBlock = 1, channelBlock = 1, rowParts = 1, nonZeros = 0;
    bool sharesRows = false;
  } gemm{};
  double scale = 1;  // of the sums of products

  /// Sets the output's extents, and decisions to what any problem can obey. To be called once the problem is complete.
  void complete();
};

/// The description of a case.
winograd::Value describe(const Case& c);

/// A matrix as a description has it.
winograd::Value describe(const winograd::LineProgram& program);

/// A copy of the description in which the member at a path such as "schedule.tileBlock" is replaced.
winograd::Value with(const winograd::Value& description, const std::string& path, const winograd::Value& value);

inline winograd::Value number(double value) {
  return winograd::Value(value);
}

/// Executes a kernel once, on memory of its own. Inputs are left out where they are empty.
std::vector<float> execute(const winograd::Kernel& kernel, const std::vector<const std::vector<float>*>& inputs);

/// Packed weights of a description.
std::vector<float> pack(const winograd::Value& description, const std::vector<float>& weights);

/// Integers from -most to most.
std::vector<float> randomIntegers(std::size_t count, int most, std::mt19937& generator);

inline std::ptrdiff_t upTo(int most, std::mt19937& generator) {
  return 1 + static_cast<std::ptrdiff_t>(generator() % static_cast<unsigned>(most));
}
