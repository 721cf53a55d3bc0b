#include "model/weights_memo.hpp"

namespace rightslice::model {

Interval WeightsMemo::on(const ServingPlan& plan, const ParameterCount& count, const EngineRun& run, bool a100, bool deviceKnown) {
  const Split split{plan.format, plan.tensorParallel, plan.pipelineParallel, plan.expertReplicas, plan.elementBytes, a100, deviceKnown};
  if (!last_ || last_->first != split) last_.emplace(split, weightsOn(plan, count, run, a100, deviceKnown));
  return last_->second;
}

}  // namespace rightslice::model
