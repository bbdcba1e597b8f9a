#pragma once

#include <napi.h>

#include <cmath>
#include <string>
#include <vector>

#include "operators/conv/common/problem.h"

/// JavaScript values as C++ ones, with a clear error for every other.
namespace winograd::addon {

constexpr double kMaxSafeInteger = 9007199254740991.0;

[[noreturn]] inline void fail(Napi::Env env, const std::string& name, const std::string& expected) {
  throw Napi::TypeError::New(env, "Expected " + name + " to be " + expected);
}

/// Runs what may throw one of the engine's exceptions, and passes it on as a JavaScript error.
template <class Body>
auto guarded(Napi::Env env, const Body& body) {
  try {
    return body();
  } catch (const Napi::Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw Napi::Error::New(env, "Expected memory to be available but there is not enough");
  } catch (const std::exception& error) {
    throw Napi::Error::New(env, error.what());
  }
}

inline std::ptrdiff_t integer(const Napi::Value& value, const std::string& name) {
  if (!value.IsNumber()) fail(value.Env(), name, "an integer");
  const double number = value.As<Napi::Number>().DoubleValue();
  if (std::floor(number) != number || std::abs(number) > kMaxSafeInteger) fail(value.Env(), name, "an integer");
  return static_cast<std::ptrdiff_t>(number);
}

inline int smallInteger(const Napi::Value& value, const std::string& name) {
  const std::ptrdiff_t number = integer(value, name);
  if (number < -(1 << 30) || number > (1 << 30)) fail(value.Env(), name, "a small integer");
  return static_cast<int>(number);
}

inline float number(const Napi::Value& value, const std::string& name) {
  if (!value.IsNumber()) fail(value.Env(), name, "a number");
  return value.As<Napi::Number>().FloatValue();
}

inline std::ptrdiff_t integerOr(const Napi::Object& object, const char* name, std::ptrdiff_t otherwise) {
  const Napi::Value value = object.Get(name);
  return value.IsUndefined() ? otherwise : integer(value, name);
}

inline Napi::Object object(const Napi::Value& value, const std::string& name) {
  if (!value.IsObject()) fail(value.Env(), name, "an object");
  return value.As<Napi::Object>();
}

inline std::string text(const Napi::Value& value, const std::string& name) {
  if (!value.IsString()) fail(value.Env(), name, "a string");
  return value.As<Napi::String>().Utf8Value();
}

inline Napi::Object array(const Napi::Value& value, const std::string& name, std::size_t length) {
  if (!value.IsArray() || value.As<Napi::Array>().Length() != length) {
    fail(value.Env(), name, "an array of " + std::to_string(length));
  }
  return value.As<Napi::Object>();
}

inline Axes axes(const Napi::Value& value, const std::string& name) {
  const Napi::Object list = array(value, name, 3);
  Axes result;
  for (uint32_t a = 0; a < 3; a++) result[a] = integer(list.Get(a), name);
  return result;
}

/// The elements of a typed array, wherever its memory is; null for an empty or detached one. Valid until JavaScript
/// runs again.
template <class Element>
struct Elements {
  const Element* data;
  std::size_t length;
};

template <class Element>
Elements<Element> elements(const Napi::Value& value, const std::string& name, napi_typedarray_type type,
                           const char* kind) {
  if (!value.IsTypedArray()) fail(value.Env(), name, kind);
  napi_typedarray_type actual;
  std::size_t length = 0;
  void* data = nullptr;
  // Never asks for the ArrayBuffer: that would fail for a SharedArrayBuffer.
  const napi_status status = napi_get_typedarray_info(value.Env(), value, &actual, &length, &data, nullptr, nullptr);
  if (status != napi_ok || actual != type) fail(value.Env(), name, kind);
  return {static_cast<const Element*>(data), data == nullptr ? 0 : length};
}

inline Elements<float> floats(const Napi::Value& value, const std::string& name) {
  return elements<float>(value, name, napi_float32_array, "a Float32Array");
}

inline Elements<float> floats(const Napi::Value& value, const std::string& name, std::size_t length) {
  const Elements<float> result = floats(value, name);
  if (result.length != length) {
    fail(value.Env(), name,
         "a Float32Array of " + std::to_string(length) + " but received one of " + std::to_string(result.length) +
             " (a detached one has none)");
  }
  return result;
}

inline std::vector<double> doubles(const Napi::Value& value, const std::string& name) {
  const Elements<double> found = elements<double>(value, name, napi_float64_array, "a Float64Array");
  return {found.data, found.data + found.length};
}

inline std::vector<int> integers(const Napi::Value& value, const std::string& name) {
  const Elements<int32_t> found = elements<int32_t>(value, name, napi_int32_array, "an Int32Array");
  return {found.data, found.data + found.length};
}

}  // namespace winograd::addon
