#pragma once

#include <cstddef>

#include "operators/kernel.h"
#include "runtime/stopwatch.h"
#include "runtime/threads.h"

namespace winograd {

/// Runs body(item, slot) for every item in [0, count) on the shared pool, until the run is cancelled, which it then
/// throws. Items take milliseconds at the most.
template <class Body>
void forEachItem(std::ptrdiff_t count, int threads, const Run& run, const Body& body) {
  ThreadPool::shared().forEach(count, threads, [&](std::ptrdiff_t item, int slot) {
    if (!run.stopped()) body(item, slot);
  });
  run.check();
}

/// The same for ranges body(begin, end, slot) of [0, count), `grain` of them long.
template <class Body>
void forEachRange(std::ptrdiff_t count, std::ptrdiff_t grain, int threads, const Run& run, const Body& body) {
  forEachItem((count + grain - 1) / grain, threads, run, [&](std::ptrdiff_t item, int slot) {
    const std::ptrdiff_t begin = item * grain;
    body(begin, count - begin < grain ? count : begin + grain, slot);
  });
}

/// Things of a range that are one item: `most` at the most, fewer where each thread shall get several items.
constexpr std::ptrdiff_t grainOf(std::ptrdiff_t count, int threads, std::ptrdiff_t most) {
  constexpr std::ptrdiff_t itemsPerThread = 4;
  const std::ptrdiff_t share = (count + threads * itemsPerThread - 1) / (threads * itemsPerThread);
  return share < 1 ? 1 : share < most || most < 1 ? share : most;
}

/// A part of the workspace that begins after `before` floats.
inline float* workspaceAt(const Run& run, std::ptrdiff_t before) {
  return run.workspace.floats() + before;
}

}  // namespace winograd
