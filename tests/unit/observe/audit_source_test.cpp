// The audit against an API server of our own: what it writes and leaves alone, what a failure leaves, how soon it ends.
#include "observe/audit/audit_source.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <map>
#include <set>
#include <sstream>
#include <thread>

#include "../kube/scripted_server.hpp"
#include "observe/audit/audit_loop.hpp"
#include "policy/load.hpp"

using namespace rightslice;
using namespace rightslice::observe;
using namespace rightslice::observe::audit;
using scripted::Peer;

namespace {

constexpr const char* kNode = R"({"metadata":{"name":"n1","labels":{"nvidia.com/gpu.product":"NVIDIA-H100-80GB-HBM3","nvidia.com/gpu.count":"1",
  "nvidia.com/mig.strategy":"mixed"}},"status":{"capacity":{"nvidia.com/mig-3g.40gb":"1"},"allocatable":{"nvidia.com/mig-3g.40gb":"1"},
  "conditions":[{"type":"Ready","status":"True"}]}})";
constexpr const char* kPod = R"({"metadata":{"namespace":"team-a","name":"chat","uid":"u1","annotations":{"rightslice.io/footprint":"6Gi"}},
  "spec":{"nodeName":"n1","nodeSelector":{"nvidia.com/gpu.product":"NVIDIA-H100-80GB-HBM3"},
  "containers":[{"name":"model","image":"x","resources":{"limits":{"nvidia.com/mig-3g.40gb":"1"}}}]},"status":{"phase":"Running"}})";
constexpr std::string_view kPolicy = R"(
apiVersion: rightslice.io/v1alpha1
kind: ClusterSlicePolicy
metadata: {name: all}
spec: {mode: enforce, load: {concurrency: 8, context: 4096}, slices: {offered: [1g.10gb, 3g.40gb]}}
)";
constexpr std::string_view kReports = "/apis/wgpolicyk8s.io/v1alpha2";

/// An API server that keeps reports, and the audit of it.
struct Around {
  std::map<std::string, std::string> lists{{"/apis/rightslice.io/v1alpha1/slicepolicies", ""}, {"/apis/rightslice.io/v1alpha1/clusterslicepolicies", ""},
                                           {"/apis/rightslice.io/v1alpha1/sliceexceptions", ""}, {"/api/v1/namespaces", R"({"metadata":{"name":"team-a"}})"},
                                           {"/api/v1/nodes", kNode}, {"/api/v1/pods", kPod}};
  std::map<std::string, std::string> reports;   // by path of the object, as they were sent
  std::set<std::string> refused;
  bool defined = true, down = false, foreign = false;
  std::atomic<bool> hang{false};
  std::string hangs = "/api/v1/pods";
  std::mutex mutex;
  std::vector<std::string> writes;              // "POST /apis/..."

  scripted::Server server{[this](const Peer& peer, const scripted::Seen& seen) {
    const std::string path = seen.target.substr(0, seen.target.find('?'));
    if (hang && path == hangs) {
      peer.holdUntil([] { return false; });
      return false;
    }
    const std::lock_guard lock(mutex);
    if (down) return peer.answer(401, R"({"message":"who are you"})");
    if (refused.contains(seen.method + " " + path)) return peer.answer(403, R"({"message":"not for you"})");
    if (path == "/version") return peer.answer(200, "{}");
    if (path.starts_with(kReports)) return answerReports(peer, seen, path);
    const auto list = lists.find(path);
    if (list == lists.end()) return peer.answer(404, R"({"message":"not found"})");
    return peer.answer(200, R"({"kind":"XList","metadata":{"resourceVersion":"1"},"items":[)" + list->second + "]}");
  }};

