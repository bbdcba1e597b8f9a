#include "plan.h"

#include "direct.h"
#include "winograd.h"

namespace winograd {

std::unique_ptr<Plan> makePlan(std::shared_ptr<const Weights> weights, const Problem& problem) {
  validate(weights->layer(), problem);
  if (weights->layer().algorithm == Algorithm::winograd) {
    return std::make_unique<WinogradPlan>(std::move(weights), problem);
  }
  return std::make_unique<DirectPlan>(std::move(weights), problem);
}

}  // namespace winograd
