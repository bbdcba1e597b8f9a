// The border to JavaScript: this folder is all that knows Node. It copies descriptions into plain values, which the
// operators read and check, and runs kernels on Node's worker threads. src/native/addon.ts has the types of all this.

#include "addon/blocks.h"
#include "addon/kernels.h"
#include "addon/programs.h"
#include "addon/values.h"
#include "kernels/kernels.h"
#include "runtime/machine.h"
#include "runtime/stopwatch.h"

namespace winograd::addon {
namespace {

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
      entry.Set("gemmRows", table->gemmRows);
      entry.Set("positionKernels", table->positionKernels);
      entry.Set("outerVectors", table->outerVectors);
      kernels.Set(kernels.Length(), entry);
    }
    const Machine& found = machine();
    const Napi::Object caches = Napi::Object::New(env);
    for (int level = 1; level <= 3; level++) {
      caches.Set("l" + std::to_string(level), static_cast<double>(found.caches[static_cast<std::size_t>(level - 1)]));
    }
    result.Set("model", found.name);
    result.Set("vendor", found.vendor);
    result.Set("family", found.family);
    result.Set("modelNumber", found.model);
    result.Set("cores", found.cores);
    result.Set("caches", caches);
    result.Set("kernels", kernels);
    result.Set("isa", defaultKernels().name);
    return result;
  });
}

Napi::Value codelets(const Napi::CallbackInfo& info) {
  // Every table has the same ones, and every machine the last table.
  const KernelTable& kernels = *kKernelTables[kKernelTableCount - 1];
  const Napi::Array names = Napi::Array::New(info.Env(), static_cast<std::size_t>(kernels.codeletCount));
  for (int i = 0; i < kernels.codeletCount; i++) names.Set(static_cast<uint32_t>(i), kernels.codelets[i].name);
  return names;
}

const KernelTable& kernelsOf(const Napi::Value& isa) {
  const KernelTable* kernels = findKernels(text(isa, "isa").c_str());
  if (kernels == nullptr) fail(isa.Env(), "isa", "a kernel table that this machine runs");
  return *kernels;
}

/// The best rate of short slices, 10⁹ a second: what one core can do when nobody disturbs it. `slice` returns how much
/// it did.
template <class Slice>
Napi::Value bestRate(const Napi::Value& milliseconds, const Slice& slice) {
  const std::ptrdiff_t limit = integer(milliseconds, "milliseconds");
  if (limit < 1 || limit > 10000) fail(milliseconds.Env(), "milliseconds", "1 to 10000");
  double best = 0, spent = 0;
  for (Stopwatch watch; spent < static_cast<double>(limit);) {
    watch.lap();
    const double done = slice();
    const double time = watch.lap();
    spent += time;
    best = std::max(best, done / time / 1e6);
  }
  return Napi::Number::New(milliseconds.Env(), best);
}

Napi::Value fmaPeak(const Napi::CallbackInfo& info) {
  const KernelTable& kernels = kernelsOf(info[0]);
  return bestRate(info[1], [&] { return kernels.fmaRounds(100000); });
}

/// Reads numbers again and again, at least 4 MiB of them in a slice: from where they find room.
Napi::Value readRate(const Napi::CallbackInfo& info) {
  const KernelTable& kernels = kernelsOf(info[0]);
  const auto [data, length] = floats(info[1], "data");
  if (length < 1024) fail(info.Env(), "data", "a Float32Array of at least 1024");
  const std::ptrdiff_t rounds = std::max<std::ptrdiff_t>(1, (1 << 20) / static_cast<std::ptrdiff_t>(length));
  const double bytes = static_cast<double>(rounds) * static_cast<double>(length) * sizeof(float);
  volatile float used = 0;  // else the compiler might drop the reading
  return bestRate(info[2], [&, from = data, count = static_cast<std::ptrdiff_t>(length)] {
    for (std::ptrdiff_t i = 0; i < rounds; i++) used = kernels.readAll(from, count);
    return bytes;
  });
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  exports.Set("cpuInfo", Napi::Function::New<cpuInfo>(env, "cpuInfo"));
  exports.Set("codelets", Napi::Function::New<codelets>(env, "codelets"));
  defineMemory(env, exports);
  exports.Set("fmaPeak", Napi::Function::New<fmaPeak>(env, "fmaPeak"));
  exports.Set("readRate", Napi::Function::New<readRate>(env, "readRate"));
  exports.Set("Kernel", defineKernel(env));
  exports.Set("Constant", defineConstant(env));
  exports.Set("Program", defineProgram(env));
  exports.Set("Cancellation", defineCancellation(env));
  return exports;
}

NODE_API_MODULE(winograd_nd, init)

}  // namespace
}  // namespace winograd::addon