  bool answerReports(const Peer& peer, const scripted::Seen& seen, const std::string& path) {
    if (!defined) return peer.answer(404, R"({"message":"no such resource"})");
    if (path == kReports) {
      return peer.answer(200, R"({"kind":"APIResourceList","resources":[{"name":"policyreports"},{"name":"clusterpolicyreports"}]})");
    }
    if (seen.method == "GET") {
      const bool ofNamespaces = path.ends_with("/policyreports");
      std::string items;
      for (const auto& [at, body] : reports)
        if ((at.find("/namespaces/") != std::string::npos) == ofNamespaces) items += (items.empty() ? "" : ",") + body;
      return peer.answer(200, R"({"kind":"XList","metadata":{"resourceVersion":"1"},"items":[)" + items + "]}");
    }
    writes.push_back(seen.method + " " + path);
    if (seen.method == "POST" && foreign) return peer.answer(409, R"({"message":"already exists"})");
    if (seen.method == "DELETE") reports.erase(path);
    else reports[seen.method == "POST" ? path + "/rightslice" : path] = seen.body;
    return peer.answer(200, "{}");
  }

  explicit Around(bool metered = false) {
    auto loaded = policy::load(kPolicy, "policy.yaml", {});
    policies = std::make_shared<const policy::PolicySet>(std::move(loaded.policies), std::move(loaded.exceptions));
    AuditInputs inputs;
    inputs.cluster.server = *kube::parseUrl(server.url());
    inputs.cluster.source = "a test";
    inputs.catalogue = {&gpu::Catalogue::builtIn(), &model::Catalogue::builtIn()};
    inputs.policies = [this] { return policies; };
    inputs.prices = [] { return workload::PriceBook{}; };
    if (metered) inputs.metrics.prometheus.url = server.url();
    inputs.reports = findReportKind("policyreport");
    inputs.leads = [this] { return leads.load(); };
    auditor = std::make_unique<Auditor>(std::move(inputs), metrics, log, host::systemClock());
  }

  std::vector<std::string> look(bool good = true) {
    {
      const std::lock_guard lock(mutex);
      writes.clear();
    }
    CHECK(auditor->look() == good);
    return writes;
  }
  bool tells(const std::string& line) const { return metrics.text().find("\n" + line) != std::string::npos; }

  std::shared_ptr<const policy::PolicySet> policies;
  std::atomic<bool> leads{true};
  host::Metrics metrics;
  std::ostringstream logged;
  host::Log log{host::Level::Info, logged};
  std::unique_ptr<Auditor> auditor;
};

const std::string kOfTeam = "/apis/wgpolicyk8s.io/v1alpha2/namespaces/team-a/policyreports";

TEST_CASE("a look is told as metrics and written as reports, and the same look again writes nothing") {
  Around around;
  CHECK(around.look() == std::vector<std::string>{"POST " + kOfTeam});
  CHECK(around.tells(R"(rightslice_audit_findings{code="Oversized",workload_namespace="team-a"} 1)"));
  CHECK(around.tells(R"(rightslice_audit_slices{product="NVIDIA-H100-80GB-HBM3",profile="3g.40gb",state="held"} 1)"));
  CHECK(around.tells(R"(rightslice_audit_unread_resources{state="forbidden"} 0)"));
  CHECK(around.tells(R"(rightslice_audit_reports_served{kind="policyreport"} 1)"));
  CHECK(around.look().empty());
  CHECK(around.tells(R"(rightslice_audit_reports_total{outcome="unchanged"} 1)"));
  CHECK(around.tells(R"(rightslice_audit_looks_total{outcome="success"} 2)"));
  CHECK(around.auditor->state().trouble.empty());
  // What is mended has no report any more.
  around.lists["/api/v1/pods"] = "";
  around.lists["/api/v1/nodes"] = "";
  CHECK(around.look() == std::vector<std::string>{"DELETE " + kOfTeam + "/rightslice"});
}

TEST_CASE("a report that changed is applied under the resourceVersion that was seen") {
  Around around;
  around.look();
  auto& body = around.reports.at(kOfTeam + "/rightslice");
  body.replace(body.find(R"("name":"rightslice")"), 19, R"("name":"rightslice","uid":"r1","resourceVersion":"77")");
  body.replace(body.find("\"warn\":1"), 8, "\"warn\":9");
  CHECK(around.look() == std::vector<std::string>{"PATCH " + kOfTeam + "/rightslice"});
  CHECK(around.reports.at(kOfTeam + "/rightslice").find(R"("uid":"r1","resourceVersion":"77")") != std::string::npos);
}

