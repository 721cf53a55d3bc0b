// What one container needs under one policy: the annotation, a declared model, the estimate, or unknown (DESIGN 3.4).
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "model/footprint.hpp"
#include "policy/annotations.hpp"
#include "policy/judge.hpp"

namespace rightslice::policy {

/// Answers "how much on this device?" for one container. Holds everything by value or by reference to the caller's objects.
class NeedSource {
 public:
  /// `useDeclarations` false: as if the workload had no annotations (spec.declarations: policy).
  NeedSource(const workload::Container& container, const Annotations& annotations, const Policy& policy,
             const Catalogue& catalogue);

  /// The need on a device that holds `memory` (unknown where absent); `count` devices of that kind in the container.
  std::optional<model::Need> on(const model::Device& device) const;
  /// The estimate alone, also beside a declaration.
  std::optional<model::Estimate> estimateOn(const model::Device& device) const;
  std::optional<model::EstimateInput> inputOn(const model::Device& device) const;

  const model::EngineRun& run() const { return run_; }
  const std::string& modelName() const { return modelName_; }
  bool declared() const { return footprint_.has_value() || declaredModel_ != nullptr; }
  bool declaredByAnnotation() const { return footprint_.has_value(); }
  bool loadStated() const { return load_.stated; }
  const model::Load& load() const { return load_; }
  /// What was looked at and what to add, for UnknownFootprint.
  std::string unknownBecause() const;
  /// The same with tensor parallelism over `devices`, for requests of several whole GPUs.
  std::optional<model::Need> onDevices(model::Device device) const;

 private:
  model::Need declaredNeed(std::int64_t devices) const;
  model::EngineRun run_;
  std::string modelName_, quantization_;
  std::optional<model::Resolved> resolved_;
  std::optional<Bytes> footprint_;
  const DeclaredModel* declaredModel_ = nullptr;
  const Policy* policy_;
  std::optional<model::Format> format_;
  std::optional<std::string> kvCacheDtype_;
  const model::Architecture* draft_ = nullptr;  ///< of the catalogue, as resolved_
  std::optional<model::Format> draftFormat_;
  model::Load load_;
};

/// The most specific declared model of the policy that matches, or null.
const DeclaredModel* mostSpecific(const std::vector<DeclaredModel>& models, std::string_view model,
                                  std::string_view quantization, std::string_view engine);

}  // namespace rightslice::policy
