#include "admission/policy_review.hpp"

#include <doctest/doctest.h>

#include "written.hpp"

using namespace rightslice;
using namespace rightslice::admission;
using written::Setting;

namespace {

std::string reviewOf(std::string_view kind, std::string_view object, std::string_view old = "null", std::string_view operation = "CREATE") {
  return fmt::format(R"({{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{{"uid":"u","kind":{{"group":"rightslice.io","version":"v1alpha1",)"
                     R"("kind":"{}"}},"resource":{{"group":"rightslice.io","version":"v1alpha1","resource":"x"}},"name":"default","namespace":"team-a",)"
                     R"("operation":"{}","userInfo":{{"username":"jane"}},"object":{},"oldObject":{}}}}})",
                     kind, operation, object, old);
}

std::string slicePolicy(std::string_view spec, std::string_view metadata = "") {
  return fmt::format(R"({{"apiVersion":"rightslice.io/v1alpha1","kind":"SlicePolicy","metadata":{{"name":"default","namespace":"team-a","managedFields":[]{}}},)"
                     R"("spec":{},"status":{{"conditions":[]}}}})",
                     metadata, spec);
}

const Setting& nothing() {
  static const Setting setting("");
  return setting;
}

}  // namespace

TEST_CASE("a policy with errors is denied with what the loader says") {
  const auto answer = nothing().ask(reviewOf("SlicePolicy", slicePolicy(R"({"mode":"enforcd","gpus":["H900"]})")));
  CHECK_FALSE(answer.allowed);
  CHECK(answer.decision == "deny");
  const auto body = written::parsed(answer);
  const auto status = body.root()["response"]["status"];
  CHECK(status["message"].stringOr("").starts_with("SlicePolicy team-a/default is not accepted: spec.mode: 'enforcd'"));
  CHECK(status["message"].stringOr("").find("[UnknownGpu]") != std::string::npos);
  const auto causes = status["details"]["causes"];
  REQUIRE(causes.size() == 2);
  CHECK(causes.at(0)["field"].stringOr("") == "/spec/mode");
  CHECK(causes.at(0)["reason"].stringOr("") == "InvalidValue");
}

TEST_CASE("what a refused policy says in control characters is said in one line") {
  const auto answer = nothing().ask(reviewOf("SlicePolicy", slicePolicy(R"({"mode":"enforce\n\u001b[2Jspoofed"})")));
  CHECK_FALSE(answer.allowed);
  const auto body = written::parsed(answer);
  const auto status = body.root()["response"]["status"];
  for (const auto& text : {status["message"].stringOr(""), status["details"]["causes"].at(0)["message"].stringOr("")}) {
    CHECK(text.find("spoofed") != std::string::npos);
    CHECK(std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }));
  }
}

TEST_CASE("a good policy passes, and what is only odd about it is a warning") {
  CHECK(nothing().ask(reviewOf("SlicePolicy", slicePolicy(R"({"mode":"audit"})"))).decision == "allow");
  const auto exception = [](std::string_view kind, std::string_view expires) {
    return fmt::format(R"({{"apiVersion":"rightslice.io/v1alpha1","kind":"SliceException","metadata":{{"name":"default","namespace":"team-a"}},)"
                       R"("spec":{{"kind":"{}","name":"x","findings":["Oversized"],"owner":"o","reason":"r","expires":"{}"}}}})",
                       kind, expires);
  };
  const auto odd = nothing().ask(reviewOf("SliceException", exception("Deploymant", "2026-07-01")));
  CHECK(odd.allowed);
  CHECK(odd.decision == "warn");
  CHECK(written::parsed(odd).root()["response"]["warnings"].at(0).stringOr("").find("did you mean 'Deployment'?") != std::string::npos);
  const auto far = nothing().ask(reviewOf("SliceException", exception("Deployment", "2026-09-01")), Path::Validate, {{}, "", 30});
  CHECK_FALSE(far.allowed);
  CHECK(nothing().ask(reviewOf("SliceException", exception("Deployment", "2026-09-01"))).allowed);
}

TEST_CASE("an update that leaves a bad spec alone passes, and so does one of an object that goes") {
  const auto bad = slicePolicy(R"({"mode":"enforcd"})");
  CHECK(nothing().ask(reviewOf("SlicePolicy", slicePolicy(R"({"mode":"enforcd"})", R"(,"labels":{"a":"b"})"), bad, "UPDATE")).allowed);
  CHECK_FALSE(nothing().ask(reviewOf("SlicePolicy", slicePolicy(R"({"mode":"enforcd","ratchet":true})"), bad, "UPDATE")).allowed);
  CHECK(nothing().ask(reviewOf("SlicePolicy", slicePolicy(R"({"mode":"x"})", R"(,"deletionTimestamp":"2026-01-01T00:00:00Z")"), bad, "UPDATE")).allowed);
  CHECK(nothing().ask(reviewOf("SlicePolicy", bad), Path::Mutate).allowed);
}

TEST_CASE("a kind of another group is none of ours") {
  auto review = reviewOf("SlicePolicy", slicePolicy(R"({"mode":"enforcd"})"));
  review.replace(review.find("rightslice.io"), 13, "example.test ");
  CHECK(nothing().ask(review).allowed);
}
