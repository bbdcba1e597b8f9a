#include "addon/values.h"

#include <vector>

namespace winograd::addon {
namespace {

constexpr std::size_t kMostDepth = 32, kMostValues = std::size_t{1} << 20;

class Reader {
 public:
  Value read(const Napi::Value& value, const std::string& path) {
    if (++values_ > kMostValues) fail(value.Env(), "the description", "of at most 2^20 values");
    switch (value.Type()) {
      case napi_undefined:
      case napi_null:
        return Value();
      case napi_boolean:
        return Value(value.As<Napi::Boolean>().Value());
      case napi_number:
        return Value(value.As<Napi::Number>().DoubleValue());
      case napi_string:
        return Value(Value::Content(value.As<Napi::String>().Utf8Value()));
      case napi_object:
        return value.IsTypedArray() ? readNumbers(value, path) : readObject(value.As<Napi::Object>(), path);
      default:
        fail(value.Env(), nameOf(path), "a plain value");
    }
  }

 private:
  static std::string nameOf(const std::string& path) { return path.empty() ? "the description" : path; }

  Value readNumbers(const Napi::Value& value, const std::string& path) {
    switch (value.As<Napi::TypedArray>().TypedArrayType()) {
      case napi_float64_array:
        return copied<double>(value, path, napi_float64_array);
      case napi_float32_array:
        return copied<float>(value, path, napi_float32_array);
      case napi_int32_array:
        return copied<int32_t>(value, path, napi_int32_array);
      default:
        fail(value.Env(), nameOf(path), "a Float64Array, a Float32Array or an Int32Array");
    }
  }

  template <class Element>
  Value copied(const Napi::Value& value, const std::string& path, napi_typedarray_type type) {
    const Elements<Element> found = elements<Element>(value, nameOf(path), type, "a typed array");
    return Value(Value::Content(std::vector<Element>(found.data, found.data + found.length)));
  }

  // Reading a member may run JavaScript, which may change the object or throw.
  Value readObject(const Napi::Object& object, const std::string& path) {
    for (const Napi::Object& outer : path_) {
      if (outer.StrictEquals(object)) fail(object.Env(), nameOf(path), "no object that contains it");
    }
    if (path_.size() == kMostDepth) fail(object.Env(), nameOf(path), "no deeper within the description");
    path_.push_back(object);
    Value::Content content;
    if (object.IsArray()) {
      Value::Array elements;
      const Napi::Array array = object.As<Napi::Array>();
      for (uint32_t i = 0; i < array.Length(); i++)
        elements.push_back(read(array.Get(i), path + "[" + std::to_string(i) + "]"));
      content = std::move(elements);
    } else {
      Value::Object members;
      const Napi::Array names = object.GetPropertyNames();
      for (uint32_t i = 0; i < names.Length(); i++) {
        const std::string name = names.Get(i).ToString();
        members.emplace(name, read(object.Get(name), path.empty() ? name : path + "." + name));
      }
      content = std::move(members);
    }
    path_.pop_back();
    return Value(std::move(content));
  }

  std::vector<Napi::Object> path_;  // objects that contain the one that is being read
  std::size_t values_ = 0;
};

}  // namespace

Value readValue(const Napi::Value& value) {
  return Reader().read(value, "");
}

}  // namespace winograd::addon
