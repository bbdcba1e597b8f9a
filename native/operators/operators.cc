#include <stdexcept>
#include <string>

#include "operators/concat/concat.h"
#include "operators/gather/gather.h"
#include "operators/gemm/gemm.h"
#include "operators/gemm/panels.h"
#include "operators/kernel.h"
#include "operators/pool/pool.h"
#include "operators/reorder/reorder.h"
#include "operators/resample/resample.h"

namespace winograd {
namespace {

// To add an operator: its folder, and a row here.
constexpr Operator kOperators[] = {
    {"concat", prepareConcat}, {"gather", prepareGather},   {"gemm", prepareGemm},         {"pack gemm", preparePackGemm},
    {"pool", preparePool},     {"reorder", prepareReorder}, {"resample", prepareResample},
};

}  // namespace

const Operator& findOperator(const std::string& name) {
  for (const Operator& row : kOperators) {
    if (name == row.name) return row;
  }
  throw std::invalid_argument("Expected operator to be one that the engine has but received \"" + name + '"');
}

}  // namespace winograd
