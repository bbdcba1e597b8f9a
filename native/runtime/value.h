#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace winograd {

/// A description that came from outside, as JSON has them, with arrays of numbers kept as such. Whoever reads it says
/// what is expected, and an error names the place: `Expected problem.batch to be an integer from 1 to 8 but received
/// "two"`. Copies share their content.
class Value {
 public:
  using Array = std::vector<Value>;
  using Object = std::map<std::string, Value>;
  using Content = std::variant<std::monostate, bool, double, std::string, Array, Object, std::vector<double>,
                               std::vector<float>, std::vector<int32_t>>;

  /// A missing value.
  Value() : Value(Content{}) {}
  explicit Value(Content content) : content_(std::make_shared<const Content>(std::move(content))) {}
  explicit Value(bool value) : Value(Content(value)) {}
  explicit Value(double value) : Value(Content(value)) {}
  explicit Value(const char* value) : Value(Content(std::string(value))) {}

  /// Whether it is left out (undefined or null).
  bool missing() const { return std::holds_alternative<std::monostate>(*content_); }
  /// Where it stands in the description, `problem.input[2]`; empty for the whole of it.
  const std::string& path() const { return path_; }
  const Content& content() const { return *content_; }

  // Each of the following throws std::invalid_argument when the value is anything else. References stay valid as long
  // as any copy of this value or of one that contains it.

  bool boolean() const;
  double number() const;
  const std::string& text() const;
  /// An integer within the limits, both included.
  std::ptrdiff_t integer(std::ptrdiff_t least, std::ptrdiff_t most) const;
  /// The elements, which know their paths; of `length` if that is given.
  Array array() const;
  Array array(std::size_t length) const;
  /// The members, which know their paths.
  Object object() const;
  const std::vector<double>& doubles() const;
  const std::vector<float>& floats() const;
  const std::vector<int32_t>& integers() const;

  /// A member of an object; a missing value that knows its path if there is none.
  Value operator[](const std::string& name) const;

  /// Throws std::invalid_argument: `Expected <path> to be <expected> but received <this>`.
  [[noreturn]] void refuse(const std::string& expected) const;

 private:
  Value(std::shared_ptr<const Content> content, std::string path)
      : content_(std::move(content)), path_(std::move(path)) {}
  std::string pathOf(const std::string& member) const { return path_.empty() ? member : path_ + "." + member; }
  template <class Wanted>
  const Wanted& as(const char* expected) const;

  std::shared_ptr<const Content> content_;
  std::string path_;
};

}  // namespace winograd
