#include <string>

#include "operators/elementwise/elementwise.h"
#include "operators/kernel.h"
#include "operators/lrn/lrn.h"
#include "operators/normalize/normalize.h"
#include "operators/reduce/reduce.h"
#include "operators/softmax/softmax.h"

namespace winograd {
namespace {

const Operator* const kOperators[] = {
    &kElementwise, &kGroupNormalization, &kLayerNormalization, &kLrn, &kReduce, &kSoftmax,
};

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
