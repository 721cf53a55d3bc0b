#include "admission/memo.hpp"

#include <doctest/doctest.h>

#include "workload/kind.hpp"
#include "written.hpp"

using namespace rightslice;
using namespace rightslice::admission;
using written::Setting;

namespace {

std::shared_ptr<const Ruling> ruling(std::string decision) {
  auto made = std::make_shared<Ruling>();
  made->decision = std::move(decision);
  return made;
}

MemoBasis basis(int id) {
  static const std::shared_ptr<const void> sets[] = {std::make_shared<int>(0), std::make_shared<int>(1), std::make_shared<int>(2)};
  return {sets[id], sets[0], Date{20000}};
}

/// Of the object, not of the request.
constexpr const char* kName = "\"metadata\":{\"name\":\"chat\"";

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  REQUIRE_MESSAGE(at != std::string::npos, from);
  return text.replace(at, from.size(), to);
}

std::optional<std::string> keyOf(const Setting& setting, const std::string& review, bool validate = true) {
  const auto parsed = Review::parse(review);
  REQUIRE(parsed);
  return memoKey(*parsed, validate, setting.environment());
}

}  // namespace

TEST_CASE("what was kept is found again, byte by byte and with the same snapshots only") {
  RulingTable memo(1 << 20);
  CHECK(memo.find(basis(1), "k") == nullptr);
  memo.keep(basis(1), "k", ruling("allow"));
  REQUIRE(memo.find(basis(1), "k") != nullptr);
  CHECK(memo.find(basis(1), "k")->decision == "allow");
  CHECK(memo.find(basis(1), "K") == nullptr);

  CHECK(memo.find(basis(2), "k") == nullptr);
  memo.keep(basis(1), "late", ruling("deny"));  // made with the snapshots before: not kept
  CHECK(memo.find(basis(2), "late") == nullptr);
  CHECK(memo.find(basis(1), "k") == nullptr);  // and gone for good
}

TEST_CASE("a memo is bounded, and keeps what is asked for") {
  constexpr std::size_t kBytes = 100'000;
  RulingTable memo(kBytes);
  const auto key = [](int i) { return std::to_string(i) + std::string(1000, 'k'); };
  memo.find(basis(1), "");
  for (int i = 0; i < 1000; ++i) {
    memo.keep(basis(1), key(i), ruling("allow"));
    REQUIRE(memo.find(basis(1), key(0)) != nullptr);
  }
  int found = 0;
  for (int i = 0; i < 1000; ++i) found += memo.find(basis(1), key(i)) != nullptr ? 1 : 0;
  CHECK(found > 20);
  CHECK(found * 1000 < static_cast<int>(kBytes));

  memo.keep(basis(1), std::string(kBytes / 4, 'x'), ruling("allow"));
  CHECK(memo.find(basis(1), std::string(kBytes / 4, 'x')) == nullptr);  // one alone does not drive out the others
}

