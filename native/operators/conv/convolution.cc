#include "operators/conv/convolution.h"

#include <string>

#include "operators/conv/algorithm.h"

namespace winograd {

// Each in its folder.
extern const Algorithm kWinograd, kPositions, kDirect, kGrouped, kGemmConvolution, kSparseConvolution,
    kWinogradWeightsGradient, kDirectWeightsGradient, kGemmWeightsGradient, kGemmInputGradient;

namespace {

const Algorithm* const kAlgorithms[] = {&kWinograd,
                                        &kPositions,
                                        &kDirect,
                                        &kGrouped,
                                        &kGemmConvolution,
                                        &kSparseConvolution,
                                        &kWinogradWeightsGradient,
                                        &kDirectWeightsGradient,
                                        &kGemmWeightsGradient,
                                        &kGemmInputGradient};

const Algorithm& algorithmOf(const Value& description) {
  const Value name = description["schedule"]["algorithm"];
  const Direction direction = readDirection(description["problem"]);
  std::string names;
  for (const Algorithm* algorithm : kAlgorithms) {
    if (algorithm->direction != direction) continue;
    if (name.text() == algorithm->name) return *algorithm;
    names += std::string(names.empty() ? "" : ", ") + algorithm->name;
  }
  name.refuse("one of " + names);
}

}  // namespace

const Operator kConvolution{"convolution",
                            [](const Value& description) { return algorithmOf(description).prepare(description); }};

const Operator kPackConvolutionWeights{"pack convolution weights", [](const Value& description) {
                                         const Algorithm& algorithm = algorithmOf(description);
                                         if (algorithm.preparePacking == nullptr)
                                           description["problem"]["direction"].refuse("\"forward\"");
                                         return algorithm.preparePacking(description);
                                       }};

}  // namespace winograd
