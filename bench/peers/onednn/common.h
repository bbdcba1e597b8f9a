#pragma once

#include <cstddef>
#include <cstdio>
#include <oneapi/dnnl/dnnl.hpp>
#include <string>

// What oneDNN's programs of the benchmark share.

inline dnnl::engine& engine() {
  static dnnl::engine cpu(dnnl::engine::kind::cpu, 0);
  return cpu;
}

inline dnnl::stream& stream() {
  static dnnl::stream order(engine());
  return order;
}

// Row-major strides, as in NCDHW and OIDHW.
inline dnnl::memory::dims planarStrides(const dnnl::memory::dims& sizes) {
  dnnl::memory::dims strides(sizes.size(), 1);
  for (std::size_t i = sizes.size() - 1; i > 0; i--) strides[i - 1] = strides[i] * sizes[i];
  return strides;
}

inline dnnl::memory::desc planarLayout(const dnnl::memory::dims& sizes) {
  return {sizes, dnnl::memory::data_type::f32, planarStrides(sizes)};
}

inline dnnl::memory::desc anyLayout(const dnnl::memory::dims& sizes) {
  return {sizes, dnnl::memory::data_type::f32, dnnl::memory::format_tag::any};
}

// Answers a request that cannot be met.
inline void refuse(std::string message) {
  for (char& c : message) {
    if (c == '"' || c == '\\' || c == '\n') c = '\'';
  }
  std::printf("{\"error\":\"%s\"}\n", message.c_str());
}
