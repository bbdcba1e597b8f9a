#include "program/program.h"

#include <algorithm>
#include <stdexcept>
#include <string>

#include "runtime/memory.h"
#include "runtime/stopwatch.h"
#include "runtime/threads.h"

namespace winograd {
namespace {

constexpr std::size_t kLineBytes = 64;

[[noreturn]] void refuse(std::size_t step, const std::string& what) {
  throw std::invalid_argument("Expected " + what + " of step " + std::to_string(step) +
                              " to lie inside what it names, as large as its kernel asks");
}

// The size of what a place names, or 0 for a wrong name.
std::size_t extentOf(const Place& place, const ProgramParts& parts) {
  switch (place.in) {
    case Place::In::input:
      return place.index < parts.inputBytes.size() ? parts.inputBytes[place.index] : 0;
    case Place::In::output:
      return place.index < parts.outputBytes.size() ? parts.outputBytes[place.index] : 0;
    case Place::In::constant:
      return place.index < parts.constants.size() ? parts.constants[place.index]->bytes() : 0;
    case Place::In::arena:
      return parts.arenaBytes;
    case Place::In::nowhere:
      break;
  }
  return 0;
}

bool fits(const Place& place, const ProgramParts& parts, std::size_t asked) {
  const std::size_t extent = extentOf(place, parts);
  return place.bytes >= asked && place.offset <= extent && place.bytes <= extent - place.offset;
}

void check(const ProgramParts& parts) {
  for (std::size_t s = 0; s < parts.steps.size(); s++) {
    const Step& step = parts.steps[s];
    const std::vector<std::size_t> reads = step.kernel->inputBytes(), writes = step.kernel->outputBytes();
    if (step.inputs.size() != reads.size()) refuse(s, "the inputs");
    for (std::size_t i = 0; i < reads.size(); i++) {
      const bool absent = step.inputs[i].in == Place::In::nowhere;
      if (absent ? reads[i] > 0 : !fits(step.inputs[i], parts, reads[i])) refuse(s, "input " + std::to_string(i));
    }
    if (step.outputs.size() != writes.size()) refuse(s, "the outputs");
    for (std::size_t i = 0; i < writes.size(); i++) {
      const Place& place = step.outputs[i];
      const bool writable = place.in == Place::In::output || place.in == Place::In::arena;
      if (!writable || !fits(place, parts, writes[i])) refuse(s, "output " + std::to_string(i));
    }
  }
}

}  // namespace

Program::Program(ProgramParts parts) : parts_(std::move(parts)) {
  check(parts_);
  parts_.arenaBytes = checkedAdd(parts_.arenaBytes, kLineBytes - 1) / kLineBytes * kLineBytes;
  for (const Step& step : parts_.steps) {
    workspaceBytes_ = std::max(workspaceBytes_, step.kernel->workspaceBytes());
    threads_ = std::max(threads_, step.kernel->threads());
    parts_.wakes = parts_.wakes || (step.kernel->threads() > 1 && step.kernel->wakes());
  }
  checkedAdd(parts_.arenaBytes, workspaceBytes_);
}

std::size_t Program::constantBytes() const {
  std::size_t bytes = 0;
  for (const auto& constant : parts_.constants) bytes += constant->bytes();
  return bytes;
}

void Program::prepare(const std::atomic<bool>* cancelled) const {
  for (const auto& constant : parts_.constants) constant->ready(cancelled);
}

std::vector<Times> Program::run(std::span<const Buffer> inputs, std::span<const Buffer> outputs,
                                const std::atomic<bool>* cancelled) const {
  const auto large = [](std::span<const Buffer> given, const std::vector<std::size_t>& asked) {
    bool enough = given.size() == asked.size();
    for (std::size_t i = 0; enough && i < asked.size(); i++) enough = given[i].bytes >= asked[i];
    return enough;
  };
  if (!large(inputs, parts_.inputBytes) || !large(outputs, parts_.outputBytes))
    throw std::invalid_argument("Expected inputs and outputs to be as many and as large as the program's");
  // From step to step threads stay awake: waking one takes longer than a short kernel.
  const ThreadPool::Session awake(ThreadPool::shared(), threads_, parts_.wakes);
  const std::shared_ptr<Block> memory = runBytes() > 0 ? pooledBlock((runBytes() + 3) / sizeof(float)) : nullptr;
  char* const arena = memory ? reinterpret_cast<char*>(memory->data()) : nullptr;
  const Run run{{arena + parts_.arenaBytes, workspaceBytes_}, cancelled};
  const auto bufferAt = [&](const Place& place) -> Buffer {
    const auto within = [&](const Buffer& whole) {
      return Buffer{static_cast<char*>(whole.data) + place.offset, place.bytes};
    };
    switch (place.in) {
      case Place::In::input:
        return within(inputs[place.index]);
      case Place::In::output:
        return within(outputs[place.index]);
      case Place::In::constant:
        return within(parts_.constants[place.index]->ready(cancelled));
      case Place::In::arena:
        return {arena + place.offset, place.bytes};
      case Place::In::nowhere:
        break;
    }
    return {};
  };

  std::vector<Times> times;
  times.reserve(parts_.steps.size());
  std::vector<Buffer> reads, writes;
  for (const Step& step : parts_.steps) {
    run.check();
    reads.clear();
    writes.clear();
    for (const Place& place : step.inputs) reads.push_back(bufferAt(place));
    for (const Place& place : step.outputs) writes.push_back(bufferAt(place));
    Stopwatch watch;
    times.push_back(step.kernel->execute(reads, writes, run));
    times.back().total = watch.lap();
  }
  return times;
}

}  // namespace winograd
