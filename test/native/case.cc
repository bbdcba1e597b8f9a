#include "case.h"

#include <algorithm>
#include <cmath>

#include "operators/conv/convolution.h"
#include "runtime/memory.h"

using namespace winograd;

void Case::complete() {
  Problem& p = problem;
  for (int a = 0; a < 3; a++) {
    const std::ptrdiff_t padded = p.input[a] + p.padBegin[a] + p.padEnd[a];
    p.output[a] = (padded - p.dilation[a] * (p.kernel[a] - 1) - 1) / p.stride[a] + 1;
  }
  const std::ptrdiff_t width = schedule.kernels->width;
  winograd.tileBlock = winograd.longestRun = 1;
  winograd.channelGroup = 2 * width;
  winograd.slice = 5 * 1024;
  direct = {CopyInput::blocked, schedule.kernels->gemmRows, 1, true, 1};
}

namespace {

Value list(const Axes& axes) {
  Value::Array elements;
  for (const std::ptrdiff_t each : axes) elements.push_back(number(static_cast<double>(each)));
  return Value(Value::Content(elements));
}

template <class Element, class Make>
Value listOf(const Element& elements, const Make& make) {
  Value::Array made;
  for (const auto& each : elements) made.push_back(make(each));
  return Value(Value::Content(made));
}

Value object(Value::Object members) {
  return Value(Value::Content(std::move(members)));
}

Value matrix(const std::vector<double>& entries) {
  return Value(Value::Content(entries));
}

Value whole(std::ptrdiff_t value) {
  return number(static_cast<double>(value));
}

Value describeTransform(const KernelTransform& transform) {
  return object({{"taps", whole(transform.taps)}, {"products", whole(transform.products)}, {"C", matrix(transform.C)}});
}

Value wholes(const std::vector<int32_t>& values) {
  return Value(Value::Content(values));
}

Value describeTiling(const Tiling& tiling) {
  const Value forms = listOf(tiling.forms, [](const Form& form) {
    return object({{"outputs", whole(form.outputs)},
                   {"inputs", whole(form.inputs)},
                   {"offset", whole(form.offset)},
                   {"products", whole(form.products)},
                   {"A", describe(form.A)},
                   {"B", describe(form.B)}});
  });
  return object({{"forms", forms}, {"sequence", wholes(tiling.sequence)}});
}

Value layout(Layout layout) {
  return Value(layout == Layout::blocked ? "blocked" : "planar");
}

Value describeProblem(const Problem& p) {
  const Value activation = object(
      {{"slope", number(p.activation.slope)}, {"low", number(p.activation.low)}, {"high", number(p.activation.high)}});
  return object({{"direction", Value("forward")},
                 {"batch", whole(p.batch)},
                 {"inChannels", whole(p.inChannels)},
                 {"outChannels", whole(p.outChannels)},
                 {"groups", whole(p.groups)},
                 {"input", list(p.input)},
                 {"kernel", list(p.kernel)},
                 {"stride", list(p.stride)},
                 {"dilation", list(p.dilation)},
                 {"padBegin", list(p.padBegin)},
                 {"padEnd", list(p.padEnd)},
                 {"bias", Value(p.bias)},
                 {"residual", Value(p.residual)},
                 {"activation", activation}});
}

Value describeSchedule(const Case& c) {
  const Schedule& s = c.schedule;
  const WinogradSchedule& w = c.winograd;
  static const char* const copies[] = {"none", "planar", "blocked"};
  return object({{"algorithm", Value(c.algorithm.c_str())},
                 {"isa", Value(s.kernels->name)},
                 {"threads", whole(s.threads)},
                 {"wake", Value(s.wake)},
                 {"layouts", object({{"input", layout(s.layouts.input)},
                                     {"output", layout(s.layouts.output)},
                                     {"residual", layout(s.layouts.residual)}})},
                 {"streamOutput", Value(s.streamOutput)},
                 {"transforms", listOf(w.weights.transforms, describeTransform)},
                 {"tilings", listOf(w.tilings, describeTiling)},
                 {"fold", listOf(w.weights.folds, [](bool fold) { return Value(fold); })},
                 {"weightFormat", Value(w.weights.format == WeightFormat::bfloat16 ? "bfloat16" : "float32")},
                 {"tileBlock", whole(w.tileBlock)},
                 {"channelGroup", whole(w.channelGroup)},
                 {"sumBlock", whole(w.sumBlock)},
                 {"split", Value(w.split == Split::channels ? "channels" : "tiles")},
                 {"longestRun", whole(w.longestRun)},
                 {"slice", whole(w.slice)},
                 {"slab", whole(w.slab)},
                 {"copyInput", Value(copies[static_cast<int>(c.direct.copyInput)])},
                 {"tileRows", whole(c.direct.tileRows)},
                 {"chunks", whole(c.direct.chunks)},
                 {"wholeLines", Value(c.direct.wholeLines)},
                 {"items", whole(c.direct.items)},
                 {"band", list(c.band)},
                 {"rowBlock", whole(c.gemm.rowBlock)},
                 {"columnBlock", whole(c.gemm.columnBlock)},
                 {"channelBlock", whole(c.gemm.channelBlock)},
                 {"rowParts", whole(c.gemm.rowParts)},
                 {"nonZeros", whole(c.gemm.nonZeros)},
                 {"shared", Value(c.gemm.sharesRows ? "rows" : "columns")}});
}

}  // namespace

