#pragma once

#include "addon/values.h"
#include "operators/conv/common/problem.h"

/// Layers and problems as src/native/addon.ts describes them. Their sizes are checked by the engine's `validate`.
namespace winograd::addon {

Layer readLayer(const Napi::Value& value);
Problem readProblem(const Napi::Value& value, Algorithm algorithm);

}  // namespace winograd::addon
