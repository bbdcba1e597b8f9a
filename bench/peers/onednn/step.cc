// Training steps built of oneDNN's primitives, as a contender of `npm run bench -- --training`.
//
// Reads a network as lines of words from a file (bench/training/onednn.ts writes it) and answers each line of input, a
// request for a step, by one of JSON. A step is forward, cross entropy, backward and the update of all parameters by
// gradient descent. Layouts are those that the primitives
// prefer; reorders between them are part of the step, those of the weights included. ReLUs run inside of the
// convolution or the normalisation before them.
//
// With the argument `best` each direction of each convolution runs by the faster of direct convolution and F(4, 3).

#include <omp.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <oneapi/dnnl/dnnl.hpp>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

#include "common.h"

#if DNNL_VERSION_MAJOR != 2
#error "Expected oneDNN 2, whose operation descriptors this program uses"
#endif

namespace {

using dnnl::algorithm;
using dnnl::memory;
using dnnl::prop_kind;
using Dims = memory::dims;

double milliseconds() {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// A step is a list of these.
using Action = std::function<void()>;
using Arguments = std::unordered_map<int, memory>;

Action runs(const dnnl::primitive& primitive, const Arguments& arguments) {
  return [=] { primitive.execute(stream(), arguments); };
}

struct Tensor {
  Dims sizes;
  bool isInput = false;
  std::optional<memory> value, gradient;
  // The value in other layouts, made once in a step.
  std::vector<memory> copies = {};
};

struct Parameter {
  Dims sizes;
  std::vector<float> start;
  // Whether the numbers lie with the first two of these axes exchanged.
  bool swapped = false;
  std::optional<memory> value, gradient;
};

class Network {
 public:
  explicit Network(bool best) : best_(best) {}

  void read(std::istream& in);
  double step(float rate);
  double loss() const { return loss_; }

 private:
  using Words = std::istringstream;
  struct Geometry {
    Dims kernel, stride, left, right;
  };

  static Dims dims(Words& words, std::size_t count) {
    Dims values(count);
    for (auto& value : values) words >> value;
    return values;
  }
  Tensor& tensor(Words& words) {
    std::string name;
    words >> name;
    return tensors_.at(name);
  }
  Parameter& parameter(Words& words) {
    std::string name;
    words >> name;
    return parameters_.at(name);
  }
  static Geometry geometry(Words& words, std::size_t axes) {
    return {dims(words, axes), dims(words, axes), dims(words, axes), dims(words, axes)};
  }

  memory allocate(const memory::desc& layout) {
    memory made(layout, engine());
    float* data = static_cast<float*>(made.get_data_handle());
    std::fill(data, data + layout.get_size() / sizeof(float), 0.0f);  // touched before it is timed
    return made;
  }
  memory inLayout(Tensor& x, const memory::desc& layout, std::vector<Action>& actions);
  memory inLayout(const memory& from, const memory::desc& layout, std::vector<Action>& actions);
  void addGradient(Tensor& x, const memory& part, const Action& action);
  void give(Parameter& p, const memory::desc& layout);
  void update(Parameter& p, const memory& gradient);

  template <class Forward, class Data, class Weights>
  void convolution(Words& words, bool transposed);
  void dense(Words& words);
  void norm(Words& words);
  void relu(Words& words);
  void pool(Words& words, algorithm kind);
  void lrn(Words& words);
  void add(Words& words);
  void concat(Words& words);
  void crossEntropy(Words& words);

  template <class Make>
  auto fastest(const Make& make);

  bool best_;
  float rate_ = 0;
  double loss_ = 0;
  std::map<std::string, Tensor> tensors_;
  std::map<std::string, Parameter> parameters_;
  std::vector<Action> forward_, update_;
  // Of each operation; the last one's comes first.
  std::vector<std::function<void()>> makeBackward_;
  std::vector<Action> backward_;
};

memory Network::inLayout(const memory& from, const memory::desc& layout, std::vector<Action>& actions) {
  if (from.get_desc() == layout) return from;
  const memory to = allocate(layout);
  actions.push_back(runs(dnnl::reorder(from, to), {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}}));
  return to;
}

memory Network::inLayout(Tensor& x, const memory::desc& layout, std::vector<Action>& actions) {
  for (const memory& copy : x.copies) {
    if (copy.get_desc() == layout) return copy;
  }
  const memory found = inLayout(*x.value, layout, actions);
  x.copies.push_back(found);
  return found;
}

// `action` writes `part`; a second part of a gradient is added to the first.
void Network::addGradient(Tensor& x, const memory& part, const Action& action) {
  backward_.push_back(action);
  if (!x.gradient) {
    x.gradient = part;
    return;
  }
  const memory other = inLayout(part, x.gradient->get_desc(), backward_);
  const memory sum = *x.gradient;
  backward_.push_back([=] {
    float* to = static_cast<float*>(sum.get_data_handle());
    const float* from = static_cast<const float*>(other.get_data_handle());
    const std::ptrdiff_t count = static_cast<std::ptrdiff_t>(sum.get_desc().get_size() / sizeof(float));
#pragma omp parallel for simd
    for (std::ptrdiff_t i = 0; i < count; i++) to[i] += from[i];
  });
}

// A parameter lives in the layout of its first use.
void Network::give(Parameter& p, const memory::desc& layout) {
  Dims sizes = p.sizes;
  if (p.swapped) std::swap(sizes[0], sizes[1]);
  Dims strides = planarStrides(sizes);
  if (p.swapped) std::swap(strides[0], strides[1]);
  memory user({p.sizes, memory::data_type::f32, strides}, engine(), p.start.data());
  p.value = allocate(layout);
  dnnl::reorder(user, *p.value).execute(stream(), user, *p.value);
  stream().wait();
}

void Network::update(Parameter& p, const memory& gradient) {
  const memory from = inLayout(gradient, p.value->get_desc(), update_);
  const memory value = *p.value;
  update_.push_back([=, this] {
    float* to = static_cast<float*>(value.get_data_handle());
    const float* slope = static_cast<const float*>(from.get_data_handle());
    const std::ptrdiff_t count = static_cast<std::ptrdiff_t>(value.get_desc().get_size() / sizeof(float));
#pragma omp parallel for simd
    for (std::ptrdiff_t i = 0; i < count; i++) to[i] -= rate_ * slope[i];
  });
}

// What `make` makes with the algorithm that is faster, on memory of its own.
template <class Make>
auto Network::fastest(const Make& make) {
  auto direct = make(algorithm::convolution_direct);
  if (!best_) return direct;
  try {
    auto winograd = make(algorithm::convolution_winograd);
    const auto time = [&](const auto& made) {
      double least = 1e30;
      for (int i = 0; i < 3; i++) {
        const double start = milliseconds();
        made.trial();
        stream().wait();
        least = std::min(least, milliseconds() - start);
      }
      return least;
    };
    return time(winograd) < time(direct) ? winograd : direct;
  } catch (const dnnl::error&) {
    return direct;  // it refuses what it does not cover
  }
}

// A primitive with its description, and a run of it on memory of its own.
template <class Primitive>
struct Made {
  typename Primitive::primitive_desc description;
  Action trial;
};

template <class Forward, class Data, class Weights>
void Network::convolution(Words& words, bool transposed) {
  Tensor& x = tensor(words);
  Parameter& w = parameter(words);
  std::string biasName;
  words >> biasName;
  Tensor& y = tensor(words);
  const std::size_t axes = x.sizes.size() - 2;
  const Geometry g = geometry(words, axes);
  bool relu;
  words >> relu;
  w.swapped = transposed;
  Parameter* bias = biasName == "-" ? nullptr : &parameters_.at(biasName);
  const memory::desc biasLayout = bias == nullptr ? memory::desc() : planarLayout(bias->sizes);
  const auto kindOf = [&](algorithm kind) {
    if (!transposed) return kind;
    return kind == algorithm::convolution_winograd ? algorithm::deconvolution_winograd
                                                   : algorithm::deconvolution_direct;
  };
  dnnl::primitive_attr attributes;
  if (relu) {
    dnnl::post_ops after;
    after.append_eltwise(1, algorithm::eltwise_relu, 0, 0);
    attributes.set_post_ops(after);
  }
  const auto describeForward = [&](algorithm kind) {
    return typename Forward::primitive_desc(
        {prop_kind::forward_training, kindOf(kind), anyLayout(x.sizes), anyLayout(w.sizes), biasLayout,
         anyLayout(y.sizes), g.stride, g.left, g.right},
        attributes, engine());
  };
  const auto forward = fastest([&](algorithm kind) {
    const auto description = describeForward(kind);
    const Forward primitive(description);
    Arguments arguments = {{DNNL_ARG_SRC, allocate(description.src_desc())},
                           {DNNL_ARG_WEIGHTS, allocate(description.weights_desc())},
                           {DNNL_ARG_DST, allocate(description.dst_desc())}};
    if (bias != nullptr) arguments.emplace(DNNL_ARG_BIAS, allocate(biasLayout));
    return Made<Forward>{description, runs(primitive, arguments)};
  });
  give(w, forward.description.weights_desc());
  if (bias != nullptr) give(*bias, biasLayout);
  const memory source = inLayout(x, forward.description.src_desc(), forward_);
  y.value = allocate(forward.description.dst_desc());
  Arguments arguments = {{DNNL_ARG_SRC, source}, {DNNL_ARG_WEIGHTS, *w.value}, {DNNL_ARG_DST, *y.value}};
  if (bias != nullptr) arguments.emplace(DNNL_ARG_BIAS, *bias->value);
  forward_.push_back(runs(Forward(forward.description), arguments));

  makeBackward_.push_back([=, this, &x, &w, &y] {
    memory slope = *y.gradient;
    if (relu) {
      // In the layout of the result, by its sign.
      slope = inLayout(slope, y.value->get_desc(), backward_);
      const memory::desc layout = y.value->get_desc();
      const auto kind = algorithm::eltwise_relu_use_dst_for_bwd;
      const dnnl::eltwise_forward::primitive_desc hint({prop_kind::forward_training, kind, layout, 0, 0}, engine());
      const dnnl::eltwise_backward::primitive_desc description({kind, layout, layout, 0, 0}, engine(), hint);
      const memory behind = allocate(layout);
      backward_.push_back(runs(dnnl::eltwise_backward(description),
                               {{DNNL_ARG_DST, *y.value}, {DNNL_ARG_DIFF_DST, slope}, {DNNL_ARG_DIFF_SRC, behind}}));
      slope = behind;
    }
    const auto plain = [&](algorithm kind) {
      return typename Forward::primitive_desc(
          {prop_kind::forward_training, kindOf(kind), anyLayout(x.sizes), anyLayout(w.sizes), biasLayout,
           anyLayout(y.sizes), g.stride, g.left, g.right},
          engine());
    };
    const auto weights = fastest([&](algorithm kind) {
      const typename Weights::primitive_desc description({kindOf(kind), anyLayout(x.sizes), anyLayout(w.sizes),
                                                          biasLayout, anyLayout(y.sizes), g.stride, g.left, g.right},
                                                         engine(), plain(kind));
      Arguments trial = {{DNNL_ARG_SRC, allocate(description.src_desc())},
                         {DNNL_ARG_DIFF_DST, allocate(description.diff_dst_desc())},
                         {DNNL_ARG_DIFF_WEIGHTS, allocate(description.diff_weights_desc())}};
      if (bias != nullptr) trial.emplace(DNNL_ARG_DIFF_BIAS, allocate(biasLayout));
      return Made<Weights>{description, runs(Weights(description), trial)};
    });
    w.gradient = allocate(weights.description.diff_weights_desc());
    Arguments given = {{DNNL_ARG_SRC, inLayout(x, weights.description.src_desc(), backward_)},
                       {DNNL_ARG_DIFF_DST, inLayout(slope, weights.description.diff_dst_desc(), backward_)},
                       {DNNL_ARG_DIFF_WEIGHTS, *w.gradient}};
    if (bias != nullptr) {
      bias->gradient = allocate(biasLayout);
      given.emplace(DNNL_ARG_DIFF_BIAS, *bias->gradient);
    }
    backward_.push_back(runs(Weights(weights.description), given));
    if (x.isInput) return;
    const auto data = fastest([&](algorithm kind) {
      const typename Data::primitive_desc description(
          {kindOf(kind), anyLayout(x.sizes), anyLayout(w.sizes), anyLayout(y.sizes), g.stride, g.left, g.right},
          engine(), plain(kind));
      const Arguments trial = {{DNNL_ARG_WEIGHTS, allocate(description.weights_desc())},
                               {DNNL_ARG_DIFF_DST, allocate(description.diff_dst_desc())},
                               {DNNL_ARG_DIFF_SRC, allocate(description.diff_src_desc())}};
      return Made<Data>{description, runs(Data(description), trial)};
    });
    const memory part = allocate(data.description.diff_src_desc());
    const Arguments all = {{DNNL_ARG_WEIGHTS, inLayout(*w.value, data.description.weights_desc(), backward_)},
                           {DNNL_ARG_DIFF_DST, inLayout(slope, data.description.diff_dst_desc(), backward_)},
                           {DNNL_ARG_DIFF_SRC, part}};
    addGradient(x, part, runs(Data(data.description), all));
  });
}

void Network::dense(Words& words) {
  Tensor& x = tensor(words);
  Parameter& w = parameter(words);
  Parameter& bias = parameter(words);
  Tensor& y = tensor(words);
  const memory::desc biasLayout = planarLayout(bias.sizes);
  const dnnl::inner_product_forward::primitive_desc description(
      {prop_kind::forward_training, anyLayout(x.sizes), anyLayout(w.sizes), biasLayout, anyLayout(y.sizes)}, engine());
  give(w, description.weights_desc());
  give(bias, biasLayout);
  y.value = allocate(description.dst_desc());
  forward_.push_back(
      runs(dnnl::inner_product_forward(description), {{DNNL_ARG_SRC, inLayout(x, description.src_desc(), forward_)},
                                                      {DNNL_ARG_WEIGHTS, *w.value},
                                                      {DNNL_ARG_BIAS, *bias.value},
                                                      {DNNL_ARG_DST, *y.value}}));
  makeBackward_.push_back([=, this, &x, &w, &bias, &y] {
    const dnnl::inner_product_backward_weights::primitive_desc weights(
        {anyLayout(x.sizes), anyLayout(w.sizes), biasLayout, anyLayout(y.sizes)}, engine(), description);
    w.gradient = allocate(weights.diff_weights_desc());
    bias.gradient = allocate(biasLayout);
    backward_.push_back(runs(dnnl::inner_product_backward_weights(weights),
                             {{DNNL_ARG_SRC, inLayout(x, weights.src_desc(), backward_)},
                              {DNNL_ARG_DIFF_DST, inLayout(*y.gradient, weights.diff_dst_desc(), backward_)},
                              {DNNL_ARG_DIFF_WEIGHTS, *w.gradient},
                              {DNNL_ARG_DIFF_BIAS, *bias.gradient}}));
    const dnnl::inner_product_backward_data::primitive_desc data(
        {anyLayout(x.sizes), anyLayout(w.sizes), anyLayout(y.sizes)}, engine(), description);
    const memory part = allocate(data.diff_src_desc());
    const Arguments arguments = {{DNNL_ARG_WEIGHTS, inLayout(*w.value, data.weights_desc(), backward_)},
                                 {DNNL_ARG_DIFF_DST, inLayout(*y.gradient, data.diff_dst_desc(), backward_)},
                                 {DNNL_ARG_DIFF_SRC, part}};
    addGradient(x, part, runs(dnnl::inner_product_backward_data(data), arguments));
  });
}

void Network::norm(Words& words) {
  Tensor& x = tensor(words);
  Parameter& scale = parameter(words);
  Parameter& shift = parameter(words);
  Tensor& y = tensor(words);
  float epsilon;
  bool relu;
  words >> epsilon >> relu;
  using dnnl::normalization_flags;
  const auto flags = normalization_flags::use_scale | normalization_flags::use_shift |
                     (relu ? normalization_flags::fuse_norm_relu : normalization_flags::none);
  const memory::desc layout = x.value->get_desc(), vector = planarLayout(scale.sizes);
  const dnnl::batch_normalization_forward::primitive_desc description(
      {prop_kind::forward_training, layout, epsilon, flags}, engine());
  give(scale, vector);
  give(shift, vector);
  y.value = allocate(layout);
  Arguments common = {{DNNL_ARG_SRC, *x.value},
                      {DNNL_ARG_SCALE, *scale.value},
                      {DNNL_ARG_SHIFT, *shift.value},
                      {DNNL_ARG_MEAN, allocate(description.mean_desc())},
                      {DNNL_ARG_VARIANCE, allocate(description.variance_desc())}};
  if (relu) common.emplace(DNNL_ARG_WORKSPACE, allocate(description.workspace_desc()));
  Arguments arguments = common;
  arguments.emplace(DNNL_ARG_DST, *y.value);
  forward_.push_back(runs(dnnl::batch_normalization_forward(description), arguments));
  makeBackward_.push_back([=, this, &x, &scale, &shift, &y] {
    const dnnl::batch_normalization_backward::primitive_desc back({prop_kind::backward, layout, layout, epsilon, flags},
                                                                  engine(), description);
    const memory part = allocate(layout);
    scale.gradient = allocate(vector);
    shift.gradient = allocate(vector);
    Arguments all = common;
    all.emplace(DNNL_ARG_DIFF_DST, inLayout(*y.gradient, layout, backward_));
    all.emplace(DNNL_ARG_DIFF_SRC, part);
    all.emplace(DNNL_ARG_DIFF_SCALE, *scale.gradient);
    all.emplace(DNNL_ARG_DIFF_SHIFT, *shift.gradient);
    addGradient(x, part, runs(dnnl::batch_normalization_backward(back), all));
  });
}

void Network::relu(Words& words) {
  Tensor& x = tensor(words);
  Tensor& y = tensor(words);
  const memory::desc layout = x.value->get_desc();
  const dnnl::eltwise_forward::primitive_desc description(
      {prop_kind::forward_training, algorithm::eltwise_relu, layout, 0, 0}, engine());
  y.value = allocate(layout);
  forward_.push_back(runs(dnnl::eltwise_forward(description), {{DNNL_ARG_SRC, *x.value}, {DNNL_ARG_DST, *y.value}}));
  makeBackward_.push_back([=, this, &x, &y] {
    const dnnl::eltwise_backward::primitive_desc back({algorithm::eltwise_relu, layout, layout, 0, 0}, engine(),
                                                      description);
    const memory part = allocate(layout);
    const Arguments all = {{DNNL_ARG_SRC, *x.value},
                           {DNNL_ARG_DIFF_DST, inLayout(*y.gradient, layout, backward_)},
                           {DNNL_ARG_DIFF_SRC, part}};
    addGradient(x, part, runs(dnnl::eltwise_backward(back), all));
  });
}

void Network::pool(Words& words, algorithm kind) {
  Tensor& x = tensor(words);
  Tensor& y = tensor(words);
  const Geometry g = geometry(words, x.sizes.size() - 2);
  const memory::desc layout = x.value->get_desc();
  const dnnl::pooling_forward::primitive_desc description(
      {prop_kind::forward_training, kind, layout, anyLayout(y.sizes), g.stride, g.kernel, g.left, g.right}, engine());
  y.value = allocate(description.dst_desc());
  Arguments arguments = {{DNNL_ARG_SRC, *x.value}, {DNNL_ARG_DST, *y.value}};
  Arguments workspace;
  if (kind == algorithm::pooling_max) workspace.emplace(DNNL_ARG_WORKSPACE, allocate(description.workspace_desc()));
  arguments.insert(workspace.begin(), workspace.end());
  forward_.push_back(runs(dnnl::pooling_forward(description), arguments));
  makeBackward_.push_back([=, this, &x, &y] {
    const dnnl::pooling_backward::primitive_desc back(
        {kind, layout, description.dst_desc(), g.stride, g.kernel, g.left, g.right}, engine(), description);
    const memory part = allocate(layout);
    Arguments all = {{DNNL_ARG_DIFF_DST, inLayout(*y.gradient, description.dst_desc(), backward_)},
                     {DNNL_ARG_DIFF_SRC, part}};
    all.insert(workspace.begin(), workspace.end());
    addGradient(x, part, runs(dnnl::pooling_backward(back), all));
  });
}

void Network::lrn(Words& words) {
  Tensor& x = tensor(words);
  Tensor& y = tensor(words);
  std::ptrdiff_t size;
  float alpha, beta, k;
  words >> size >> alpha >> beta >> k;
  const auto kind = algorithm::lrn_across_channels;
  const memory::desc layout = x.value->get_desc();
  const dnnl::lrn_forward::primitive_desc description({prop_kind::forward_training, kind, layout, size, alpha, beta, k},
                                                      engine());
  y.value = allocate(layout);
  const memory workspace = allocate(description.workspace_desc());
  forward_.push_back(runs(dnnl::lrn_forward(description),
                          {{DNNL_ARG_SRC, *x.value}, {DNNL_ARG_DST, *y.value}, {DNNL_ARG_WORKSPACE, workspace}}));
  makeBackward_.push_back([=, this, &x, &y] {
    const dnnl::lrn_backward::primitive_desc back({kind, layout, layout, size, alpha, beta, k}, engine(), description);
    const memory part = allocate(layout);
    const Arguments all = {{DNNL_ARG_SRC, *x.value},
                           {DNNL_ARG_DIFF_DST, inLayout(*y.gradient, layout, backward_)},
                           {DNNL_ARG_DIFF_SRC, part},
                           {DNNL_ARG_WORKSPACE, workspace}};
    addGradient(x, part, runs(dnnl::lrn_backward(back), all));
  });
}

void Network::add(Words& words) {
  Tensor& a = tensor(words);
  Tensor& b = tensor(words);
  Tensor& y = tensor(words);
  const memory::desc layout = a.value->get_desc();
  const dnnl::binary::primitive_desc description({algorithm::binary_add, layout, layout, layout}, engine());
  y.value = allocate(layout);
  forward_.push_back(
      runs(dnnl::binary(description),
           {{DNNL_ARG_SRC_0, *a.value}, {DNNL_ARG_SRC_1, inLayout(b, layout, forward_)}, {DNNL_ARG_DST, *y.value}}));
  makeBackward_.push_back([=, this, &a, &b, &y] {
    // Both get the gradient as it is; what is added to one later must not change the other's.
    for (Tensor* x : {&a, &b}) {
      const memory from = *y.gradient, part = allocate(from.get_desc());
      addGradient(*x, part, runs(dnnl::reorder(from, part), {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, part}}));
    }
  });
}

