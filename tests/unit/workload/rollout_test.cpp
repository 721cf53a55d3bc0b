#include "workload/rollout.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "json/document.hpp"

using namespace rightslice;

namespace {

json::Document deployment(std::string_view image, std::string_view more = "", std::string_view kind = "Deployment") {
  return json::Document::parse(fmt::format(R"({{"apiVersion":"apps/v1","kind":"{}","spec":{{"template":{{"spec":{{"containers":[{{"image":"{}"}}]}}}}{}}}}})", kind,
                                           image, more))
      .value();
}
std::int64_t surge(std::string_view more, std::string_view kind = "Deployment") {
  const auto now = deployment("b", more, kind), before = deployment("a", more, kind);
  return workload::surgeOf(now.root(), before.root());
}

}  // namespace

TEST_CASE("pods that a rolling update runs beside the others: a number, or a share rounded up, by default a quarter") {
  CHECK(surge(R"(,"replicas":8)") == 2);
  CHECK(surge(R"(,"replicas":9)") == 3);
  CHECK(surge("") == 1);
  CHECK(surge(R"(,"replicas":0)") == 0);
  const auto rolling = [](std::string_view maxSurge) { return fmt::format(R"(,"replicas":5,"strategy":{{"rollingUpdate":{{"maxSurge":{}}}}})", maxSurge); };
  CHECK(surge(rolling("3")) == 3);
  CHECK(surge(rolling("0")) == 0);
  CHECK(surge(rolling(R"("50%")")) == 3);
  CHECK(surge(rolling(R"("100%")")) == 5);
  for (const auto* odd : {R"("50")", R"("%")", R"("x%")", "-3", "null", "{}"}) CHECK(surge(rolling(odd)) == 0);
}

TEST_CASE("none where pods stay, are replaced in place, or wait; and only Deployments are read") {
  const auto same = deployment("a");
  CHECK(workload::surgeOf(same.root(), same.root()) == 0);
  CHECK(surge(R"(,"strategy":{"type":"Recreate"})") == 0);
  CHECK(surge(R"(,"paused":true)") == 0);
  CHECK(surge("", "StatefulSet") == 0);
  CHECK(workload::surgeOf(json::View(), json::View()) == 0);
}
