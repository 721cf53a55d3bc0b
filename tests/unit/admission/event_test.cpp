#include "admission/event.hpp"

#include <doctest/doctest.h>

#include "admission/inventory.hpp"
#include "base/limits.hpp"
#include "json/utf8.hpp"
#include "written.hpp"

using namespace rightslice;
using namespace rightslice::admission;
using written::Setting;

namespace {

const std::string kDenyOversized = "  actions: {Oversized: deny}\n";
const std::string kRewrite = "  actions: {Oversized: rewrite, Undersized: rewrite}\n";
const std::string kUid = R"(,"uid":"u-chat")";

std::string withRecord(std::string_view resource, std::string_view record) {
  std::string object = written::deployment(written::container(resource), "6Gi", kUid);
  const std::string from = R"("annotations":{)";
  return object.replace(object.find(from), from.size(), fmt::format(R"("annotations":{{"rightslice.io/original-request":"{}",)", record));
}

const std::string kRecord = "server=nvidia.com/mig-3g.40gb:1>nvidia.com/mig-1g.10gb";

}  // namespace

TEST_CASE("a denial is told on the object, which has no uid where it was not created") {
  const Setting setting(written::policy("enforce", kDenyOversized));
  const std::string object = written::deployment(written::container("nvidia.com/mig-3g.40gb"), "6Gi", kUid);
  const auto created = setting.ask(written::review(object));
  REQUIRE(created.events.size() == 1);
  const Event& event = created.events.front();
  CHECK(name(event.reason) == "Denied");
  CHECK(event.warns());
  CHECK(event.apiVersion == "apps/v1");
  CHECK(event.kind == "Deployment");
  CHECK(event.ns == "team-a");
  CHECK(event.name == "chat");
  CHECK(event.uid.empty());
  CHECK(event.action == "Create");
  CHECK(event.note.starts_with("Oversized: container server: "));
  CHECK(event.note.ends_with(" [policy team-a/default]"));

  const auto updated = setting.ask(written::review(object, R"(,"oldObject":)" + written::fitting(), "UPDATE"));
  REQUIRE(updated.events.size() == 1);
  CHECK(updated.events.front().uid == "u-chat");
  CHECK(updated.events.front().action == "Update");
}

TEST_CASE("audit and warn tell what they would do, enforce what it does; a plain yes, a warning and /mutate tell nothing") {
  struct Case {
    const char *mode, *actions;
    std::string object;
    Path path;
    std::string_view reason;
    bool dryRun = false;
  };
  const Case cases[] = {
      {"audit", kDenyOversized.c_str(), written::oversized(), Path::Validate, "WouldDeny"},
      {"warn", kDenyOversized.c_str(), written::oversized(), Path::Validate, "WouldDeny"},
      {"audit", kRewrite.c_str(), written::oversized(), Path::Validate, "WouldRewrite"},
      {"enforce", kDenyOversized.c_str(), written::oversized(), Path::Validate, "Denied"},
      {"audit", kDenyOversized.c_str(), written::oversized(), Path::Validate, "", true},
      {"enforce", kDenyOversized.c_str(), written::oversized(), Path::Validate, "", true},
      {"audit", kDenyOversized.c_str(), written::oversized(), Path::Mutate, ""},
      {"enforce", kRewrite.c_str(), written::oversized(), Path::Mutate, ""},
      {"enforce", "", written::oversized(), Path::Validate, ""},
      {"audit", "", written::oversized(), Path::Validate, ""},
      {"enforce", "", written::fitting(), Path::Validate, ""},
  };
  for (const Case& each : cases) {
    CAPTURE(each.mode);
    CAPTURE(each.actions);
    CAPTURE(each.dryRun);
    const auto answer = Setting(written::policy(each.mode, each.actions)).ask(written::review(each.object, each.dryRun ? R"(,"dryRun":true)" : ""), each.path);
    REQUIRE(answer.events.size() == (each.reason.empty() ? 0 : 1));
    if (each.reason.empty()) continue;
    CHECK(name(answer.events.front().reason) == each.reason);
    CAPTURE(answer.events.front().note);
    CHECK(answer.events.front().note.starts_with("Oversized: container server: "));
    CHECK(answer.events.front().note.find("TightFit") == std::string::npos);
  }
}

