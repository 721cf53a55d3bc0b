#include "model/weights_memo.hpp"

namespace rightslice::model {

const ParameterCount& WeightsMemo::count(const Architecture& architecture) {
  if (!count_) count_ = countParameters(architecture);
  return *count_;
}

Interval WeightsMemo::on(const ServingPlan& plan, const EngineRun& run, bool a100, bool deviceKnown) {
  const Split split{plan.format, plan.tensorParallel, plan.pipelineParallel, plan.expertReplicas, plan.elementBytes, a100, deviceKnown};
  if (!last_ || last_->first != split) last_.emplace(split, weightsOn(plan, count(*plan.architecture), run, a100, deviceKnown));
  return last_->second;
}

}  // namespace rightslice::model
