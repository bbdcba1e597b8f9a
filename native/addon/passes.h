#pragma once

#include <memory>
#include <vector>

#include "addon/blocks.h"
#include "addon/values.h"
#include "operators/conv/common/plan.h"

/// Passes of plans over arrays, on the calling thread or on one of Node's workers.
namespace winograd::addon {

/// A plan and what it runs on.
struct Pass {
  std::shared_ptr<const Plan> plan;
  Elements<float> x, y, residual;  // the last one may be empty

  Times execute() const { return plan->execute(x.data, const_cast<float*>(y.data), residual.data); }
};

/// Checks the arrays' lengths, and that the output is apart from what is read. `residual` may be undefined.
Pass readPass(std::shared_ptr<const Plan> plan, const Napi::Value& input, const Napi::Value& output,
              const Napi::Value& residual);

Napi::Object writeTimes(Napi::Env env, const Times& times);

/// Runs them one after the other off the main thread, without coming back to it in between; a promise of the times of
/// each. Throws unless all arrays come from alloc.
Napi::Promise runPasses(Napi::Env env, std::vector<Pass> passes);

}  // namespace winograd::addon