void Network::concat(Words& words) {
  std::size_t count;
  words >> count;
  std::vector<Tensor*> parts;
  for (std::size_t i = 0; i < count; i++) parts.push_back(&tensor(words));
  Tensor& y = tensor(words);
  std::vector<memory::desc> layouts;
  for (Tensor* x : parts) layouts.push_back(x->value->get_desc());
  const dnnl::concat::primitive_desc description(1, layouts, engine());
  y.value = allocate(description.dst_desc());
  Arguments arguments = {{DNNL_ARG_DST, *y.value}};
  for (std::size_t i = 0; i < count; i++) {
    arguments.emplace(DNNL_ARG_MULTIPLE_SRC + static_cast<int>(i), *parts[i]->value);
  }
  forward_.push_back(runs(dnnl::concat(description), arguments));
  makeBackward_.push_back([=, this, &y] {
    const memory all = inLayout(*y.gradient, y.value->get_desc(), backward_);
    std::ptrdiff_t channel = 0;
    for (Tensor* x : parts) {
      Dims offsets(x->sizes.size(), 0);
      offsets[1] = channel;
      channel += x->sizes[1];
      const memory slice(all.get_desc().submemory_desc(x->sizes, offsets), engine(), all.get_data_handle());
      const memory part = allocate(x->value->get_desc());
      addGradient(*x, part, runs(dnnl::reorder(slice, part), {{DNNL_ARG_FROM, slice}, {DNNL_ARG_TO, part}}));
    }
  });
}

