#pragma once

#include <napi.h>

/// Constants, programs and cancellations as JavaScript classes; src/native/addon.ts has their types.
namespace winograd::addon {

Napi::Function defineConstant(Napi::Env env);
Napi::Function defineProgram(Napi::Env env);
Napi::Function defineCancellation(Napi::Env env);

}  // namespace winograd::addon
