#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

#include "check.h"
#include "runtime/threads.h"
#include "tests.h"

using namespace winograd;

namespace {

// Several callers, more items than workers: every item once, slots in range.
void testItems() {
  std::vector<std::thread> callers;
  std::vector<int> wrong(4);
  for (int caller = 0; caller < 4; caller++) {
    callers.emplace_back([caller, &wrong] {
      for (int round = 0; round < 200; round++) {
        const ThreadPool::Session awake(ThreadPool::shared(), 3, round % 3 == 0);
        std::vector<std::atomic<int>> seen(37);
        ThreadPool::shared().forEach(37, 3, [&](std::ptrdiff_t item, int slot) {
          seen[static_cast<std::size_t>(item)]++;
          if (slot < 0 || slot >= 3) wrong[static_cast<std::size_t>(caller)] = 1;
        });
        for (const auto& count : seen) {
          if (count != 1) wrong[static_cast<std::size_t>(caller)] = 1;
        }
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  for (const int w : wrong) check(w == 0, "pool: each item once");
}

// The first exception reaches the caller, whichever thread threw it; the pool goes on.
void testExceptions() {
  for (const int participants : {1, 3}) {
    for (const std::ptrdiff_t bad : {0, 20, 36}) {
      std::atomic<int> begun{0};
      checkThrows<std::runtime_error>("pool: an exception", "item", [&] {
        ThreadPool::shared().forEach(37, participants, [&](std::ptrdiff_t item, int) {
          begun++;
          if (item >= bad) throw std::runtime_error("item " + std::to_string(item));
        });
      });
      check(begun <= bad + participants, "pool: no item begins after an exception");
    }
  }
  std::atomic<int> done{0};
  ThreadPool::shared().forEach(100, 3, [&](std::ptrdiff_t, int) { done++; });
  check(done == 100, "pool: goes on after exceptions");
}

}  // namespace

void testPool() {
  testItems();
  testExceptions();
}
