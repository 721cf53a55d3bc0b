#include "observe/scrape_fetch.hpp"

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>

#include <fmt/format.h>

#include "host/clock.hpp"
#include "json/document.hpp"
#include "kube/resource.hpp"

namespace rightslice::observe {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::string_view kResource = "pods/proxy", kExporters = "dcgm-exporter";
constexpr std::chrono::milliseconds kStep{100};   // between looks whether we are still wanted
constexpr int kRefusals = 3;                 // in a namespace without one that was allowed: nobody there is asked any more
constexpr std::size_t kMostSeries = 2000;    // of one container: ranks of data parallelism x rows of the table are some hundred
constexpr std::size_t kMostOfNode = 20'000;  // of an exporter: 16 GPUs x 7 slices x 3 rows, and time-slicing repeats each for its pods
constexpr std::size_t kMostSamples = 200'000;
// JSON for what the API server itself says; engines say text whatever is asked for.
constexpr std::string_view kAccept = "text/plain;version=0.0.4, application/json;q=0.2, */*;q=0.1";

struct Target {
  std::string ns, pod, container;            ///< container empty: an exporter
  std::string node;                          ///< of an exporter
  std::size_t index = 0;                     ///< of the pod in the snapshot
  std::vector<Endpoint> endpoints;
  std::size_t next = 0;                      ///< endpoint that is asked
  bool triedAgain = false;                   ///< the API server was busy
  std::string why;                           ///< it told nothing; empty: it did
  std::optional<metrics::Recorded> told;

  bool exporter() const { return container.empty(); }
  std::string name() const { return exporter() ? fmt::format("DCGM exporter {}", pod) : fmt::format("{}/{}", pod, container); }
};

/// Of one namespace.
struct Space {
  std::int64_t asked = 0, told = 0, silent = 0;
  int refused = 0;
  std::string refusal, first;                ///< what the server says; which told nothing first, and why
  bool closed() const { return refused >= kRefusals && told == 0; }
};

/// What the cluster's thread hands over. Outlives the round: a call that ends late still finds it.
struct Box {
  struct Done {
    std::size_t target;
    std::int64_t at;
    Result<kube::Answer> answer;
  };
  std::mutex mutex;
  std::condition_variable filled;
  std::deque<Done> done;
};

std::int64_t nowMilliseconds() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(host::systemClock().now().time_since_epoch()).count();
}

std::string proxyPath(const Target& target) {
  const Endpoint& to = target.endpoints[target.next];
  return fmt::format("/api/v1/namespaces/{}/pods/{}{}:{}/proxy{}", kube::escape(target.ns), to.https ? "https:" : "", kube::escape(target.pod), to.port, to.path);
}

/// The API server's own words that we may not, which say what of.
bool isRefusal(const kube::Answer& answer) {
  if (answer.status != 403) return false;
  const auto document = json::Document::parse(answer.body);
  return document && document->root()["kind"].stringOr("") == "Status" && document->root()["reason"].stringOr("") == "Forbidden" &&
         document->root()["message"].stringOr("").find(kResource) != std::string_view::npos;
}

class Scrape {
 public:
  Scrape(kube::Cluster& cluster, Snapshot& snapshot, const ScrapeOptions& options, const std::function<void(std::string_view)>& progress)
      : cluster_(cluster), snapshot_(snapshot), options_(options), progress_(progress) {}

  metrics::Scraped run() {
    metrics::Scraped out;
    list();
    out.begin = nowMilliseconds();
    const auto begun = SteadyClock::now();
    round(false);
    if (options_.again.count() > 0 && anyTold()) {
      // From begin to begin, and never so short that the rounds run into each other.
      const auto took = SteadyClock::now() - begun;
      const auto next = begun + std::max<SteadyClock::duration>(options_.again, took);
      while (!cluster_.stopped() && SteadyClock::now() < next) std::this_thread::sleep_for(std::min<SteadyClock::duration>(kStep, next - SteadyClock::now()));
      round(true);
      out.again = true;
    }
    out.end = nowMilliseconds();
    for (Target& each : targets_) {
      count(each);
      if (each.told) out.recorded.push_back(std::move(*each.told));
      else if (!each.exporter()) out.untold.push_back({each.index, each.container, std::move(each.why)});
    }
    cover();
    return out;
  }

