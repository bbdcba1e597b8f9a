#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

/// What every operator offers the engine: a kernel that is prepared for one problem by one schedule, and obeys it.
namespace winograd {

/// Number types of elements in memory. Kernels compute in float32, whatever they read and write.
enum class Type { float32, bfloat16, float16, float64, int64, int32, int8, uint8 };

/// Bytes of one element.
constexpr std::size_t sizeOf(Type type) {
  switch (type) {
    case Type::float64:
    case Type::int64:
      return 8;
    case Type::float32:
    case Type::int32:
      return 4;
    case Type::bfloat16:
    case Type::float16:
      return 2;
    default:
      return 1;
  }
}

/// A run that somebody has asked to stop.
struct Cancelled : std::runtime_error {
  Cancelled() : std::runtime_error("Expected the run to go on but it was cancelled") {}
};

/// Memory that a kernel reads or writes; 64-byte aligned unless a caller's own. No data: an input that is left out.
struct Buffer {
  void* data = nullptr;
  std::size_t bytes = 0;

  float* floats() const { return static_cast<float*>(data); }
  template <class Element>
  Element* as() const {
    return static_cast<Element*>(data);
  }
};

/// What a run lends to a kernel.
struct Run {
  /// At least the kernel's `workspaceBytes()`, 64-byte aligned, contents undefined.
  Buffer workspace;
  /// Set by whoever wants the run to stop; null: nobody can.
  const std::atomic<bool>* cancelled = nullptr;

  /// Whether somebody wants it to stop; for places that must not throw.
  bool stopped() const { return cancelled != nullptr && cancelled->load(std::memory_order_relaxed); }

  /// To be called every few milliseconds of work at the least. Throws Cancelled.
  void check() const {
    if (stopped()) throw Cancelled();
  }
};

/// Milliseconds of one execution; the stages are summed over threads. A kernel without stages leaves them at zero.
struct Times {
  double total = 0, input = 0, product = 0, output = 0;
};

/// Immutable once made: any number of threads may execute it at once, each with a workspace of its own.
class Kernel {
 public:
  virtual ~Kernel() = default;

  /// Bytes of each input and output, in the order in which `execute` takes them.
  virtual std::vector<std::size_t> inputBytes() const = 0;
  virtual std::vector<std::size_t> outputBytes() const = 0;
  virtual std::size_t workspaceBytes() const = 0;
  /// Threads that take part, the caller's included.
  virtual int threads() const { return 1; }
  /// Whether sleeping threads are worth waking for it.
  virtual bool wakes() const { return true; }
  /// Names of the generated codelets in use.
  virtual std::vector<std::string> codelets() const { return {}; }

  /// Writes all outputs in full. Inputs and outputs do not overlap unless the kernel says they may.
  /// Throws Cancelled, OutOfMemory.
  virtual Times execute(std::span<const Buffer> inputs, std::span<const Buffer> outputs, const Run& run) const = 0;
};

class Value;

/// An operator of the engine: a name, and how a kernel is made from a description (see Value) that came from outside.
struct Operator {
  const char* name;
  /// Throws std::invalid_argument (`Expected … but received …`) for what the engine can't run, std::overflow_error for
  /// sizes that do not fit.
  std::unique_ptr<Kernel> (*prepare)(const Value& description);
};

/// The operator of that name; throws std::invalid_argument. The list is in operators.cc.
const Operator& findOperator(const std::string& name);

}  // namespace winograd