// Of N × classes, the example n being of class n modulo 10.
void Network::crossEntropy(Words& words) {
  Tensor& logits = tensor(words);
  const std::ptrdiff_t examples = logits.sizes[0], classes = logits.sizes[1];
  const memory values = inLayout(logits, planarLayout(logits.sizes), forward_);
  const memory slope = allocate(planarLayout(logits.sizes));
  logits.gradient = slope;
  forward_.push_back([=, this] {
    stream().wait();
    loss_ = 0;
    for (std::ptrdiff_t n = 0; n < examples; n++) {
      const float* x = static_cast<const float*>(values.get_data_handle()) + n * classes;
      float* to = static_cast<float*>(slope.get_data_handle()) + n * classes;
      const float largest = *std::max_element(x, x + classes);
      double sum = 0;
      for (std::ptrdiff_t c = 0; c < classes; c++) sum += std::exp(static_cast<double>(x[c] - largest));
      for (std::ptrdiff_t c = 0; c < classes; c++) {
        const double share = std::exp(static_cast<double>(x[c] - largest)) / sum;
        to[c] = static_cast<float>((share - (c == n % 10 ? 1 : 0)) / static_cast<double>(examples));
      }
      loss_ += (std::log(sum) + largest - x[n % 10]) / static_cast<double>(examples);
    }
  });
}