Value describe(const LineProgram& program) {
  if (program.identity()) return object({});
  if (!program.codelet.empty()) return object({{"codelet", Value(program.codelet.c_str())}});
  const PairedProgram& paired = program.paired;
  std::vector<int32_t> rows, columns;
  for (const auto& [even, odd, sum, difference] : paired.rows) rows.insert(rows.end(), {even, odd, sum, difference});
  for (const auto& [first, second] : paired.columns) columns.insert(columns.end(), {first, second});
  return object({{"program", object({{"crossed", Value(paired.crossed)},
                                     {"rows", wholes(rows)},
                                     {"columns", wholes(columns)},
                                     {"coefficients", Value(Value::Content(paired.coefficients))},
                                     {"termEnds", wholes(paired.termEnds)},
                                     {"termColumns", wholes(paired.termColumns)},
                                     {"termCoefficients", Value(Value::Content(paired.termCoefficients))}})}});
}

Value describe(const Case& c) {
  return object({{"problem", describeProblem(c.problem)}, {"schedule", describeSchedule(c)}});
}

Value with(const Value& description, const std::string& path, const Value& value) {
  const std::size_t dot = path.find('.');
  const std::string name = path.substr(0, dot);
  Value::Object members = std::get<Value::Object>(description.content());
  members[name] = dot == std::string::npos ? value : with(members.at(name), path.substr(dot + 1), value);
  return object(members);
}

// Aligned, as whole lines are stored past the caches, and filled with what is no number, to show what is not written.
std::vector<float> execute(const Kernel& kernel, const std::vector<const std::vector<float>*>& inputs) {
  std::vector<Buffer> from;
  for (const std::vector<float>* each : inputs)
    from.push_back({const_cast<float*>(each->data()), each->size() * sizeof(float)});
  const std::size_t bytes = kernel.outputBytes()[0];
  const Block output(bytes / sizeof(float)), workspace(kernel.workspaceBytes() / sizeof(float) + 1);
  std::fill_n(output.data(), output.size(), NAN);
  std::fill_n(workspace.data(), workspace.size(), NAN);
  Run run;
  run.workspace = {workspace.data(), kernel.workspaceBytes()};
  const Buffer to{output.data(), bytes};
  kernel.execute(from, {&to, 1}, run);
  return {output.data(), output.data() + output.size()};
}

std::vector<float> pack(const Value& description, const std::vector<float>& weights) {
  return execute(*kPackConvolutionWeights.prepare(description), {&weights});
}

std::vector<float> randomIntegers(std::size_t count, int most, std::mt19937& generator) {
  std::vector<float> values(count);
  for (float& value : values)
    value = static_cast<float>(static_cast<int>(generator() % static_cast<unsigned>(2 * most + 1)) - most);
  return values;
}
