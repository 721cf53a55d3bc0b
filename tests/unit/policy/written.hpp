// Policies as tests write them.
#pragma once
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "policy/load.hpp"

namespace rightslice::policy::written {

constexpr std::string_view kFile = "policies.yaml";
inline Date day(std::string_view text) { return Date::parse(text).value_or(Date{}); }

inline LoadOptions options() {
  LoadOptions made;
  made.gpus = &gpu::Catalogue::builtIn();
  made.today = day("2026-06-01");
  return made;
}

/// The first line of `spec` is line 6 of the document, and is indented by two.
inline std::string slicePolicy(std::string_view spec, std::string_view name = "p", std::string_view ns = "team-a") {
  return fmt::format("apiVersion: rightslice.io/v1alpha1\nkind: SlicePolicy\nmetadata: {{name: {}, namespace: {}}}\n"
                     "spec:\n  mode: enforce\n{}\n", name, ns, spec);
}

/// The first line of `spec` is line 6.
inline std::string clusterPolicy(std::string_view spec, std::string_view name = "platform") {
  return fmt::format("apiVersion: rightslice.io/v1alpha1\nkind: ClusterSlicePolicy\nmetadata: {{name: {}}}\n"
                     "spec:\n  mode: enforce\n{}\n", name, spec);
}

/// `spec` replaces all of spec and begins at line 5.
inline std::string exception(std::string_view spec, std::string_view name = "x", std::string_view ns = "team-a") {
  return fmt::format("apiVersion: rightslice.io/v1alpha1\nkind: SliceException\nmetadata: {{name: {}, namespace: {}}}\n"
                     "spec:\n{}\n", name, ns, spec);
}

inline constexpr std::string_view kGoodException =
    "  findings: [Oversized]\n  owner: ml-platform\n  reason: migration\n  expires: \"2026-07-01\"";

inline Loaded loaded(std::string_view text) { return load(text, kFile, options()); }

/// All diagnostics as a person sees them.
inline std::string shown(const Loaded& what) {
  std::string out;
  for (const Diagnostic& each : what.diagnostics) out += each.text() + "\n";
  return out;
}

/// The one policy of a text that is meant to be right.
inline Policy onePolicy(std::string_view text) {
  Loaded read = loaded(text);
  return read.policies.size() == 1 ? std::move(read.policies.front()) : Policy{};
}

}  // namespace rightslice::policy::written
