#include "addon/programs.h"

#include <cstring>

#include "addon/blocks.h"
#include "addon/kernels.h"
#include "addon/values.h"
#include "program/program.h"

namespace winograd::addon {
namespace {

constexpr napi_type_tag kConstantTag{0x77696e6f67726164, 0x6e642e636f6e7374};
constexpr napi_type_tag kProgramTag{0x77696e6f67726164, 0x6e642e70726f6772};
constexpr napi_type_tag kCancellationTag{0x77696e6f67726164, 0x6e642e63616e6365};

template <class Wrap>
Wrap* unwrapped(const Napi::Value& value, const napi_type_tag& tag, const char* name, const char* expected) {
  if (!value.IsObject() || !value.As<Napi::Object>().CheckTypeTag(&tag)) fail(value.Env(), name, expected);
  return Wrap::Unwrap(value.As<Napi::Object>());
}

Napi::Array list(const Napi::Value& value, const std::string& name) {
  if (!value.IsArray()) fail(value.Env(), name, "an array");
  return value.As<Napi::Array>();
}

Napi::Value bytes(Napi::Env env, std::size_t count) {
  return Napi::Number::New(env, static_cast<double>(count));
}

// ---- Cancellation ----

class CancellationWrap : public Napi::ObjectWrap<CancellationWrap> {
 public:
  explicit CancellationWrap(const Napi::CallbackInfo& info) : ObjectWrap(info) {
    info.This().As<Napi::Object>().TypeTag(&kCancellationTag);
  }
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "Cancellation", {InstanceMethod<&CancellationWrap::cancel>("cancel")});
  }
  /// Null for undefined.
  static std::shared_ptr<const std::atomic<bool>> from(const Napi::Value& value) {
    if (value.IsUndefined()) return nullptr;
    return unwrapped<CancellationWrap>(value, kCancellationTag, "cancellation", "a Cancellation")->asked_;
  }

 private:
  void cancel(const Napi::CallbackInfo&) { asked_->store(true, std::memory_order_relaxed); }

  std::shared_ptr<std::atomic<bool>> asked_ = std::make_shared<std::atomic<bool>>(false);
};

// ---- Constants ----

