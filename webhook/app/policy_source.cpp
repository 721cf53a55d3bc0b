#include "app/policy_source.hpp"

#include <algorithm>
#include <thread>

#include <fmt/format.h>

#include "base/digest.hpp"
#include "base/limits.hpp"
#include "host/regular_file.hpp"

namespace rightslice::app {
namespace {

bool lies(std::string_view file, const std::vector<std::string>& bad) {
  return std::any_of(bad.begin(), bad.end(), [&](const std::string& path) {
    const std::string folder = path.ends_with('/') ? path : path + "/";
    return file == path || file.starts_with(folder);
  });
}

bool same(const policy::Policy& a, const policy::Policy& b) { return a.cluster == b.cluster && a.ns == b.ns && a.name == b.name; }
bool same(const policy::Exception& a, const policy::Exception& b) { return a.ns == b.ns && a.name == b.name; }

/// Appends to `now` what of `last` lies in a bad file and is not there any more.
template <class T>
std::vector<T> missing(const std::vector<T>& last, const std::vector<T>& now, const std::vector<std::string>& bad) {
  std::vector<T> out;
  for (const T& old : last) {
    const bool there = std::any_of(now.begin(), now.end(), [&](const T& item) { return same(item, old); });
    if (!there && lies(old.file, bad)) out.push_back(old);
  }
  return out;
}

/// What is loaded is exactly what this was made of: reading once for each would let the two differ.
std::string digestOf(const std::vector<PolicyText>& texts, const ClusterPolicies* cluster) {
  Digest digest;
  for (const PolicyText& each : texts) {
    if (each.text) digest.add(each.file).add(*each.text);
    else digest.add("error").add(each.file).add(each.text.error().message);
  }
  if (cluster != nullptr) {
    for (const PolicyObject& object : cluster->objects) digest.add(object.place()).add(object.text).add(object.unread);
  }
  return digest.hex();
}

constexpr std::chrono::milliseconds kSettle{50};
constexpr int kMostLooks = 10;

}  // namespace

std::vector<std::string> badFiles(const policy::Loaded& loaded) {
  std::vector<std::string> out;
  for (const policy::Diagnostic& diagnostic : loaded.diagnostics) {
    if (!diagnostic.warning && std::find(out.begin(), out.end(), diagnostic.file) == out.end()) out.push_back(diagnostic.file);
  }
  return out;
}

std::vector<std::string> keepLastGood(const policy::PolicySet& last, policy::Loaded& now) {
  std::vector<std::string> kept;
  const auto bad = badFiles(now);
  for (policy::Policy& old : missing(last.policies(), now.policies, bad)) {
    kept.push_back(old.id());
    now.policies.push_back(std::move(old));
  }
  for (policy::Exception& old : missing(last.allExceptions(), now.exceptions, bad)) {
    kept.push_back(fmt::format("{}/{}", old.ns, old.name));
    now.exceptions.push_back(std::move(old));
  }
  return kept;
}

policy::PolicySet remembered(const ClusterPolicies& cluster, const std::vector<std::string>& bad, const policy::LoadOptions& options) {
  std::vector<policy::Policy> policies;
  std::vector<policy::Exception> exceptions;
  for (const PolicyObject& object : cluster.objects) {
    const std::string place = object.place();
    if (object.lastGeneration == 0 || std::find(bad.begin(), bad.end(), place) == bad.end()) continue;
    policy::Loaded loaded = policy::load(object.lastText, place, options);
    if (!loaded.ok()) continue;
    for (policy::Policy& each : loaded.policies) {
      const bool same = object.kind == (each.cluster ? "ClusterSlicePolicy" : "SlicePolicy") && each.ns == object.ns && each.name == object.name;
      if (same) policies.push_back(std::move(each));
    }
    for (policy::Exception& each : loaded.exceptions) {
      if (object.kind == "SliceException" && each.ns == object.ns && each.name == object.name) exceptions.push_back(std::move(each));
    }
  }
  return {std::move(policies), std::move(exceptions)};
}

PolicySource::PolicySource(std::vector<std::string> paths, const gpu::Catalogue* gpus, int maxExceptionDays)
    : paths_(std::move(paths)), gpus_(gpus), maxExceptionDays_(maxExceptionDays) {}

std::vector<PolicyText> PolicySource::readFiles() const {
  const auto once = [&] { return readPolicies(paths_, [](const std::string& path) { return host::readRegularFile(path, limits::kMaxFileBytes); }); };
  auto texts = once();
  if (!set_.get()) return texts;
  // A file that is being written holds half a policy for a moment, which may well be a valid and milder one.
  for (int again = 0; again < kMostLooks && digestOf(texts, nullptr) != lastFiles_; ++again) {
    std::this_thread::sleep_for(kSettle);
    auto later = once();
    const bool settled = digestOf(texts, nullptr) == digestOf(later, nullptr);
    texts = std::move(later);
    if (settled) break;
  }
  return texts;
}

/// What is left of a file when a disk is full or a writer was killed in the middle. Whoever wants its policies gone removes the file.
void PolicySource::refuseEmptied(std::vector<PolicyText>& texts) const {
  const auto last = set_.get();
  if (!last) return;
  for (PolicyText& each : texts) {
    if (!each.text || each.text->find_first_not_of(" \t\r\n") != std::string::npos) continue;
    const auto from = [&](const auto& item) { return item.file == each.file; };
    const bool held = std::any_of(last->policies().begin(), last->policies().end(), from) ||
                      std::any_of(last->allExceptions().begin(), last->allExceptions().end(), from);
    if (held) each.text = fail("the file is empty now; what it held stays in force until the file is removed", each.file);
  }
}

policy::Loaded PolicySource::load(const std::vector<PolicyText>& texts, const ClusterPolicies* cluster, const policy::LoadOptions& options) {
  std::vector<policy::Loaded> parts;
  parts.push_back(loadPolicies(texts, options));
  std::map<std::string, Parsed> parsed;
  if (cluster != nullptr) {
    for (const PolicyObject& object : cluster->objects) {
      const std::string place = object.place();
      if (!object.unread.empty()) {
        parts.push_back(loadPolicies(std::vector<PolicyText>{{place, fail(object.unread, place)}}, options));
        continue;
      }
      const auto known = parsed_.find(place);
      Parsed now = known != parsed_.end() && known->second.text == object.text ? std::move(known->second)
                                                                              : Parsed{object.text, policy::load(object.text, place, options)};
      parts.push_back(now.loaded);
      parsed.emplace(place, std::move(now));
    }
  }
  parsed_ = std::move(parsed);
  return policy::merge(std::move(parts));
}

void PolicySource::judgeObjects(const ClusterPolicies& cluster, const policy::Loaded& loaded, const std::vector<std::string>& kept) {
  verdicts_.clear();
  std::map<std::string_view, std::vector<const policy::Diagnostic*>> said;
  for (const policy::Diagnostic& each : loaded.diagnostics) said[each.file].push_back(&each);
  for (const PolicyObject& object : cluster.objects) {
    const std::string place = object.place();
    PolicyVerdict verdict{true, "Accepted", ""};
    if (const auto at = said.find(place); at != said.end()) {
      for (const policy::Diagnostic* each : at->second) {
        if (!each->warning && verdict.accepted) verdict = {false, each->code, ""};  // the first error gives the reason
      }
      for (const policy::Diagnostic* each : at->second) {
        if (each->warning == verdict.accepted) verdict.message += (verdict.message.empty() ? "" : "; ") + each->message;
      }
    }
    const std::string id = object.kind == "ClusterSlicePolicy" ? object.name : object.ns + "/" + object.name;
    if (!verdict.accepted && std::find(kept.begin(), kept.end(), id) != kept.end()) verdict.message += "; the version before it stays in force";
    if (verdict.message.empty()) verdict.message = object.kind == "SliceException" ? "counts until its last day" : "in force";
    verdicts_.emplace(place, std::move(verdict));
  }
}

PolicySource::Read PolicySource::read(host::Clock::Time now, const ClusterPolicies* cluster) {
  Read out;
  if (cluster != nullptr && !cluster->known && !set_.get()) {
    out.outcome = Outcome::Waiting;
    return out;
  }
  auto texts = readFiles();
  for (const PolicyText& each : texts) {
    if (!each.text && out.sourceError.empty()) out.sourceError = each.file.empty() ? each.text.error().message : each.file + ": " + each.text.error().message;
  }
  const std::string digest = digestOf(texts, cluster);
  const auto last = set_.get();
  const auto lastState = state_.get();
  PolicyState state = lastState ? *lastState : PolicyState{};
  if (out.sourceError.empty()) state.lastRead = cluster != nullptr ? std::min(now, cluster->confirmed) : now;
  if (digest != lastDigest_) {
    policy::LoadOptions options;
    options.gpus = gpus_;
    options.maxExceptionDays = maxExceptionDays_;
    options.today = Date{std::chrono::floor<std::chrono::days>(now).time_since_epoch().count()};
    lastFiles_ = digestOf(texts, nullptr);
    refuseEmptied(texts);
    policy::Loaded loaded = load(texts, cluster, options);
    lastDigest_ = digest;
    state.badFiles = badFiles(loaded);
    state.kept = last ? keepLastGood(*last, loaded) : std::vector<std::string>{};
    if (cluster != nullptr) {
      for (std::string& id : keepLastGood(remembered(*cluster, state.badFiles, options), loaded)) state.kept.push_back(std::move(id));
      judgeObjects(*cluster, loaded, state.kept);
    }
    out.diagnostics = std::move(loaded.diagnostics);
    if (!last && loaded.policies.empty() && cluster == nullptr) {
      out.outcome = Outcome::Failed;
      return out;
    }
    out.outcome = state.badFiles.empty() ? Outcome::Changed : Outcome::Partial;
    auto set = std::make_shared<const policy::PolicySet>(std::move(loaded.policies), std::move(loaded.exceptions));
    state.digest = set->digest();
    state.loaded = now;
    state.policies = set->policies().size();
    state.exceptions = set->allExceptions().size();
    set_.set(std::move(set));
  }
  state_.set(std::make_shared<const PolicyState>(std::move(state)));
  return out;
}

}  // namespace rightslice::app
