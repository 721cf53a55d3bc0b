#include "cli/manifests.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "cli/fix.hpp"
#include "cli/input.hpp"
#include "cli/sources.hpp"
#include "cli/terminal.hpp"
#include "workload/workload.hpp"

namespace rightslice::cli {
namespace {

using observe::plan::Advice;
using observe::plan::Change;
using observe::plan::Manifest;
using State = Manifest::State;

using Key = std::tuple<std::string, std::string, std::string, std::string>;   // group, kind, namespace, name

/// Where an object stands.
struct Place {
  std::size_t file = 0;
  int document = 1, item = 0;
  std::string where;   // "file:line"
  friend auto operator<=>(const Place& a, const Place& b) { return std::tie(a.file, a.document, a.item) <=> std::tie(b.file, b.document, b.item); }
};

const policy::ContainerJudgement* containerOf(const policy::Judgement& judgement, const std::string& name) {
  for (const auto& each : judgement.containers)
    if (each.name == name) return &each;
  return nullptr;
}

std::string askedText(const policy::ContainerJudgement& container) {
  if (!container.requested) return "no slice";
  return container.requested->count == 1 ? container.requested->resource : fmt::format("{} x {}", container.requested->count, container.requested->resource);
}

/// What a container of the object says that decides what it needs, as text: field -> JSON.
std::map<std::string, std::string> sayingsOf(json::View object, const std::string& container) {
  std::map<std::string, std::string> out;
  for (const auto& part : workload::read(object).templates) {
    for (const auto& each : part.containers) {
      if (each.name != container) continue;
      for (const char* field : {"image", "command", "args"})
        out[field] += object.find(each.pointer)[field].exists() ? object.find(each.pointer)[field].text() + "\n" : "";
    }
  }
  return out;
}

/// How the manifest differs from what runs; empty: it does not.
std::string driftOf(const policy::ContainerJudgement& runs, const policy::ContainerJudgement& written, json::View running, json::View manifest) {
  if (askedText(runs) != askedText(written)) return fmt::format("the file asks for {}, and {} is what runs", askedText(written), askedText(runs));
  const auto served = [](const auto& of) { return of.model.empty() ? std::string("no known model") : of.model; };
  if (runs.model != written.model) return fmt::format("the file serves {}, and {} is what runs", served(written), served(runs));
  const auto now = sayingsOf(running, runs.name), then = sayingsOf(manifest, runs.name);
  for (const auto& [field, text] : then)
    if (now.at(field) != text) return fmt::format("{} of the container differs between the file and what runs", field);
  const auto need = [](const policy::ContainerJudgement& of) {
    return of.need ? std::tuple(true, of.need->minimum, of.need->bytes, of.need->high) : std::tuple(false, Bytes{0}, Bytes{0}, std::optional<Bytes>());
  };
  if (need(runs) != need(written)) return "by the file it needs another amount of memory than what runs: environment, annotations or load differ";
  return {};
}

class Manifests {
 public:
  Manifests(const std::vector<std::string>& paths, const Observed& observed, std::vector<Advice>& advice)
      : input_(paths), observed_(observed), advice_(advice) {}

  ManifestChanges run() {
    for (const auto& error : input_.errors()) wrong(error);
    once();
    want();
    eachFile([&](const InputFile& file, std::size_t index) { look(file, index); }, true);
    for (std::size_t i = 0; i < advice_.size(); ++i) choose(i);
    eachFile([&](const InputFile& file, std::size_t index) { change(file, index); }, false);
    return std::move(out_);
  }

 private:
  void wrong(const Error& error) {
    complain(describe(error));
    ++out_.unreadable;
  }

  /// One file by several names, or by links to it, is one: by its own name rather than by a link's.
  void once() {
    std::map<std::filesystem::path, std::size_t> files;
    for (std::size_t i = 0; i < input_.size(); ++i) {
      std::error_code error;
      const auto path = std::filesystem::canonical(input_.name(i), error);
      if (error) continue;   // standard input
      const auto [at, fresh] = files.try_emplace(path, i);
      if (fresh) continue;
      const bool better = std::filesystem::is_symlink(input_.name(at->second), error) && !std::filesystem::is_symlink(input_.name(i), error);
      twice_.insert(better ? std::exchange(at->second, i) : i);
    }
  }

