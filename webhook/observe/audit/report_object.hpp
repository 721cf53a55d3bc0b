// Reports as objects of a cluster: one for each namespace, and one for its nodes. What is in them, and what of them has to change.
//
// Field names: the CRD policyreports.wgpolicyk8s.io v1alpha2 (kubernetes-sigs/wg-policy-prototypes, policy-report/crd/v1alpha2) and
// reports.openreports.io v1alpha1 (github.com/openreports/reports-api v0.2.1, config/crd). The first has no `source` and no
// `configuration` beside its results.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "json/view.hpp"
#include "observe/audit/report_result.hpp"

namespace rightslice::observe::audit {

struct ReportKind {
  std::string_view name;                          ///< "policyreport", as flags have it
  std::string_view group, version;
  std::string_view plural, kind;                  ///< of a namespace
  std::string_view clusterPlural, clusterKind;    ///< of the nodes
  bool whole = false;                             ///< has `source` and `configuration`
};
std::span<const ReportKind> reportKinds();
const ReportKind* findReportKind(std::string_view name);   ///< null: none of that name

/// All of ours are called so, and have the label kOwnerLabel: what is called otherwise, or lacks it, is never touched.
inline constexpr std::string_view kReportName = "rightslice", kOwnerLabel = "app.kubernetes.io/managed-by", kOwner = "rightslice";

struct ReportLimits {
  std::size_t results = 200;             ///< of one report
  std::size_t bytes = 256 * 1024;        ///< of their text; etcd takes objects up to 1.5 MiB
};

/// A report of ours as it is in the cluster.
struct StoredReport {
  struct Entry {
    ReportResult result;
    std::int64_t seconds = 0;            ///< since 1970: when it was first found
    std::string without;                 ///< kept from an earlier look: what was not read since; else empty
  };
  std::string ns, uid, version;          ///< version: metadata.resourceVersion
  std::string content;                   ///< all of it that counts as content, in one spelling: without timestamps and what others own
  std::set<std::string, std::less<>> unread;   ///< when it was written
  std::vector<Entry> entries;
};
/// Nothing for one that is not ours.
std::optional<StoredReport> readReport(json::View object);

struct ReportChange {
  enum class Kind : std::uint8_t { Create, Update, Delete };
  Kind kind = Kind::Create;
  std::string ns;                        ///< empty: of the nodes
  std::string body;                      ///< the whole object (of Update with its resourceVersion), or the options of Delete
};

struct ReportCounts {
  std::size_t unchanged = 0;
  std::size_t kept = 0;                  ///< reports with results that an earlier look found, and that this one could not see
};

/// What this look found, and how far it saw.
struct Found {
  const std::vector<NamespaceResults>& results;
  const Coverage& coverage;
  const std::set<std::string>& scope;    ///< namespaces that were looked at; empty: all
  std::string_view takenAt;              ///< RFC 3339
};

/// Tells one change after the other; a report whose content is the same is none. A namespace without results has no report. What a
/// look did not read since the report was written may be what a result hung on: such results stay, marked, until it is read again.
ReportCounts changesOf(const ReportKind& kind, const Found& found, const std::vector<StoredReport>& stored, const std::function<void(ReportChange)>& tell,
                       const ReportLimits& limits = {});

}  // namespace rightslice::observe::audit
