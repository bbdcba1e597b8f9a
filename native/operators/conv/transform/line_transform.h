#pragma once

#include <set>
#include <string>

#include "kernels/kernels.h"
#include "operators/conv/transform/line_program.h"

namespace winograd {

/// One matrix, applied along an axis: by its codelet, or by the generic kernel.
class LineTransform {
 public:
  /// Throws std::invalid_argument for a codelet that the table does not have.
  LineTransform(const KernelTable& kernels, const LineProgram& program);

  void run(const LineArgs& args) const {
    if (codelet_ != nullptr) {
      codelet_->run(args);
    } else {
      pairedLines_(paired_.view(), args);
    }
  }

  /// The 1 x 1 matrix [1]: an axis that needs no pass.
  bool identity() const { return identity_; }
  int rows() const { return rows_; }
  int columns() const { return columns_; }
  /// Adds the name of the codelet, if there is one.
  void nameCodelet(std::set<std::string>& names) const {
    if (codelet_ != nullptr) names.insert(codelet_->name);
  }

 private:
  int rows_, columns_;
  bool identity_;
  const Codelet* codelet_ = nullptr;
  PairedProgram paired_;  // without a codelet
  PairedLines pairedLines_ = nullptr;
};

}  // namespace winograd