class ConstantWrap : public Napi::ObjectWrap<ConstantWrap> {
 public:
  explicit ConstantWrap(const Napi::CallbackInfo& info) : ObjectWrap(info) {
    constant_ = guarded(info.Env(), [&] { return info[0].IsTypedArray() ? given(info[0]) : made(info[0], info[1]); });
    Napi::MemoryManagement::AdjustExternalMemory(info.Env(), static_cast<int64_t>(constant_->bytes()));
    info.This().As<Napi::Object>().TypeTag(&kConstantTag);
  }
  void Finalize(Napi::Env env) override {
    if (constant_) Napi::MemoryManagement::AdjustExternalMemory(env, -static_cast<int64_t>(constant_->bytes()));
  }
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "Constant",
                       {InstanceAccessor<&ConstantWrap::size>("bytes"), InstanceMethod<&ConstantWrap::copy>("copy"),
                        InstanceMethod<&ConstantWrap::release>("release")});
  }
  static std::shared_ptr<const Constant> from(const Napi::Value& value) {
    return unwrapped<ConstantWrap>(value, kConstantTag, "constant", "a Constant")->living(value.Env());
  }

 private:
  const std::shared_ptr<const Constant>& living(Napi::Env env) const {
    if (!constant_) fail(env, "constant", "one that is not released");
    return constant_;
  }
  Napi::Value size(const Napi::CallbackInfo& info) { return bytes(info.Env(), living(info.Env())->bytes()); }

  /// Lets it go before the collector comes; whatever the engine has made of it or with it keeps its own hold.
  void release(const Napi::CallbackInfo& info) {
    if (!constant_) return;
    Napi::MemoryManagement::AdjustExternalMemory(info.Env(), -static_cast<int64_t>(constant_->bytes()));
    constant_.reset();
  }

  /// Fills an array of bytes from a position on; makes the constant where that is still to do.
  void copy(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    if (!info[0].IsTypedArray() || info[0].As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array)
      fail(env, "array", "a Uint8Array");
    Napi::Uint8Array to = info[0].As<Napi::Uint8Array>();
    const std::ptrdiff_t from = integer(info[1], "offset");
    const std::size_t all = living(env)->bytes(), length = to.ByteLength();
    if (from < 0 || static_cast<std::size_t>(from) > all || length > all - static_cast<std::size_t>(from))
      fail(env, "offset", "such that the array ends within the constant");
    if (length == 0) return;
    const Buffer made = guarded(env, [&] { return constant_->ready(nullptr); });
    std::memcpy(to.Data(), made.as<char>() + from, length);
  }

  static std::shared_ptr<const Constant> given(const Napi::Value& value) {
    napi_typedarray_type type;
    std::size_t length = 0;
    void* data = nullptr;
    napi_get_typedarray_info(value.Env(), value, &type, &length, &data, nullptr, nullptr);
    if (type != napi_float32_array && type != napi_int32_array)
      fail(value.Env(), "data", "a Float32Array or an Int32Array");
    if (data == nullptr) length = 0;
    const auto* floats = static_cast<const float*>(data);
    const std::size_t size = length * sizeof(float);
    const std::shared_ptr<Block> block = length > 0 ? Blocks::shared().find({floats, length}) : nullptr;
    if (block != nullptr && block->data() == floats) return std::make_shared<Constant>(block, size);
    const auto copy = std::make_shared<Block>(length);
    if (length > 0) std::memcpy(copy->data(), data, size);
    return std::make_shared<Constant>(copy, size);
  }

  static std::shared_ptr<const Constant> made(const Napi::Value& kernel, const Napi::Value& inputs) {
    const Napi::Array from = list(inputs, "inputs");
    std::vector<std::shared_ptr<const Constant>> constants;
    for (uint32_t i = 0; i < from.Length(); i++) {
      const Napi::Value input = from.Get(i);
      constants.push_back(input.IsNull() ? nullptr : ConstantWrap::from(input));
    }
    return std::make_shared<Constant>(kernelOf(kernel), std::move(constants));
  }

  std::shared_ptr<const Constant> constant_;
};

// ---- Programs ----

std::size_t size(const Napi::Value& value, const std::string& name) {
  const std::ptrdiff_t number = value.IsUndefined() ? 0 : integer(value, name);
  if (number < 0) fail(value.Env(), name, "0 or more");
  return static_cast<std::size_t>(number);
}

std::vector<std::size_t> sizes(const Napi::Value& value, const std::string& name) {
  const Napi::Array from = list(value, name);
  std::vector<std::size_t> result;
  for (uint32_t i = 0; i < from.Length(); i++) result.push_back(size(from.Get(i), name));
  return result;
}

Place readPlace(const Napi::Value& value) {
  static const std::map<std::string, Place::In> kinds{{"nowhere", Place::In::nowhere},
                                                      {"input", Place::In::input},
                                                      {"output", Place::In::output},
                                                      {"arena", Place::In::arena},
                                                      {"constant", Place::In::constant}};
  const Napi::Object from = object(value, "a place");
  const auto kind = kinds.find(text(from.Get("in"), "in"));
  if (kind == kinds.end()) fail(value.Env(), "in", "nowhere, input, output, arena or constant");
  return {kind->second, size(from.Get("index"), "index"), size(from.Get("offset"), "offset"),
          size(from.Get("bytes"), "bytes")};
}

std::vector<Place> readPlaces(const Napi::Value& value) {
  const Napi::Array from = list(value, "places");
  std::vector<Place> places;
  for (uint32_t i = 0; i < from.Length(); i++) places.push_back(readPlace(from.Get(i)));
  return places;
}

