#include "operators/conv/transform/line_program.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace winograd {
namespace {

std::string below(int limit) {
  return "from 0 to " + std::to_string(limit - 1);
}

std::string sizes(int rows, int columns) {
  return std::to_string(rows) + " × " + std::to_string(columns);
}

// Every row of the matrix once, so that the kernel leaves none unwritten.
std::vector<RowPair> readRows(const Value& value, int rows) {
  const std::vector<int32_t>& given = value.integers();
  std::vector<int> seen(static_cast<std::size_t>(rows));
  for (const int row : given) {
    if (row < -1 || row >= rows) value.refuse("rows " + below(rows) + ", or -1 for none");
    if (row >= 0) seen[static_cast<std::size_t>(row)]++;
  }
  const bool once = std::all_of(seen.begin(), seen.end(), [](int times) { return times == 1; });
  if (given.size() % 4 != 0 || !once) value.refuse("fours of rows, each of the " + std::to_string(rows) + " once");
  std::vector<RowPair> pairs;
  for (std::size_t i = 0; i < given.size(); i += 4)
    pairs.push_back({given[i], given[i + 1], given[i + 2], given[i + 3]});
  return pairs;
}

std::vector<int> readColumns(const Value& value, int columns) {
  const std::vector<int32_t>& given = value.integers();
  for (const int column : given) {
    if (column < 0 || column >= columns) value.refuse("columns " + below(columns));
  }
  return {given.begin(), given.end()};
}

std::vector<ColumnPair> readColumnPairs(const Value& value, int columns) {
  const std::vector<int> given = readColumns(value, columns);
  if (given.size() % 2 != 0 || given.size() > 2 * kMaxColumnPairs)
    value.refuse("at most " + std::to_string(kMaxColumnPairs) + " pairs of columns");
  std::vector<ColumnPair> pairs;
  for (std::size_t i = 0; i < given.size(); i += 2) pairs.push_back({given[i], given[i + 1]});
  return pairs;
}

std::vector<float> readCoefficients(const Value& value, std::size_t count) {
  const std::vector<float>& given = value.floats();
  if (given.size() != count) value.refuse("a Float32Array of " + std::to_string(count));
  return given;
}

std::vector<int> readEnds(const Value& value, std::size_t halves, std::size_t terms) {
  const std::vector<int32_t>& given = value.integers();
  const bool ascending = std::is_sorted(given.begin(), given.end());
  if (given.size() != halves || !ascending || given.front() < 0 || static_cast<std::size_t>(given.back()) != terms)
    value.refuse(std::to_string(halves) + " ascending ends of " + std::to_string(terms) + " terms");
  return {given.begin(), given.end()};
}

PairedProgram readPairedProgram(const Value& value, int rows, int columns) {
  PairedProgram program;
  program.crossed = value["crossed"].boolean();
  program.rows = readRows(value["rows"], rows);
  program.columns = readColumnPairs(value["columns"], columns);
  const std::size_t halves = 2 * program.rows.size();
  program.coefficients = readCoefficients(value["coefficients"], halves * program.columns.size());
  program.termColumns = readColumns(value["termColumns"], columns);
  const std::size_t terms = program.termColumns.size();
  program.termCoefficients = readCoefficients(value["termCoefficients"], terms);
  program.termEnds = readEnds(value["termEnds"], halves, terms);
  return program;
}

std::string readCodelet(const Value& value, const KernelTable& kernels, int rows, int columns) {
  const Codelet* codelet = findCodelet(kernels, value.text().c_str());
  if (codelet == nullptr) value.refuse("the name of a codelet");
  if (codelet->rows != rows || codelet->columns != columns)
    value.refuse("a codelet for " + sizes(rows, columns) + ", not " + sizes(codelet->rows, codelet->columns) + ",");
  return value.text();
}

}  // namespace

PairedTransform PairedProgram::view() const {
  return {static_cast<int>(rows.size()), rows.data(),     columns.data(),
          coefficients.data(),           termEnds.data(), termColumns.data(),
          termCoefficients.data()};
}

LineProgram readLineProgram(const Value& value, const KernelTable& kernels, int rows, int columns) {
  const Value codelet = value["codelet"], program = value["program"];
  if (!codelet.missing()) return {rows, columns, readCodelet(codelet, kernels, rows, columns), {}};
  if (program.missing() && rows == 1 && columns == 1) return {};
  return {rows, columns, {}, readPairedProgram(program, rows, columns)};
}

}  // namespace winograd
