#include "observe/metrics/joiner.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <span>
#include <tuple>

#include <fmt/format.h>

#include "base/date.hpp"
#include "observe/metrics/trend.hpp"
#include "observe/placement.hpp"

namespace rightslice::observe::metrics {
namespace {

// What the DCGM exporter writes for "no value" (dcgm_structs.h, DCGM_INT64_BLANK and above), and beyond which a double is no whole number.
constexpr double kBlank = 9007199254740992.0;
constexpr std::int64_t kStale = 300;   // seconds; as long as Prometheus itself takes a sample for the present one (--query.lookback-delta)

struct Owners {
  std::string_view ns, pod, container;
};
// The first pair that names a pod with a GPU counts. Engines have labels of these names too (Dynamo's namespace is one of its own), and then
// a server calls those exported_.
constexpr Owners kOwners[] = {{"exported_namespace", "exported_pod", "exported_container"},
                              {"namespace", "pod", "container"},
                              {"namespace", "exported_pod", "exported_container"},
                              {"pod_namespace", "pod_name", "container_name"},
                              {"kubernetes_namespace", "kubernetes_pod_name", "container"}};
constexpr std::string_view kSettings[] = {"block_size", "num_gpu_blocks", "gpu_memory_utilization", "cache_dtype", "kv_cache_size_tokens"};
constexpr std::string_view kOthers[] = {"job",      "Hostname",     "gpu",        "GPU_I_ID", "GPU_I_PROFILE",       "UUID",
                                        "pod_uid",  "model_name",   "engine",     "uid",      "kv_cache_block_type", "request_type",
                                        "instance", "finished_reason"};

bool isOneOf(std::span<const std::string_view> names, std::string_view name) { return std::find(names.begin(), names.end(), name) != names.end(); }

/// Of the DCGM exporter: which device, as the GPU's place and its instance. The parent's UUID is that of all its instances.
std::string deviceOf(const Labels& labels) {
  const auto gpu = labelOf(labels, "gpu");
  if (gpu.empty()) return {};
  return fmt::format("{}|{}|{}", labelOf(labels, "Hostname"), gpu, labelOf(labels, "GPU_I_ID"));
}

}  // namespace

Joiner::Joiner(const Snapshot& snapshot, const gpu::Catalogue& gpus, Window window) : snapshot_(snapshot), window_(window), holders_(snapshot.pods.size()) {
  out_.window = window;
  for (std::size_t i = 0; i < snapshot.pods.size(); ++i) {
    const Pod& pod = snapshot.pods[i];
    pods_.emplace(std::pair<std::string_view, std::string_view>(pod.ns, pod.name), i);
  }
  const Placement placement = placementOf(snapshot, gpus);
  for (const Board& board : placement.boards) {
    for (const Hold& each : board.holds) {
      holders_[each.pod].slice |= !each.profile.empty();
      holders_[each.pod].shared |= board.geometry.shares > 1 || each.resource.ends_with(".shared");
    }
  }
}

bool Joiner::keeps(std::string_view label) {
  const bool owner = std::any_of(std::begin(kOwners), std::end(kOwners),
                                 [&](const Owners& each) { return label == each.ns || label == each.pod || label == each.container; });
  return owner || isOneOf(kSettings, label) || isOneOf(kOthers, label);
}

std::optional<Joiner::Place> Joiner::placeOf(const Labels& labels, const std::string& ofPod) const {
  auto at = pods_.end();
  std::string_view container;
  if (!ofPod.empty()) {
    const std::string_view all = ofPod;
    const std::size_t slash = all.find('/'), second = std::min(all.find('/', slash + 1), all.size());
    at = pods_.find({all.substr(0, slash), all.substr(slash + 1, second - slash - 1)});
    container = all.substr(std::min(second + 1, all.size()));
  } else {
    for (const Owners& each : kOwners) {
      at = pods_.find({labelOf(labels, each.ns), labelOf(labels, each.pod)});
      container = labelOf(labels, each.container);
      if (at != pods_.end()) break;
    }
  }
  if (at == pods_.end()) return std::nullopt;
  const Pod& pod = snapshot_.pods[at->second];
  const auto uid = labelOf(labels, "pod_uid");
  if (!uid.empty() && uid != pod.uid) return std::nullopt;   // one before it, of the same name
  std::vector<const RunningContainer*> serving;
  for (const RunningContainer& each : pod.containers) {
    if (each.name == container) return Place{at->second, each.name};
    if (!each.init) serving.push_back(&each);
  }
  // None is named: the pod's own endpoint, or a target without that label.
  if (serving.size() == 1 && container.empty()) return Place{at->second, serving.front()->name};
  return std::nullopt;
}

void Joiner::add(const MetricRow& row, Series series, const std::string& source, const std::string& ofPod, std::string_view ofNode) {
  ++out_.series;
  if (!row.label.empty() && labelOf(series.labels, row.label) != row.value) return;
  const auto place = placeOf(series.labels, ofPod);
  if (!place) return;
  const Pod& pod = snapshot_.pods[place->pod];
  if (!ofNode.empty() && pod.node != ofNode) return;
  Kept kept;
  kept.row = &row;
  kept.source = source;
  kept.job = std::string(labelOf(series.labels, "job"));
  // What was before the pod was another's of the same name, or of the slice before it was cut anew.
  const auto created = secondsOfTimestamp(pod.created);
  const std::int64_t begin = std::max(window_.end - window_.seconds * 1000, created ? *created * 1000 : 0);
  const MeasureRow& measure = rowOf(row.measure);
  for (const Point& each : series.points) {
    if (each.at > window_.end || (window_.seconds > 0 && each.at <= begin)) continue;
    const double value = each.value * row.scale;
    // A counter may be as large as it likes; blanks of DCGM, NaN, and more than all of something are no values.
    const bool wrong = !std::isfinite(value) || value < 0 || each.value >= kBlank || (measure.unit == Unit::Percent && value > 100.0001);
    if (wrong) kept.wrong = true;
    else kept.points.push_back({each.at, value});
  }
  if (row.from == "dcgm") {
    if (labelOf(series.labels, "GPU_I_ID").empty() && holders_[place->pod].slice) {
      ofParent_.insert(*place);
      return;
    }
    kept.device = deviceOf(series.labels);
    const bool now = !kept.points.empty() && kept.points.back().at >= window_.end - std::max(kStale, 2 * window_.step) * 1000;
    if (!kept.device.empty() && now) sharers_[kept.device].insert(place->pod);
  }
  ++out_.joined;
  const auto model = labelOf(series.labels, "model_name");
  if (!model.empty() && row.from != "dcgm" && !kept.points.empty()) {
    auto& models = containerOf(*place).models;
    const auto at = std::lower_bound(models.begin(), models.end(), model);
    if (at == models.end() || *at != model) models.emplace(at, model);
  }
  if (measure.sort == Sort::Info) {
    OfContainer& container = containerOf(*place);
    if (kept.points.empty() || !container.settings.empty()) return;
    for (const auto& [key, value] : series.labels)
      if (isOneOf(kSettings, key)) container.settings.emplace_back(key, value);
    return;
  }
  pending_[*place][row.measure].push_back(std::move(kept));
}

OfContainer& Joiner::containerOf(const Place& place) {
  const auto [at, fresh] = containers_.emplace(place, out_.containers.size());
  if (fresh) {
    out_.containers.emplace_back();
    out_.containers.back().pod = place.pod;
    out_.containers.back().container = place.container;
  }
  return out_.containers[at->second];
}

void Joiner::untold(std::size_t pod, const std::string& container, std::string why) { untold_.emplace(Place{pod, container}, std::move(why)); }

void Joiner::warned(std::string warning) {
  if (std::find(out_.warnings.begin(), out_.warnings.end(), warning) == out_.warnings.end() && out_.warnings.size() < 16) out_.warnings.push_back(std::move(warning));
}

std::int64_t Joiner::stepOf(std::int64_t at) const {
  if (window_.seconds == 0) return 0;
  // A sample at the very end of a step belongs to it: that is where a server puts what it says of the step.
  return std::clamp<std::int64_t>((at - (window_.end - window_.seconds * 1000) - 1) / (window_.step * 1000), 0, window_.steps() - 1);
}

/// One value of each step: of a series its highest (or lowest), of several series their sum or the highest.
std::vector<std::optional<double>> Joiner::stepsOf(const std::vector<const Kept*>& series, const MeasureRow& row) const {
  std::vector<std::optional<double>> out(static_cast<std::size_t>(window_.steps()));
  for (const Kept* each : series) {
    std::vector<std::optional<double>> own(out.size());
    for (const Point& point : each->points) {
      auto& to = own[static_cast<std::size_t>(stepOf(point.at))];
      if (!to) to = point.value;
      else to = row.lowest ? std::min(*to, point.value) : std::max(*to, point.value);
    }
    for (std::size_t i = 0; i < out.size(); ++i) {
      if (!own[i]) continue;
      if (!out[i]) out[i] = own[i];
      else out[i] = row.summed ? *out[i] + *own[i] : std::max(*out[i], *own[i]);
    }
  }
  return out;
}

void Joiner::gauge(Measured& out, const std::vector<const Kept*>& series) const {
  const auto steps = stepsOf(series, rowOf(out.measure));
  double sum = 0;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (!steps[i]) continue;
    ++out.seen;
    out.value = steps[i];
    out.peak = std::max(out.peak.value_or(0), *steps[i]);
    sum += *steps[i];
    if (out.measure == Measure::KvUsage) out.points.push_back({window_.end - (window_.steps() - 1 - static_cast<std::int64_t>(i)) * window_.step * 1000, *steps[i]});
  }
  if (out.seen > 0) out.mean = sum / static_cast<double>(out.seen);
}

