#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "runtime/memory.h"

namespace winograd {

/// Blocks that wait to be used again; one pool serves the whole process. Fresh pages cost as much as computing on them,
/// so finished passes and dropped results leave theirs to later ones, whichever layer they belong to.
///
/// Blocks come back from any thread. What nobody wants for kIdleTime goes back to the system.
class BlockPool {
 public:
  static constexpr std::size_t kDefaultLimit = std::size_t{512} << 20;
  static constexpr std::chrono::seconds kIdleTime{10};

  static BlockPool& shared();

  /// An idle block of at least `floats`, of which it wastes less than half of itself: of the smallest ones that fit the
  /// latest to come back, as that may still be in a cache. Waits up to `wait` for one to come back; null if none does.
  std::shared_ptr<Block> reuse(std::size_t floats, std::chrono::microseconds wait = {});

  /// An idle block as above, or a fresh one. Throws OutOfMemory.
  std::shared_ptr<Block> take(std::size_t floats);

  /// Prepares an idle block in the background, its pages touched. Where memory is short nothing happens.
  void reserve(std::size_t floats);

  /// The most bytes that may lie idle; blocks that come back beyond go back to the system. If more lie idle now, all
  /// do.
  void setLimit(std::size_t bytes);
  std::size_t limit() const;
  std::size_t idleBytes() const;

  /// Gives all idle blocks back to the system.
  void release();

 private:
  using Clock = std::chrono::steady_clock;
  struct Idle {
    std::unique_ptr<Block> block;
    Clock::time_point since;
  };
  using Blocks = std::list<Idle>;  // moved without allocating, and freed once the pool is unlocked

  std::shared_ptr<Block> lend(std::unique_ptr<Block> block);
  void give(std::unique_ptr<Block> block) noexcept;
  std::unique_ptr<Block> find(std::size_t floats);
  Blocks drop(Clock::time_point before = Clock::time_point::max());
  void wakeKeeper();
  void keep();
  void prepare(std::size_t floats) noexcept;

  mutable std::mutex mutex_;
  std::map<std::size_t, Blocks> idle_;  // by size; the latest to come back is last
  std::size_t idleBytes_ = 0;
  std::size_t limit_ = kDefaultLimit;
  std::condition_variable returned_;
  int waiting_ = 0;  // for a block to come back

  // A thread of its own prepares what is reserved and drops what nobody wants. It sleeps while there is neither.
  std::condition_variable work_;
  std::vector<std::size_t> reserved_;
  bool started_ = false, asleep_ = false;
};

}  // namespace winograd
