#include "app/policy_source.hpp"

#include <doctest/doctest.h>

#include "written.hpp"

using namespace rightslice;
using namespace rightslice::app;
using Outcome = PolicySource::Outcome;
using written::Folder;

namespace {

const written::Clock kClock;

PolicySource sourceOf(const Folder& folder) { return PolicySource({folder.path()}, &gpu::Catalogue::builtIn(), 180); }

std::optional<policy::Mode> modeOf(const PolicySource& source, std::string_view id) {
  for (const auto& each : source.set()->policies())
    if (each.id() == id) return each.mode;
  return std::nullopt;
}

}  // namespace

TEST_CASE("what did not change is not loaded again") {
  const Folder folder;
  folder.write("a.yaml", written::policy("team-a"));
  auto source = sourceOf(folder);
  CHECK(source.read(kClock.now()).outcome == Outcome::Changed);
  const auto set = source.set();
  CHECK(source.read(kClock.now() + std::chrono::seconds(5)).outcome == Outcome::Unchanged);
  CHECK(source.set() == set);
  CHECK(source.state()->loaded == kClock.now());
  CHECK(source.state()->lastRead == kClock.now() + std::chrono::seconds(5));
}

TEST_CASE("a bad policy keeps its last good version, and the others of its file and folder go on") {
  const Folder folder;
  folder.write("a.yaml", written::policy("team-a", "audit") + written::policy("team-b", "audit"));
  folder.write("c.yaml", written::policy("team-c", "audit"));
  auto source = sourceOf(folder);
  source.read(kClock.now());

  folder.write("a.yaml", written::policy("team-a", "enforcd") + written::policy("team-b", "enforce"));
  folder.write("c.yaml", written::policy("team-c", "enforce"));
  CHECK(source.read(kClock.now()).outcome == Outcome::Partial);
  CHECK(modeOf(source, "team-a/default") == policy::Mode::Audit);
  CHECK(modeOf(source, "team-b/default") == policy::Mode::Enforce);
  CHECK(modeOf(source, "team-c/default") == policy::Mode::Enforce);
  CHECK(source.state()->kept == std::vector<std::string>{"team-a/default"});
  CHECK(source.state()->badFiles == std::vector<std::string>{folder.path("a.yaml")});

  // Still bad, and another time: the version before the last is still the good one.
  folder.write("a.yaml", "{");
  CHECK(source.read(kClock.now()).outcome == Outcome::Partial);
  CHECK(modeOf(source, "team-a/default") == policy::Mode::Audit);
  CHECK(modeOf(source, "team-b/default") == policy::Mode::Enforce);

  folder.write("a.yaml", written::policy("team-a", "warn"));
  CHECK(source.read(kClock.now()).outcome == Outcome::Changed);
  CHECK(modeOf(source, "team-a/default") == policy::Mode::Warn);
  CHECK_FALSE(modeOf(source, "team-b/default"));  // a file without errors may drop a policy
  CHECK(source.state()->kept.empty());
}

TEST_CASE("a file that is removed takes its policies along, one that cannot be read does not") {
  const Folder folder;
  folder.write("a.yaml", written::policy("team-a"));
  folder.write("b.yaml", written::policy("team-b"));
  auto source = sourceOf(folder);
  source.read(kClock.now());
  folder.remove("b.yaml");
  std::filesystem::create_symlink(folder.path("nowhere"), folder.path("b.yaml"));
  const auto read = source.read(kClock.now() + std::chrono::seconds(9));
  CHECK(read.sourceError.find("b.yaml") != std::string::npos);
  CHECK(modeOf(source, "team-b/default"));
  CHECK(source.state()->lastRead == kClock.now());
  folder.remove("b.yaml");
  CHECK(source.read(kClock.now()).outcome == Outcome::Changed);
  CHECK_FALSE(modeOf(source, "team-b/default"));
}

TEST_CASE("a file that is emptied keeps what it held until it is removed") {
  const Folder folder;
  folder.write("a.yaml", written::policy("team-a"));
  folder.write("b.yaml", written::policy("team-b"));
  folder.write("c.yaml", "");
  auto source = sourceOf(folder);
  CHECK(source.read(kClock.now()).outcome == Outcome::Changed);  // one that never held anything is no error
  for (const char* text : {"", " \n\n"}) {
    folder.write("a.yaml", text);
    CHECK(source.read(kClock.now()).outcome == Outcome::Partial);
    CHECK(modeOf(source, "team-a/default"));
    CHECK(source.state()->badFiles == std::vector<std::string>{folder.path("a.yaml")});
  }
  folder.write("b.yaml", "# nothing any more\n");  // on purpose
  CHECK(source.read(kClock.now()).outcome == Outcome::Partial);
  CHECK_FALSE(modeOf(source, "team-b/default"));
  CHECK(modeOf(source, "team-a/default"));
}

