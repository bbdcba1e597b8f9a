#pragma once

#include <napi.h>

#include <cmath>
#include <string>

#include "runtime/value.h"

/// JavaScript values as C++ ones, with a clear error for every other.
namespace winograd::addon {

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

/// A description of plain values: undefined, null, booleans, numbers, strings, arrays, objects, and arrays of doubles,
/// floats and 32-bit integers, all of which are copied. Throws a JavaScript error for anything else, for one that
/// contains itself or is too deep or too large, and what its getters throw.
Value readValue(const Napi::Value& value);

inline std::ptrdiff_t integer(const Napi::Value& value, const std::string& name) {
  constexpr double maxSafeInteger = 9007199254740991.0;
  if (!value.IsNumber()) fail(value.Env(), name, "an integer");
  const double number = value.As<Napi::Number>().DoubleValue();
  if (std::floor(number) != number || std::abs(number) > maxSafeInteger) fail(value.Env(), name, "an integer");
  return static_cast<std::ptrdiff_t>(number);
}

inline Napi::Object object(const Napi::Value& value, const std::string& name) {
  if (!value.IsObject()) fail(value.Env(), name, "an object");
  return value.As<Napi::Object>();
}

inline Napi::Array array(const Napi::Value& value, const std::string& name) {
  if (!value.IsArray()) fail(value.Env(), name, "an array");
  return value.As<Napi::Array>();
}

inline std::string text(const Napi::Value& value, const std::string& name) {
  if (!value.IsString()) fail(value.Env(), name, "a string");
  return value.As<Napi::String>().Utf8Value();
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

}  // namespace winograd::addon