void Joiner::counter(Measured& out, const std::vector<const Kept*>& series) const {
  std::set<std::int64_t> seen, grown;
  std::int64_t span = 0;
  double sum = 0;
  for (const Kept* each : series) {
    const auto& points = each->points;
    for (std::size_t i = 0; i < points.size(); ++i) {
      seen.insert(stepOf(points[i].at));
      if (i > 0 && points[i].value != points[i - 1].value) grown.insert(stepOf(points[i].at));
    }
    if (points.size() > 1) span = std::max(span, points.back().at - points.front().at);
    sum += increaseOf(points);
  }
  out.seen = static_cast<std::int64_t>(seen.size());
  out.grown = static_cast<std::int64_t>(grown.size());
  if (span == 0) {
    out.why = "one sample alone says nothing of growth";
    return;
  }
  out.value = sum;
  out.perSecond = sum * 1000 / static_cast<double>(span);
}

Measured Joiner::measure(const Place& place, Measure which, const std::vector<const Kept*>& all) const {
  Measured out;
  out.measure = which;
  out.windowSeconds = window_.seconds;
  out.expected = window_.steps();
  // The newest spelling that has data; of several jobs that scrape the same the one that has most; each device once.
  const MetricRow* row = nullptr;
  for (const Kept* each : all)
    if (!each->points.empty() && (row == nullptr || each->row < row)) row = each->row;
  if (row == nullptr) {
    out.metric = std::string(all.front()->row->name);
    out.source = all.front()->source;
    out.why = all.front()->wrong ? "what it says can be no value of this" : "no sample of this pod";
    return out;
  }
  std::map<std::pair<std::string, std::string>, std::size_t> jobs;
  for (const Kept* each : all)
    if (each->row == row) jobs[{each->source, each->job}] += each->points.size();
  const auto best = std::max_element(jobs.begin(), jobs.end(), [](const auto& a, const auto& b) { return a.second < b.second; })->first;
  std::vector<const Kept*> chosen;
  std::set<std::string> devices;
  std::int64_t last = 0;
  bool wrong = false;
  for (const Kept* each : all) {
    if (each->row != row || std::pair(each->source, each->job) != best || each->points.empty()) continue;
    if (!each->device.empty() && !devices.insert(each->device).second) continue;
    chosen.push_back(each);
    last = std::max(last, each->points.back().at);
    wrong |= each->wrong;
  }
  out.metric = std::string(row->name);
  out.source = best.first;
  out.at = timeText(last);
  if (rowOf(which).sort == Sort::Counter) counter(out, chosen);
  else gauge(out, chosen);
  const auto drop = [&](std::string why) {
    out.value = out.peak = out.mean = out.perSecond = std::nullopt;
    out.points.clear();
    out.why = std::move(why);
  };
  const std::int64_t age = (window_.end - last) / 1000;
  if (age > std::max(kStale, 2 * window_.step)) drop(fmt::format("the last sample is {} old", windowText(age / 60 * 60)));
  for (const std::string& device : devices) {
    const auto sharers = sharers_.find(device);
    const bool several = sharers != sharers_.end() && sharers->second.size() > 1;
    if (several) drop(fmt::format("{} pods share the device, and it is not known what is whose", sharers->second.size()));
    else if (holders_[place.pod].shared) drop("the device is shared, and it is not known what is whose");
  }
  if (out.coverage() < 0.5) out.confidence = model::Confidence::Low;
  else if (out.coverage() < 0.9 || wrong || !out_.warnings.empty()) out.confidence = model::Confidence::Medium;
  return out;
}

