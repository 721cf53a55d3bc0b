#include "app/policy_source.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/digest.hpp"

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

PolicySource::PolicySource(std::vector<std::string> paths, const gpu::Catalogue* gpus, int maxExceptionDays)
    : paths_(std::move(paths)), gpus_(gpus), maxExceptionDays_(maxExceptionDays) {}

std::string PolicySource::contentDigest(std::string& sourceError) const {
  Digest digest;
  const auto note = [&](const Error& error) {
    digest.add("error").add(error.where).add(error.message);
    if (sourceError.empty()) sourceError = error.where.empty() ? error.message : error.where + ": " + error.message;
  };
  for (const std::string& path : paths_) {  // each by itself: one that is missing does not hide a change of the others
    const auto files = policyFiles({path});
    if (!files) {
      note(files.error());
      continue;
    }
    for (const std::string& file : *files) {
      const auto text = readFile(file);
      if (text) digest.add(file).add(*text);
      else note(text.error());
    }
  }
  return digest.hex();
}

PolicySource::Read PolicySource::read(host::Clock::Time now) {
  Read out;
  const std::string digest = contentDigest(out.sourceError);
  const auto last = set_.get();
  const auto lastState = state_.get();
  PolicyState state = lastState ? *lastState : PolicyState{};
  if (out.sourceError.empty()) state.lastRead = now;
  if (digest != lastDigest_) {
    policy::LoadOptions options;
    options.gpus = gpus_;
    options.maxExceptionDays = maxExceptionDays_;
    options.today = Date{std::chrono::floor<std::chrono::days>(now).time_since_epoch().count()};
    policy::Loaded loaded = loadPolicies(paths_, options);
    lastDigest_ = digest;
    state.badFiles = badFiles(loaded);
    state.kept = last ? keepLastGood(*last, loaded) : std::vector<std::string>{};
    out.diagnostics = std::move(loaded.diagnostics);
    if (!last && loaded.policies.empty()) {
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
