// The border to JavaScript: this folder is all that knows Node. It checks and copies what comes into plain structs, and
// runs passes on Node's worker threads. src/native/addon.ts has the types of all this.

#include "addon/blocks.h"
#include "addon/layers.h"
#include "addon/passes.h"
#include "addon/values.h"
#include "kernels/kernels.h"
#include "operators/conv/common/weights.h"
#include "runtime/cpu.h"
#include "runtime/stopwatch.h"

namespace winograd::addon {
namespace {

// ---- Results ----

Napi::Array writeAxes(Napi::Env env, const Axes& axes) {
  const Napi::Array result = Napi::Array::New(env, 3);
  for (uint32_t a = 0; a < 3; a++) result.Set(a, static_cast<double>(axes[a]));
  return result;
}

// ---- Classes ----

constexpr napi_type_tag kWeightsTag{0x77696e6f67726164, 0x6e642e7765696768};
constexpr napi_type_tag kPlanTag{0x77696e6f67726164, 0x6e642e706c616e00};

class WeightsWrap : public Napi::ObjectWrap<WeightsWrap> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "Weights", {InstanceAccessor<&WeightsWrap::bytes>("bytes")});
  }

  explicit WeightsWrap(const Napi::CallbackInfo& info) : ObjectWrap(info) {
    const Napi::Env env = info.Env();
    guarded(env, [&] {
      const Layer layer = readLayer(info[0]);
      validate(layer);
      // Last, as reading an object may run JavaScript that detaches an array.
      const std::size_t count =
          static_cast<std::size_t>(layer.outChannels * layer.groupInputs() * volume(layer.kernel));
      const Elements<float> weight = floats(info[1], "weight", count);
      const float* bias = nullptr;
      if (!info[2].IsNull()) bias = floats(info[2], "bias", static_cast<std::size_t>(layer.outChannels)).data;
      weights_ = std::make_shared<Weights>(layer, weight.data, bias);
    });
    Napi::MemoryManagement::AdjustExternalMemory(env, static_cast<int64_t>(weights_->bytes()));
    info.This().As<Napi::Object>().TypeTag(&kWeightsTag);
  }

  void Finalize(Napi::Env env) override {
    if (weights_) Napi::MemoryManagement::AdjustExternalMemory(env, -static_cast<int64_t>(weights_->bytes()));
  }

  static std::shared_ptr<const Weights> from(const Napi::Value& value) {
    if (!value.IsObject() || !value.As<Napi::Object>().CheckTypeTag(&kWeightsTag)) {
      fail(value.Env(), "weights", "an instance of Weights");
    }
    return Unwrap(value.As<Napi::Object>())->weights_;
  }

 private:
  Napi::Value bytes(const Napi::CallbackInfo& info) {
    return Napi::Number::New(info.Env(), static_cast<double>(weights_->bytes()));
  }

  std::shared_ptr<const Weights> weights_;
};

class PlanWrap : public Napi::ObjectWrap<PlanWrap> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "Plan",
                       {
                           InstanceMethod<&PlanWrap::forwardSync>("forwardSync"),
                           InstanceAccessor<&PlanWrap::workspaceBytes>("workspaceBytes"),
                           InstanceAccessor<&PlanWrap::inputLength>("inputLength"),
                           InstanceAccessor<&PlanWrap::outputLength>("outputLength"),
                           InstanceAccessor<&PlanWrap::outputShape>("outputShape"),
                           InstanceAccessor<&PlanWrap::isa>("isa"),
                           InstanceAccessor<&PlanWrap::split>("split"),
                           InstanceAccessor<&PlanWrap::tileBlock>("tileBlock"),
                           InstanceAccessor<&PlanWrap::channelGroup>("channelGroup"),
                           InstanceAccessor<&PlanWrap::sumBlock>("sumBlock"),
                           InstanceAccessor<&PlanWrap::codelets>("codelets"),
                       });
  }

  explicit PlanWrap(const Napi::CallbackInfo& info) : ObjectWrap(info) {
    guarded(info.Env(), [&] {
      const auto weights = WeightsWrap::from(info[1]);
      plan_ = makePlan(weights, readProblem(info[0], weights->layer().algorithm));
    });
    info.This().As<Napi::Object>().TypeTag(&kPlanTag);
  }

  static std::shared_ptr<const Plan> from(const Napi::Value& value) {
    if (!value.IsObject() || !value.As<Napi::Object>().CheckTypeTag(&kPlanTag)) {
      fail(value.Env(), "plan", "an instance of Plan");
    }
    return Unwrap(value.As<Napi::Object>())->plan_;
  }

 private:
  Napi::Value forwardSync(const Napi::CallbackInfo& info) {
    return guarded(info.Env(), [&]() -> Napi::Value {
      return writeTimes(info.Env(), readPass(plan_, info[0], info[1], info[2]).execute());
    });
  }

  Napi::Value workspaceBytes(const Napi::CallbackInfo& info) { return toNumber(info, plan_->workspaceBytes()); }
  Napi::Value isa(const Napi::CallbackInfo& info) {
    return Napi::String::New(info.Env(), plan_->layer().kernels->name);
  }
  Napi::Value split(const Napi::CallbackInfo& info) {
    return Napi::String::New(info.Env(), plan_->problem().split == Split::channels ? "channels" : "tiles");
  }
  Napi::Value inputLength(const Napi::CallbackInfo& info) { return toNumber(info, plan_->inputSize()); }
  Napi::Value outputLength(const Napi::CallbackInfo& info) { return toNumber(info, plan_->outputSize()); }
  Napi::Value tileBlock(const Napi::CallbackInfo& info) { return toNumber(info, plan_->problem().tileBlock); }
  Napi::Value channelGroup(const Napi::CallbackInfo& info) { return toNumber(info, plan_->problem().channelGroup); }
  Napi::Value sumBlock(const Napi::CallbackInfo& info) { return toNumber(info, plan_->problem().sumBlock); }
  Napi::Value outputShape(const Napi::CallbackInfo& info) { return writeAxes(info.Env(), plan_->output()); }
  Napi::Value codelets(const Napi::CallbackInfo& info) {
    const std::vector<std::string> names = plan_->codelets();
    const Napi::Array result = Napi::Array::New(info.Env(), names.size());
    for (uint32_t i = 0; i < names.size(); i++) result.Set(i, names[i]);
    return result;
  }

  template <class Number>
  static Napi::Value toNumber(const Napi::CallbackInfo& info, Number value) {
    return Napi::Number::New(info.Env(), static_cast<double>(value));
  }

  std::shared_ptr<const Plan> plan_;
};

