#include "addon/layers.h"

#include <map>

namespace winograd::addon {
namespace {

const std::map<std::string, Algorithm> kAlgorithms{
    {"winograd", Algorithm::winograd}, {"positions", Algorithm::positions}, {"direct", Algorithm::direct}};

Tiling readTiling(const Napi::Value& value) {
  const Napi::Object from = object(value, "a tiling");
  const Napi::Value list = from.Get("forms");
  if (!list.IsArray()) fail(value.Env(), "forms", "an array");
  Tiling tiling;
  const Napi::Array forms = list.As<Napi::Array>();
  for (uint32_t f = 0; f < forms.Length(); f++) {
    const Napi::Object form = object(forms.Get(f), "a form");
    tiling.forms.push_back({smallInteger(form.Get("outputs"), "outputs"), smallInteger(form.Get("inputs"), "inputs"),
                            smallInteger(form.Get("offset"), "offset"), smallInteger(form.Get("products"), "products"),
                            doubles(form.Get("A"), "A"), doubles(form.Get("B"), "B")});
  }
  tiling.sequence = integers(from.Get("sequence"), "sequence");
  return tiling;
}

Layout layout(const Napi::Value& value, const std::string& name, Layout byDefault) {
  if (value.IsUndefined()) return byDefault;
  const std::string layout = text(value, name);
  if (layout != "planar" && layout != "blocked") fail(value.Env(), name, "'planar' or 'blocked'");
  return layout == "blocked" ? Layout::blocked : Layout::planar;
}

}  // namespace

Layer readLayer(const Napi::Value& value) {
  const Napi::Object from = object(value, "layer");
  Layer layer;
  layer.inChannels = integer(from.Get("inChannels"), "inChannels");
  layer.outChannels = integer(from.Get("outChannels"), "outChannels");
  layer.groups = integer(from.Get("groups"), "groups");
  layer.kernel = axes(from.Get("kernel"), "kernel");
  layer.kernels = findKernels(text(from.Get("isa"), "isa").c_str());
  const std::string algorithm = text(from.Get("algorithm"), "algorithm");
  const auto known = kAlgorithms.find(algorithm);
  if (known == kAlgorithms.end()) fail(value.Env(), "algorithm", "'winograd', 'positions' or 'direct'");
  layer.algorithm = known->second;
  if (!from.Get("weightFormat").IsUndefined()) {
    const std::string format = text(from.Get("weightFormat"), "weightFormat");
    if (format != "float32" && format != "bfloat16") fail(value.Env(), "weightFormat", "'float32' or 'bfloat16'");
    if (format == "bfloat16") layer.weightFormat = WeightFormat::bfloat16;
  }
  if (layer.algorithm == Algorithm::direct) return layer;
  if (!from.Get("fold").IsUndefined()) {
    const Napi::Object fold = array(from.Get("fold"), "fold", 3);
    for (uint32_t a = 0; a < 3; a++) layer.fold[a] = fold.Get(a).ToBoolean();
  }
  const Napi::Object transforms = array(from.Get("transforms"), "transforms", 3);
  for (uint32_t a = 0; a < 3; a++) {
    const Napi::Object transform = object(transforms.Get(a), "a transform");
    layer.transforms[a] = {smallInteger(transform.Get("taps"), "taps"),
                           smallInteger(transform.Get("products"), "products"), doubles(transform.Get("C"), "C")};
  }
  return layer;
}

Problem readProblem(const Napi::Value& value, Algorithm algorithm) {
  const Napi::Object from = object(value, "problem");
  Problem problem;
  problem.batch = integer(from.Get("batch"), "batch");
  problem.input = axes(from.Get("input"), "input");
  problem.stride = axes(from.Get("stride"), "stride");
  problem.dilation = axes(from.Get("dilation"), "dilation");
  problem.padBegin = axes(from.Get("padBegin"), "padBegin");
  problem.padEnd = axes(from.Get("padEnd"), "padEnd");
  const Napi::Object activation = object(from.Get("activation"), "activation");
  problem.activation = {number(activation.Get("slope"), "slope"), number(activation.Get("low"), "low"),
                        number(activation.Get("high"), "high")};
  problem.inputLayout = layout(from.Get("inputLayout"), "inputLayout", Layout::planar);
  problem.outputLayout = layout(from.Get("outputLayout"), "outputLayout", Layout::planar);
  problem.residualLayout = layout(from.Get("residualLayout"), "residualLayout", problem.outputLayout);
  problem.threads = smallInteger(from.Get("threads"), "threads");
  if (!from.Get("work").IsUndefined()) problem.work = number(from.Get("work"), "work");
  problem.tileBlock = integerOr(from, "tileBlock", 0);
  problem.channelGroup = integerOr(from, "channelGroup", 0);
  problem.sumBlock = integerOr(from, "sumBlock", 0);
  if (!from.Get("split").IsUndefined()) {
    const std::string split = text(from.Get("split"), "split");
    if (split != "tiles" && split != "channels") fail(value.Env(), "split", "'tiles' or 'channels'");
    problem.split = split == "tiles" ? Split::tiles : Split::channels;
  }
  if (algorithm == Algorithm::direct) return problem;
  const Napi::Object tiling = array(from.Get("tiling"), "tiling", 3);
  for (uint32_t a = 0; a < 3; a++) problem.tiling[a] = readTiling(tiling.Get(a));
  return problem;
}

}  // namespace winograd::addon
