#include "admission/review.hpp"

#include <doctest/doctest.h>

#include "written.hpp"

using namespace rightslice;
using namespace rightslice::admission;

TEST_CASE("a review is read with all that judging needs") {
  const auto review = Review::parse(written::review(written::fitting(), R"(,"dryRun":true,"oldObject":null,"subResource":"scale")", "UPDATE"));
  REQUIRE(review);
  CHECK(review->uid == "u-1");
  CHECK(review->kind == "Deployment");
  CHECK(review->kindGroup == "apps");
  CHECK(review->resource == "deployments");
  CHECK(review->subResource == "scale");
  CHECK(review->ns == "team-a");
  CHECK(review->name == "chat");
  CHECK(review->operation == "UPDATE");
  CHECK(review->user == "ann");
  CHECK(review->dryRun);
  CHECK(review->object["kind"].stringOr("") == "Deployment");
  CHECK_FALSE(review->oldObject.isObject());
}

TEST_CASE("what is no AdmissionReview v1 is an error that says where") {
  const std::string head = R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":)";
  struct Case { std::string body; std::string_view says; };
  const Case cases[] = {
      {"", "no JSON"},
      {"{", "no JSON"},
      {head + R"({"uid":"u"}} x)", "no JSON"},
      {R"({"a":1,"a":2})", "no JSON"},
      {std::string(100'000, '['), "no JSON"},
      {"[]", "object, not array"},
      {R"({"kind":"Pod"})", "'Pod'"},
      {R"({"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1beta1"})", "v1beta1"},
      {R"({"kind":"AdmissionReview"})", "apiVersion ''"},
      {head + "null}", "/request must be an object, not null"},
      {head + "[]}", "/request must be an object"},
      {head + "{}}", "uid is missing"},
      {head + R"({"uid":""}})", "uid is missing"},
      {head + R"({"uid":7}})", "/request/uid must be a string, not number"},
      {head + R"({"uid":"u"}})", "operation ''"},
      {head + R"({"uid":"u","operation":"create"}})", "'create'"},
      {head + R"({"uid":"u","operation":"CREATE"}})", "/request/object must be an object, not nothing"},
      {head + R"({"uid":"u","operation":"UPDATE","object":"x"}})", "/request/object must be an object, not string"},
      {head + R"({"uid":"u","operation":"UPDATE","object":{},"oldObject":[]}})", "/request/oldObject"},
      {head + R"({"uid":"u","operation":"CREATE","object":{},"namespace":{}}})", "/request/namespace must be a string, not object"},
      {head + R"({"uid":"u","operation":"CREATE","object":{},"dryRun":"yes"}})", "/request/dryRun must be a boolean"},
      {head + R"({"uid":"u","operation":"CREATE","object":{},"kind":{"kind":1}}})", "/request/kind/kind"},
      {head + R"({"uid":"u","operation":"CREATE","object":{},"userInfo":{"username":[]}}})", "/request/userInfo/username"},
  };
  for (const Case& each : cases) {
    const auto review = Review::parse(each.body);
    CAPTURE(each.body.substr(0, 200));
    REQUIRE_FALSE(review);
    CAPTURE(review.error().message);
    CHECK(review.error().message.find(each.says) != std::string::npos);
  }
}

TEST_CASE("DELETE and CONNECT need no object") {
  for (const char* operation : {"DELETE", "CONNECT"}) CHECK(Review::parse(written::review("null", "", operation)));
}
