#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "operators/kernel.h"
#include "program/constant.h"

/// A compiled network: kernels in order, between which tensors lie in one arena.
namespace winograd {

/// Where a kernel's operand lies.
struct Place {
  enum class In { nowhere, input, output, arena, constant };
  In in = In::nowhere;
  std::size_t index = 0;   // of the input, output or constant
  std::size_t offset = 0;  // bytes from its start; whole cache lines in the arena
  std::size_t bytes = 0;
};

struct Step {
  std::shared_ptr<const Kernel> kernel;
  std::vector<Place> inputs, outputs;
};

/// What a program is made of; all of it is checked when the program is made.
struct ProgramParts {
  std::vector<Step> steps;
  std::vector<std::shared_ptr<const Constant>> constants;
  std::vector<std::size_t> inputBytes, outputBytes;
  std::size_t arenaBytes = 0;
  bool wakes = false;  // whether sleeping threads are woken, though no kernel is long enough for that by itself
};

/// Immutable: any number of threads may run it at once, each run with an arena and a workspace of its own.
class Program {
 public:
  /// Throws std::invalid_argument unless every operand lies inside what it names and is as large as its kernel asks.
  /// That operands which live at the same time lie apart is the compiler's business: no mistake there leaves the arena.
  explicit Program(ProgramParts parts);

  /// Runs all steps in order and returns the time of each. Buffers are as large as the parts say.
  /// Throws Cancelled, OutOfMemory, std::invalid_argument.
  std::vector<Times> run(std::span<const Buffer> inputs, std::span<const Buffer> outputs,
                         const std::atomic<bool>* cancelled = nullptr) const;

  /// Makes all constants that are still to be made. Throws as `run` does.
  void prepare(const std::atomic<bool>* cancelled = nullptr) const;

  const ProgramParts& parts() const { return parts_; }
  /// Bytes of the arena and of the largest workspace: what a run allocates.
  std::size_t runBytes() const { return parts_.arenaBytes + workspaceBytes_; }
  std::size_t constantBytes() const;

 private:
  ProgramParts parts_;
  std::size_t workspaceBytes_ = 0;
  int threads_ = 1;
};

}  // namespace winograd