 private:
  void list() {
    for (const Exporter& each : snapshot_.exporters) targets_.push_back({each.ns, each.name, {}, each.node, 0, {each.endpoint}, 0, false, {}, {}});
    std::unordered_map<const std::string*, std::vector<Published>> known;   // pods of one template publish alike
    for (std::size_t i = 0; i < snapshot_.pods.size(); ++i) {
      const Pod& pod = snapshot_.pods[i];
      if (pod.phase != "Running" || pod.deleting || !pod.placed()) continue;
      const auto [at, fresh] = known.try_emplace(pod.text.get());
      if (fresh) at->second = publishedBy(pod);
      for (const Published& each : at->second) {
        const auto running = std::find_if(pod.containers.begin(), pod.containers.end(), [&](const auto& other) { return other.name == each.container && other.running; });
        if (running != pod.containers.end()) targets_.push_back({pod.ns, pod.name, each.container, {}, i, each.endpoints, 0, false, each.why, {}});
      }
    }
  }

  bool anyTold() const {
    return std::any_of(targets_.begin(), targets_.end(), [](const Target& each) { return each.told.has_value(); });
  }

  /// Asks everybody once; `again`: those that told something, for later samples.
  void round(bool again) {
    const auto end = SteadyClock::now() + options_.all;
    again_ = again;
    for (std::size_t i = 0; i < targets_.size(); ++i)
      if (again ? targets_[i].told.has_value() : !targets_[i].endpoints.empty()) queue_.push_back(i);
    std::size_t underWay = 0;
    while (!queue_.empty() || underWay > 0) {
      while (!queue_.empty() && underWay < options_.atOnce) {
        const std::size_t index = queue_.front();
        queue_.pop_front();
        if (!send(index, end)) continue;
        ++underWay;
      }
      if (underWay == 0) continue;
      auto done = take();
      if (!done) return stopped();
      --underWay;
      Target& target = targets_[done->target];
      hear(target, *done);
      if (target.why.empty() || !retry(target)) progress_(target.ns);
    }
  }

