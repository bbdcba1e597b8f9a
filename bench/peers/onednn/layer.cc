// oneDNN as a contender of the benchmark: answers one JSON object a line (bench/protocol.ts) with one of its
// own.
//
// Source, weights and destination are in the layout that oneDNN prefers; the reorders into and out of it are
// outside of the time, which is the primitive's alone.

#include <omp.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <map>
#include <oneapi/dnnl/dnnl.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "common.h"

namespace {

using dnnl::memory;

// Larger than any last-level cache.
constexpr std::size_t kSweepFloats = std::size_t{64} << 20;

struct Prepared {
  int threads;
  dnnl::convolution_forward primitive;
  memory source, weights, destination;
};

// Requests are flat: a key is followed by a number, a string or an array of numbers.
std::string after(const std::string& line, const std::string& key) {
  const std::size_t at = line.find("\"" + key + "\":");
  if (at == std::string::npos) throw std::runtime_error("Expected a request with \"" + key + "\" but received " + line);
  return line.substr(at + key.size() + 3);
}

std::string text(const std::string& line, const std::string& key) {
  const std::string rest = after(line, key);
  return rest.substr(1, rest.find('"', 1) - 1);
}

memory::dims numbers(const std::string& line, const std::string& key) {
  const std::string rest = after(line, key);
  memory::dims values;
  for (const char* at = rest.c_str() + 1; *at != ']' && *at != '\0';) {
    char* end;
    values.push_back(std::strtoll(at, &end, 10));
    if (end == at) break;
    at = *end == ',' ? end + 1 : end;
  }
  return values;
}

std::ptrdiff_t number(const std::string& line, const std::string& key) {
  return std::stoll(after(line, key));
}

memory::dims concatenate(memory::dims a, const memory::dims& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

memory planar(const memory::dims& sizes) {
  return memory(planarLayout(sizes), engine());
}

void reorder(memory from, memory to) {
  dnnl::reorder(from, to).execute(stream(), from, to);
  stream().wait();
}

memory load(const std::string& file, const memory::dims& sizes, const memory::desc& layout) {
  memory user = planar(sizes), preferred(layout, engine());
  std::ifstream in(file, std::ios::binary);
  in.read(static_cast<char*>(user.get_data_handle()), static_cast<std::streamsize>(user.get_desc().get_size()));
  if (!in) throw std::runtime_error("Expected " + file + " to hold the data but could not read it");
  reorder(user, preferred);
  return preferred;
}

double pass(Prepared& job) {
  const auto start = std::chrono::steady_clock::now();
  job.primitive.execute(stream(),
                        {{DNNL_ARG_SRC, job.source}, {DNNL_ARG_WEIGHTS, job.weights}, {DNNL_ARG_DST, job.destination}});
  stream().wait();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

dnnl::convolution_forward::primitive_desc describe(const memory::dims& x, const memory::dims& w, const memory::dims& y,
                                                   const memory::dims& stride, const memory::dims& padding,
                                                   dnnl::algorithm algorithm) {
  const auto kind = dnnl::prop_kind::forward_inference;
#if DNNL_VERSION_MAJOR >= 3
  return {engine(), kind, algorithm, anyLayout(x), anyLayout(w), anyLayout(y), stride, padding, padding};
#else
  return {{kind, algorithm, anyLayout(x), anyLayout(w), anyLayout(y), stride, padding, padding}, engine()};
#endif
}

Prepared prepare(const std::string& line, dnnl::algorithm algorithm) {
  const int threads = static_cast<int>(number(line, "threads"));
  omp_set_num_threads(threads);
  const std::ptrdiff_t batch = number(line, "batch"), in = number(line, "inChannels"),
                       out = number(line, "outChannels"), groups = number(line, "groups");
  const memory::dims x = concatenate({batch, in}, numbers(line, "input"));
  const memory::dims channels = groups == 1 ? memory::dims{out, in} : memory::dims{groups, out / groups, in / groups};
  const memory::dims w = concatenate(channels, numbers(line, "kernel"));
  const memory::dims y = concatenate({batch, out}, numbers(line, "output"));
  const auto layout = describe(x, w, y, numbers(line, "stride"), numbers(line, "padding"), algorithm);
  return {threads, dnnl::convolution_forward(layout), load(text(line, "inputFile"), x, layout.src_desc()),
          load(text(line, "weightFile"), w, layout.weights_desc()), memory(layout.dst_desc(), engine())};
}

void answerSamples(Prepared& job, const std::string& line, dnnl::algorithm algorithm) {
  pass(job);
  const memory::desc layout = job.destination.get_desc();
#if DNNL_VERSION_MAJOR >= 3
  memory user = planar(layout.get_dims());
#else
  memory user = planar(layout.dims());
#endif
  reorder(job.destination, user);
  const float* y = static_cast<const float*>(user.get_data_handle());
  std::printf("{\"values\":[");
  const char* separator = "";
  for (const std::ptrdiff_t at : numbers(line, "samples")) {
    std::printf("%s%.9g", separator, static_cast<double>(y[at]));
    separator = ",";
  }
  const dnnl_version_t* v = dnnl_version();
  const char* kind = algorithm == dnnl::algorithm::convolution_winograd ? "winograd" : "direct";
  std::printf("],\"library\":\"oneDNN %d.%d.%d\",\"algorithm\":\"%s\"}\n", v->major, v->minor, v->patch, kind);
}

void answerTimes(Prepared& job, std::ptrdiff_t passes, bool cold) {
  static std::vector<float> sweep;
  omp_set_num_threads(job.threads);
  pass(job);
  std::printf("{\"ms\":[");
  for (std::ptrdiff_t i = 0; i < passes; i++) {
    if (cold) {
      sweep.resize(kSweepFloats);
      for (float& value : sweep) value += 1;
    }
    std::printf("%s%.6f", i == 0 ? "" : ",", pass(job));
  }
  std::printf("]}\n");
}

}  // namespace

// With the argument `winograd` by F(4, 3), which the library's own choice never is; it refuses what that cannot do.
int main(int count, char** arguments) {
  const bool winograd = count > 1 && std::string(arguments[1]) == "winograd";
  const auto algorithm = winograd ? dnnl::algorithm::convolution_winograd : dnnl::algorithm::convolution_auto;
  std::map<std::ptrdiff_t, Prepared> jobs;
  for (std::string line; std::getline(std::cin, line);) {
    try {
      const std::string request = text(line, "request");
      const std::ptrdiff_t id = number(line, "id");
      if (request == "prepare") {
        Prepared& job = jobs.emplace(id, prepare(line, algorithm)).first->second;
        answerSamples(job, line, algorithm);
      }
      if (request == "run") answerTimes(jobs.at(id), number(line, "passes"), number(line, "cold") != 0);
      if (request == "release") {
        jobs.erase(id);
        std::printf("{}\n");
      }
    } catch (const std::exception& error) {
      refuse(error.what());
    }
    std::fflush(stdout);
  }
}
