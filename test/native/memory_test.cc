// Blocks of memory, and the pool that they come from.

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "check.h"
#include "runtime/block_pool.h"
#include "tests.h"

using namespace winograd;

namespace {

void testBlocks() {
  BlockPool& pool = BlockPool::shared();
  pool.release();
  check(pool.idleBytes() == 0 && !pool.reuse(1000), "pool: nothing idle at first");
  constexpr std::size_t floats = std::size_t{1} << 20;
  const float* address = nullptr;
  {
    const std::shared_ptr<Block> first = pool.take(floats), second = pool.take(floats);
    address = second->data();
  }
  check(pool.idleBytes() == 8 * floats, "pool: blocks come back");
  {
    const std::shared_ptr<Block> first = pool.take(floats);
    check(first->data() != nullptr && pool.idleBytes() == 4 * floats, "pool: idle blocks are taken first");
    check(!pool.reuse(floats / 4), "pool: no block of which most would be wasted");
    const std::shared_ptr<Block> second = pool.reuse(floats - 5);
    check(second != nullptr && (first->data() == address || second->data() == address), "pool: the same memory");
  }
  pool.setLimit(4 * floats);
  check(pool.idleBytes() == 0, "pool: a lower limit frees what is above");
  { const std::shared_ptr<Block> first = pool.take(floats), second = pool.take(floats); }
  check(pool.idleBytes() == 4 * floats, "pool: the limit holds");
  pool.setLimit(BlockPool::kDefaultLimit);
  pool.release();

  // Who waits gets what comes back from another thread.
  std::shared_ptr<Block> lent = pool.take(floats);
  std::thread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    lent.reset();
  });
  check(pool.reuse(floats, std::chrono::seconds(60)) != nullptr, "pool: waits for a block");
  other.join();
  pool.release();

  pool.reserve(floats);
  check(pool.reuse(floats, std::chrono::seconds(60)) != nullptr, "pool: prepares what is reserved");

  // Threads that take and drop at once: no block twice.
  std::atomic<int> wrong{0};
  std::vector<std::thread> takers;
  for (int taker = 1; taker <= 4; taker++) {
    takers.emplace_back([&pool, &wrong, taker] {
      for (int round = 0; round < 500; round++) {
        const std::shared_ptr<Block> block = pool.take(static_cast<std::size_t>(1000 + round % 7));
        block->data()[0] = static_cast<float>(taker);
        std::this_thread::yield();
        if (block->data()[0] != static_cast<float>(taker)) wrong++;
      }
    });
  }
  for (std::thread& taker : takers) taker.join();
  check(wrong == 0, "pool: a block for each");
  pool.release();
}

template <class Body>
bool runsOutOfMemory(const Body& body) {
  try {
    body();
    return false;
  } catch (const OutOfMemory&) {
    return true;
  }
}

void testLimits() {
#ifdef __linux__
  // More than the machine has in one block, and in blocks none of which is touched.
  check(runsOutOfMemory([] { const Block block(std::size_t{1} << 50); }),
        "memory: a block beyond the machine's memory");
  const std::size_t floats = std::size_t{1} << 28;
  std::vector<std::unique_ptr<Block>> blocks;
  check(runsOutOfMemory([&] {
          while (blocks.size() < (std::size_t{1} << 14)) blocks.push_back(std::make_unique<Block>(floats));
        }),
        "memory: blocks beyond the machine's memory");
  blocks.clear();
  check(!runsOutOfMemory([&] { const Block block(floats); }), "memory: what was freed can be had again");
#endif
}

}  // namespace

void testMemory() {
  testBlocks();
  testLimits();
}