TEST_CASE("what leaves a memo leaves a little with each review") {
  RulingTable memo(100'000);
  memo.find(basis(1), "");
  std::size_t most = 0, held = 0;
  for (int i = 0; i < 1000; ++i) {
    memo.keep(basis(1), std::to_string(i) + std::string(1000, 'k'), ruling("allow"));
    REQUIRE(memo.held() + 1 >= held);  // one comes, at most two go
    held = memo.held();
    most = std::max(most, held);
  }
  CHECK(most > 40);
  CHECK(most * 1000 < 100'000);
}

TEST_CASE("the key of a review holds what its answer hangs on, and nothing else") {
  const Setting setting(written::policy("enforce"));
  const std::string review = written::review(written::deployment(written::container("nvidia.com/mig-1g.10gb"), "6Gi", R"(,"uid":"a","labels":{"x":"y"})"));
  const auto key = keyOf(setting, review);
  REQUIRE(key);

  const std::pair<const char*, const char*> same[] = {{"\"uid\":\"u-1\"", "\"uid\":\"u-2\""},
                                                      {"\"uid\":\"a\"", "\"uid\":\"b\",\"resourceVersion\":\"7\",\"managedFields\":[{\"x\":1}]"},
                                                      {kName, "\"metadata\":{\"name\":\"chat-2\""},
                                                      {"\"spec\":{\"replicas\"", "\"status\":{\"replicas\":3},\"spec\":{\"replicas\""}};
  for (const auto& [from, to] : same) {
    CAPTURE(from);
    CHECK(keyOf(setting, replaced(review, from, to)) == key);
  }
  const std::pair<const char*, const char*> other[] = {{"mig-1g.10gb\":\"1\"", "mig-1g.10gb\":\"2\""},
                                                       {"mig-1g.10gb\":\"1\"", "mig-1g.10gb\":1"},
                                                       {"\"uid\":\"a\"", "\"uid\":{\"a\":0}"},   // is read as absent, which is said
                                                       {"\"uid\":\"a\",", ""},
                                                       {"6Gi", "7Gi"},
                                                       {"\"x\":\"y\"", "\"x\":\"z\""},
                                                       {"\"x\":\"y\"", "\"x\":\"y\",\"z\":\"\""},
                                                       {"\"replicas\":1", "\"replicas\":2"},
                                                       {"\"ann\"", "\"bob\""},
                                                       {"\"ann\"}", "\"ann\",\"groups\":[\"g\"]}"},
                                                       {"\"namespace\":\"team-a\",\"operation\"", "\"namespace\":\"team-b\",\"operation\""},
                                                       {"\"apps/v1\"", "\"extensions/v1beta1\""}};
  for (const auto& [from, to] : other) {
    CAPTURE(from);
    CHECK(keyOf(setting, replaced(review, from, to)) != key);
  }
  CHECK(keyOf(setting, review, false) != key);
}

TEST_CASE("a name counts where an exception may name it, and where the kind is not known") {
  const std::string exception = "apiVersion: rightslice.io/v1alpha1\nkind: SliceException\nmetadata: {name: e, namespace: team-a}\n"
                                "spec: {kind: Deployment, name: 'x*', findings: [Oversized], owner: a, reason: b, expires: '2026-07-01'}\n";
  const Setting setting(written::policy("enforce") + exception);
  const std::string review = written::review(written::oversized());
  const std::string renamed = replaced(review, kName, "\"metadata\":{\"name\":\"x\"");
  CHECK(keyOf(setting, review) != keyOf(setting, renamed));

  const Setting plain(written::policy("enforce"));
  CHECK(keyOf(plain, review) == keyOf(plain, renamed));
  CHECK(keyOf(plain, replaced(review, "apps/v1", "acme/v1")) != keyOf(plain, replaced(renamed, "apps/v1", "acme/v1")));
}

TEST_CASE("a name counts in every kind that keeps no plain pod template, and in no other") {
  const Setting setting(written::policy("enforce"));
  for (const workload::Kind& kind : workload::kinds()) {
    CAPTURE(kind.kind);
    const auto named = [&](const char* name) {
      const std::string group = kind.group.empty() ? "v1" : std::string(kind.group) + "/v1";
      return keyOf(setting, written::review(R"({"apiVersion":")" + group + R"(","kind":")" + std::string(kind.kind) + R"(","metadata":{"name":")" + name + "\"}}"));
    };
    CHECK((named("a") == named("b")) == (kind.read == nullptr && kind.complete == nullptr));
  }
}

TEST_CASE("what is remembered of an object is not said of another whose name its container has") {
  const Setting setting(written::policy("enforce", "  models: [{model: '*acme-*', memory: 30Gi}]\n"));
  // The first is allowed in silence, by a declaration that the second does not have.
  const std::string preset = R"({"apiVersion":"kaito.sh/v1beta1","kind":"Workspace","metadata":{"name":"chat","namespace":"team-a",)"
                             R"("annotations":{"chat.rightslice.io/footprint":"5Gi"}},"resource":{"count":1,"labelSelector":{"matchLabels":)"
                             R"({"nvidia.com/gpu.product":"NVIDIA-H100-80GB-HBM3"}},"partition":{"profile":"1g.10gb","count":1}},)"
                             R"("inference":{"preset":{"name":"acme-ranker"}}})";
  const std::string nim = R"({"apiVersion":"apps.nvidia.com/v1alpha1","kind":"NIMService","metadata":{"name":"chat","namespace":"team-a"},"spec":{)"
                          R"("annotations":{"chat-ctr.rightslice.io/footprint":"5Gi"},"nodeSelector":{"nvidia.com/gpu.product":"NVIDIA-H100-80GB-HBM3"},)"
                          R"("image":{"repository":"nvcr.io/nim/acme/acme-ranker","tag":"1.8"},)"
                          R"("resources":{"limits":{"nvidia.com/mig-1g.10gb":"1"}}}})";
  for (const std::string& object : {preset, nim}) {
    RulingTable memo(1 << 20);
    const MemoBasis made = basis(1);
    Environment remembering = setting.environment();
    remembering.memo = &memo;
    remembering.basis = &made;
    const std::string first = written::review(object), second = replaced(first, kName, "\"metadata\":{\"name\":\"other\"");
    REQUIRE(answer(first, Path::Validate, setting.environment(), {}).findings == "");
    for (const std::string& text : {first, second, first}) {
      const Answer expected = answer(text, Path::Validate, setting.environment(), {});
      CHECK(answer(text, Path::Validate, remembering, {}).body == expected.body);
    }
    CHECK(answer(second, Path::Validate, setting.environment(), {}).decision == "deny");
  }
}

TEST_CASE("with a memo every answer is what it is without, also the second time and for another object that says the same") {
  const std::string rewrite = "  actions: {Oversized: rewrite, Undersized: rewrite}\n";
  for (const char* mode : {"enforce", "warn", "audit"}) {
    const Setting setting(written::policy(mode, rewrite));
    RulingTable memo(1 << 20);
    const MemoBasis made = basis(1);
    Environment remembering = setting.environment();
    remembering.memo = &memo;
    remembering.basis = &made;
    for (const std::string& object : {written::fitting(), written::oversized(), written::undersized()}) {
      for (const Path path : {Path::Validate, Path::Mutate}) {
        for (const char* more : {",\"dryRun\":true", "", ",\"dryRun\":false"}) {
          const std::string first = written::review(object, more);
          const std::string second = replaced(replaced(first, "u-1", "u-\\\"2"), kName, "\"metadata\":{\"name\":\"chat-2\"");
          for (const std::string& text : {first, second, first}) {
            CAPTURE(text);
            const Answer expected = answer(text, path, setting.environment(), {});
            const Answer found = answer(text, path, remembering, {});
            CHECK(found.body == expected.body);
            CHECK(found.name == expected.name);
            CHECK(found.decision == expected.decision);
            CHECK(found.wouldBe == expected.wouldBe);
            CHECK(found.findings == expected.findings);
            CHECK(found.policies == expected.policies);
            CHECK(found.outcomes == expected.outcomes);
            CHECK(found.allowed == expected.allowed);
            CHECK(found.patched == expected.patched);
            CHECK(found.events == expected.events);
          }
        }
      }
    }
  }
}
