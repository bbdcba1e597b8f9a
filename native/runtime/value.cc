#include "runtime/value.h"

#include <cmath>
#include <stdexcept>

namespace winograd {
namespace {

std::string shortNumber(double value) {
  if (std::nearbyint(value) == value && std::abs(value) < 1e15) return std::to_string(static_cast<long long>(value));
  return std::to_string(value);
}

struct Describe {
  std::string operator()(std::monostate) const { return "nothing"; }
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(double value) const { return shortNumber(value); }
  std::string operator()(const std::string& value) const { return '"' + value + '"'; }
  std::string operator()(const Value::Object&) const { return "an object"; }
  template <class Element>
  std::string operator()(const std::vector<Element>& value) const {
    return "an array of " + std::to_string(value.size());
  }
};

}  // namespace

void Value::refuse(const std::string& expected) const {
  throw std::invalid_argument("Expected " + path_ + " to be " + expected + " but received " +
                              std::visit(Describe{}, content_));
}

bool Value::boolean() const {
  const bool* found = std::get_if<bool>(&content_);
  if (found == nullptr) refuse("true or false");
  return *found;
}

double Value::number() const {
  const double* found = std::get_if<double>(&content_);
  if (found == nullptr) refuse("a number");
  return *found;
}

const std::string& Value::text() const {
  const std::string* found = std::get_if<std::string>(&content_);
  if (found == nullptr) refuse("a string");
  return *found;
}

std::ptrdiff_t Value::integer(std::ptrdiff_t least, std::ptrdiff_t most) const {
  const double* found = std::get_if<double>(&content_);
  const bool holds = found != nullptr && std::nearbyint(*found) == *found &&
                     *found >= static_cast<double>(least) && *found <= static_cast<double>(most);
  if (!holds) refuse("an integer from " + std::to_string(least) + " to " + std::to_string(most));
  return static_cast<std::ptrdiff_t>(*found);
}

const Value::Array& Value::array() const {
  const Array* found = std::get_if<Array>(&content_);
  if (found == nullptr) refuse("an array");
  return *found;
}

const Value::Object& Value::object() const {
  const Object* found = std::get_if<Object>(&content_);
  if (found == nullptr) refuse("an object");
  return *found;
}

const std::vector<double>& Value::doubles() const {
  const auto* found = std::get_if<std::vector<double>>(&content_);
  if (found == nullptr) refuse("a Float64Array");
  return *found;
}

const std::vector<float>& Value::floats() const {
  const auto* found = std::get_if<std::vector<float>>(&content_);
  if (found == nullptr) refuse("a Float32Array");
  return *found;
}

const std::vector<int32_t>& Value::integers() const {
  const auto* found = std::get_if<std::vector<int32_t>>(&content_);
  if (found == nullptr) refuse("an Int32Array");
  return *found;
}

const Value& Value::operator[](const std::string& name) const {
  static const Value nothing;
  const Object& members = object();
  const auto found = members.find(name);
  return found == members.end() ? nothing : found->second;
}

}  // namespace winograd
