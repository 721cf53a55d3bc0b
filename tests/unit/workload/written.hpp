// Objects as people write them, for tests: JSON in, plain values out.
#pragma once
#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include "json/document.hpp"
#include "workload/workload.hpp"

namespace rightslice::workload {

inline json::Document parsed(std::string_view text) {
  auto document = json::Document::parse(text);
  REQUIRE_MESSAGE(document, std::string(text) << ": " << document.error().message);
  return std::move(*document);
}

inline Workload readText(std::string_view text, std::string_view ns = "default") { return read(parsed(text).root(), ns); }

/// A Pod with this pod spec.
inline Workload podOf(const std::string& spec) {
  return readText(R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":)" + spec + "}");
}

/// A Pod with this one container.
inline Container containerOf(const std::string& container, const std::string& rest = "") {
  const Workload pod = podOf(R"({"containers":[)" + container + "]" + rest + "}");
  REQUIRE(pod.templates.size() == 1);
  REQUIRE(pod.templates[0].containers.size() == 1);
  return pod.templates[0].containers[0];
}

/// "pointer: message" of each malformed part, one a line.
inline std::string malformedText(const Workload& workload) {
  std::string out;
  for (const Error& each : workload.malformed) out += each.where + ": " + each.message + "\n";
  return out;
}

}  // namespace rightslice::workload
