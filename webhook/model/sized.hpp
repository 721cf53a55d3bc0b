// A model on one device, sized once, for whoever asks several things of it: the numbers first, the words only where they are shown.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "model/device_sizes.hpp"

namespace rightslice::model {

/// Says what estimate() and startVerdict() say of the same input. `architecture`, `run` and `draft` of the input outlive it, and so does
/// `weights`, which is shared by those that differ in their device only. It keeps what it has computed: for one thread.
class Sized {
 public:
  explicit Sized(EstimateInput input, WeightsMemo* weights = nullptr);
  Sized(const Sized&) = delete;  // the plan points into the input
  Sized& operator=(const Sized&) = delete;

  const EstimateInput& input() const { return input_; }
  /// False where estimate() gives nothing: then the rest says nothing either.
  bool known() const { return plan_.has_value(); }
  /// Of the need; nothing: an open term.
  std::optional<Bytes> high() const { return high_; }
  StartVerdict start(Bytes usable) const;
  /// With its terms; `words`: also where each of them comes from.
  const std::optional<Estimate>& estimate(bool words = true) const;
  /// What settingsAdvice() says.
  std::vector<std::string> advice(Bytes usable) const;

 private:
  EstimateInput input_;
  WeightsMemo* weights_;
  std::optional<ServingPlan> plan_;
  DeviceSizes sizes_;
  std::optional<Bytes> high_;
  mutable bool worded_ = false;
  mutable std::optional<Estimate> estimate_;
};

}  // namespace rightslice::model
