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
  throw std::invalid_argument("Expected " + (path_.empty() ? "the description" : path_) + " to be " + expected +
                              " but received " + std::visit(Describe{}, *content_));
}

template <class Wanted>
const Wanted& Value::as(const char* expected) const {
  const Wanted* found = std::get_if<Wanted>(content_.get());
  if (found == nullptr) refuse(expected);
  return *found;
}

bool Value::boolean() const {
  return as<bool>("true or false");
}

double Value::number() const {
  return as<double>("a number");
}

const std::string& Value::text() const {
  return as<std::string>("a string");
}

std::ptrdiff_t Value::integer(std::ptrdiff_t least, std::ptrdiff_t most) const {
  const double* found = std::get_if<double>(content_.get());
  const bool holds = found != nullptr && std::nearbyint(*found) == *found && *found >= static_cast<double>(least) &&
                     *found <= static_cast<double>(most);
  if (!holds) refuse("an integer from " + std::to_string(least) + " to " + std::to_string(most));
  return static_cast<std::ptrdiff_t>(*found);
}

Value::Array Value::array() const {
  Array elements = as<Array>("an array");
  for (std::size_t i = 0; i < elements.size(); i++) elements[i].path_ = path_ + "[" + std::to_string(i) + "]";
  return elements;
}

Value::Array Value::array(std::size_t length) const {
  const Array* found = std::get_if<Array>(content_.get());
  if (found == nullptr || found->size() != length) refuse("an array of " + std::to_string(length));
  return array();
}

Value::Object Value::object() const {
  Object members = as<Object>("an object");
  for (auto& [name, member] : members) member.path_ = pathOf(name);
  return members;
}

const std::vector<double>& Value::doubles() const {
  return as<std::vector<double>>("a Float64Array");
}

const std::vector<float>& Value::floats() const {
  return as<std::vector<float>>("a Float32Array");
}

const std::vector<int32_t>& Value::integers() const {
  return as<std::vector<int32_t>>("an Int32Array");
}

Value Value::operator[](const std::string& name) const {
  static const std::shared_ptr<const Content> nothing = std::make_shared<const Content>();
  const Object& members = as<Object>("an object");
  const auto found = members.find(name);
  return {found == members.end() ? nothing : found->second.content_, pathOf(name)};
}

}  // namespace winograd
