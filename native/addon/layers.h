#pragma once

#include "engine/problem.h"
#include "values.h"

/// Layers and problems as src/native.ts describes them. Their sizes are checked by the engine's `validate`.
namespace winograd::addon {

Layer readLayer(const Napi::Value& value);
Problem readProblem(const Napi::Value& value, Algorithm algorithm);

}  // namespace winograd::addon
