#include "operators/conv/transform/pairing.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace winograd {
namespace {

using Row = std::vector<double>;
using Halves = std::array<Row, 2>;  // even, odd

/// Rows that share their halves.
struct Pair {
  RowPair at;
  Halves halves;  // over all entries; those of the other half are zero
};

/// The rows of a matrix as sums over even and over odd entries.
struct Halved {
  std::array<std::vector<int>, 2> entries;  // even, odd
  std::vector<Pair> pairs;
};

/// What one half takes of the columns of every pair of rows: `columns` with their signs, times a coefficient.
struct Operand {
  std::vector<std::pair<int, double>> columns;
  int half;
  Row coefficients;  // of each pair of rows
};

/// What the kernel gets: pairs of rows, pairs of operands of both halves, and single operands.
struct Program {
  bool crossed;
  std::vector<RowPair> rows;
  std::vector<std::array<Operand, 2>> pairs;
  std::vector<Operand> singles;
};

std::vector<Row> rowsOf(int rows, int columns, const std::vector<double>& matrix, bool transposed) {
  std::vector<Row> result(static_cast<std::size_t>(transposed ? columns : rows));
  for (int r = 0; r < rows; r++) {
    for (int c = 0; c < columns; c++) result[transposed ? c : r].push_back(matrix[r * columns + c]);
  }
  return result;
}

bool zero(const Row& row) {
  return std::all_of(row.begin(), row.end(), [](double value) { return value == 0; });
}

Row negative(Row row) {
  for (double& value : row) value = -value;
  return row;
}

constexpr int kUnknown = -1;

// Of two rows that differ by signs alone, those entries are odd whose signs differ. Does nothing if that contradicts
// what is known.
void learnFromPair(const Row& a, const Row& b, std::vector<int>& parity) {
  std::vector<int> learnt = parity;
  for (std::size_t c = 0; c < a.size(); c++) {
    if (a[c] == 0 && b[c] == 0) continue;
    const int found = a[c] == b[c] ? 0 : 1;
    if (found == 1 && a[c] != -b[c]) return;
    if (parity[c] == 1 - found) return;
    learnt[c] = found;
  }
  parity = learnt;
}

// Entries that no pair of rows has go with those beside them in a row that is otherwise even, or odd.
void learnFromRow(const Row& row, std::vector<int>& parity) {
  std::array<bool, 2> found{};
  for (std::size_t c = 0; c < row.size(); c++) {
    if (row[c] != 0 && parity[c] != kUnknown) found[parity[c]] = true;
  }
  if (found[0] == found[1]) return;
  for (std::size_t c = 0; c < row.size(); c++) {
    if (row[c] != 0 && parity[c] == kUnknown) parity[c] = found[1];
  }
}

std::vector<int> paritiesOf(const std::vector<Row>& rows) {
  std::vector<int> parity(rows[0].size(), kUnknown);
  for (std::size_t a = 0; a < rows.size(); a++) {
    for (std::size_t b = a + 1; b < rows.size(); b++) {
      if (rows[a] != rows[b]) learnFromPair(rows[a], rows[b], parity);
    }
  }
  for (const Row& row : rows) learnFromRow(row, parity);
  for (std::size_t c = 0; c < parity.size(); c++) {
    if (parity[c] == kUnknown) parity[c] = c % 2;
  }
  return parity;
}

// Places a row in the first pair that shares its halves and has a slot for it, else in a new one. Rows of both halves
// come first, then even ones, then odd ones: these also fill up pairs that have no odd half.
void place(int row, const Halves& halves, std::vector<Pair>& pairs) {
  const Row &even = halves[0], &odd = halves[1];
  const auto claim = [&](int RowPair::*slot, const auto& fits) {
    const auto found = std::find_if(pairs.begin(), pairs.end(),
                                    [&](const Pair& pair) { return pair.at.*slot < 0 && fits(pair.halves); });
    if (found == pairs.end()) return false;
    found->at.*slot = row;
    if (slot == &RowPair::odd) found->halves[1] = odd;
    return true;
  };
  int RowPair::*slot = zero(odd) ? &RowPair::even : zero(even) ? &RowPair::odd : &RowPair::sum;
  if (slot == &RowPair::even) {
    if (claim(slot, [&](const Halves& other) { return other[0] == even; })) return;
  } else if (slot == &RowPair::odd) {
    if (claim(slot, [&](const Halves& other) { return other[1] == odd; })) return;
    if (claim(slot, [&](const Halves& other) { return zero(other[1]); })) return;
  } else {
    const Row opposite = negative(odd);
    if (claim(&RowPair::difference, [&](const Halves& other) { return other[0] == even && other[1] == opposite; }))
      return;
  }
  Pair fresh{{}, halves};
  fresh.at.*slot = row;
  pairs.push_back(fresh);
}

Halved halve(const std::vector<Row>& rows) {
  Halved result;
  const std::vector<int> parity = paritiesOf(rows);
  for (std::size_t c = 0; c < parity.size(); c++) result.entries[parity[c]].push_back(static_cast<int>(c));
  std::vector<Halves> halves(rows.size(), Halves{Row(parity.size()), Row(parity.size())});
  std::array<std::vector<int>, 3> order;  // both halves, even, odd
  for (std::size_t r = 0; r < rows.size(); r++) {
    for (std::size_t c = 0; c < parity.size(); c++) halves[r][parity[c]][c] = rows[r][c];
    order[zero(halves[r][1]) ? 1 : zero(halves[r][0]) ? 2 : 0].push_back(static_cast<int>(r));
  }
  for (const std::vector<int>& kind : order) {
    for (const int row : kind) place(row, halves[row], result.pairs);
  }
  return result;
}

// Fused multiply-adds of a line if all were dense.
std::size_t cost(const Halved& halved) {
  return halved.pairs.size() * std::max(halved.entries[0].size(), halved.entries[1].size());
}

// An input transform: rows are sums and differences. A column that few pairs of rows use stays single, as that takes a
// load more for each use.
Program byRows(const Halved& rows) {
  Program program{};
  for (const Pair& pair : rows.pairs) program.rows.push_back(pair.at);
  std::array<std::vector<Operand>, 2> dense;
  for (const int half : {0, 1}) {
    for (const int column : rows.entries[half]) {
      Operand operand{{{column, 1}}, half, {}};
      for (const Pair& pair : rows.pairs) operand.coefficients.push_back(pair.halves[half][column]);
      const auto unused = std::count(operand.coefficients.begin(), operand.coefficients.end(), 0);
      const bool rare = 2 * unused >= static_cast<std::ptrdiff_t>(rows.pairs.size());
      (rare ? program.singles : dense[half]).push_back(operand);
    }
  }
  for (std::size_t i = 0; i < std::max(dense[0].size(), dense[1].size()); i++) {
    std::array<Operand, 2> pair;
    for (const int half : {0, 1}) {
      // Where the other half has more columns, its column is taken times zero.
      pair[half] =
          i < dense[half].size() ? dense[half][i] : Operand{dense[1 - half][i].columns, half, Row(program.rows.size())};
    }
    program.pairs.push_back(pair);
  }
  return program;
}

// An output transform, the transpose: columns are used by their sums and differences.
Program byColumns(const Halved& columns) {
  Program program{};
  program.crossed = true;
  const std::array<std::vector<int>, 2>& rows = columns.entries;
  program.rows.resize(std::max(rows[0].size(), rows[1].size()));
  for (std::size_t i = 0; i < rows[0].size(); i++) program.rows[i].even = rows[0][i];
  for (std::size_t i = 0; i < rows[1].size(); i++) program.rows[i].odd = rows[1][i];
  for (const Pair& pair : columns.pairs) {
    const auto operand = [&](int half, std::vector<std::pair<int, double>> from) {
      Row coefficients(program.rows.size());
      for (std::size_t i = 0; i < rows[half].size(); i++) coefficients[i] = pair.halves[half][rows[half][i]];
      return Operand{std::move(from), half, coefficients};
    };
    const auto [even, odd, sum, difference] = pair.at;
    if (even >= 0) program.singles.push_back(operand(0, {{even, 1}}));
    if (odd >= 0) program.singles.push_back(operand(1, {{odd, 1}}));
    if (difference >= 0) {
      program.pairs.push_back({operand(0, {{sum, 1}, {difference, 1}}), operand(1, {{sum, 1}, {difference, -1}})});
    } else if (sum >= 0) {
      program.singles.push_back(operand(0, {{sum, 1}}));
      program.singles.push_back(operand(1, {{sum, 1}}));
    }
  }
  return program;
}

// What does not fit the kernel's registers becomes single.
void limitPairs(Program& program) {
  while (program.pairs.size() > kMaxColumnPairs) {
    for (const Operand& operand : program.pairs.back()) program.singles.push_back(operand);
    program.pairs.pop_back();
  }
}

}  // namespace

Pairing::Pairing(int rows, int columns, const std::vector<double>& matrix) {
  const Halved halvedRows = halve(rowsOf(rows, columns, matrix, false)),
               halvedColumns = halve(rowsOf(rows, columns, matrix, true));
  Program program = cost(halvedRows) <= cost(halvedColumns) ? byRows(halvedRows) : byColumns(halvedColumns);
  limitPairs(program);

  crossed_ = program.crossed;
  rows_ = program.rows;
  for (const auto& [even, odd] : program.pairs)
    columns_.push_back({even.columns.front().first, odd.columns.back().first});
  for (std::size_t r = 0; r < rows_.size(); r++) {
    for (const int half : {0, 1}) {
      for (const std::array<Operand, 2>& pair : program.pairs)
        coefficients_.push_back(static_cast<float>(pair[half].coefficients[r]));
      for (const Operand& operand : program.singles) {
        if (operand.half != half || operand.coefficients[r] == 0) continue;
        for (const auto& [column, sign] : operand.columns) {
          termColumns_.push_back(column);
          termCoefficients_.push_back(static_cast<float>(sign * operand.coefficients[r]));
        }
      }
      termEnds_.push_back(static_cast<int>(termColumns_.size()));
    }
  }
}

}  // namespace winograd
