#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "kernels/kernels.h"
#include "operators/conv/transform/pairing.h"

namespace winograd {

/// One matrix, applied along an axis: by its codelet where the kernel table has one, else by the generic kernel.
class LineTransform {
 public:
  LineTransform(const KernelTable& kernels, int rows, int columns, const std::vector<double>& matrix);

  void run(const LineArgs& args) const {
    if (codelet_ != nullptr) {
      codelet_->run(args);
    } else {
      pairedLines_(pairing_->transform(), args);
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
  std::optional<Pairing> pairing_;  // without a codelet
  PairedLines pairedLines_ = nullptr;
};

}  // namespace winograd
