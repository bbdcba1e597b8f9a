#include "check.h"
#include "runtime/value.h"
#include "tests.h"

using winograd::Value;

void testValues() {
  const Value inner(Value::Content(Value::Object{{"size", Value(3.0)}, {"name", Value("x")}}));
  const Value list(Value::Content(Value::Array{inner, Value(true)}));
  const Value root(Value::Content(Value::Object{{"list", list}}));
  check(root["list"].array()[0]["size"].integer(1, 3) == 3, "a value within values");
  check(root["list"].array()[0]["size"].path() == "list[0].size", "a path");
  check(root["none"].missing() && root["none"].path() == "none", "a missing value");
  checkThrows<std::invalid_argument>("a member of nothing", "Expected none to be an object but received nothing",
                                     [&] { root["none"]["size"]; });
  checkThrows<std::invalid_argument>("another type", "Expected list[0].name to be a number but received \"x\"",
                                     [&] { root["list"].array()[0]["name"].number(); });
  checkThrows<std::invalid_argument>("another length", "Expected list to be an array of 3 but received an array of 2",
                                     [&] { root["list"].array(3); });
  checkThrows<std::invalid_argument>("the whole", "Expected the description to be a string but received an object",
                                     [&] { root.text(); });
}
