// What one container needs under one policy: the annotation, a declared model, the estimate, or unknown (DESIGN 3.4).
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/footprint.hpp"
#include "model/sized.hpp"
#include "model/weights_memo.hpp"
#include "policy/annotations.hpp"
#include "policy/judge.hpp"

namespace rightslice::policy {

/// Answers "how much on this device?" for one container. Holds everything by value or by reference to the caller's objects, and keeps
/// what it has computed for a device: what it gives lives as long as it does. For one thread.
class NeedSource {
 public:
  /// `words`: the terms of an estimate also say where they come from.
  NeedSource(const workload::Container& container, const Annotations& annotations, const Policy& policy,
             const Catalogue& catalogue, bool words = true);
  NeedSource(const NeedSource&) = delete;
  NeedSource& operator=(const NeedSource&) = delete;

  /// The need on a device that holds `memory` (unknown where absent); `count` devices of that kind in the container. Null: unknown.
  const model::Need* on(const model::Device& device) const;
  /// The high end of it, without words; nothing where the need is unknown or has an open term.
  std::optional<Bytes> highOn(const model::Device& device) const;
  /// The estimate alone, also beside a declaration. Null where model or engine is not known.
  const model::Sized* sizedOn(const model::Device& device) const;

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
  std::optional<model::EstimateInput> inputOn(const model::Device& device) const;
  model::Need declaredNeed(std::int64_t devices) const;
  model::EngineRun run_;
  std::string modelName_, quantization_;
  std::optional<model::Resolved> resolved_;
  std::optional<Bytes> footprint_;
  const DeclaredModel* declaredModel_ = nullptr;
  const Policy* policy_;
  std::optional<model::Format> format_;
  std::optional<std::string> kvCacheDtype_;
  std::optional<model::Resolved> draft_;  ///< kept whole: it owns a shape that was guessed
  model::Load load_;
  bool words_;
  mutable model::WeightsMemo weights_;
  mutable std::vector<std::unique_ptr<model::Sized>> sized_;  ///< of each device that was asked for
  mutable std::map<std::int64_t, model::Need> declared_;      ///< by the count of devices
};

/// The most specific declared model of the policy that matches, or null.
const DeclaredModel* mostSpecific(const std::vector<DeclaredModel>& models, std::string_view model,
                                  std::string_view quantization, std::string_view engine);

}  // namespace rightslice::policy