std::vector<float> load(const std::string& file, std::ptrdiff_t offset, std::size_t count) {
  std::vector<float> values(count);
  std::ifstream in(file, std::ios::binary);
  in.seekg(offset);
  in.read(reinterpret_cast<char*>(values.data()), static_cast<std::streamsize>(count * sizeof(float)));
  if (!in) throw std::runtime_error("Expected " + file + " to hold " + std::to_string(count) + " numbers more");
  return values;
}

std::size_t countOf(const Dims& sizes) {
  std::size_t count = 1;
  for (const auto size : sizes) count *= static_cast<std::size_t>(size);
  return count;
}

// Lines until `end`; numbers of inputs and parameters follow each other in the file that the first line names.
void Network::read(std::istream& in) {
  std::string file;
  std::ptrdiff_t offset = 0;
  for (std::string line; std::getline(in, line) && line != "end";) {
    Words words(line);
    std::string kind, name;
    words >> kind;
    if (kind == "file") {
      words >> std::ws;
      std::getline(words, file);
      continue;
    }
    if (kind == "input" || kind == "parameter" || kind == "tensor") {
      std::size_t rank;
      words >> name >> rank;
      const Dims sizes = dims(words, rank);
      if (kind == "tensor") {
        tensors_[name] = {sizes};
        continue;
      }
      std::vector<float> values = load(file, offset, countOf(sizes));
      offset += static_cast<std::ptrdiff_t>(values.size() * sizeof(float));
      if (kind == "parameter") {
        parameters_[name] = {sizes, std::move(values)};
        continue;
      }
      Tensor& x = tensors_[name] = {sizes, true};
      x.value = allocate(planarLayout(sizes));
      std::copy(values.begin(), values.end(), static_cast<float*>(x.value->get_data_handle()));
      continue;
    }
    const std::map<std::string, std::function<void()>> operators = {
        {"convolution",
         [&] {
           convolution<dnnl::convolution_forward, dnnl::convolution_backward_data, dnnl::convolution_backward_weights>(
               words, false);
         }},
        {"transposed",
         [&] {
           convolution<dnnl::deconvolution_forward, dnnl::deconvolution_backward_data,
                       dnnl::deconvolution_backward_weights>(words, true);
         }},
        {"dense", [&] { dense(words); }},
        {"norm", [&] { norm(words); }},
        {"relu", [&] { relu(words); }},
        {"max", [&] { pool(words, algorithm::pooling_max); }},
        {"average", [&] { pool(words, algorithm::pooling_avg_include_padding); }},
        {"averageInside", [&] { pool(words, algorithm::pooling_avg_exclude_padding); }},
        {"lrn", [&] { lrn(words); }},
        {"add", [&] { add(words); }},
        {"concat", [&] { concat(words); }},
        {"crossEntropy", [&] { crossEntropy(words); }},
    };
    const auto found = operators.find(kind);
    if (found == operators.end()) throw std::runtime_error("Expected an operator but received " + line);
    found->second();
    if (!words) throw std::runtime_error("Expected more words in " + line);
  }
  for (auto make = makeBackward_.rbegin(); make != makeBackward_.rend(); make++) (*make)();
  for (auto& [name, p] : parameters_) {
    if (p.gradient) update(p, *p.gradient);
  }
}

