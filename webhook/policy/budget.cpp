#include "policy/budget.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "policy/money.hpp"

namespace rightslice::policy {
namespace {

Request::Usage most(const Request::Usage& a, const Request::Usage& b) {
  return {std::max(a.memory, b.memory), std::max(a.gpuMillis, b.gpuMillis), std::max(a.costCents, b.costCents)};
}

Request::Usage usageOfContainer(const ContainerOutcome& outcome, const Catalogue& catalogue,
                                const workload::Surroundings& surroundings, const workload::Autoscaler* autoscaler, std::int64_t surge) {
  Request::Usage out;
  if (!outcome.meaning || outcome.ask.entries.size() != 1 || !outcome.ask.entries.front().count) return out;
  const auto& meaning = *outcome.meaning;
  const std::int64_t pods = plusBytes(workload::podsOf(*outcome.pod, autoscaler), timesBytes(outcome.pod->podsPerReplica, surge));
  const std::int64_t count = timesBytes(*outcome.ask.entries.front().count, pods);
  if (meaning.usable) out.memory = timesBytes(meaning.usable->smallest, count);
  const bool whole = meaning.kind == Meaning::Kind::Whole;
  std::int64_t millis = whole ? 1000 : 0;
  if (!whole)
    for (const auto& offer : meaning.offers)
      if (const auto share = gpu::share(*offer.product, *offer.profile))
        millis = std::max<std::int64_t>(millis, ceilDiv(1000LL * share->numerator, share->denominator));
  out.gpuMillis = timesBytes(millis, count);
  if (surroundings.prices && !surroundings.prices->isDefault)
    out.costCents = costOnSet(meaning.products, whole ? "" : meaning.profile, count, *surroundings.prices, *catalogue.gpus, true)
                        .value_or(0);
  return out;
}

std::string gpusText(std::int64_t millis) {
  std::string text = fmt::format("{}.{:03}", millis / 1000, millis % 1000);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text + (text == "1" ? " GPU" : " GPUs");
}
std::string moneyText(std::int64_t cents, const std::string& currency) {
  return fmt::format("{}.{:02} {}", cents / 100, cents % 100, currency);
}

/// What passes the budget; empty: nothing. `close` is set where a raise stays within it.
std::string overBy(const Policy& policy, const Request::Usage& own, const Request::Usage& usage, const Request::Usage& old, bool& close) {
  struct Line {
    std::optional<std::int64_t> limit;
    std::int64_t own, others, before;
    std::string (*text)(std::int64_t, const std::string&);
  };
  const auto memory = [](std::int64_t value, const std::string&) { return formatBytes(value); };
  const auto gpus = [](std::int64_t value, const std::string&) { return gpusText(value); };
  const Line lines[] = {{policy.budget.memory, own.memory, usage.memory - old.memory, old.memory, memory},
                        {policy.budget.gpusMillis, own.gpuMillis, usage.gpuMillis - old.gpuMillis, old.gpuMillis, gpus},
                        {policy.budget.costCents, own.costCents, usage.costCents - old.costCents, old.costCents, moneyText}};
  std::string text;
  for (const auto& line : lines) {
    if (!line.limit || line.own <= line.before) continue;
    const std::int64_t others = std::max<std::int64_t>(0, line.others);
    if (plusBytes(line.own, others) <= *line.limit) {
      close = true;
      continue;
    }
    const auto& currency = policy.budget.currency;
    text += fmt::format("{}takes {}, with {} already in use, of a budget of {}", text.empty() ? "" : "; ", line.text(line.own, currency),
                        line.text(others, currency), line.text(*line.limit, currency));
  }
  return text;
}

constexpr std::size_t kMostNamed = 3;

/// "; it counts with 8 replicas, the maximum of HorizontalPodAutoscaler chat": why more counts than what is written or runs.
std::string autoscalersText(const workload::Workload& object, const Request& request, bool& own) {
  std::string text;
  own = workload::raises(object, request.autoscaler);
  if (own) text = fmt::format("; it counts with {} replicas, the maximum of {}", request.autoscaler->most, request.autoscaler->title());
  if (request.autoscalersInUse == nullptr) return text;
  std::string names;
  std::size_t count = 0;
  for (const auto* each : *request.autoscalersInUse) {
    if (each == request.autoscaler) continue;
    if (++count <= kMostNamed) names += fmt::format("{}{} ({})", names.empty() ? "" : ", ", each->title(), each->most);
  }
  if (count > kMostNamed) names += fmt::format(" and {} more", count - kMostNamed);
  if (!names.empty()) text += "; in use includes the maximum of " + names;
  return text;
}

}  // namespace

Request::Usage plus(const Request::Usage& a, const Request::Usage& b) {
  return {plusBytes(a.memory, b.memory), plusBytes(a.gpuMillis, b.gpuMillis), plusBytes(a.costCents, b.costCents)};
}

Request::Usage usageOfOutcomes(const std::vector<ContainerOutcome>& outcomes, const Catalogue& catalogue,
                               const workload::Surroundings& surroundings, const workload::Autoscaler* autoscaler, std::int64_t surge) {
  struct Pod {
    Request::Usage init, running;
  };
  std::map<const workload::PodTemplate*, Pod> pods;
  for (const auto& outcome : outcomes) {
    const auto usage = usageOfContainer(outcome, catalogue, surroundings, autoscaler, surge);
    Pod& pod = pods[outcome.pod];
    if (outcome.container->init && !outcome.container->sidecar)
      pod.init = most(pod.init, usage);
    else
      pod.running = plus(pod.running, usage);
  }
  Request::Usage total;
  for (const auto& [pod, usage] : pods) total = plus(total, most(usage.init, usage.running));
  return total;
}

std::optional<std::string> overBudget(const Policy& policy, const workload::Workload& object, const Takes& own, const Request& request,
                                      bool& hangsOnOthers) {
  const bool hangs = !request.usageKnown || !request.autoscalersKnown;
  bool close = false;
  std::string text = overBy(policy, own.counted, request.usage, request.oldUsage, close), advice = "the replicas";
  hangsOnOthers = hangsOnOthers || (hangs && close);
  if (!text.empty()) {
    bool scaled = false;
    text += autoscalersText(object, request, scaled);
    if (scaled) advice = "that maximum";
  } else if (request.autoscaler != nullptr) {
    text = overBy(policy, own.written, request.written, request.oldWritten, close);
  }
  if (text.empty()) return std::nullopt;
  return fmt::format("namespace budget of policy {} would be passed: this object {}; ask for less, lower {}, or have the budget raised",
                     policy.id(), text, advice);
}

std::string overWhileRolling(const Policy& policy, const Request::Usage& own, const Request& request) {
  bool close = false;
  const std::string text = overBy(policy, own, request.written, request.oldWritten, close);
  if (text.empty()) return text;
  return fmt::format("while it rolls out, {} more pod{}: {} ({})", request.surge, request.surge == 1 ? " runs" : "s run", text, policy.id());
}

}  // namespace rightslice::policy