void Joiner::settle() {
  for (auto& [place, measures] : pending_) {
    OfContainer& container = containerOf(place);
    std::map<Measure, Measured> made;
    for (auto& [which, all] : measures) {
      std::vector<const Kept*> list;
      for (const Kept& each : all) list.push_back(&each);
      made.emplace(which, measure(place, which, list));
    }
    // Memory: what there is is what is used and what is free together.
    if (const auto used = made.find(Measure::FramebufferUsed); used != made.end()) {
      const auto free = made.find(Measure::FramebufferFree);
      if (used->second.value && free != made.end() && free->second.value) {
        used->second.capacity = *used->second.value + *free->second.value;
        std::vector<const Kept*> usedSeries, freeSeries;
        for (const Kept& each : measures[Measure::FramebufferUsed]) usedSeries.push_back(&each);
        for (const Kept& each : measures[Measure::FramebufferFree]) freeSeries.push_back(&each);
        const bool one = usedSeries.size() == 1 && freeSeries.size() == 1;   // of several devices each has a ceiling of its own
        const auto usedSteps = stepsOf(usedSeries, rowOf(Measure::FramebufferUsed)), freeSteps = stepsOf(freeSeries, rowOf(Measure::FramebufferFree));
        for (std::size_t i = 0; one && i < usedSteps.size(); ++i)
          if (usedSteps[i] && freeSteps[i] && *usedSteps[i] + *freeSteps[i] > 0)
            used->second.points.push_back({window_.end - (window_.steps() - 1 - static_cast<std::int64_t>(i)) * window_.step * 1000,
                                           std::min(100.0, *usedSteps[i] * 100 / (*usedSteps[i] + *freeSteps[i]))});
      }
    }
    for (auto& [which, value] : made)
      if (which != Measure::FramebufferFree) container.values.push_back(std::move(value));
  }
  pending_.clear();
}

