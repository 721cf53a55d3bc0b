// Objects of a cluster, one after the other, into a Snapshot. For one thread.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "observe/snapshot.hpp"
#include "workload/device_objects.hpp"

namespace rightslice::observe {

class Collector {
 public:
  explicit Collector(Snapshot& to) : to_(to) {}

  // One object of a list. A list that is read anew begins with what was kept before it: mark() before, back() then.
  void pod(json::View object);
  void exporter(json::View pod);                                    ///< of any pod: is it one of DCGM?
  void workload(json::View object, const workload::Kind& kind, std::string_view apiVersion);
  void node(json::View object);
  void space(json::View object);                                    ///< a Namespace
  void autoscaler(json::View object, std::string_view kind);
  void budget(json::View object);                                   ///< a PodDisruptionBudget
  void deviceClass(json::View object);
  void claimTemplate(json::View object);
  void claim(json::View object);
  void allocation(json::View claim);                                ///< of a claim of which nothing else matters; claim() has it too
  void resourceSlice(json::View object);

  struct Mark {
    std::size_t pods, exporters, objects, nodes, namespaces, autoscalers, budgets, classes, templates, claims, slices, plainNodes, deviceSlices, allocations;
  };
  Mark mark() const;
  void back(const Mark& mark);

  /// Any object, by its own apiVersion and kind; the resource it is of ("pods", "deployments.apps"), empty if it says nothing here.
  std::string any(json::View object);

  /// What was read for certain, so that none is known to be none.
  struct Known {
    bool nodes = false, namespaces = false, classes = false, templates = false, claims = false, slices = false, budgets = false, allocations = false;
  };
  /// Brings all of it into the Snapshot. To be called once.
  void finish(const Known& known);

 private:
  Snapshot& to_;
  TextPool pool_;
  std::vector<Node> nodes_;
  std::vector<Budget> budgets_;
  std::vector<std::pair<std::string, workload::StringMap>> namespaces_;
  template <class T>
  struct Named {
    std::string key, text;
    T value;
  };
  std::vector<Named<workload::DeviceClass>> classes_;
  std::vector<Named<workload::Claim>> templates_, claims_;
  std::vector<workload::PublishedDevices> slices_;
  std::vector<Node> plainNodes_;   // without GPUs, as far as the node itself says
  std::vector<DeviceSlice> deviceSlices_;
  void giveDevices();
  void shareClaims();
};

}  // namespace rightslice::observe
