#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace winograd {

/// A description that came from outside, as JSON has them, with arrays of numbers kept as such. Whoever reads it says
/// what is expected, and an error names the place: `Expected problem.batch to be an integer but received "two"`.
class Value {
 public:
  using Array = std::vector<Value>;
  using Object = std::map<std::string, Value>;
  using Content = std::variant<std::monostate, bool, double, std::string, Array, Object, std::vector<double>,
                               std::vector<float>, std::vector<int32_t>>;

  Value() = default;
  Value(Content content, std::string path = "the description") : content_(std::move(content)), path_(std::move(path)) {}

  /// Whether it is left out (undefined or null).
  bool missing() const { return std::holds_alternative<std::monostate>(content_); }
  const std::string& path() const { return path_; }
  const Content& content() const { return content_; }

  /// Each throws std::invalid_argument when it is anything else.
  bool boolean() const;
  double number() const;
  const std::string& text() const;
  /// An integer within the limits, both included.
  std::ptrdiff_t integer(std::ptrdiff_t least, std::ptrdiff_t most) const;
  const Array& array() const;
  const Object& object() const;
  const std::vector<double>& doubles() const;
  const std::vector<float>& floats() const;
  const std::vector<int32_t>& integers() const;

  /// A member of an object; a missing value if there is none.
  const Value& operator[](const std::string& name) const;

  /// Throws std::invalid_argument: `Expected <path> to be <expected> but received <this>`.
  [[noreturn]] void refuse(const std::string& expected) const;

 private:
  Content content_;
  std::string path_;
};

}  // namespace winograd