TEST_CASE("a folder that vanishes changes nothing in force") {
  auto folder = std::make_unique<Folder>();
  folder->write("a.yaml", written::policy("team-a"));
  auto source = sourceOf(*folder);
  source.read(kClock.now());
  folder.reset();
  const auto read = source.read(kClock.now() + std::chrono::seconds(9));
  CHECK_FALSE(read.sourceError.empty());
  CHECK(modeOf(source, "team-a/default"));
  CHECK(source.state()->lastRead == kClock.now());
}

TEST_CASE("exceptions keep their last good version too") {
  const Folder folder;
  folder.write("a.yaml", written::policy("team-a") + written::exception("one", "2026-09-01"));
  auto source = sourceOf(folder);
  source.read(kClock.now());
  CHECK(source.state()->exceptions == 1);
  folder.write("a.yaml", written::policy("team-a") + written::exception("one", "no date"));
  source.read(kClock.now());
  CHECK(source.state()->exceptions == 1);
  CHECK(source.state()->kept == std::vector<std::string>{"team-a/one"});
}

TEST_CASE("with nothing valid at the start there is no set, and the reasons are there") {
  const Folder folder;
  folder.write("a.yaml", written::policy("team-a", "enforcd"));
  auto source = sourceOf(folder);
  const auto read = source.read(kClock.now());
  CHECK(read.outcome == Outcome::Failed);
  CHECK_FALSE(read.diagnostics.empty());
  CHECK_FALSE(source.set());
  folder.write("a.yaml", written::policy("team-a"));
  CHECK(source.read(kClock.now()).outcome == Outcome::Changed);
}

TEST_CASE("a kept policy is not taken twice when it moves to another file") {
  const Folder folder;
  folder.write("a.yaml", written::policy("team-a", "audit"));
  auto source = sourceOf(folder);
  source.read(kClock.now());
  folder.write("a.yaml", "{");
  folder.write("b.yaml", written::policy("team-a", "enforce"));
  source.read(kClock.now());
  CHECK(source.set()->policies().size() == 1);
  CHECK(modeOf(source, "team-a/default") == policy::Mode::Enforce);
}

namespace {

PolicyObject object(std::string ns, std::string mode, std::string more = "") {
  PolicyObject made;
  made.plural = "slicepolicies";
  made.kind = "SlicePolicy";
  made.ns = ns;
  made.name = "default";
  made.text = written::policy(ns, mode, more);
  return made;
}

ClusterPolicies clusterOf(std::vector<PolicyObject> objects, bool known = true) { return {known, kClock.now(), std::move(objects)}; }

}  // namespace

TEST_CASE("policies of the cluster and of files are one set") {
  const Folder folder;
  folder.write("a.yaml", written::policy("team-a"));
  auto source = sourceOf(folder);
  auto cluster = clusterOf({object("team-b", "warn"), object("team-a", "audit")}, false);
  CHECK(source.read(kClock.now(), &cluster).outcome == Outcome::Waiting);
  CHECK_FALSE(source.set());
  CHECK_FALSE(source.state());
  cluster.known = true;
  CHECK(source.read(kClock.now(), &cluster).outcome == Outcome::Partial);  // team-a/default is there twice
  CHECK(modeOf(source, "team-a/default") == policy::Mode::Enforce);
  CHECK(modeOf(source, "team-b/default") == policy::Mode::Warn);
  const auto& verdict = source.verdicts().at("slicepolicies.rightslice.io/team-a/default");
  CHECK_FALSE(verdict.accepted);
  CHECK(verdict.reason == "DuplicatePolicy");
  CHECK(source.verdicts().at("slicepolicies.rightslice.io/team-b/default").accepted);
  CHECK(source.verdicts().at("slicepolicies.rightslice.io/team-b/default").message == "in force");
  CHECK(source.read(kClock.now(), &cluster).outcome == Outcome::Unchanged);
}

TEST_CASE("a cluster without policies is a source, and its age is that of its word") {
  PolicySource source({}, &gpu::Catalogue::builtIn(), 180);
  auto cluster = clusterOf({});
  CHECK(source.read(kClock.now(), &cluster).outcome == Outcome::Changed);
  REQUIRE(source.set());
  CHECK(source.set()->empty());
  CHECK(source.read(kClock.now() + std::chrono::seconds(70), &cluster).outcome == Outcome::Unchanged);
  CHECK(source.state()->lastRead == kClock.now());
}

