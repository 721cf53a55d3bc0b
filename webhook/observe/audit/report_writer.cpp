#include "observe/audit/report_writer.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "kube/list.hpp"

namespace rightslice::observe::audit {
namespace {

constexpr int kPage = 20;                  // reports of one page: each has up to ReportLimits::bytes
constexpr std::size_t kMostFailures = 20;  // then the others are left for the next look

class ReportWriting {
 public:
  ReportWriting(kube::Cluster& cluster, const ReportKind& kind, const Writing& how) : cluster_(cluster), kind_(kind), how_(how) {}

  Written all(const Found& found) {
    if (!read(found.scope)) return std::move(out_);
    const ReportCounts counts = changesOf(kind_, found, stored_, [&](ReportChange change) { write(change); }, how_.limits);
    out_.unchanged = counts.unchanged;
    out_.kept = counts.kept;
    return std::move(out_);
  }

 private:
  kube::Resource resource(bool ofNamespace) const {
    kube::Resource out;
    out.group = kind_.group;
    out.version = kind_.version;
    out.plural = ofNamespace ? kind_.plural : kind_.clusterPlural;
    out.fieldSelector = fmt::format("metadata.name={}", kReportName);   // with it, RBAC may name the object whose list is allowed
    out.labelSelector = fmt::format("{}={}", kOwnerLabel, kOwner);
    out.page = kPage;
    out.versions = {std::string(kind_.version)};
    return out;
  }

  bool read(const std::set<std::string>& scope) {
    if (scope.empty()) return list(resource(true), "") && list(resource(false), "");
    return std::all_of(scope.begin(), scope.end(), [&](const std::string& ns) { return list(resource(true), ns); });
  }

  bool list(const kube::Resource& resource, const std::string& ns) {
    const auto found = kube::served(cluster_, resource);
    if (!found) return trouble(fmt::format("{} cannot be read: {}", resource.name(), found.error().message));
    if (!*found) return out_.served = false;
    kube::ListReader reader;
    const std::size_t before = stored_.size();
    reader.begin = [&] { stored_.resize(before); };
    reader.object = [&](json::View object) {
      if (auto report = readReport(object)) stored_.push_back(std::move(*report));
    };
    const auto look = kube::list(cluster_, resource, ns, reader);
    if (!look) return trouble(fmt::format("{} cannot be read: {}", resource.name(), look.error().message));
    if (look->outcome == kube::Look::Outcome::Refused) return trouble(fmt::format("{} may not be read: {}", resource.name(), look->reason));
    if (look->outcome == kube::Look::Outcome::Absent) return out_.served = false;
    return true;
  }

  bool trouble(std::string text) {
    if (std::find(out_.troubles.begin(), out_.troubles.end(), text) == out_.troubles.end()) out_.troubles.push_back(std::move(text));
    return false;
  }

  void write(const ReportChange& change) {
    using Kind = ReportChange::Kind;
    if (how_.dryRun) {
      how_.dryRun(change);
      return count(change.kind);
    }
    if (out_.failed >= kMostFailures) return;
    if (!how_.may()) {
      if (!stopped_) trouble("reports were not all written: this replica leads no longer");
      stopped_ = true;
      return;
    }
    const kube::Resource of = resource(!change.ns.empty());
    kube::Request request;
    request.contentType = "application/json";
    if (change.kind == Kind::Create) {
      request.method = "POST";
      request.path = kube::path(of, change.ns) + "?fieldManager=rightslice";
    } else if (change.kind == Kind::Update) {
      // By server-side apply: labels and annotations of others stay. The resourceVersion in it keeps what was written meanwhile.
      request.method = "PATCH";
      request.path = kube::path(of, change.ns, kReportName) + "?fieldManager=rightslice&force=true";
      request.contentType = "application/apply-patch+yaml";
    } else {
      request.method = "DELETE";
      request.path = kube::path(of, change.ns, kReportName);
    }
    request.body = change.body;
    const auto answer = cluster_.call(std::move(request));
    if (answer && answer->status < 300) return count(change.kind);
    if (answer && answer->status == 404) return;   // it, or its namespace, is gone meanwhile
    if (answer && answer->status == 409) return change.kind == Kind::Create ? taken(of, change.ns) : void();   // changed meanwhile: the next look sees it
    // A namespace that goes away takes its reports along (k8s.io/apiserver, plugin/namespace/lifecycle: the cause of this refusal).
    if (answer && answer->status == 403 && change.kind == Kind::Create && answer->body.find("NamespaceTerminating") != std::string::npos) return;
    ++out_.failed;
    trouble(answer ? fmt::format("{} cannot be written: HTTP {}: {}", of.name(), answer->status, kube::statusMessage(answer->body))
                   : fmt::format("{} cannot be written: {}", of.name(), answer.error().message));
    if (out_.failed == kMostFailures) trouble(fmt::format("{} reports could not be written: the others wait for the next look", kMostFailures));
  }

  /// There is one of the name meanwhile: one of ours, of another who audits, is for the next look.
  void taken(const kube::Resource& of, const std::string& ns) {
    std::size_t ours = 0;
    kube::ListReader reader;
    reader.begin = [&] { ours = 0; };
    reader.object = [&](json::View) { ++ours; };
    const auto look = kube::list(cluster_, of, ns, reader);
    if (look && ours == 0) ++out_.foreign;
  }

  void count(ReportChange::Kind kind) {
    if (kind == ReportChange::Kind::Create) ++out_.created;
    else if (kind == ReportChange::Kind::Update) ++out_.updated;
    else ++out_.deleted;
  }

  kube::Cluster& cluster_;
  const ReportKind& kind_;
  const Writing& how_;
  std::vector<StoredReport> stored_;
  Written out_;
  bool stopped_ = false;
};

}  // namespace

Written writeReports(kube::Cluster& cluster, const ReportKind& kind, const Found& found, const Writing& how) {
  return ReportWriting(cluster, kind, how).all(found);
}

}  // namespace rightslice::observe::audit
