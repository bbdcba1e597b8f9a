#pragma once

#include <atomic>
#include <cstddef>
#include <mutex>
#include <vector>

/// Fork and join. One pool serves the whole process: any number of callers, from any threads, share its workers.
namespace winograd {

class ThreadPool {
 public:
  static ThreadPool& shared();

  /// Runs body(item, slot) for every item in [0, count), each exactly once, by the caller and at most
  /// `participants - 1` workers that are idle; returns when all are done. Concurrent bodies have different slots,
  /// all below `participants`. When a body throws, no further item begins, and the first exception is thrown here once
  /// all that had begun are done. The body must not call `forEach` itself.
  template <class Body>
  void forEach(std::ptrdiff_t count, int participants, const Body& body) {
    run(
        count, participants,
        [](const void* context, std::ptrdiff_t item, int slot) { (*static_cast<const Body*>(context))(item, slot); },
        &body);
  }

  /// While it lives, as many workers as it asks for stay awake between regions: a pass has many short ones, and waking
  /// a sleeper takes longer than some of them. On a busy machine they give way to others. Sleepers are woken only while
  /// a session wants it: that takes longer than a short pass gains by them.
  class Session {
   public:
    Session(ThreadPool& pool, int participants, bool wake)
        : pool_(pool), workers_(participants - 1), wakes_(wake && workers_ > 0 ? 1 : 0) {
      pool_.wanted_ += workers_;
      pool_.waking_ += wakes_;
    }
    ~Session() {
      pool_.wanted_ -= workers_;
      pool_.waking_ -= wakes_;
    }
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

   private:
    ThreadPool& pool_;
    int workers_, wakes_;
  };

 private:
  using Call = void (*)(const void* context, std::ptrdiff_t item, int slot);
  struct Job;

  void run(std::ptrdiff_t count, int participants, Call call, const void* context);
  void grow(int workers);
  void work(int index);
  Job* join(int& slot);

  std::mutex mutex_;
  std::vector<Job*> jobs_;  // those that may still be joined
  std::atomic<unsigned> posted_{0};
  std::atomic<int> wanted_{0};  // workers that sessions keep awake
  std::atomic<int> waking_{0};  // sessions that wake sleepers
  int workers_ = 0;
};

}  // namespace winograd
