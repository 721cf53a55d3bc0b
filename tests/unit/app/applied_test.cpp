#include "app/applied.hpp"

#include <doctest/doctest.h>

#include "json/document.hpp"
#include "json/patch.hpp"
#include "json/writer.hpp"

using namespace rightslice;

namespace {

/// `live` as it is served, last applied as `last` ("": by other means), with `manifest` applied.
std::string applied(std::string_view live, std::string_view last, std::string_view manifest) {
  auto parsed = json::Document::parse(live);
  REQUIRE_MESSAGE(parsed, live);
  if (!last.empty()) {
    const std::string value = R"({"annotations":{"kubectl.kubernetes.io/last-applied-configuration":)" + json::quoted(last) + "}}";
    auto with = json::apply(*parsed, {{json::PatchOperation::Op::Add, "/metadata", "", value}});
    REQUIRE(with);
    parsed = std::move(*with);
  }
  const auto next = json::Document::parse(manifest);
  REQUIRE_MESSAGE(next, manifest);
  const auto merged = app::applied(parsed->root(), next->root());
  auto without = json::apply(merged, {{json::PatchOperation::Op::Remove, "/metadata", "", ""}});
  return without ? without->root().text() : merged.root().text();
}

}  // namespace

TEST_CASE("a manifest is merged with what is there, as kubectl apply does") {
  struct Row {
    const char *name, *live, *last, *manifest, *merged;
  };
  const Row rows[] = {
      {"what another set stays", R"({"apiVersion":"apps/v1","spec":{"replicas":9,"paused":true}})", R"({"spec":{"paused":false}})",
       R"({"apiVersion":"apps/v1","spec":{"paused":false}})", R"({"apiVersion":"apps/v1","spec":{"replicas":9,"paused":false}})"},
      {"what its author took out goes", R"({"apiVersion":"apps/v1","spec":{"replicas":9}})", R"({"spec":{"replicas":3}})", R"({"apiVersion":"apps/v1","spec":{}})",
       R"({"apiVersion":"apps/v1","spec":{}})"},
      {"null takes out", R"({"apiVersion":"apps/v1","spec":{"replicas":9}})", "", R"({"apiVersion":"apps/v1","spec":{"replicas":null}})",
       R"({"apiVersion":"apps/v1","spec":{}})"},
      {"the author's slice stands beside the one written by a rewrite",
       R"({"apiVersion":"v1","containers":[{"name":"a","resources":{"limits":{"w":"1"}}}]})", R"({"containers":[{"name":"a","resources":{"limits":{"r":1}}}]})",
       R"({"apiVersion":"v1","containers":[{"name":"a","resources":{"limits":{"r":1}}}]})",
       R"({"apiVersion":"v1","containers":[{"name":"a","resources":{"limits":{"w":"1","r":1}}}]})"},
      {"containers are merged by name, in the order of the manifest; an injected one stays",
       R"({"apiVersion":"v1","containers":[{"name":"proxy"},{"name":"a","tty":true},{"name":"old"}]})", R"({"containers":[{"name":"a"},{"name":"old"}]})",
       R"({"apiVersion":"v1","containers":[{"name":"b"},{"name":"a"}]})", R"({"apiVersion":"v1","containers":[{"name":"b"},{"name":"a","tty":true},{"name":"proxy"}]})"},
      {"other lists are replaced", R"({"apiVersion":"v1","containers":[{"name":"a","args":["x","y"]}]})", "",
       R"({"apiVersion":"v1","containers":[{"name":"a","args":["z"]}]})", R"({"apiVersion":"v1","containers":[{"name":"a","args":["z"]}]})"},
      {"a list of a custom resource is replaced whole", R"({"apiVersion":"ray.io/v1","containers":[{"name":"a","tty":true},{"name":"b"}]})", "",
       R"({"apiVersion":"ray.io/v1","containers":[{"name":"a"}]})", R"({"apiVersion":"ray.io/v1","containers":[{"name":"a"}]})"},
      {"elements without the key: the list is replaced", R"({"apiVersion":"v1","ports":[{"containerPort":1}]})", "", R"({"apiVersion":"v1","ports":[{}]})",
       R"({"apiVersion":"v1","ports":[{}]})"},
      {"another type", R"({"apiVersion":"v1","spec":[1]})", R"("no object")", R"({"apiVersion":"v1","spec":{"a":1}})", R"({"apiVersion":"v1","spec":{"a":1}})"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(applied(row.live, row.last, row.manifest) == row.merged);
  }
}

TEST_CASE("an annotation that is no JSON counts for nothing") {
  const auto live = json::Document::parse(R"({"metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{"}},"spec":{"a":1}})");
  const auto manifest = json::Document::parse(R"({"apiVersion":"v1","metadata":{"name":"x"},"spec":{}})");
  CHECK(app::applied(live->root(), manifest->root()).root()["spec"].text() == R"({"a":1})");
}