TEST_CASE("a bad object keeps its last good version; one that is deleted is gone") {
  PolicySource source({}, &gpu::Catalogue::builtIn(), 180);
  auto cluster = clusterOf({object("team-a", "audit"), object("team-b", "audit")});
  source.read(kClock.now(), &cluster);
  cluster = clusterOf({object("team-a", "enforcd")});
  const auto read = source.read(kClock.now(), &cluster);
  CHECK(read.outcome == Outcome::Partial);
  REQUIRE(read.diagnostics.size() == 1);
  CHECK(read.diagnostics[0].file == "slicepolicies.rightslice.io/team-a/default");
  CHECK(modeOf(source, "team-a/default") == policy::Mode::Audit);
  CHECK_FALSE(modeOf(source, "team-b/default"));
  const auto& verdict = source.verdicts().at("slicepolicies.rightslice.io/team-a/default");
  CHECK(verdict.reason == "InvalidValue");
  CHECK(verdict.message.find("spec.mode: ") == 0);
  CHECK(verdict.message.find("; the version before it stays in force") != std::string::npos);
  cluster = clusterOf({});
  source.read(kClock.now(), &cluster);
  CHECK(source.set()->empty());
}

TEST_CASE("a start while a bad version stands in the cluster goes by the version before, which its status keeps") {
  struct Case {
    const char* what;
    std::string text;
    std::optional<policy::Mode> mode;
  };
  const Case cases[] = {
      {"the version before", written::policy("team-a", "enforce"), policy::Mode::Enforce},
      {"nothing is kept", "", std::nullopt},
      {"a policy of another namespace", written::policy("team-b", "enforce"), std::nullopt},
      {"bad itself", written::policy("team-a", "enforcd"), std::nullopt},
      {"no policy", "{", std::nullopt},
      {"another kind", "apiVersion: rightslice.io/v1alpha1\nkind: ClusterSlicePolicy\nmetadata: {name: default}\nspec: {mode: enforce}\n", std::nullopt},
  };
  for (const Case& each : cases) {
    CAPTURE(each.what);
    PolicySource source({}, &gpu::Catalogue::builtIn(), 180);
    PolicyObject bad = object("team-a", "enforcd");
    bad.lastText = each.text;
    bad.lastGeneration = each.text.empty() ? 0 : 3;
    auto cluster = clusterOf({bad, object("team-c", "audit")});
    CHECK(source.read(kClock.now(), &cluster).outcome == Outcome::Partial);
    CHECK(modeOf(source, "team-a/default") == each.mode);
    CHECK(modeOf(source, "team-c/default") == policy::Mode::Audit);
    CHECK(source.set()->policies().size() == (each.mode ? 2 : 1));
    const PolicyVerdict verdict = source.verdicts().at(bad.place());
    CHECK_FALSE(verdict.accepted);
    CHECK(verdict.message.ends_with("; the version before it stays in force") == each.mode.has_value());
  }
}

TEST_CASE("an object that cannot be read is bad, and what it held stays in force") {
  PolicySource source({}, &gpu::Catalogue::builtIn(), 180);
  auto cluster = clusterOf({object("team-a", "enforce"), object("team-c", "audit")});
  source.read(kClock.now(), &cluster);
  cluster.objects[0].unread = "not valid JSON: nested deeper than 128 levels";
  CHECK(source.read(kClock.now(), &cluster).outcome == Outcome::Partial);
  CHECK(modeOf(source, "team-a/default") == policy::Mode::Enforce);
  CHECK(source.state()->badFiles == std::vector<std::string>{"slicepolicies.rightslice.io/team-a/default"});
  CHECK(source.state()->kept == std::vector<std::string>{"team-a/default"});
  CHECK(source.verdicts().at(cluster.objects[0].place()).message ==
        "not valid JSON: nested deeper than 128 levels; the version before it stays in force");
  cluster.objects[0] = object("team-a", "warn");
  CHECK(source.read(kClock.now(), &cluster).outcome == Outcome::Changed);
  CHECK(modeOf(source, "team-a/default") == policy::Mode::Warn);
}

TEST_CASE("what is in force already is not replaced by what a status says of before") {
  PolicySource source({}, &gpu::Catalogue::builtIn(), 180);
  auto cluster = clusterOf({object("team-a", "warn")});
  source.read(kClock.now(), &cluster);
  cluster.objects[0] = object("team-a", "enforcd");
  cluster.objects[0].lastText = written::policy("team-a", "audit");
  cluster.objects[0].lastGeneration = 1;
  source.read(kClock.now(), &cluster);
  CHECK(modeOf(source, "team-a/default") == policy::Mode::Warn);
  cluster.objects[0] = object("team-a", "enforce");  // a good one stands for itself, whatever its status says
  cluster.objects[0].lastText = written::policy("team-a", "audit");
  cluster.objects[0].lastGeneration = 1;
  source.read(kClock.now(), &cluster);
  CHECK(modeOf(source, "team-a/default") == policy::Mode::Enforce);
}