Napi::Value forward(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    if (!info[0].IsArray()) fail(info.Env(), "passes", "an array");
    const Napi::Array list = info[0].As<Napi::Array>();
    std::vector<Pass> passes;
    for (uint32_t i = 0; i < list.Length(); i++) {
      const Napi::Object pass = object(list.Get(i), "a pass");
      const Napi::Value input = pass.Get("input"), output = pass.Get("output"), residual = pass.Get("residual");
      passes.push_back(readPass(PlanWrap::from(pass.Get("plan")), input, output, residual));
    }
    return runPasses(info.Env(), std::move(passes));
  });
}

// ---- Layers ----

Napi::Value acceptsBlocked(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const Layer layer = readLayer(info[0]);
    validate(layer);
    const Napi::Object result = Napi::Object::New(info.Env());
    result.Set("input", takesBlockedInput(layer));
    result.Set("output", takesBlockedOutput(layer));
    return result;
  });
}

// ---- Machine ----

Napi::Value cpuInfo(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return guarded(env, [&]() -> Napi::Value {
    const Napi::Object result = Napi::Object::New(env);
    const Napi::Array kernels = Napi::Array::New(env);
    for (int i = 0; i < kKernelTableCount; i++) {
      const KernelTable* table = kKernelTables[i];
      if (!table->supported()) continue;
      const Napi::Object entry = Napi::Object::New(env);
      entry.Set("name", table->name);
      entry.Set("width", table->width);
      kernels.Set(kernels.Length(), entry);
    }
    result.Set("model", cpuModel());
    result.Set("cores", cpuCores());
    result.Set("kernels", kernels);
    result.Set("isa", defaultKernels().name);
    return result;
  });
}

/// The best rate of short slices: what one core can do when nobody disturbs it.
Napi::Value fmaPeak(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const KernelTable* kernels = findKernels(text(info[0], "isa").c_str());
  if (kernels == nullptr) fail(env, "isa", "a kernel table that this machine runs");
  const std::ptrdiff_t milliseconds = integer(info[1], "milliseconds");
  if (milliseconds < 1 || milliseconds > 10000) fail(env, "milliseconds", "1 to 10000");
  double best = 0, spent = 0;
  for (Stopwatch watch; spent < static_cast<double>(milliseconds);) {
    watch.lap();
    const double operations = kernels->fmaRounds(100000);
    const double time = watch.lap();
    spent += time;
    best = std::max(best, operations / time / 1e6);
  }
  return Napi::Number::New(env, best);
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  exports.Set("cpuInfo", Napi::Function::New<cpuInfo>(env, "cpuInfo"));
  exports.Set("alloc", Napi::Function::New<alloc>(env, "alloc"));
  exports.Set("owns", Napi::Function::New<owns>(env, "owns"));
  exports.Set("forward", Napi::Function::New<forward>(env, "forward"));
  exports.Set("acceptsBlocked", Napi::Function::New<acceptsBlocked>(env, "acceptsBlocked"));
  exports.Set("fmaPeak", Napi::Function::New<fmaPeak>(env, "fmaPeak"));
  exports.Set("Weights", WeightsWrap::define(env));
  exports.Set("Plan", PlanWrap::define(env));
  return exports;
}

NODE_API_MODULE(winograd_nd, init)

}  // namespace
}  // namespace winograd::addon
