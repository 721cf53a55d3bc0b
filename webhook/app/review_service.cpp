#include "app/review_service.hpp"

#include <algorithm>

#include "base/digest.hpp"

namespace rightslice::app {
namespace {

using host::Level;
using host::Metric;
using SteadyClock = std::chrono::steady_clock;

std::string_view name(admission::Path path) { return path == admission::Path::Validate ? "validate" : "mutate"; }

constexpr std::chrono::milliseconds kMostForClaims{500};  // of the time of a review, for what is not known yet

constexpr std::string_view kLate = "the review could not be finished before its deadline";

}  // namespace

http::Response ReviewService::refuse(admission::Path path, const http::Request& request, int status, std::string_view reason,
                                     std::string_view message) {
  metrics_.count(Metric::ReviewErrors, {name(path), reason});
  log_.write(status >= 500 ? Level::Error : Level::Warn, "review refused",
             {{"path", name(path)}, {"status", std::int64_t{status}}, {"reason", reason}, {"error", message},
              {"bytes", static_cast<std::int64_t>(request.body.size())}, {"traceparent", std::string_view(request.traceparent)}});
  return http::errorResponse(status, reason, message);
}

void ReviewService::record(admission::Path path, const http::Request& request, const admission::Answer& answer, double seconds) {
  metrics_.count(Metric::Reviews, {name(path), answer.operation, answer.decision});
  metrics_.observe(Metric::ReviewDuration, seconds, {name(path)});
  if (!answer.wouldBe.empty()) metrics_.count(Metric::WouldBe, {name(path), answer.wouldBe});
  for (const auto& [code, action] : answer.outcomes) metrics_.count(Metric::Findings, {policy::name(code), policy::name(action)});

  if (answer.dryRun) return;  // leaves no trace but metrics
  const bool passed = answer.decision == "allow" && (answer.wouldBe.empty() || answer.wouldBe == "allow");
  const Level level = passed ? Level::Debug : Level::Info;
  if (!log_.writes(level)) return;
  std::string policies;
  for (const std::string& id : answer.policies) policies += (policies.empty() ? "" : ",") + id;
  log_.write(level, "review",
             {{"uid", std::string_view(answer.uid)}, {"path", name(path)}, {"operation", std::string_view(answer.operation)},
              {"kind", std::string_view(answer.kind)}, {"namespace", std::string_view(answer.ns)}, {"name", std::string_view(answer.name)},
              {"user", std::string_view(answer.user)}, {"allowed", answer.allowed}, {"decision", std::string_view(answer.decision)},
              {"wouldBe", std::string_view(answer.wouldBe)}, {"findings", std::string_view(answer.findings)},
              {"policies", std::string_view(policies)}, {"patched", answer.patched}, {"seconds", seconds},
              {"traceparent", std::string_view(request.traceparent)}});
}

/// The surroundings with claims that were missing in them; null if none of those can be had.
std::shared_ptr<const workload::Surroundings> ReviewService::withClaims(const workload::Surroundings& surroundings,
                                                                        const std::vector<admission::MissingClaim>& missing,
                                                                        SteadyClock::time_point deadline) const {
  if (!inputs_.claim || missing.empty()) return nullptr;
  const auto end = std::min(SteadyClock::now() + kMostForClaims, deadline);
  std::shared_ptr<workload::Surroundings> out;
  for (const admission::MissingClaim& each : missing) {
    auto claim = inputs_.claim(each, std::chrono::duration_cast<std::chrono::milliseconds>(end - SteadyClock::now()));
    if (!claim) continue;
    if (!out) out = std::make_shared<workload::Surroundings>(surroundings);
    auto& known = each.isTemplate ? out->devices.templates : out->devices.claims;
    if (!known) known.emplace();
    known->insert_or_assign(each.ns + "/" + each.name, std::move(*claim));
    out->digest = Digest().add(out->digest).add(each.ns).add(each.name).hex();
  }
  return out;
}

http::Response ReviewService::review(admission::Path path, const http::Request& request) try {
  const auto start = SteadyClock::now();
  if (start >= request.deadline) return refuse(path, request, 500, "DeadlineExceeded", kLate);
  const auto policies = inputs_.policies();
  const auto surroundings = inputs_.surroundings();
  if (!policies || !surroundings) {
    return refuse(path, request, 503, "NotReady", policies ? "the cluster is not read yet" : "no policies are loaded yet");
  }
  const auto inventory = inputs_.inventory ? inputs_.inventory() : nullptr;
  const Date today = inputs_.today ? *inputs_.today : clock_.today();
  const admission::MemoBasis basis{policies, surroundings, today};
  admission::Environment environment{policies.get(), inputs_.catalogue, surroundings.get(), today, inventory.get(), &memo_, &basis};
  admission::Answer answer = admission::answer(request.body, path, environment, inputs_.options);
  if (const auto fuller = withClaims(*surroundings, answer.missing, request.deadline)) {
    environment.surroundings = fuller.get();
    environment.memo = nullptr;  // of the surroundings that others see
    answer = admission::answer(request.body, path, environment, inputs_.options);
  }
  if (answer.httpStatus != 200) {
    return refuse(path, request, answer.httpStatus, answer.httpStatus == 413 ? "TooLarge" : "BadRequest", answer.error);
  }
  const auto end = SteadyClock::now();
  if (end >= request.deadline) return refuse(path, request, 500, "DeadlineExceeded", kLate);
  record(path, request, answer, std::chrono::duration<double>(end - start).count());
  if (inputs_.tell) {
    for (admission::Event& event : answer.events) inputs_.tell(std::move(event));
  }
  http::Response response;
  response.body = std::move(answer.body);
  return response;
} catch (const std::exception& error) {  // a bug, or no memory: counted, and failurePolicy decides
  return refuse(path, request, 500, "InternalError", error.what());
}

}  // namespace rightslice::app