  void eachFile(const std::function<void(const InputFile&, std::size_t)>& use, bool first) {
    for (std::size_t i = 0; i < input_.size(); ++i) {
      if (twice_.contains(i) || (!first && !chosen_.contains(i))) continue;
      const auto file = input_.open(i);
      if (file) use(**file, i);
      else if (first) wrong(file.error());
    }
  }

  /// What declares the workload: its outermost owner, where something that makes it is not of a kind that is read.
  std::optional<Key> keyOf(const Advice& advice) const {
    const auto& deployed = observed_.seen.placement.deployed[advice.deployed];
    if (deployed.owner || !deployed.object) return std::nullopt;
    const observe::Object& object = observed_.snapshot.objects[*deployed.object];
    return Key(object.group, object.kind, object.ns, object.name);
  }

  void want() {
    for (const Advice& each : advice_)
      if (const auto key = keyOf(each)) wanted_[{std::get<0>(*key), std::get<1>(*key), "", std::get<3>(*key)}];
  }

  static Key keyOf(json::View object) {
    return {std::string(workload::groupOf(object["apiVersion"].stringOr(""))), std::string(object["kind"].stringOr("")),
            std::string(object["metadata"]["namespace"].stringOr("")), std::string(object["metadata"]["name"].stringOr(""))};
  }

  void look(const InputFile& file, std::size_t index) {
    for (const auto& part : file.stream.broken) wrong({part.error.message, file.name + ":" + part.error.where});
    forEachObject(
        file,
        [&](const InputObject& object) {
          Key key = keyOf(object.view());
          const std::string ns = std::exchange(std::get<2>(key), "");
          const auto at = wanted_.find(key);
          if (at == wanted_.end()) return;
          at->second[ns].push_back({index, object.document->index, object.item, fmt::format("{}:{}", file.name, object.place("").key.line)});
        },
        [&](const Error& error) { wrong(error); });
  }

  void settle(Advice& advice, State state, const std::string& why) { advice.manifest->changes.assign(advice.changes.size(), {state, why}); }

  /// The one document of the workload: of its namespace, else without one.
  void choose(std::size_t index) {
    Advice& advice = advice_[index];
    advice.manifest.emplace();
    const auto key = keyOf(advice);
    if (!key)
      return settle(advice, State::Missing,
                    advice.managedBy.empty() ? "what declares these pods was not read" : fmt::format("{} makes it: change it there", advice.managedBy));
    auto& places = wanted_.at({std::get<0>(*key), std::get<1>(*key), "", std::get<3>(*key)});
    std::size_t namespaces = 0;   // in which a workload of this name runs
    for (const auto& each : observed_.seen.placement.deployed) {
      if (!each.object) continue;
      const observe::Object& other = observed_.snapshot.objects[*each.object];
      namespaces += other.group == std::get<0>(*key) && other.kind == std::get<1>(*key) && other.name == std::get<3>(*key) ? 1 : 0;
    }
    const bool own = places.contains(std::get<2>(*key));
    const auto& found = own ? places[std::get<2>(*key)] : places[""];
    if (found.empty()) return settle(advice, State::Missing, "no manifest declares it");
    if (found.size() > 1) return settle(advice, State::Ambiguous, fmt::format("{} and {} both declare it", found[0].where, found[1].where));
    if (!own && namespaces > 1)
      return settle(advice, State::Ambiguous, fmt::format("{} names no namespace, and workloads of its name run in several", found[0].where));
    settle(advice, State::Missing, "");
    chosen_[found[0].file].emplace(found[0], index);
  }

