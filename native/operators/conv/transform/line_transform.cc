#include "operators/conv/transform/line_transform.h"

#include <stdexcept>

namespace winograd {
namespace {

// [1] as one row that is one term.
const PairedProgram kIdentity{false, {{0, -1, -1, -1}}, {}, {}, {1, 1}, {0}, {1}};

}  // namespace

LineTransform::LineTransform(const KernelTable& kernels, const LineProgram& program)
    : rows_(program.rows), columns_(program.columns), identity_(program.identity()) {
  if (!program.codelet.empty()) {
    codelet_ = findCodelet(kernels, program.codelet.c_str());
    if (codelet_ == nullptr) throw std::invalid_argument("Expected a codelet but received " + program.codelet);
    return;
  }
  paired_ = identity_ ? kIdentity : program.paired;
  pairedLines_ = kernels.pairedLines[paired_.crossed][paired_.columns.size()];
}

}  // namespace winograd
