// The border to JavaScript: this folder is all that knows Node. It checks and copies what comes into plain structs, and
// runs passes on Node's worker threads. src/native.ts has the types of all this.

#include "blocks.h"
#include "engine/plan.h"
#include "engine/weights.h"
#include "kernels/kernels.h"
#include "layers.h"
#include "runtime/cpu.h"
#include "runtime/stopwatch.h"
#include "values.h"

namespace winograd::addon {
namespace {

// ---- Results ----

Napi::Array writeAxes(Napi::Env env, const Axes& axes) {
  const Napi::Array result = Napi::Array::New(env, 3);
  for (uint32_t a = 0; a < 3; a++) result.Set(a, static_cast<double>(axes[a]));
  return result;
}

Napi::Object writeTimes(Napi::Env env, const Times& times) {
  const Napi::Object result = Napi::Object::New(env);
  result.Set("total", times.total);
  result.Set("input", times.input);
  result.Set("product", times.product);
  result.Set("output", times.output);
  return result;
}

// ---- Classes ----

constexpr napi_type_tag kWeightsTag{0x77696e6f67726164, 0x6e642e7765696768};

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

/// One pass on a worker thread. It shares the plan and the blocks of its arrays, whatever becomes of their JavaScript
/// objects.
class PassWorker : public Napi::AsyncWorker {
 public:
  PassWorker(Napi::Env env, std::shared_ptr<const Plan> plan, const float* x, float* y, const float* residual,
             std::vector<std::shared_ptr<Block>> blocks)
      : AsyncWorker(env),
        deferred_(Napi::Promise::Deferred::New(env)),
        plan_(std::move(plan)),
        blocks_(std::move(blocks)),
        x_(x),
        y_(y),
        residual_(residual) {}

  Napi::Promise promise() const { return deferred_.Promise(); }

 protected:
  void Execute() override { times_ = plan_->execute(x_, y_, residual_); }
  void OnOK() override { deferred_.Resolve(writeTimes(Env(), times_)); }
  void OnError(const Napi::Error& error) override { deferred_.Reject(error.Value()); }

 private:
  Napi::Promise::Deferred deferred_;
  std::shared_ptr<const Plan> plan_;
  std::vector<std::shared_ptr<Block>> blocks_;
  const float* x_;
  float* y_;
  const float* residual_;
  Times times_;
};

class PlanWrap : public Napi::ObjectWrap<PlanWrap> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "Plan",
                       {
                           InstanceMethod<&PlanWrap::forward>("forward"),
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
  }

 private:
  struct Arrays {
    Elements<float> x, y, residual;
  };

  Arrays arrays(const Napi::CallbackInfo& info) {
    const Elements<float> x = floats(info[0], "input", plan_->inputSize());
    const Elements<float> y = floats(info[1], "output", plan_->outputSize());
    Elements<float> residual{nullptr, 0};
    if (!info[2].IsUndefined()) residual = floats(info[2], "residual", plan_->residualSize());
    if (overlap(x, y) || overlap(residual, y)) fail(info.Env(), "output", "memory that no input uses");
    return {x, y, residual};
  }

  static bool overlap(const Elements<float>& a, const Elements<float>& b) {
    return a.data < b.data + b.length && b.data < a.data + a.length;
  }

  Napi::Value forward(const Napi::CallbackInfo& info) {
    return guarded(info.Env(), [&]() -> Napi::Value {
      const Arrays given = arrays(info);
      std::vector<std::shared_ptr<Block>> blocks;
      for (const Elements<float>& elements : {given.x, given.y, given.residual}) {
        if (elements.data == nullptr) continue;
        blocks.push_back(Blocks::shared().find(elements));
        if (!blocks.back()) fail(info.Env(), "input, output and residual", "arrays from alloc");
      }
      auto* worker = new PassWorker(info.Env(), plan_, given.x.data, const_cast<float*>(given.y.data),
                                    given.residual.data, std::move(blocks));
      const Napi::Promise promise = worker->promise();
      worker->Queue();
      return promise;
    });
  }

  Napi::Value forwardSync(const Napi::CallbackInfo& info) {
    return guarded(info.Env(), [&]() -> Napi::Value {
      const Arrays given = arrays(info);
      return writeTimes(info.Env(),
                        plan_->execute(given.x.data, const_cast<float*>(given.y.data), given.residual.data));
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
  exports.Set("acceptsBlocked", Napi::Function::New<acceptsBlocked>(env, "acceptsBlocked"));
  exports.Set("fmaPeak", Napi::Function::New<fmaPeak>(env, "fmaPeak"));
  exports.Set("Weights", WeightsWrap::define(env));
  exports.Set("Plan", PlanWrap::define(env));
  return exports;
}

NODE_API_MODULE(winograd_nd, init)

}  // namespace
}  // namespace winograd::addon
