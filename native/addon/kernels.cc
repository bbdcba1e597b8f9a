#include "addon/kernels.h"

#include "addon/passes.h"

namespace winograd::addon {
namespace {

constexpr napi_type_tag kTag{0x77696e6f67726164, 0x6e642e6b65726e65};

template <class Elements>
Napi::Array writeArray(Napi::Env env, const Elements& elements) {
  const Napi::Array result = Napi::Array::New(env, elements.size());
  for (uint32_t i = 0; i < elements.size(); i++) {
    if constexpr (std::is_arithmetic_v<typename Elements::value_type>) {
      result.Set(i, static_cast<double>(elements[i]));
    } else {
      result.Set(i, elements[i]);
    }
  }
  return result;
}

class KernelWrap : public Napi::ObjectWrap<KernelWrap> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "Kernel",
                       {
                           InstanceMethod<&KernelWrap::runSync>("runSync"),
                           InstanceAccessor<&KernelWrap::inputBytes>("inputBytes"),
                           InstanceAccessor<&KernelWrap::outputBytes>("outputBytes"),
                           InstanceAccessor<&KernelWrap::workspaceBytes>("workspaceBytes"),
                           InstanceAccessor<&KernelWrap::threads>("threads"),
                           InstanceAccessor<&KernelWrap::codelets>("codelets"),
                       });
  }

  explicit KernelWrap(const Napi::CallbackInfo& info) : ObjectWrap(info) {
    guarded(info.Env(), [&] {
      const Operator& found = findOperator(text(info[0], "operator"));
      kernel_ = found.prepare(readValue(info[1]));
    });
    info.This().As<Napi::Object>().TypeTag(&kTag);
  }

  static std::shared_ptr<const Kernel> from(const Napi::Value& value) {
    if (!value.IsObject() || !value.As<Napi::Object>().CheckTypeTag(&kTag))
      fail(value.Env(), "kernel", "an instance of Kernel");
    return Unwrap(value.As<Napi::Object>())->kernel_;
  }

 private:
  Napi::Value runSync(const Napi::CallbackInfo& info) {
    return guarded(info.Env(), [&]() -> Napi::Value {
      return writeTimes(info.Env(), readPass(kernel_, info[0], info[1]).execute());
    });
  }
  Napi::Value inputBytes(const Napi::CallbackInfo& info) { return writeArray(info.Env(), kernel_->inputBytes()); }
  Napi::Value outputBytes(const Napi::CallbackInfo& info) { return writeArray(info.Env(), kernel_->outputBytes()); }
  Napi::Value workspaceBytes(const Napi::CallbackInfo& info) {
    return Napi::Number::New(info.Env(), static_cast<double>(kernel_->workspaceBytes()));
  }
  Napi::Value threads(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), kernel_->threads()); }
  Napi::Value codelets(const Napi::CallbackInfo& info) { return writeArray(info.Env(), kernel_->codelets()); }

  std::shared_ptr<const Kernel> kernel_;
};

}  // namespace

Napi::Function defineKernel(Napi::Env env) {
  return KernelWrap::define(env);
}

std::shared_ptr<const Kernel> kernelOf(const Napi::Value& value) {
  return KernelWrap::from(value);
}

}  // namespace winograd::addon
