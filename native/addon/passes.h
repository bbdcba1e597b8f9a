#pragma once

#include <memory>
#include <vector>

#include "addon/blocks.h"
#include "addon/values.h"
#include "operators/kernel.h"

/// Passes of kernels over arrays, on the calling thread or on one of Node's workers.
namespace winograd::addon {

/// A kernel and what it runs on.
struct Pass {
  std::shared_ptr<const Kernel> kernel;
  std::vector<Elements<float>> inputs, outputs;  // those of no length are left out

  /// Executes it with a workspace from the pool. Throws OutOfMemory and what the kernel throws.
  Times execute() const;
};

/// Checks the arrays' number and lengths, and that outputs are apart from all else. What has no bytes may be null.
Pass readPass(std::shared_ptr<const Kernel> kernel, const Napi::Value& inputs, const Napi::Value& outputs);

Napi::Object writeTimes(Napi::Env env, const Times& times);

/// run(passes, wake?) of src/native/addon.ts: one after the other off the main thread, without coming back to it in
/// between; a promise of the times of each. Throws unless all arrays come from alloc.
Napi::Value run(const Napi::CallbackInfo& info);

}  // namespace winograd::addon
