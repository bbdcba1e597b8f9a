#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "kernels/kernels.h"
#include "runtime/value.h"

namespace winograd {

/// Elementwise functions, each of inputs, constants and results of earlier ones; the last one's result is the
/// formula's. Operands are counted: inputs first, then constants, then results.
struct FormulaParts {
  struct Step {
    std::string function;
    std::vector<int> operands;
  };
  int inputs = 1;
  std::vector<float> constants;
  std::vector<Step> steps;

  /// Reads { constants: Float32Array, functions: [{ name, operands: Int32Array }, …] }; a missing description has
  /// no functions. Throws std::invalid_argument.
  static FormulaParts read(const Value& description, int inputs);

  /// This formula of the result of `first`, which takes the place of the first input; the inputs of `first` come before
  /// the other inputs. `first` has no constants.
  FormulaParts after(const FormulaParts& first) const;
};

/// Runs a formula strip by strip, so that a chain of functions is one pass over memory. Immutable.
class Formula {
 public:
  /// Throws std::invalid_argument for functions that are not in the table, and operands that do not come before.
  Formula(const KernelTable& kernels, const FormulaParts& parts);

  int inputs() const { return inputs_; }
  std::ptrdiff_t steps() const { return static_cast<std::ptrdiff_t>(steps_.size()); }
  /// Most floats of a strip. Results between functions stay in the first cache.
  std::ptrdiff_t strip() const { return steps_.size() == 1 ? 8 * kStrip : kStrip; }
  /// Floats for the results between functions.
  std::ptrdiff_t workspaceFloats() const { return registers_ * kStrip; }

  /// One strip of at most `strip()` floats. The result may overwrite inputs that are not the same all over.
  void run(const StripOperand* inputs, float* to, std::ptrdiff_t count, bool streamed, float* workspace) const;

 private:
  static constexpr std::ptrdiff_t kStrip = 1024;
  struct Operand {
    enum class In { input, constant, result } in;
    int index;  // of a result: its register
  };
  struct Step {
    const ElementFunction* function;
    Operand operands[kMaxElementOperands];
    int result;  // register
  };

  int inputs_;
  std::ptrdiff_t registers_ = 0;
  std::vector<float> constants_;  // kMaxWidth times each
  std::vector<Step> steps_;
};

}  // namespace winograd
