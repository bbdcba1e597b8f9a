#include "addon/array_buffer.h"

#include <cstdlib>
#include <string_view>

#include "addon/blocks.h"

// The little of V8's interface that is used, the same in Node 20 to 24; weak, as later versions may have it otherwise.
namespace v8 {

#define V8_FUNCTION __attribute__((visibility("default"), weak))

class Isolate {
 public:
  V8_FUNCTION static Isolate* GetCurrent();
};

/// Memory that buffers share; when the last of them has gone it calls its deleter.
class BackingStore {
 public:
  V8_FUNCTION ~BackingStore();
};

template <class T>
struct Local {
  T* slot;
};

class ArrayBuffer {
 public:
  V8_FUNCTION static std::unique_ptr<BackingStore> NewBackingStore(void* data, std::size_t bytes,
                                                                   void (*deleter)(void*, std::size_t, void*),
                                                                   void* deleterData);
  V8_FUNCTION static Local<ArrayBuffer> New(Isolate* isolate, std::shared_ptr<BackingStore> store);
};

}  // namespace v8

namespace winograd::addon {
namespace {

using Held = std::shared_ptr<Block>;

bool hasBackingStores() {
  static const bool has = [] {
    const char* forced = std::getenv("WINOGRAD_BUFFERS");
    return !(forced != nullptr && std::string_view(forced) == "portable") && &v8::Isolate::GetCurrent != nullptr &&
           &v8::ArrayBuffer::NewBackingStore != nullptr && &v8::ArrayBuffer::New != nullptr;
  }();
  return has;
}

void letGo(Held* held) {
  Blocks::shared().remove(*held);
  delete held;
}

/// While a thread ends, buffers that live are finalized although others may use their memory; then nothing can be made.
bool ends(napi_env env) {
  void* data;
  napi_value nothing;
  return napi_create_arraybuffer(env, 0, &data, &nothing) != napi_ok;
}

}  // namespace

Napi::ArrayBuffer arrayBufferOver(Napi::Env env, const std::shared_ptr<Block>& block, std::size_t bytes) {
  auto* held = new Held(block);
  if (!hasBackingStores()) {
    return Napi::ArrayBuffer::New(
        env, block->data(), bytes,
        [](Napi::Env finalEnv, void*, Held* hint) {
          if (!ends(finalEnv)) letGo(hint);
        },
        held);
  }
  std::shared_ptr<v8::BackingStore> store = v8::ArrayBuffer::NewBackingStore(
      block->data(), bytes, [](void*, std::size_t, void* hint) { letGo(static_cast<Held*>(hint)); }, held);
  const v8::Local<v8::ArrayBuffer> buffer = v8::ArrayBuffer::New(v8::Isolate::GetCurrent(), std::move(store));
  // Node-API's values are V8's handles.
  return {env, reinterpret_cast<napi_value>(buffer.slot)};
}

}  // namespace winograd::addon