TEST_CASE("a failing look keeps what was told, and says so") {
  Around around;
  around.look();
  const auto good = around.auditor->state().good;
  around.down = true;
  CHECK(around.look(false).empty());
  CHECK(around.tells(R"(rightslice_audit_findings{code="Oversized",workload_namespace="team-a"} 1)"));
  CHECK(around.tells(R"(rightslice_audit_looks_total{outcome="failed"} 1)"));
  CHECK(around.auditor->state().good == good);
  CHECK(around.auditor->state().trouble.find("401") != std::string::npos);
  CHECK(around.logged.str().find("the audit failed") != std::string::npos);
  around.down = false;
  around.look();
  CHECK(around.auditor->state().trouble.empty());
}

TEST_CASE("what may not be read any more is unknown: its findings stay") {
  Around around;
  around.look();
  around.refused = {"GET /api/v1/pods"};
  CHECK(around.look() == std::vector<std::string>{"PATCH " + kOfTeam + "/rightslice"});
  CHECK(around.reports.at(kOfTeam + "/rightslice").find(R"("unconfirmedWithout":"pods")") != std::string::npos);
  CHECK(around.tells(R"(rightslice_audit_unread_resources{state="forbidden"} 1)"));
  CHECK(around.tells(R"(rightslice_audit_reports_total{outcome="kept"} 1)"));
  CHECK(around.look().empty());
}

TEST_CASE("without the definitions nothing is written, it is said once, and looked for again") {
  Around around;
  around.defined = false;
  CHECK(around.look().empty());
  CHECK(around.look().empty());
  CHECK(around.tells(R"(rightslice_audit_reports_served{kind="policyreport"} 0)"));
  const std::string said = "the cluster has no policyreports of wgpolicyk8s.io";
  CHECK(around.logged.str().find(said) != std::string::npos);
  CHECK(around.logged.str().find(said) == around.logged.str().rfind(said));
  around.defined = true;
  CHECK(around.look() == std::vector<std::string>{"POST " + kOfTeam});
}

TEST_CASE("a report of our name that is not ours is left alone, and so is everything once another replica leads") {
  Around around;
  around.foreign = true;
  CHECK(around.look() == std::vector<std::string>{"POST " + kOfTeam});
  CHECK(around.tells(R"(rightslice_audit_reports_total{outcome="foreign"} 1)"));
  CHECK(around.auditor->state().trouble.find("not ours") != std::string::npos);
  around.foreign = false;
  around.leads = false;
  CHECK(around.look().empty());
  around.auditor->lost();
  CHECK(around.metrics.text().find("rightslice_audit_findings{") == std::string::npos);
  CHECK(around.tells(R"(rightslice_audit_looks_total{outcome="success"} 2)"));
}

TEST_CASE("reports that may not be read or written are a trouble with its reason") {
  Around around;
  around.refused = {"POST " + kOfTeam};
  around.look();
  CHECK(around.auditor->state().trouble == "policyreports.wgpolicyk8s.io cannot be written: HTTP 403: not for you");
  around.refused = {"GET " + std::string(kReports) + "/policyreports"};
  CHECK(around.look().empty());
  CHECK(around.auditor->state().trouble == "policyreports.wgpolicyk8s.io may not be read: not for you");
}

TEST_CASE("a look that waits for the API server or for Prometheus is interrupted, and none begins after that") {
  bool metered = false;
  SUBCASE("for the API server") { metered = false; }
  SUBCASE("for Prometheus") { metered = true; }
  Around around(metered);
  if (metered) around.hangs = "/api/v1/query_range";
  around.hang = true;
  AuditLoop::Options options;
  options.leads = [] { return true; };
  options.changes = [] { return 0; };
  options.audit = [&] { return around.auditor->look(); };
  options.interrupt = [&] { around.auditor->interrupt(); };
  AuditLoop loop(std::move(options));
  loop.start();
  while (around.server.count(around.hangs) == 0) std::this_thread::yield();
  const auto begun = std::chrono::steady_clock::now();
  loop.stop();
  CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds(20));   // patience with a query is 30 s
  CHECK_FALSE(around.auditor->look());
  CHECK(around.tells(R"(rightslice_audit_looks_total{outcome="failed"} 0)"));
}

}  // namespace
