// What a model takes of a device is what is in use there, less the part of a KV pool that no request used: an engine that takes its pool at the
// start fills the device whatever the work is. Without the size of that pool nothing is said.
#include "observe/history/peaks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/bytes.hpp"
#include "json/document.hpp"
#include "model/engine.hpp"
#include "observe/history/subjects.hpp"
#include "policy/need.hpp"
#include "workload/workload.hpp"

namespace rightslice::observe::history {
namespace {

using metrics::Measure;
using metrics::Measured;

std::optional<std::int64_t> wholeNumber(std::string_view text) {
  std::int64_t out = 0;
  for (const char c : text) {
    if (c < '0' || c > '9' || out > kMaxBytes / 100) return std::nullopt;
    out = out * 10 + (c - '0');
  }
  return text.empty() || out == 0 ? std::nullopt : std::optional(out);
}

std::optional<std::int64_t> bytesOf(const std::optional<double>& value) {
  if (!value || !std::isfinite(*value) || *value < 0 || *value > static_cast<double>(kMaxBytes) / 2) return std::nullopt;
  return std::llround(*value);
}

class Peaks {
 public:
  Peaks(const Report& report, const policy::Catalogue& catalogue) : report_(report), catalogue_(catalogue), shared_(report.snapshot.pods.size(), false) {
    for (const Board& board : report.seen.placement.boards)
      for (const Hold& hold : board.holds)
        if (board.geometry.shares > 1 || !board.geometry.sharing.empty() || hold.resource.ends_with(".shared")) shared_[hold.pod] = true;
  }

  void add(Index index, Record& to) {
    std::map<std::string, Peak> peaks;
    for (const Index at : report_.seen.placement.deployed[index].pods) {
      if (report_.snapshot.pods[at].deleting) continue;
      for (const auto& measured : metrics::measuredOf(*report_.snapshot.measured, at)) {
        auto peak = peakOf(index, at, measured);
        if (!peak) continue;
        const auto known = peaks.find(measured.container);
        if (known == peaks.end()) peaks.emplace(measured.container, std::move(*peak));
        else join(known->second, std::move(*peak));
      }
    }
    for (auto& [container, peak] : peaks) to.peaks.push_back(std::move(peak));
  }

 private:
  const policy::ContainerJudgement* judged(Index index, const std::string& container) const {
    for (const auto& each : report_.seen.workloads[index].judgement.containers)
      if (each.name == container) return &each;
    return nullptr;
  }

  /// Of one container of one pod; nothing where neither its memory nor its KV cache has a value.
  std::optional<Peak> peakOf(Index index, Index pod, const metrics::OfContainer& measured) const {
    const Measured* used = measured.find(Measure::FramebufferUsed);
    const Measured* kv = measured.find(Measure::KvUsage);
    const auto of = [](const Measured* each) { return each != nullptr && each->value ? each->peak : std::nullopt; };
    const auto device = bytesOf(of(used));
    const auto share = of(kv);
    if (!device && !share) return std::nullopt;
    Peak out;
    out.workload = keyOf(report_, index);
    out.container = measured.container;
    out.device = device;
    if (share && *share >= 0 && *share <= 100) out.kvPerMille = std::llround(*share * 10);
    const Measured& told = device ? *used : *kv;
    const std::int64_t step = told.expected > 0 ? told.windowSeconds / told.expected : 0;
    out.windowSeconds = told.windowSeconds;
    out.seenSeconds = std::min(told.windowSeconds, told.seen * step);
    out.at = told.at;
    const auto* container = judged(index, measured.container);
    if (container != nullptr) {
      out.model = container->model;
      out.engine = container->engine;
      if (container->settings) out.quantization = container->settings->quantization.value_or("");
    }
    out.why = measure(index, pod, measured, container, out);
    return out;
  }