Measurements Joiner::finish() {
  settle();
  for (auto& [place, why] : untold_) {
    OfContainer& container = containerOf(place);
    // The memory of its device is told by others.
    const bool told = std::any_of(container.values.begin(), container.values.end(), [](const Measured& each) { return each.measure < Measure::FramebufferUsed; });
    if (!told) container.why = std::move(why);
  }
  for (const Place& each : ofParent_) {
    OfContainer& container = containerOf(each);
    if (container.find(Measure::FramebufferUsed) != nullptr) continue;
    Measured none;
    none.measure = Measure::FramebufferUsed;
    none.metric = "DCGM_FI_DEV_FB_USED";
    none.windowSeconds = window_.seconds;
    none.expected = window_.steps();
    none.why = "it is told of the whole GPU alone, not of the slice";
    container.values.push_back(std::move(none));
  }
  std::sort(out_.containers.begin(), out_.containers.end(), [](const auto& a, const auto& b) { return std::tie(a.pod, a.container) < std::tie(b.pod, b.container); });
  for (OfContainer& each : out_.containers) std::sort(each.values.begin(), each.values.end(), [](const auto& a, const auto& b) { return a.measure < b.measure; });
  containers_.clear();
  return std::move(out_);
}

}  // namespace rightslice::observe::metrics
