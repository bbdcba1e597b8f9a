#include "runtime/threads.h"

#include <algorithm>
#include <exception>
#include <system_error>
#include <thread>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace winograd {
namespace {

constexpr int kMaxWorkers = 255;
// Who waits spins for some microseconds before it gives way.
constexpr int kSpins = 400;

void pause() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace

struct ThreadPool::Job {
  Call call;
  const void* context;
  std::ptrdiff_t count;
  int participants;
  std::exception_ptr error = nullptr;  // the first there was, once all are done
  std::atomic<std::ptrdiff_t> next{0};
  int joined = 1;               // the caller; guarded by the pool's mutex
  std::atomic<int> running{1};  // participants that may still touch the job
  std::atomic<bool> failed{false};

  void take(int slot) noexcept {
    try {
      for (std::ptrdiff_t item; (item = next.fetch_add(1, std::memory_order_relaxed)) < count;)
        call(context, item, slot);
    } catch (...) {
      next.store(count, std::memory_order_relaxed);
      if (!failed.exchange(true)) error = std::current_exception();
    }
  }
};

ThreadPool& ThreadPool::shared() {
  // Never destroyed: its workers may outlive any static object.
  static ThreadPool* pool = new ThreadPool;
  return *pool;
}

void ThreadPool::run(std::ptrdiff_t count, int participants, Call call, const void* context) {
  participants = static_cast<int>(std::min<std::ptrdiff_t>({participants, count, kMaxWorkers + 1}));
  if (participants <= 1) {
    for (std::ptrdiff_t item = 0; item < count; item++) call(context, item, 0);
    return;
  }
  Job job{call, context, count, participants};
  {
    const std::lock_guard lock(mutex_);
    grow(participants - 1);
    jobs_.push_back(&job);
  }
  posted_.fetch_add(1, std::memory_order_release);
  if (waking_.load(std::memory_order_relaxed) > 0) posted_.notify_all();
  job.take(0);
  {
    const std::lock_guard lock(mutex_);
    std::erase(jobs_, &job);
  }
  int running = job.running.fetch_sub(1, std::memory_order_acq_rel) - 1;
  for (int spin = 0; running > 0; spin++) {
    if (spin < kSpins) {
      pause();
    } else {
      std::this_thread::yield();
    }
    running = job.running.load(std::memory_order_acquire);
  }
  if (job.error) std::rethrow_exception(job.error);
}

// Where the system refuses a thread, those that there are do the work.
void ThreadPool::grow(int workers) {
  try {
    for (; workers_ < std::min(workers, kMaxWorkers); workers_++)
      std::thread([this, index = workers_] { work(index); }).detach();
  } catch (const std::system_error&) {
  }
}

void ThreadPool::work(int index) {
  for (;;) {
    // Read before looking for a job: a job posted after this look changes the count and ends the wait below.
    const unsigned seen = posted_.load(std::memory_order_acquire);
    int slot;
    while (Job* job = join(slot)) {
      job->take(slot);
      job->running.fetch_sub(1, std::memory_order_acq_rel);
    }
    for (int spin = 0; posted_.load(std::memory_order_acquire) == seen; spin++) {
      if (spin < kSpins) {
        pause();
      } else if (index < wanted_.load(std::memory_order_relaxed)) {
        std::this_thread::yield();
      } else {
        posted_.wait(seen, std::memory_order_acquire);
      }
    }
  }
}

ThreadPool::Job* ThreadPool::join(int& slot) {
  const std::lock_guard lock(mutex_);
  for (Job* job : jobs_) {
    if (job->joined < job->participants && job->next.load(std::memory_order_relaxed) < job->count) {
      slot = job->joined++;
      job->running.fetch_add(1, std::memory_order_relaxed);
      return job;
    }
  }
  return nullptr;
}

}  // namespace winograd