  /// Sets the memory, or says why there is none.
  std::string measure(Index index, Index pod, const metrics::OfContainer& measured, const policy::ContainerJudgement* container, Peak& to) const {
    if (!to.device) return "the memory of its device was not measured";
    if (shared_[pod]) return "others use the same device";
    const model::Engine* engine = container != nullptr ? model::findEngine(container->engine) : nullptr;
    if (engine == nullptr || !engine->kvRule) return "how its engine takes memory is not known";
    if (*engine->kvRule != model::KvRule::Pooled) {
      to.memory = *to.device;
      return {};
    }
    if (container->requested && container->requested->count != 1) return "it runs on several devices, and the pool of each is not told apart";
    const auto blocks = wholeNumber(metrics::labelOf(measured.settings, "num_gpu_blocks")), size = wholeNumber(metrics::labelOf(measured.settings, "block_size"));
    if (!blocks || !size) return "its engine does not tell how large its KV pool is";
    if (!to.kvPerMille) return "how much of its KV pool was used is not known";
    const auto perToken = kvBytesPerToken(index, measured.container);
    if (!perToken) return "what a token takes in its KV pool is not known";
    const Bytes pool = timesBytes(timesBytes(*blocks, *size), *perToken);
    // An estimate of the pool that does not fit beside anything is a wrong one.
    if (pool >= *to.device) return "its KV pool, as it is told, is larger than what is in use on the device";
    to.memory = *to.device - static_cast<Bytes>(static_cast<Int128>(pool) * (1000 - *to.kvPerMille) / 1000);
    return {};
  }

  std::optional<Bytes> kvBytesPerToken(Index index, const std::string& name) const {
    const Deployed& deployed = report_.seen.placement.deployed[index];
    const auto& text = deployed.object ? report_.snapshot.objects[*deployed.object].text : report_.snapshot.pods[deployed.pods.front()].text;
    if (!text) return std::nullopt;
    const auto document = json::Document::parse(*text);
    if (!document) return std::nullopt;
    const auto object = workload::read(document->root(), report_.seen.workloads[index].judgement.ns);
    for (const auto& pod : object.templates)
      for (const auto& container : pod.containers) {
        if (container.name != name) continue;
        const policy::Annotations annotations = policy::OwnAnnotations(object, pod).of(name);
        const policy::Policy none;
        const policy::NeedSource source(container, annotations, none, catalogue_);
        const auto* sized = source.sizedOn({});
        if (sized == nullptr || !sized->estimate() || sized->estimate()->kvBytesPerToken <= 0) return std::nullopt;
        return sized->estimate()->kvBytesPerToken;
      }
    return std::nullopt;
  }

  /// The fullest of its pods counts.
  static void join(Peak& to, Peak other) {
    to.kvPerMille = std::max(to.kvPerMille, other.kvPerMille);
    to.device = std::max(to.device, other.device);
    if (!to.memory && other.memory) to.why.clear();
    to.memory = std::max(to.memory, other.memory);
    to.windowSeconds = std::max(to.windowSeconds, other.windowSeconds);
    to.seenSeconds = std::min(to.seenSeconds, other.seenSeconds);
  }

  const Report& report_;
  const policy::Catalogue& catalogue_;
  std::vector<bool> shared_;   // by pod
};

}  // namespace

void addPeaks(const Report& report, const policy::Catalogue& catalogue, Record& to) {
  if (!report.snapshot.measured) return;
  Peaks peaks(report, catalogue);
  for (Index i = 0; i < report.seen.workloads.size(); ++i) peaks.add(i, to);
  std::stable_sort(to.peaks.begin(), to.peaks.end(), [](const Peak& a, const Peak& b) { return std::tie(a.workload, a.container) < std::tie(b.workload, b.container); });
  // Pods of one owner with several templates stand for one workload.
  to.peaks.erase(std::unique(to.peaks.begin(), to.peaks.end(), [](const Peak& a, const Peak& b) { return a.workload == b.workload && a.container == b.container; }),
                 to.peaks.end());
}

}  // namespace rightslice::observe::history
