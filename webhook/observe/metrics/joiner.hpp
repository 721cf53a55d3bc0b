// Brings series to the containers that they are of.
//
// Whose a series is, its labels say: exported_namespace, exported_pod and exported_container where a server put its own in their
// places (honor_labels: false, and then pod is the exporter's), else namespace, pod and container, or older names. A series of the DCGM
// exporter is of a slice (Hostname, gpu, GPU_I_ID): one of a whole GPU is never counted for a pod on a slice of it, and one that several
// pods share is of none of them.
#pragma once
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gpu/catalogue.hpp"
#include "observe/metrics/measured.hpp"
#include "observe/snapshot.hpp"

namespace rightslice::observe::metrics {

class Joiner {
 public:
  /// `snapshot` outlives it, and is finished.
  Joiner(const Snapshot& snapshot, const gpu::Catalogue& gpus, Window window);

  /// Is it told by a label whose a series is, or what an engine is set to? The others need not be kept.
  static bool keeps(std::string_view label);
  /// As from the server, or from the own endpoint of a pod or a container where that is named ("namespace/pod", "namespace/pod/container").
  /// `ofNode`: what its exporter says; series of pods elsewhere do not count.
  void add(const MetricRow& row, Series series, const std::string& source, const std::string& ofPod = {}, std::string_view ofNode = {});
  /// Values of the measures that were added since the last time. All series of a measure, and of batchOf() it, are added before.
  void settle();
  /// Nothing is known of a container, and why; counts where nobody else says anything of it.
  void untold(std::size_t pod, const std::string& container, std::string why);
  /// What is told is not all that there is: the server said so.
  void warned(std::string warning);
  void asked(std::string source) { out_.sources.push_back(std::move(source)); }
  Measurements finish();

 private:
  struct Place {
    std::size_t pod = 0;
    std::string container;
    friend auto operator<=>(const Place&, const Place&) = default;
  };
  struct Kept {
    const MetricRow* row = nullptr;
    std::string source, job, device;
    std::vector<Point> points;
    bool wrong = false;             ///< a sample was left out that can be no value of this measure
  };
  struct Holder {
    bool slice = false, shared = false;
  };
  std::optional<Place> placeOf(const Labels& labels, const std::string& ofPod) const;
  OfContainer& containerOf(const Place& place);
  Measured measure(const Place& place, Measure measure, const std::vector<const Kept*>& all) const;
  void gauge(Measured& out, const std::vector<const Kept*>& series) const;
  void counter(Measured& out, const std::vector<const Kept*>& series) const;
  std::int64_t stepOf(std::int64_t at) const;
  std::vector<std::optional<double>> stepsOf(const std::vector<const Kept*>& series, const MeasureRow& row) const;

  const Snapshot& snapshot_;
  Window window_;
  Measurements out_;
  std::map<std::pair<std::string_view, std::string_view>, std::size_t> pods_;
  std::vector<Holder> holders_;                            ///< parallel to the pods
  std::map<Place, std::size_t> containers_;                ///< index of out_.containers
  std::map<Place, std::map<Measure, std::vector<Kept>>> pending_;
  std::map<std::string, std::set<std::size_t>> sharers_;   ///< of a device: pods that have it now
  std::map<Place, std::string> untold_;
  std::set<Place> ofParent_;                               ///< on a slice, and only told of the whole GPU
};

}  // namespace rightslice::observe::metrics
