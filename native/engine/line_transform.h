#pragma once

#include <set>
#include <string>
#include <vector>

#include "../kernels/kernels.h"

namespace winograd {

/// One matrix, applied along an axis: by its codelet where the kernel table has one, else by the generic kernel.
class LineTransform {
 public:
  LineTransform(const KernelTable& kernels, int rows, int columns, const std::vector<double>& matrix);

  void run(const LineArgs& args) const {
    if (codelet_ != nullptr) {
      codelet_->run(args);
    } else {
      sparseLines_(sparse(), args);
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
  SparseTransform sparse() const {
    return {sparseRows_.data(), static_cast<int>(sparseRows_.size()), termColumns_.data(), termCoefficients_.data()};
  }
  void pairRows(const std::vector<double>& matrix);
  void addTerm(int column, double coefficient);

  int rows_, columns_;
  bool identity_;
  const Codelet* codelet_ = nullptr;
  SparseLines sparseLines_;
  std::vector<SparseRow> sparseRows_;
  std::vector<int> termColumns_;
  std::vector<float> termCoefficients_;
};

}  // namespace winograd
