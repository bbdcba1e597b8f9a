// The border to JavaScript, and the only file that knows Node: checks and copies what comes into plain structs, and
// runs passes on Node's worker threads. src/native.ts has the types of all this.

#include <napi.h>

#include <chrono>
#include <cmath>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/plan.h"
#include "engine/weights.h"
#include "kernels/kernels.h"
#include "runtime/cpu.h"
#include "runtime/memory.h"
#include "runtime/stopwatch.h"

namespace {

using winograd::Axes;
using winograd::Block;

constexpr double kMaxSafeInteger = 9007199254740991.0;

// ---- Values ----

[[noreturn]] void fail(Napi::Env env, const std::string& name, const std::string& expected) {
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

std::ptrdiff_t integer(const Napi::Value& value, const std::string& name) {
  if (!value.IsNumber()) fail(value.Env(), name, "an integer");
  const double number = value.As<Napi::Number>().DoubleValue();
  if (std::floor(number) != number || std::abs(number) > kMaxSafeInteger) fail(value.Env(), name, "an integer");
  return static_cast<std::ptrdiff_t>(number);
}

int smallInteger(const Napi::Value& value, const std::string& name) {
  const std::ptrdiff_t number = integer(value, name);
  if (number < -(1 << 30) || number > (1 << 30)) fail(value.Env(), name, "a small integer");
  return static_cast<int>(number);
}

float number(const Napi::Value& value, const std::string& name) {
  if (!value.IsNumber()) fail(value.Env(), name, "a number");
  return value.As<Napi::Number>().FloatValue();
}

std::ptrdiff_t integerOr(const Napi::Object& object, const char* name, std::ptrdiff_t otherwise) {
  const Napi::Value value = object.Get(name);
  return value.IsUndefined() ? otherwise : integer(value, name);
}

Napi::Object object(const Napi::Value& value, const std::string& name) {
  if (!value.IsObject()) fail(value.Env(), name, "an object");
  return value.As<Napi::Object>();
}

std::string text(const Napi::Value& value, const std::string& name) {
  if (!value.IsString()) fail(value.Env(), name, "a string");
  return value.As<Napi::String>().Utf8Value();
}

Napi::Object array(const Napi::Value& value, const std::string& name, std::size_t length) {
  if (!value.IsArray() || value.As<Napi::Array>().Length() != length) {
    fail(value.Env(), name, "an array of " + std::to_string(length));
  }
  return value.As<Napi::Object>();
}

Axes axes(const Napi::Value& value, const std::string& name) {
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

Elements<float> floats(const Napi::Value& value, const std::string& name) {
  return elements<float>(value, name, napi_float32_array, "a Float32Array");
}

Elements<float> floats(const Napi::Value& value, const std::string& name, std::size_t length) {
  const Elements<float> result = floats(value, name);
  if (result.length != length) {
    fail(value.Env(), name,
         "a Float32Array of " + std::to_string(length) + " but received one of " + std::to_string(result.length) +
             " (a detached one has none)");
  }
  return result;
}

std::vector<double> doubles(const Napi::Value& value, const std::string& name) {
  const Elements<double> found = elements<double>(value, name, napi_float64_array, "a Float64Array");
  return {found.data, found.data + found.length};
}

std::vector<int> integers(const Napi::Value& value, const std::string& name) {
  const Elements<int32_t> found = elements<int32_t>(value, name, napi_int32_array, "an Int32Array");
  return {found.data, found.data + found.length};
}

// ---- Memory that outlives its ArrayBuffer ----

/// Blocks that JavaScript holds. A pass holds them too: an ArrayBuffer may be transferred or collected while a worker
/// writes to it, and a reference to it would not keep its memory.
class Blocks {
 public:
  static Blocks& shared() {
    static Blocks* blocks = new Blocks;
    return *blocks;
  }
  void add(const std::shared_ptr<Block>& block) {
    const std::lock_guard lock(mutex_);
    blocks_[block->data()] = block;
  }
  void remove(const std::shared_ptr<Block>& block) {
    const std::lock_guard lock(mutex_);
    blocks_.erase(block->data());
  }
  /// The block that holds all of these elements, or null.
  std::shared_ptr<Block> find(const Elements<float>& elements) {
    const std::lock_guard lock(mutex_);
    auto after = blocks_.upper_bound(elements.data);
    if (after == blocks_.begin()) return nullptr;
    const std::shared_ptr<Block> block = std::prev(after)->second.lock();
    if (!block || elements.data + elements.length > block->data() + block->size()) return nullptr;
    return block;
  }

 private:
  std::mutex mutex_;
  std::map<const float*, std::weak_ptr<Block>> blocks_;
};

// Node makes no larger ArrayBuffer over foreign memory.
constexpr std::ptrdiff_t kMaxFloats = std::ptrdiff_t{1} << 30;

Napi::Value alloc(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::ptrdiff_t count = integer(info[0], "floats");
  if (count < 0 || count > kMaxFloats) fail(env, "floats", "0 to 2^30 but received " + std::to_string(count));
  if (count == 0) return Napi::Float32Array::New(env, 0);
  const bool zeroed = info[1].IsUndefined() || info[1].ToBoolean();
  return guarded(env, [&]() -> Napi::Value {
    const std::size_t bytes = static_cast<std::size_t>(count) * sizeof(float);
    const std::shared_ptr<Block> block = zeroed ? std::make_shared<Block>(static_cast<std::size_t>(count))
                                                : winograd::pooledBlock(static_cast<std::size_t>(count));
    Blocks::shared().add(block);
    Napi::MemoryManagement::AdjustExternalMemory(env, static_cast<int64_t>(bytes));
    auto* held = new std::shared_ptr<Block>(block);
    const auto buffer = Napi::ArrayBuffer::New(
        env, block->data(), bytes,
        [bytes](Napi::Env finalEnv, void*, std::shared_ptr<Block>* hint) {
          Napi::MemoryManagement::AdjustExternalMemory(finalEnv, -static_cast<int64_t>(bytes));
          Blocks::shared().remove(*hint);
          delete hint;
        },
        held);
    return Napi::Float32Array::New(env, static_cast<std::size_t>(count), buffer, 0);
  });
}

Napi::Value owns(const Napi::CallbackInfo& info) {
  const Elements<float> found = floats(info[0], "array");
  return Napi::Boolean::New(info.Env(), found.length > 0 && Blocks::shared().find(found) != nullptr);
}

// ---- Layers and problems ----

const std::map<std::string, winograd::Algorithm> kAlgorithms{{"winograd", winograd::Algorithm::winograd},
                                                             {"positions", winograd::Algorithm::positions},
                                                             {"direct", winograd::Algorithm::direct}};

winograd::Layer readLayer(const Napi::Value& value) {
  const Napi::Object from = object(value, "layer");
  winograd::Layer layer;
  layer.inChannels = integer(from.Get("inChannels"), "inChannels");
  layer.outChannels = integer(from.Get("outChannels"), "outChannels");
  layer.groups = integer(from.Get("groups"), "groups");
  layer.kernel = axes(from.Get("kernel"), "kernel");
  layer.kernels = winograd::findKernels(text(from.Get("isa"), "isa").c_str());
  const std::string algorithm = text(from.Get("algorithm"), "algorithm");
  const auto known = kAlgorithms.find(algorithm);
  if (known == kAlgorithms.end()) fail(value.Env(), "algorithm", "'winograd', 'positions' or 'direct'");
  layer.algorithm = known->second;
  if (layer.algorithm == winograd::Algorithm::direct) return layer;
  if (!from.Get("fold").IsUndefined()) {
    const Napi::Object fold = array(from.Get("fold"), "fold", 3);
    for (uint32_t a = 0; a < 3; a++) layer.fold[a] = fold.Get(a).ToBoolean();
  }
  const Napi::Object transforms = array(from.Get("transforms"), "transforms", 3);
  for (uint32_t a = 0; a < 3; a++) {
    const Napi::Object transform = object(transforms.Get(a), "a transform");
    layer.transforms[a] = {smallInteger(transform.Get("taps"), "taps"),
                           smallInteger(transform.Get("products"), "products"), doubles(transform.Get("C"), "C")};
  }
  return layer;
}

winograd::Tiling readTiling(const Napi::Value& value) {
  const Napi::Object from = object(value, "a tiling");
  const Napi::Value list = from.Get("forms");
  if (!list.IsArray()) fail(value.Env(), "forms", "an array");
  winograd::Tiling tiling;
  const Napi::Array forms = list.As<Napi::Array>();
  for (uint32_t f = 0; f < forms.Length(); f++) {
    const Napi::Object form = object(forms.Get(f), "a form");
    tiling.forms.push_back({smallInteger(form.Get("outputs"), "outputs"), smallInteger(form.Get("inputs"), "inputs"),
                            smallInteger(form.Get("offset"), "offset"), smallInteger(form.Get("products"), "products"),
                            doubles(form.Get("A"), "A"), doubles(form.Get("B"), "B")});
  }
  tiling.sequence = integers(from.Get("sequence"), "sequence");
  return tiling;
}

winograd::Layout layout(const Napi::Value& value, const std::string& name) {
  if (value.IsUndefined()) return winograd::Layout::planar;
  const std::string layout = text(value, name);
  if (layout != "planar" && layout != "blocked") fail(value.Env(), name, "'planar' or 'blocked'");
  return layout == "blocked" ? winograd::Layout::blocked : winograd::Layout::planar;
}

winograd::Problem readProblem(const Napi::Value& value, winograd::Algorithm algorithm) {
  const Napi::Object from = object(value, "problem");
  winograd::Problem problem;
  problem.batch = integer(from.Get("batch"), "batch");
  problem.input = axes(from.Get("input"), "input");
  problem.stride = axes(from.Get("stride"), "stride");
  problem.dilation = axes(from.Get("dilation"), "dilation");
  problem.padBegin = axes(from.Get("padBegin"), "padBegin");
  problem.padEnd = axes(from.Get("padEnd"), "padEnd");
  const Napi::Object activation = object(from.Get("activation"), "activation");
  problem.activation = {number(activation.Get("slope"), "slope"), number(activation.Get("low"), "low"),
                        number(activation.Get("high"), "high")};
  problem.inputLayout = layout(from.Get("inputLayout"), "inputLayout");
  problem.outputLayout = layout(from.Get("outputLayout"), "outputLayout");
  problem.threads = smallInteger(from.Get("threads"), "threads");
  problem.tileBlock = integerOr(from, "tileBlock", 0);
  problem.channelGroup = integerOr(from, "channelGroup", 0);
  problem.sumBlock = integerOr(from, "sumBlock", 0);
  if (!from.Get("split").IsUndefined()) {
    const std::string split = text(from.Get("split"), "split");
    if (split != "tiles" && split != "channels") fail(value.Env(), "split", "'tiles' or 'channels'");
    problem.split = split == "tiles" ? winograd::Split::tiles : winograd::Split::channels;
  }
  if (algorithm == winograd::Algorithm::direct) return problem;
  const Napi::Object tiling = array(from.Get("tiling"), "tiling", 3);
  for (uint32_t a = 0; a < 3; a++) problem.tiling[a] = readTiling(tiling.Get(a));
  return problem;
}

Napi::Array writeAxes(Napi::Env env, const Axes& axes) {
  const Napi::Array result = Napi::Array::New(env, 3);
  for (uint32_t a = 0; a < 3; a++) result.Set(a, static_cast<double>(axes[a]));
  return result;
}

Napi::Object writeTimes(Napi::Env env, const winograd::Times& times) {
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
      const winograd::Layer layer = readLayer(info[0]);
      winograd::validate(layer);
      // Last, as reading an object may run JavaScript that detaches an array.
      const std::size_t count =
          static_cast<std::size_t>(layer.outChannels * layer.groupInputs() * winograd::volume(layer.kernel));
      const Elements<float> weight = floats(info[1], "weight", count);
      const float* bias = nullptr;
      if (!info[2].IsNull()) bias = floats(info[2], "bias", static_cast<std::size_t>(layer.outChannels)).data;
      weights_ = std::make_shared<winograd::Weights>(layer, weight.data, bias);
    });
    Napi::MemoryManagement::AdjustExternalMemory(env, static_cast<int64_t>(weights_->bytes()));
    info.This().As<Napi::Object>().TypeTag(&kWeightsTag);
  }

