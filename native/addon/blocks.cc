#include "addon/blocks.h"

namespace winograd::addon {
namespace {

// Node makes no larger ArrayBuffer over foreign memory.
constexpr std::ptrdiff_t kMaxFloats = std::ptrdiff_t{1} << 30;

}  // namespace

Napi::Value alloc(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::ptrdiff_t count = integer(info[0], "floats");
  if (count < 0 || count > kMaxFloats) fail(env, "floats", "0 to 2^30 but received " + std::to_string(count));
  if (count == 0) return Napi::Float32Array::New(env, 0);
  const bool zeroed = info[1].IsUndefined() || info[1].ToBoolean();
  return guarded(env, [&]() -> Napi::Value {
    const std::size_t bytes = static_cast<std::size_t>(count) * sizeof(float);
    const std::shared_ptr<Block> block = zeroed ? std::make_shared<Block>(static_cast<std::size_t>(count))
                                                : pooledBlock(static_cast<std::size_t>(count));
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

}  // namespace winograd::addon
