// What changes the number of an object's pods on its own: HorizontalPodAutoscalers, and the ScaledObjects of KEDA.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/view.hpp"
#include "workload/workload.hpp"

namespace rightslice::workload {

struct Autoscaler {
  std::string kind, ns, name;
  std::string targetGroup, targetKind, targetName;  ///< what it scales, in its own namespace
  std::int64_t most = 0;                            ///< replicas that it may ask for
  bool fromZero = false;                            ///< also where its target has none now

  /// The replicas to count on, of a target that asks for `replicas`.
  std::int64_t counted(std::int64_t replicas) const;
  /// "HorizontalPodAutoscaler chat".
  std::string title() const { return kind + " " + name; }
  friend bool operator==(const Autoscaler&, const Autoscaler&) = default;
};

/// Of an object of any version of autoscaling's HorizontalPodAutoscaler or of KEDA's ScaledObject, as `kind` says (items of a list do
/// not say it themselves); nothing for one that names no target or no possible maximum.
std::optional<Autoscaler> readAutoscaler(json::View object, std::string_view kind, std::string_view defaultNamespace = "default");
/// Is this the apiVersion and kind of one?
bool isAutoscaler(std::string_view apiVersion, std::string_view kind);

/// Autoscalers by what they scale. Immutable; const use from several threads is safe.
class Autoscalers {
 public:
  Autoscalers() = default;
  explicit Autoscalers(std::vector<Autoscaler> all);

  /// The one with the largest maximum, of several; null: nothing scales it.
  const Autoscaler* of(std::string_view group, std::string_view kind, std::string_view ns, std::string_view name) const;
  const Autoscaler* of(const Workload& object) const;
  std::size_t size() const { return byTarget_.size(); }

 private:
  std::map<std::string, Autoscaler, std::less<>> byTarget_;
};

/// Pods of a template, with the autoscaler's maximum where one scales the object; null: as the object says.
std::int64_t podsOf(const PodTemplate& pod, const Autoscaler* autoscaler);
/// Does the autoscaler make any template count more than it says?
bool raises(const Workload& object, const Autoscaler* autoscaler);

/// The same object with `spec.replicas` (what the subresource `scale` sets) of another value.
void scaleTo(Workload& object, std::int64_t replicas);

}  // namespace rightslice::workload