  void Finalize(Napi::Env env) override {
    if (weights_) Napi::MemoryManagement::AdjustExternalMemory(env, -static_cast<int64_t>(weights_->bytes()));
  }

  static std::shared_ptr<const winograd::Weights> from(const Napi::Value& value) {
    if (!value.IsObject() || !value.As<Napi::Object>().CheckTypeTag(&kWeightsTag)) {
      fail(value.Env(), "weights", "an instance of Weights");
    }
    return Unwrap(value.As<Napi::Object>())->weights_;
  }

 private:
  Napi::Value bytes(const Napi::CallbackInfo& info) {
    return Napi::Number::New(info.Env(), static_cast<double>(weights_->bytes()));
  }

  std::shared_ptr<const winograd::Weights> weights_;
};

/// One pass on a worker thread. It shares the plan and the blocks of its arrays, whatever becomes of their JavaScript
/// objects.
class PassWorker : public Napi::AsyncWorker {
 public:
  PassWorker(Napi::Env env, std::shared_ptr<const winograd::Plan> plan, const float* x, float* y, const float* residual,
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
  std::shared_ptr<const winograd::Plan> plan_;
  std::vector<std::shared_ptr<Block>> blocks_;
  const float* x_;
  float* y_;
  const float* residual_;
  winograd::Times times_;
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
      plan_ = winograd::makePlan(weights, readProblem(info[0], weights->layer().algorithm));
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
    if (!info[2].IsUndefined()) residual = floats(info[2], "residual", plan_->outputSize());
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
    return Napi::String::New(info.Env(), plan_->problem().split == winograd::Split::channels ? "channels" : "tiles");
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

  std::shared_ptr<const winograd::Plan> plan_;
};

// ---- Machine ----

Napi::Value cpuInfo(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return guarded(env, [&]() -> Napi::Value {
    const Napi::Object result = Napi::Object::New(env);
    const Napi::Array kernels = Napi::Array::New(env);
    for (int i = 0; i < winograd::kKernelTableCount; i++) {
      const winograd::KernelTable* table = winograd::kKernelTables[i];
      if (!table->supported()) continue;
      const Napi::Object entry = Napi::Object::New(env);
      entry.Set("name", table->name);
      entry.Set("width", table->width);
      kernels.Set(kernels.Length(), entry);
    }
    result.Set("model", winograd::cpuModel());
    result.Set("cores", winograd::cpuCores());
    result.Set("kernels", kernels);
    result.Set("isa", winograd::defaultKernels().name);
    return result;
  });
}

/// The best rate of short slices: what one core can do when nobody disturbs it.
Napi::Value fmaPeak(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const winograd::KernelTable* kernels = winograd::findKernels(text(info[0], "isa").c_str());
  if (kernels == nullptr) fail(env, "isa", "a kernel table that this machine runs");
  const std::ptrdiff_t milliseconds = integer(info[1], "milliseconds");
  if (milliseconds < 1 || milliseconds > 10000) fail(env, "milliseconds", "1 to 10000");
  double best = 0, spent = 0;
  for (winograd::Stopwatch watch; spent < static_cast<double>(milliseconds);) {
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
  exports.Set("fmaPeak", Napi::Function::New<fmaPeak>(env, "fmaPeak"));
  exports.Set("Weights", WeightsWrap::define(env));
  exports.Set("Plan", PlanWrap::define(env));
  return exports;
}

}  // namespace

NODE_API_MODULE(winograd_nd, init)
