#pragma once

#include <memory>

#include "addon/values.h"
#include "operators/kernel.h"

namespace winograd::addon {

/// The class Kernel of src/native/addon.ts.
Napi::Function defineKernel(Napi::Env env);

/// The kernel of an instance of it. Throws a JavaScript error for anything else.
std::shared_ptr<const Kernel> kernelOf(const Napi::Value& value);

}  // namespace winograd::addon