  void change(const InputFile& file, std::size_t index) {
    std::vector<Fix> all;
    std::vector<std::pair<std::size_t, std::size_t>> whose;   // of each fix: advice and change
    forEachObject(
        file,
        [&](const InputObject& object) {
          const auto at = chosen_[index].find(Place{index, object.document->index, object.item, ""});
          if (at != chosen_[index].end()) changeOne(object, at->second, all, whose);
        },
        [](const Error&) {});
    const std::string after = applyFixes(file, all);
    ChangedManifest changed{file.name, file.text, after, {}};
    for (std::size_t i = 0; i < all.size(); ++i) {
      auto& outcome = advice_[whose[i].first].manifest->changes[whose[i].second];
      if (!all[i].obstacle.empty()) {
        outcome = {State::ByHand, all[i].obstacle};
        continue;
      }
      outcome = {State::Changed, ""};
      changed.edits.insert(changed.edits.end(), all[i].edits.begin(), all[i].edits.end());
    }
    if (!changed.edits.empty()) out_.files.push_back(std::move(changed));
  }

  void changeOne(const InputObject& object, std::size_t index, std::vector<Fix>& all, std::vector<std::pair<std::size_t, std::size_t>>& whose) {
    Advice& advice = advice_[index];
    const observe::Object& running = observed_.snapshot.objects[*observed_.seen.placement.deployed[advice.deployed].object];
    advice.manifest->file = object.file->name;
    advice.manifest->document = object.document->index;
    advice.manifest->item = object.item;
    advice.manifest->line = object.place("").key.line;
    const auto runs = json::Document::parse(*running.text);
    if (!runs) return settle(advice, State::Drift, "what runs cannot be compared");
    // As what runs was judged: by itself, whatever it was before and whatever its namespace has used up.
    const Judged judged{admission::verdict(object.object(), running.ns, observed_.sources.environment(), {}), &object, false};
    auto made = fixes(judged);
    const auto& state = observed_.seen.workloads[advice.deployed].judgement;
    for (std::size_t i = 0; i < advice.changes.size(); ++i) {
      const Change& change = advice.changes[i];
      auto& outcome = advice.manifest->changes[i];
      const auto* now = containerOf(state, change.container);
      const auto* written = containerOf(judged.judgement, change.container);
      if (now == nullptr || written == nullptr) {
        outcome = {State::Drift, fmt::format("the file has no container {}", change.container)};
        continue;
      }
      if (!change.to.empty() && askedText(*written) != askedText(*now) && written->requested && written->requested->resource == change.to) {
        outcome = {State::Done, fmt::format("the file asks for {}: apply it", change.to)};
        continue;
      }
      if (std::string drift = driftOf(*now, *written, runs->root(), object.view()); !drift.empty()) {
        outcome = {State::Drift, std::move(drift)};
        continue;
      }
      const auto fix = std::find_if(made.begin(), made.end(), [&](const Fix& each) {
        return each.name == change.container && each.to == change.to && each.flagsText == model::flagsText(change.flags);
      });
      if (fix == made.end()) {
        // Something by hand has no words for its flags.
        const auto other = std::find_if(made.begin(), made.end(), [&](const Fix& each) { return each.name == change.container && !each.obstacle.empty(); });
        outcome = other != made.end() ? Manifest::Outcome{State::ByHand, other->obstacle}
                                      : Manifest::Outcome{State::Drift, "by the file something else would be recommended than to what runs"};
        continue;
      }
      all.push_back(*fix);
      whose.emplace_back(index, i);
    }
  }

  Input input_;
  std::set<std::size_t> twice_;             // files that are there by another name already
  const Observed& observed_;
  std::vector<Advice>& advice_;
  std::map<Key, std::map<std::string, std::vector<Place>>> wanted_;   // without a namespace -> by namespace
  std::map<std::size_t, std::map<Place, std::size_t>> chosen_;         // by file: the object of each advice
  ManifestChanges out_;
};

}  // namespace

ManifestChanges changeManifests(const std::vector<std::string>& paths, const Observed& observed, std::vector<Advice>& advice) {
  return Manifests(paths, observed, advice).run();
}

}  // namespace rightslice::cli