std::shared_ptr<const Program> readProgram(const Napi::Value& description, const Napi::Value& kernels,
                                           const Napi::Value& constants) {
  const Napi::Object from = object(description, "parts");
  ProgramParts parts;
  parts.arenaBytes = size(from.Get("arenaBytes"), "arenaBytes");
  parts.inputBytes = sizes(from.Get("inputBytes"), "inputBytes");
  parts.outputBytes = sizes(from.Get("outputBytes"), "outputBytes");
  parts.wakes = from.Get("wakes").ToBoolean();
  const Napi::Array steps = list(from.Get("steps"), "steps"), prepared = list(kernels, "kernels");
  if (prepared.Length() != steps.Length()) fail(description.Env(), "kernels", "as many as steps");
  for (uint32_t i = 0; i < steps.Length(); i++) {
    const Napi::Object step = object(steps.Get(i), "a step");
    parts.steps.push_back({kernelOf(prepared.Get(i)), readPlaces(step.Get("inputs")), readPlaces(step.Get("outputs"))});
  }
  const Napi::Array held = list(constants, "constants");
  for (uint32_t i = 0; i < held.Length(); i++) parts.constants.push_back(ConstantWrap::from(held.Get(i)));
  return std::make_shared<Program>(std::move(parts));
}

/// Buffers of arrays, and the blocks that keep them while a run works on them.
struct Arrays {
  std::vector<Buffer> buffers;
  std::vector<std::shared_ptr<Block>> blocks;
};

Arrays readArrays(const Napi::Value& value, const std::string& name, const std::vector<std::size_t>& asked,
                  bool owned) {
  const Napi::Array from = list(value, name);
  if (from.Length() != asked.size()) fail(value.Env(), name, std::to_string(asked.size()) + " arrays");
  Arrays arrays;
  for (uint32_t i = 0; i < from.Length(); i++) {
    const Elements<float> found = floats(from.Get(i), name, asked[i] / sizeof(float));
    arrays.buffers.push_back({const_cast<float*>(found.data), found.length * sizeof(float)});
    if (!owned || found.length == 0) continue;
    arrays.blocks.push_back(Blocks::shared().find(found));
    if (!arrays.blocks.back()) fail(value.Env(), name, "arrays from alloc");
  }
  return arrays;
}

bool overlap(const Buffer& a, const Buffer& b) {
  const char *first = a.as<char>(), *second = b.as<char>();
  return first < second + b.bytes && second < first + a.bytes;
}

void checkApart(Napi::Env env, const Arrays& inputs, const Arrays& outputs) {
  for (std::size_t o = 0; o < outputs.buffers.size(); o++) {
    for (const Buffer& input : inputs.buffers) {
      if (overlap(input, outputs.buffers[o])) fail(env, "outputs", "memory that no input uses");
    }
    for (std::size_t other = 0; other < o; other++) {
      if (overlap(outputs.buffers[other], outputs.buffers[o])) fail(env, "outputs", "apart from each other");
    }
  }
}

Napi::Value writeTimes(Napi::Env env, const std::vector<Times>& times) {
  Napi::Float64Array result = Napi::Float64Array::New(env, 4 * times.size());
  for (std::size_t i = 0; i < times.size(); i++) {
    result[4 * i] = times[i].total;
    result[4 * i + 1] = times[i].input;
    result[4 * i + 2] = times[i].product;
    result[4 * i + 3] = times[i].output;
  }
  return result;
}

/// Runs a program, or only makes its constants, on one of Node's worker threads; holds all that takes, whatever becomes
/// of the JavaScript objects.
class Worker : public Napi::AsyncWorker {
 public:
  Worker(Napi::Env env, std::shared_ptr<const Program> program, std::shared_ptr<const std::atomic<bool>> cancelled)
      : AsyncWorker(env),
        deferred_(Napi::Promise::Deferred::New(env)),
        program_(std::move(program)),
        cancelled_(std::move(cancelled)) {}
  Worker(Napi::Env env, std::shared_ptr<const Program> program, std::shared_ptr<const std::atomic<bool>> cancelled,
         Arrays inputs, Arrays outputs)
      : Worker(env, std::move(program), std::move(cancelled)) {
    inputs_ = std::move(inputs);
    outputs_ = std::move(outputs);
    runs_ = true;
  }

