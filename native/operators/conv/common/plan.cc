#include "operators/conv/common/plan.h"

#include "operators/conv/direct/direct.h"
#include "operators/conv/grouped/grouped.h"
#include "operators/conv/positions/positions.h"
#include "operators/conv/winograd/winograd.h"

namespace winograd {

std::unique_ptr<Plan> makePlan(std::shared_ptr<const Weights> weights, const Problem& problem) {
  validate(weights->layer(), problem);
  switch (weights->layer().algorithm) {
    case Algorithm::winograd:
      return std::make_unique<WinogradPlan>(std::move(weights), problem);
    case Algorithm::positions:
      return std::make_unique<PositionsPlan>(std::move(weights), problem);
    case Algorithm::direct:
      break;
  }
  if (weights->layer().narrowGroups()) return std::make_unique<GroupedPlan>(std::move(weights), problem);
  return std::make_unique<DirectPlan>(std::move(weights), problem);
}

}  // namespace winograd