TEST_CASE("a rewrite is told once it stands in the object, with the uid that the object has by then") {
  const Setting setting(written::policy("enforce", kRewrite));
  const auto answer = setting.ask(written::review(withRecord("nvidia.com/mig-1g.10gb", kRecord)));
  REQUIRE(answer.events.size() == 1);
  const Event& event = answer.events.front();
  CHECK(name(event.reason) == "Rewritten");
  CHECK_FALSE(event.warns());
  CHECK(event.uid == "u-chat");
  CHECK(event.note == "Oversized: container server: nvidia.com/mig-3g.40gb rewritten to nvidia.com/mig-1g.10gb [policy team-a/default]");

  const std::string same = withRecord("nvidia.com/mig-1g.10gb", kRecord);
  CHECK(setting.ask(written::review(same, R"(,"oldObject":)" + same, "UPDATE")).events.empty());
  const auto changed = setting.ask(written::review(same, R"(,"oldObject":)" + written::oversized(), "UPDATE"));
  REQUIRE(changed.events.size() == 1);
  CHECK(changed.events.front().action == "Update");
  CHECK(setting.ask(written::review(withRecord("nvidia.com/mig-3g.40gb", "server=broken"))).events.empty());
  CHECK(setting.ask(written::review(withRecord("nvidia.com/mig-2g.20gb", kRecord))).events.empty());  // it asks for something else by now
}

TEST_CASE("larger slices are told as what they were too small for") {
  const Setting setting(written::policy("enforce", kRewrite));
  const auto answer = setting.ask(written::review(withRecord("nvidia.com/mig-1g.20gb", "server=nvidia.com/mig-1g.10gb:1>nvidia.com/mig-1g.20gb")));
  REQUIRE(answer.events.size() == 1);
  CHECK(answer.events.front().note.starts_with("Undersized: container server: nvidia.com/mig-1g.10gb rewritten to nvidia.com/mig-1g.20gb"));
}

TEST_CASE("children are silent, and what no owner speaks for is told on its controller") {
  const Setting setting(written::policy("audit", kDenyOversized));
  const std::string owner = R"(,"ownerReferences":[{"apiVersion":"KIND","kind":"NAME","name":"big","uid":"u-big","controller":true}])";
  const auto owned = [&](std::string apiVersion, std::string kind) {
    std::string out = owner;
    out.replace(out.find("KIND"), 4, apiVersion);
    out.replace(out.find("NAME"), 4, kind);
    return written::review(written::deployment(written::container("nvidia.com/mig-3g.40gb"), "6Gi", out + kUid));
  };
  const ReviewerOptions trusting{{"ann"}, "", 180};
  CHECK(setting.ask(owned("apps/v1", "StatefulSet"), Path::Validate, trusting).events.empty());
  const auto lone = setting.ask(owned("example.com/v1", "Thing"), Path::Validate, trusting);
  REQUIRE(lone.events.size() == 1);
  CHECK(lone.events.front().kind == "Thing");
  CHECK(lone.events.front().apiVersion == "example.com/v1");
  CHECK(lone.events.front().name == "big");
  CHECK(lone.events.front().uid == "u-big");
  CHECK(lone.events.front().note.starts_with("Deployment: Oversized: container server: "));
}

TEST_CASE("a denied object with a generated name is told by what its name begins with") {
  const Setting setting(written::policy("enforce", kDenyOversized));
  const auto answer = setting.ask(written::review(written::deployment(written::container("nvidia.com/mig-3g.40gb"), "6Gi", R"(,"generateName":"chat-")")));
  REQUIRE(answer.events.size() == 1);
  CHECK(answer.events.front().name == "chat-");
}

TEST_CASE("a refused policy is told with its diagnostic, but not on a dry run") {
  const Setting setting(written::policy("enforce"));
  const std::string review = R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u","operation":"CREATE","namespace":"team-a","name":"p",)"
                             R"("kind":{"group":"rightslice.io","version":"v1alpha1","kind":"SlicePolicy"},"object":{"apiVersion":"rightslice.io/v1alpha1",)"
                             R"("kind":"SlicePolicy","metadata":{"name":"p","namespace":"team-a"},"spec":{"mode":"enforce","gpus":["no such"]}}MORE}})";
  const auto with = [&](std::string_view more) {
    std::string out = review;
    return out.replace(out.find("MORE"), 4, more);
  };
  const auto answer = setting.ask(with(""));
  REQUIRE(answer.events.size() == 1);
  CHECK(answer.events.front().kind == "SlicePolicy");
  CHECK(answer.events.front().name == "p");
  CHECK(answer.events.front().note.find("[UnknownGpu]") != std::string::npos);
  CHECK(setting.ask(with(R"(,"dryRun":true)")).events.empty());
}

TEST_CASE("a note keeps to its length at a code point, whatever stands in the object") {
  std::string containers;
  for (int i = 0; i < 40; ++i) containers += (i == 0 ? "" : ",") + written::container("nvidia.com/mig-3g.40gb", fmt::format("größe-\\u001b[31m-\\u009b-{}", i));
  const auto answer = Setting(written::policy("enforce", kDenyOversized)).ask(written::review(written::deployment(containers)));
  REQUIRE(answer.events.size() == 1);
  const std::string& note = answer.events.front().note;
  CHECK(note.size() <= limits::kMaxNoteBytes);
  CHECK(note.size() > limits::kMaxNoteBytes - 8);
  CHECK(json::validUtf8Prefix(note) == note.size());
  CHECK(note.ends_with("... [policy team-a/default]"));
  CHECK(note.find('\x1b') == std::string::npos);
}
