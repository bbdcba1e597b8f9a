#include <string>

#include "operators/concat/concat.h"
#include "operators/conv/convolution.h"
#include "operators/conv/gemm/unfold.h"
#include "operators/elementwise/elementwise.h"
#include "operators/gather/gather.h"
#include "operators/gemm/gemm.h"
#include "operators/gemm/panels.h"
#include "operators/kernel.h"
#include "operators/lrn/lrn.h"
#include "operators/normalize/normalize.h"
#include "operators/pool/pool.h"
#include "operators/reduce/reduce.h"
#include "operators/reorder/reorder.h"
#include "operators/resample/resample.h"
#include "operators/softmax/softmax.h"
#include "operators/sparse/product.h"

namespace winograd {
namespace {

const Operator* const kOperators[] = {
    &kConcat,       &kConvolution,
    &kCol2Im,       &kCopy,
    &kElementwise,  &kGather,
    &kGemm,         &kGroupNormalization,
    &kIm2Col,       &kLayerNormalization,
    &kLrn,          &kPackConvolutionWeights,
    &kPackGemm,     &kPool,
    &kPoolGradient, &kReduce,
    &kReorder,      &kResample,
    &kSoftmax,      &kSparseProduct,
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