  bool send(std::size_t index, SteadyClock::time_point end) {
    Target& target = targets_[index];
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - SteadyClock::now());
    if (spaces_[target.ns].closed() || left.count() <= 0) {
      if (!again_) target.why = left.count() <= 0 ? fmt::format("it was not asked: {} s were over", options_.all.count() / 1000) : "it may not be asked";
      return false;
    }
    kube::Request request;
    request.path = proxyPath(target);
    request.accept = kAccept;
    request.patience = std::min(options_.each, left);
    request.most = mostOf(target);
    cluster_.send(std::move(request), [box = box_, index](Result<kube::Answer> answer) {
      const std::lock_guard lock(box->mutex);
      box->done.push_back({index, nowMilliseconds(), std::move(answer)});
      box->filled.notify_one();
    });
    return true;
  }

  std::size_t mostOf(const Target& target) const { return target.exporter() ? 2 * options_.most : options_.most; }

  /// Nothing where the cluster was stopped: then nothing more will come.
  std::optional<Box::Done> take() {
    std::unique_lock lock(box_->mutex);
    while (!box_->filled.wait_for(lock, kStep, [&] { return !box_->done.empty(); }))
      if (cluster_.stopped()) return std::nullopt;
    Box::Done out = std::move(box_->done.front());
    box_->done.pop_front();
    return out;
  }

  void stopped() {
    queue_.clear();
    for (Target& each : targets_)
      if (!each.told && each.why.empty()) each.why = "the connection to the cluster is shut down";
  }

  /// What it says, into `told`; or `why` it says nothing.
  void hear(Target& target, Box::Done& done) {
    const std::string at = target.endpoints[target.next].text();
    const auto nothing = [&](std::string why) {
      if (again_) return;   // what it told the first time stands
      target.why += fmt::format("{}{}: {}", target.why.empty() ? "" : "; ", at, why);
    };
    busy_ = done.answer && done.answer->status == 429;
    refused_ = done.answer && isRefusal(*done.answer);
    if (!done.answer) return nothing(done.answer.error().message);
    if (refused_) {
      Space& space = spaces_[target.ns];
      ++space.refused;
      space.refusal = kube::statusMessage(done.answer->body);
      return nothing("it may not be asked");
    }
    if (done.answer->status != 200) {
      const std::string says = kube::statusMessage(done.answer->body);
      return nothing(fmt::format("status {}{}{}", done.answer->status, says.empty() ? "" : ", ", says));
    }
    metrics::ExpositionLimits limits;
    limits.bytes = mostOf(target);
    limits.samples = kMostSamples;
    const std::string ofPod = target.exporter() ? "" : fmt::format("{}/{}/{}", target.ns, target.pod, target.container);
    auto read = metrics::readRecorded(done.answer->body, fmt::format("pod {}/{}, {}", target.ns, target.pod, at), ofPod, done.at, limits);
    if (!read) return nothing(fmt::format("what it says is no metrics: {}", read.error().message));
    // A pod speaks for itself, and an exporter for the GPUs of its node.
    std::erase_if(read->rows, [&](const auto& each) {
      return target.exporter() ? each.row->from != "dcgm" : each.row->from == "dcgm" || each.row->from == "kube-state-metrics";
    });
    if (read->rows.size() > (target.exporter() ? kMostOfNode : kMostSeries)) return nothing(fmt::format("it says more than one can: {} series", read->rows.size()));
    if (read->rows.empty()) return nothing("none of its metrics is one that is known here");
    read->asked = false;   // thousands of pods; each value names its own
    read->ofNode = target.node;
    target.why.clear();
    ++spaces_[target.ns].told;
    if (!target.told) target.told = std::move(*read);
    else target.told->append(std::move(*read));
  }

  /// Puts it into the queue again where there is something else to be tried.
  bool retry(Target& target) {
    const std::size_t index = static_cast<std::size_t>(&target - targets_.data());
    if (again_ || refused_) return false;
    if (busy_ && !target.triedAgain) {
      target.triedAgain = true;
      queue_.push_back(index);
      return true;
    }
    if (busy_ || target.next + 1 >= target.endpoints.size()) return false;
    ++target.next;
    queue_.push_front(index);
    return true;
  }

  void count(const Target& target) {
    Space& space = spaces_[target.ns];
    ++space.asked;
    if (target.told) return;
    ++space.silent;
    if (space.first.empty()) space.first = fmt::format("{}: {}", target.name(), target.why);
  }

  void cover() {
    for (const auto& [ns, space] : spaces_) {
      if (space.asked == 0) continue;
      Seen seen{std::string(kResource), ns, Seen::State::Read, {}, space.asked - space.silent};
      if (space.refused > 0) {
        seen.state = Seen::State::Forbidden;
        seen.reason = space.refusal;
      } else if (space.silent > 0) {
        seen.state = Seen::State::Failed;
        seen.reason = fmt::format("{} of {} told nothing, first {}", space.silent, space.asked, space.first);
      }
      snapshot_.coverage.add(std::move(seen));
    }
    // Without it nothing is known of the memory of slices; with -n its namespace may be one that was not looked at.
    Seen exporters{std::string(kExporters), {}, Seen::State::Read, {}, static_cast<std::int64_t>(snapshot_.exporters.size())};
    if (snapshot_.exporters.empty()) {
      exporters.state = snapshot_.heldKnown ? Seen::State::Failed : Seen::State::Forbidden;
      exporters.reason = snapshot_.heldKnown ? "no pod of it was found" : "pods of all namespaces may not be read";
    }
    snapshot_.coverage.add(std::move(exporters));
    snapshot_.coverage.sort();
  }

  kube::Cluster& cluster_;
  Snapshot& snapshot_;
  const ScrapeOptions& options_;
  const std::function<void(std::string_view)>& progress_;
  std::vector<Target> targets_;
  std::map<std::string, Space> spaces_;
  std::deque<std::size_t> queue_;
  std::shared_ptr<Box> box_ = std::make_shared<Box>();
  bool again_ = false, busy_ = false, refused_ = false;   // the last two: of the answer at hand
};

}  // namespace

metrics::Scraped scrape(kube::Cluster& cluster, Snapshot& snapshot, const ScrapeOptions& options, const std::function<void(std::string_view what)>& progress) {
  return Scrape(cluster, snapshot, options, progress).run();
}

}  // namespace rightslice::observe
