#include "addon/blocks.h"

#include "addon/array_buffer.h"
#include "runtime/block_pool.h"

namespace winograd::addon {
namespace {

// Node makes no larger ArrayBuffer over foreign memory.
constexpr std::ptrdiff_t kMaxFloats = std::ptrdiff_t{1} << 30;
constexpr std::ptrdiff_t kMaxWait = 1000000;

std::size_t readCount(const Napi::Value& value) {
  const std::ptrdiff_t count = integer(value, "floats");
  if (count < 0 || count > kMaxFloats) fail(value.Env(), "floats", "0 to 2^30 but received " + std::to_string(count));
  return static_cast<std::size_t>(count);
}

Napi::Value arrayOver(Napi::Env env, const std::shared_ptr<Block>& block, std::size_t count) {
  Blocks::shared().add(block);
  return Napi::Float32Array::New(env, count, arrayBufferOver(env, block, count * sizeof(float)), 0);
}

Napi::Value alloc(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::size_t count = readCount(info[0]);
  if (count == 0) return Napi::Float32Array::New(env, 0);
  const bool zeroed = info[1].IsUndefined() || info[1].ToBoolean();
  return guarded(env,
                 [&] { return arrayOver(env, zeroed ? std::make_shared<Block>(count) : pooledBlock(count), count); });
}

Napi::Value reuse(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::size_t count = readCount(info[0]);
  const std::ptrdiff_t wait = integer(info[1], "microseconds");
  if (wait < 0 || wait > kMaxWait) fail(env, "microseconds", "0 to 1000000");
  if (count == 0) return Napi::Float32Array::New(env, 0);
  return guarded(env, [&]() -> Napi::Value {
    const std::shared_ptr<Block> block = BlockPool::shared().reuse(count, std::chrono::microseconds(wait));
    return block ? arrayOver(env, block, count) : env.Undefined();
  });
}

Napi::Value reserve(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    BlockPool::shared().reserve(readCount(info[0]));
    return info.Env().Undefined();
  });
}

Napi::Value owns(const Napi::CallbackInfo& info) {
  const Elements<float> found = floats(info[0], "array");
  return Napi::Boolean::New(info.Env(), found.length > 0 && Blocks::shared().find(found) != nullptr);
}

Napi::Value dispose(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (owns(info).As<Napi::Boolean>()) {
    Napi::ArrayBuffer buffer = info[0].As<Napi::TypedArray>().ArrayBuffer();
    buffer.Detach();
  }
  return env.Undefined();
}

Napi::Value poolIdleBytes(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(BlockPool::shared().idleBytes()));
}

Napi::Value poolLimit(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (info.Length() > 0) {
    const std::ptrdiff_t bytes = integer(info[0], "bytes");
    if (bytes < 0) fail(env, "bytes", "0 or more");
    BlockPool::shared().setLimit(static_cast<std::size_t>(bytes));
  }
  return Napi::Number::New(env, static_cast<double>(BlockPool::shared().limit()));
}

Napi::Value poolRelease(const Napi::CallbackInfo& info) {
  BlockPool::shared().release();
  return info.Env().Undefined();
}

}  // namespace

void defineMemory(Napi::Env env, Napi::Object exports) {
  exports.Set("alloc", Napi::Function::New<alloc>(env, "alloc"));
  exports.Set("reuse", Napi::Function::New<reuse>(env, "reuse"));
  exports.Set("reserve", Napi::Function::New<reserve>(env, "reserve"));
  exports.Set("dispose", Napi::Function::New<dispose>(env, "dispose"));
  exports.Set("owns", Napi::Function::New<owns>(env, "owns"));
  exports.Set("poolIdleBytes", Napi::Function::New<poolIdleBytes>(env, "poolIdleBytes"));
  exports.Set("poolLimit", Napi::Function::New<poolLimit>(env, "poolLimit"));
  exports.Set("poolRelease", Napi::Function::New<poolRelease>(env, "poolRelease"));
}

}  // namespace winograd::addon