double Network::step(float rate) {
  rate_ = rate;
  const double start = milliseconds();
  for (const auto* actions : {&forward_, &backward_, &update_}) {
    for (const Action& action : *actions) action();
  }
  stream().wait();
  return milliseconds() - start;
}

}  // namespace

// Arguments: threads, the file of the network, and `best` if need be. Each line of input asks for a step.
int main(int count, char** arguments) {
  try {
    if (count < 3) throw std::runtime_error("Expected the number of threads and a file");
    omp_set_num_threads(std::stoi(arguments[1]));
    std::ifstream file(arguments[2]);
    Network network(count > 3 && std::string(arguments[3]) == "best");
    network.read(file);
    const dnnl_version_t* v = dnnl_version();
    for (std::string line; std::getline(std::cin, line);) {
      const std::size_t at = line.find("\"rate\":");
      if (at == std::string::npos) throw std::runtime_error("Expected a rate but received " + line);
      const double time = network.step(std::stof(line.substr(at + 7)));
      std::printf("{\"ms\":%.6f,\"loss\":%.9g,\"library\":\"oneDNN %d.%d.%d\"}\n", time, network.loss(), v->major,
                  v->minor, v->patch);
      std::fflush(stdout);
    }
  } catch (const std::exception& error) {
    refuse(error.what());
    return 1;
  }
}
