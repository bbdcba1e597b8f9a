#include "addon/kernels.h"

#include <algorithm>
#include <vector>

#include "addon/values.h"
#include "operators/kernel.h"
#include "runtime/memory.h"

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

/// A kernel and what it runs on, on the calling thread.
struct Pass {
  std::shared_ptr<const Kernel> kernel;
  std::vector<Elements<float>> inputs, outputs;  // those of no length are left out

  /// Executes it with a workspace from the pool. Throws OutOfMemory and what the kernel throws.
  Times execute() const;
};

bool overlap(const Elements<float>& a, const Elements<float>& b) {
  return a.data < b.data + b.length && b.data < a.data + a.length;
}

std::vector<Buffer> buffersOf(const std::vector<Elements<float>>& arrays) {
  std::vector<Buffer> buffers;
  for (const Elements<float>& each : arrays)
    buffers.push_back({const_cast<float*>(each.data), each.length * sizeof(float)});
  return buffers;
}

std::vector<Napi::Value> readList(const Napi::Value& value, const std::string& role, std::size_t count) {
  const Napi::Array list = array(value, role);
  if (list.Length() != count)
    fail(value.Env(), role,
         "an array of " + std::to_string(count) + " but received one of " + std::to_string(list.Length()));
  std::vector<Napi::Value> values;
  for (uint32_t i = 0; i < count; i++) values.push_back(list.Get(i));
  return values;
}

std::vector<Elements<float>> arraysOf(const std::vector<Napi::Value>& values, const std::string& role,
                                      const std::vector<std::size_t>& bytes) {
  std::vector<Elements<float>> arrays;
  for (std::size_t i = 0; i < bytes.size(); i++) {
    const bool none = bytes[i] == 0 && (values[i].IsNull() || values[i].IsUndefined());
    const std::string name = role + "[" + std::to_string(i) + "]";
    arrays.push_back(none ? Elements<float>{nullptr, 0} : floats(values[i], name, bytes[i] / sizeof(float)));
  }
  return arrays;
}

Times Pass::execute() const {
  const std::size_t bytes = kernel->workspaceBytes();
  const std::shared_ptr<Block> workspace = bytes == 0 ? nullptr : pooledBlock(bytes / sizeof(float));
  Run run;
  if (workspace) run.workspace = {workspace->data(), bytes};
  return kernel->execute(buffersOf(inputs), buffersOf(outputs), run);
}

/// Checks the arrays' number and lengths, and that outputs are apart from all else. What has no bytes may be null.
Pass readPass(std::shared_ptr<const Kernel> kernel, const Napi::Value& inputs, const Napi::Value& outputs) {
  const std::vector<std::size_t> inputBytes = kernel->inputBytes(), outputBytes = kernel->outputBytes();
  // Arrays are looked at once both lists are read: that may run JavaScript, which may detach one.
  const std::vector<Napi::Value> inputList = readList(inputs, "inputs", inputBytes.size()),
                                 outputList = readList(outputs, "outputs", outputBytes.size());
  const Pass pass{std::move(kernel), arraysOf(inputList, "inputs", inputBytes),
                  arraysOf(outputList, "outputs", outputBytes)};
  for (std::size_t i = 0; i < pass.outputs.size(); i++) {
    const auto meets = [&](const Elements<float>& other) { return overlap(pass.outputs[i], other); };
    if (std::any_of(pass.inputs.begin(), pass.inputs.end(), meets) ||
        std::any_of(pass.outputs.begin(), pass.outputs.begin() + static_cast<std::ptrdiff_t>(i), meets))
      fail(outputs.Env(), "outputs[" + std::to_string(i) + "]", "memory that nothing else uses");
  }
  return pass;
}

Napi::Object writeTimes(Napi::Env env, const Times& times) {
  const Napi::Object result = Napi::Object::New(env);
  result.Set("total", times.total);
  result.Set("input", times.input);
  result.Set("product", times.product);
  result.Set("output", times.output);
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
