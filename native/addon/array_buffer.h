#pragma once

#include <napi.h>

#include <memory>

#include "runtime/memory.h"

namespace winograd::addon {

/// An ArrayBuffer over a block, which it holds for as long as anything in JavaScript can reach the memory: a buffer
/// that it was transferred to, in whichever thread, included.
///
/// The block is let go of the moment the collector finds it unreachable, from any thread. This is why the buffer is
/// made by V8's own functions: what Node-API offers lets go in a later turn of the event loop, so that a loop that
/// never waits keeps every result it has dropped, and it frees the memory with the thread that made it, although a
/// transfer may have moved it to another. Where a version of Node lacks those functions, or the environment has
/// WINOGRAD_BUFFERS=portable, Node-API serves, and what a thread leaves behind when it ends is never freed.
Napi::ArrayBuffer arrayBufferOver(Napi::Env env, const std::shared_ptr<Block>& block, std::size_t bytes);

}  // namespace winograd::addon
