#include <string>

#include "operators/conv/convolution.h"
#include "operators/kernel.h"

namespace winograd {
namespace {

const Operator* const kOperators[] = {&kConvolution, &kPackConvolutionWeights};

}  // namespace

const Operator& findOperator(const std::string& name) {
  std::string names;
  for (const Operator* each : kOperators) {
    if (name == each->name) return *each;
    names += std::string(names.empty() ? "" : ", ") + each->name;
  }
  throw std::invalid_argument("Expected operator to be one of " + names + " but received \"" + name + '"');
}

}  // namespace winograd
