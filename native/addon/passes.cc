#include "addon/passes.h"

#include <algorithm>

#include "runtime/threads.h"

namespace winograd::addon {
namespace {

bool overlap(const Elements<float>& a, const Elements<float>& b) {
  return a.data < b.data + b.length && b.data < a.data + a.length;
}

/// Holds the plans and the blocks of their arrays, whatever becomes of their JavaScript objects.
class PassWorker : public Napi::AsyncWorker {
 public:
  PassWorker(Napi::Env env, std::vector<Pass> passes, std::vector<std::shared_ptr<Block>> blocks)
      : AsyncWorker(env),
        deferred_(Napi::Promise::Deferred::New(env)),
        passes_(std::move(passes)),
        blocks_(std::move(blocks)) {}

  Napi::Promise promise() const { return deferred_.Promise(); }

 protected:
  void Execute() override {
    // What wakes no thread by itself may in a row, and threads stay awake from one pass to the next.
    int threads = 1;
    double work = 0;
    for (const Pass& pass : passes_) {
      const Problem& problem = pass.plan->problem();
      threads = std::max(threads, problem.threads);
      if (problem.threads > 1) work += problem.work;
    }
    const ThreadPool::Session awake(ThreadPool::shared(), threads, work >= kWorthWaking);
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
  std::vector<Times> times_;
};

}  // namespace

Pass readPass(std::shared_ptr<const Plan> plan, const Napi::Value& input, const Napi::Value& output,
              const Napi::Value& residual) {
  const Elements<float> x = floats(input, "input", plan->inputSize());
  const Elements<float> y = floats(output, "output", plan->outputSize());
  Elements<float> added{nullptr, 0};
  if (!residual.IsUndefined()) added = floats(residual, "residual", plan->residualSize());
  if (overlap(x, y) || overlap(added, y)) fail(output.Env(), "output", "memory that no input uses");
  return {std::move(plan), x, y, added};
}

Napi::Object writeTimes(Napi::Env env, const Times& times) {
  const Napi::Object result = Napi::Object::New(env);
  result.Set("total", times.total);
  result.Set("input", times.input);
  result.Set("product", times.product);
  result.Set("output", times.output);
  return result;
}

Napi::Promise runPasses(Napi::Env env, std::vector<Pass> passes) {
  std::vector<std::shared_ptr<Block>> blocks;
  for (const Pass& pass : passes) {
    for (const Elements<float>& elements : {pass.x, pass.y, pass.residual}) {
      if (elements.data == nullptr) continue;
      blocks.push_back(Blocks::shared().find(elements));
      if (!blocks.back()) fail(env, "input, output and residual", "arrays from alloc");
    }
  }
  auto* worker = new PassWorker(env, std::move(passes), std::move(blocks));
  const Napi::Promise promise = worker->promise();
  worker->Queue();
  return promise;
}

}  // namespace winograd::addon
