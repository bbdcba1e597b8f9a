#include "addon/passes.h"

#include <algorithm>

#include "addon/kernels.h"
#include "runtime/threads.h"

namespace winograd::addon {
namespace {

bool overlap(const Elements<float>& a, const Elements<float>& b) {
  return a.data < b.data + b.length && b.data < a.data + a.length;
}

std::vector<Buffer> buffersOf(const std::vector<Elements<float>>& arrays) {
  std::vector<Buffer> buffers;
  for (const Elements<float>& each : arrays)
    buffers.push_back({const_cast<float*>(each.data), each.length * sizeof(float)});
  return buffers;
}

std::vector<Napi::Value> readList(const Napi::Value& value, const std::string& role, std::size_t count) {
  const Napi::Array list = array(value, role);
  if (list.Length() != count)
    fail(value.Env(), role,
         "an array of " + std::to_string(count) + " but received one of " + std::to_string(list.Length()));
  std::vector<Napi::Value> values;
  for (uint32_t i = 0; i < count; i++) values.push_back(list.Get(i));
  return values;
}

std::vector<Elements<float>> arraysOf(const std::vector<Napi::Value>& values, const std::string& role,
                                      const std::vector<std::size_t>& bytes) {
  std::vector<Elements<float>> arrays;
  for (std::size_t i = 0; i < bytes.size(); i++) {
    const bool none = bytes[i] == 0 && (values[i].IsNull() || values[i].IsUndefined());
    const std::string name = role + "[" + std::to_string(i) + "]";
    arrays.push_back(none ? Elements<float>{nullptr, 0} : floats(values[i], name, bytes[i] / sizeof(float)));
  }
  return arrays;
}

/// Holds the kernels and the blocks of their arrays, whatever becomes of their JavaScript objects.
class PassWorker : public Napi::AsyncWorker {
 public:
  PassWorker(Napi::Env env, std::vector<Pass> passes, std::vector<std::shared_ptr<Block>> blocks, bool wake)
      : AsyncWorker(env),
        deferred_(Napi::Promise::Deferred::New(env)),
        passes_(std::move(passes)),
        blocks_(std::move(blocks)),
        wake_(wake) {}

  Napi::Promise promise() const { return deferred_.Promise(); }

 protected:
  void Execute() override {
    // Threads stay awake from one pass to the next.
    int threads = 1;
    for (const Pass& pass : passes_) threads = std::max(threads, pass.kernel->threads());
    const ThreadPool::Session awake(ThreadPool::shared(), threads, wake_);
    for (const Pass& pass : passes_) times_.push_back(pass.execute());
  }

  void OnOK() override {
    const Napi::Array result = Napi::Array::New(Env(), times_.size());
    for (uint32_t i = 0; i < times_.size(); i++) result.Set(i, writeTimes(Env(), times_[i]));
    deferred_.Resolve(result);
  }

  void OnError(const Napi::Error& error) override { deferred_.Reject(error.Value()); }

 private:
  Napi::Promise::Deferred deferred_;
  std::vector<Pass> passes_;
  std::vector<std::shared_ptr<Block>> blocks_;
  bool wake_;
  std::vector<Times> times_;
};

}  // namespace

Times Pass::execute() const {
  const std::size_t bytes = kernel->workspaceBytes();
  const std::shared_ptr<Block> workspace = bytes == 0 ? nullptr : pooledBlock(bytes / sizeof(float));
  Run run;
  if (workspace) run.workspace = {workspace->data(), bytes};
  return kernel->execute(buffersOf(inputs), buffersOf(outputs), run);
}

Pass readPass(std::shared_ptr<const Kernel> kernel, const Napi::Value& inputs, const Napi::Value& outputs) {
  const std::vector<std::size_t> inputBytes = kernel->inputBytes(), outputBytes = kernel->outputBytes();
  // Arrays are looked at once both lists are read: that may run JavaScript, which may detach one.
  const std::vector<Napi::Value> inputList = readList(inputs, "inputs", inputBytes.size()),
                                 outputList = readList(outputs, "outputs", outputBytes.size());
  const Pass pass{std::move(kernel), arraysOf(inputList, "inputs", inputBytes),
                  arraysOf(outputList, "outputs", outputBytes)};
  for (std::size_t i = 0; i < pass.outputs.size(); i++) {
    const auto meets = [&](const Elements<float>& other) { return overlap(pass.outputs[i], other); };
    if (std::any_of(pass.inputs.begin(), pass.inputs.end(), meets) ||
        std::any_of(pass.outputs.begin(), pass.outputs.begin() + static_cast<std::ptrdiff_t>(i), meets))
      fail(outputs.Env(), "outputs[" + std::to_string(i) + "]", "memory that nothing else uses");
  }
  return pass;
}

Napi::Object writeTimes(Napi::Env env, const Times& times) {
  const Napi::Object result = Napi::Object::New(env);
  result.Set("total", times.total);
  result.Set("input", times.input);
  result.Set("product", times.product);
  result.Set("output", times.output);
  return result;
}

Napi::Value run(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return guarded(env, [&]() -> Napi::Value {
    const Napi::Array list = array(info[0], "passes");
    const bool wake = info[1].IsUndefined() || info[1].ToBoolean();
    std::vector<Pass> passes;
    std::vector<std::shared_ptr<Block>> blocks;
    for (uint32_t i = 0; i < list.Length(); i++) {
      const Napi::Object each = object(list.Get(i), "a pass");
      const Napi::Value kernel = each.Get("kernel"), inputs = each.Get("inputs"), outputs = each.Get("outputs");
      passes.push_back(readPass(kernelOf(kernel), inputs, outputs));
      // Before any other pass is read: that may run JavaScript, which may detach an array.
      for (const auto* arrays : {&passes.back().inputs, &passes.back().outputs}) {
        for (const Elements<float>& elements : *arrays) {
          if (elements.data == nullptr) continue;
          blocks.push_back(Blocks::shared().find(elements));
          if (!blocks.back()) fail(env, "inputs and outputs", "arrays from alloc");
        }
      }
    }
    auto* worker = new PassWorker(env, std::move(passes), std::move(blocks), wake);
    const Napi::Promise promise = worker->promise();
    worker->Queue();
    return promise;
  });
}

}  // namespace winograd::addon
