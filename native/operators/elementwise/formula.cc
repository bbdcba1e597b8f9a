#include "operators/elementwise/formula.h"

#include <cstring>
#include <stdexcept>

namespace winograd {
namespace {

constexpr std::size_t kMaxSteps = 256;

const ElementFunction* findFunction(const KernelTable& kernels, const std::string& name) {
  for (int f = 0; f < kernels.functionCount; f++) {
    if (name == kernels.functions[f].name) return &kernels.functions[f];
  }
  return nullptr;
}

}  // namespace

FormulaParts FormulaParts::read(const Value& description, int inputs) {
  FormulaParts parts;
  parts.inputs = inputs;
  if (description.missing()) return parts;
  const Value constants = description["constants"];
  if (!constants.missing()) parts.constants = constants.floats();
  const Value functions = description["functions"];
  const Value::Array steps = functions.array();
  if (steps.empty() || steps.size() > kMaxSteps || parts.constants.size() > kMaxSteps) {
    functions.refuse("1 to " + std::to_string(kMaxSteps) + " functions of as many constants at the most");
  }
  for (const Value& step : steps) {
    const std::vector<int32_t>& operands = step["operands"].integers();
    parts.steps.push_back({step["name"].text(), {operands.begin(), operands.end()}});
  }
  return parts;
}

FormulaParts FormulaParts::after(const FormulaParts& first) const {
  const int before = first.inputs, results = static_cast<int>(first.steps.size());
  FormulaParts joined = first;
  joined.inputs = before + inputs - 1;
  joined.constants = constants;
  const int known = joined.inputs + static_cast<int>(constants.size());
  for (FormulaParts::Step& step : joined.steps) {
    for (int& operand : step.operands) operand += operand < before ? 0 : known - before;
  }
  const int ownKnown = inputs + static_cast<int>(constants.size());
  for (FormulaParts::Step step : steps) {
    for (int& operand : step.operands) {
      if (operand == 0) {
        operand = known + results - 1;
      } else {
        operand += operand < ownKnown ? before - 1 : before - 1 + results;
      }
    }
    joined.steps.push_back(step);
  }
  return joined;
}

Formula::Formula(const KernelTable& kernels, const FormulaParts& parts) : inputs_(parts.inputs) {
  for (const float constant : parts.constants) constants_.insert(constants_.end(), kMaxWidth, constant);
  const int constants = static_cast<int>(parts.constants.size()), known = inputs_ + constants;
  const int count = static_cast<int>(parts.steps.size());
  std::vector<int> lastUse(count, -1);
  for (int s = 0; s < count; s++) {
    const FormulaParts::Step& given = parts.steps[s];
    Step step{findFunction(kernels, given.function), {}, 0};
    if (step.function == nullptr) {
      throw std::invalid_argument("Expected function to be an elementwise function but received \"" + given.function +
                                  '"');
    }
    bool fits = given.operands.size() == static_cast<std::size_t>(step.function->operands);
    for (std::size_t o = 0; fits && o < given.operands.size(); o++) {
      const int operand = given.operands[o];
      fits = operand >= 0 && operand < known + s;
      if (!fits) break;
      step.operands[o] = operand < inputs_ ? Operand{Operand::In::input, operand}
                         : operand < known ? Operand{Operand::In::constant, operand - inputs_}
                                           : Operand{Operand::In::result, operand - known};
      if (operand >= known) lastUse[operand - known] = s;
    }
    if (!fits) {
      throw std::invalid_argument("Expected operands of function " + std::to_string(s) + " to be " +
                                  std::to_string(step.function->operands) +
                                  " inputs, constants and earlier results but received others");
    }
    steps_.push_back(step);
  }
  if (count == 0) throw std::invalid_argument("Expected a formula to have a function but received none");

  // Registers: a result takes the first one that nobody reads any more, maybe that of an operand.
  std::vector<int> freeFrom, registerOf(count);  // per register: the first step whose result may go there
  for (int s = 0; s < count; s++) {
    for (Operand& operand : steps_[s].operands) {
      if (operand.in == Operand::In::result) operand.index = registerOf[operand.index];
    }
    std::size_t r = 0;
    while (r < freeFrom.size() && freeFrom[r] > s) r++;
    if (r == freeFrom.size()) freeFrom.push_back(0);
    // The last result leaves the workspace; one that nobody reads is in nobody's way.
    freeFrom[r] = lastUse[s];
    registerOf[s] = steps_[s].result = static_cast<int>(r);
  }
  registers_ = count == 1 ? 0 : static_cast<std::ptrdiff_t>(freeFrom.size());
}

void Formula::run(const StripOperand* inputs, float* to, std::ptrdiff_t count, bool streamed, float* workspace) const {
  for (std::size_t s = 0; s < steps_.size(); s++) {
    const Step& step = steps_[s];
    const bool last = s + 1 == steps_.size();
    StripArgs args;
    for (int o = 0; o < step.function->operands; o++) {
      const Operand& operand = step.operands[o];
      switch (operand.in) {
        case Operand::In::input:
          args.operands[o] = inputs[operand.index];
          break;
        case Operand::In::constant:
          args.operands[o] = {constants_.data() + operand.index * kMaxWidth, true};
          break;
        case Operand::In::result:
          args.operands[o] = {workspace + operand.index * kStrip, false};
          break;
      }
    }
    args.to = last ? to : workspace + step.result * kStrip;
    args.count = count;
    args.streamed = last && streamed;
    step.function->run(args);
  }
}

}  // namespace winograd