  Napi::Promise start() {
    Queue();
    return deferred_.Promise();
  }

 protected:
  void Execute() override {
    try {
      if (runs_) {
        times_ = program_->run(inputs_.buffers, outputs_.buffers, cancelled_.get());
      } else {
        program_->prepare(cancelled_.get());
      }
    } catch (const Cancelled&) {
      aborted_ = true;
      throw;
    }
  }
  void OnOK() override { deferred_.Resolve(runs_ ? writeTimes(Env(), times_) : Env().Undefined()); }
  void OnError(const Napi::Error& error) override {
    if (aborted_) error.Set("code", "ABORT_ERR");
    deferred_.Reject(error.Value());
  }

 private:
  Napi::Promise::Deferred deferred_;
  std::shared_ptr<const Program> program_;
  std::shared_ptr<const std::atomic<bool>> cancelled_;
  Arrays inputs_, outputs_;
  bool runs_ = false, aborted_ = false;
  std::vector<Times> times_;
};

class ProgramWrap : public Napi::ObjectWrap<ProgramWrap> {
 public:
  explicit ProgramWrap(const Napi::CallbackInfo& info) : ObjectWrap(info) {
    program_ = guarded(info.Env(), [&] { return readProgram(info[0], info[1], info[2]); });
    info.This().As<Napi::Object>().TypeTag(&kProgramTag);
  }
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "Program",
                       {
                           InstanceMethod<&ProgramWrap::run>("run"),
                           InstanceMethod<&ProgramWrap::runSync>("runSync"),
                           InstanceMethod<&ProgramWrap::prepare>("prepare"),
                           InstanceAccessor<&ProgramWrap::runBytes>("runBytes"),
                           InstanceAccessor<&ProgramWrap::constantBytes>("constantBytes"),
                       });
  }

 private:
  Napi::Value runSync(const Napi::CallbackInfo& info) {
    return guarded(info.Env(), [&]() -> Napi::Value {
      const Arrays inputs = readArrays(info[0], "inputs", program_->parts().inputBytes, false);
      const Arrays outputs = readArrays(info[1], "outputs", program_->parts().outputBytes, false);
      checkApart(info.Env(), inputs, outputs);
      return writeTimes(info.Env(), program_->run(inputs.buffers, outputs.buffers));
    });
  }
  Napi::Value run(const Napi::CallbackInfo& info) {
    return guarded(info.Env(), [&]() -> Napi::Value {
      auto cancelled = CancellationWrap::from(info[2]);
      Arrays inputs = readArrays(info[0], "inputs", program_->parts().inputBytes, true);
      Arrays outputs = readArrays(info[1], "outputs", program_->parts().outputBytes, true);
      checkApart(info.Env(), inputs, outputs);
      return (new Worker(info.Env(), program_, std::move(cancelled), std::move(inputs), std::move(outputs)))->start();
    });
  }
  Napi::Value prepare(const Napi::CallbackInfo& info) {
    return guarded(info.Env(), [&]() -> Napi::Value {
      return (new Worker(info.Env(), program_, CancellationWrap::from(info[0])))->start();
    });
  }
  Napi::Value runBytes(const Napi::CallbackInfo& info) { return bytes(info.Env(), program_->runBytes()); }
  Napi::Value constantBytes(const Napi::CallbackInfo& info) { return bytes(info.Env(), program_->constantBytes()); }

  std::shared_ptr<const Program> program_;
};

}  // namespace

Napi::Function defineConstant(Napi::Env env) {
  return ConstantWrap::define(env);
}

Napi::Function defineProgram(Napi::Env env) {
  return ProgramWrap::define(env);
}

Napi::Function defineCancellation(Napi::Env env) {
  return CancellationWrap::define(env);
}

}  // namespace winograd::addon
