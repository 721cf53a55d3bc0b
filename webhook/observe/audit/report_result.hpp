// Findings of one look as results of reports: one shape for what admission says of what is declared, and for what is found of what runs.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "observe/report.hpp"

namespace rightslice::observe::audit {

enum class Severity : std::uint8_t { High, Medium, Low, Info };   ///< the words of reports; nothing is "critical"
enum class Outcome : std::uint8_t { Fail, Warn, Skip };           ///< Skip: allowed by a policy or an exception
std::string_view name(Severity severity);
std::string_view name(Outcome outcome);

/// An object that a result is about.
struct Subject {
  std::string apiVersion, kind, ns, name, uid;   ///< ns empty: of the cluster; uid empty: not known
  friend bool operator==(const Subject&, const Subject&) = default;
};

struct ReportResult {
  Severity severity = Severity::Info;
  Outcome outcome = Outcome::Skip;
  bool running = false;             ///< found of what runs; else said of what is declared
  std::string code, rule;           ///< rule: the policy that says so, or what differs (Drift); may be empty
  Subject subject;
  std::string message;
  std::vector<std::pair<std::string, std::string>> properties;   ///< in the order of their names
  friend bool operator==(const ReportResult&, const ReportResult&) = default;

  /// What tells it from others of one look; the message may change between looks.
  bool sameAs(const ReportResult& other) const;
  std::string_view property(std::string_view key) const;   ///< empty: none
};
/// The order of every report: severity, code, kind, name, container.
bool operator<(const ReportResult& a, const ReportResult& b);

/// Of one namespace, or (ns empty) of the nodes.
struct NamespaceResults {
  std::string ns;
  std::int64_t passed = 0;          ///< workloads of which nothing is found
  std::vector<ReportResult> results;
};

/// One for each namespace in which something was seen, in order, also where nothing is found; that of nodes first, where they are known.
std::vector<NamespaceResults> resultsOf(const Report& report);

/// What the cluster did not let us read, or failed to tell, of the namespace (empty: of the whole cluster), each once. Of files nothing.
std::vector<std::string> unreadOver(const Coverage& coverage, std::string_view ns);

}  // namespace rightslice::observe::audit
