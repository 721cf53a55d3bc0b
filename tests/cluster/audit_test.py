"""The audit: reports by the real definitions, written once, kept where nothing is known, and by one replica after the other."""
import json

import report_definitions
from before_test import Before
from scenario import MEDIUM, SMALL, deployment

COMPONENTS = "deploy/kustomize/components"


class Audit(Before):
    namespace = "team-audit"
    kind = "policyreport"

    @classmethod
    def setUpClass(cls):
        definitions = report_definitions.files(report_definitions.POLICY_REPORTS)
        super().setUpClass()
        cls.admin.run("create", *[flag for path in definitions for flag in ("-f", path)])
        cls.admin.run("wait", "--for=condition=Established", "crd/policyreports.wgpolicyk8s.io", "crd/clusterpolicyreports.wgpolicyk8s.io")
        cls.cluster.checkout.run("".join(f"kubectl apply -f {COMPONENTS}/{name}/rbac.yaml\n" for name in ("audit", "audit-reports")))
        cls.kubectl.apply([deployment("large", "3g.40gb", SMALL), deployment("small", "1g.10gb", MEDIUM)])
        cls.node = cls.cluster.node
        cls.node.also = ["--audit", "--audit-every=5s", "--audit-page", f"--audit-reports={cls.kind}"]
        cls.node.replace_all()

    @classmethod
    def tearDownClass(cls):
        cls.node.also = []
        cls.node.replace_all()
        cls.admin.run("delete", "namespace", cls.namespace, "--wait=false")
        cls.admin.run("delete", "crd", "policyreports.wgpolicyk8s.io", "clusterpolicyreports.wgpolicyk8s.io")
        cls.cluster.checkout.run("".join(f"kubectl delete -f {COMPONENTS}/{name}/rbac.yaml\n" for name in ("audit-reports", "audit")))

    def audit(self, *arguments, status=0):
        """`rightslice audit` with the policies that the webhook has."""
        return self.rightslice("audit", *arguments, "--policies", self.cluster.checkout.folder / "deploy/kustomize/overlays/enforce/policies",
                               "--policies", self.cluster.checkout.folder / "deploy/kustomize/base/policies", status=status)

    def report(self, namespace=None):
        printed = self.admin.run("-n", namespace or self.namespace, "get", self.kind, "rightslice", "-o", "json", check=False)
        return json.loads(printed.out) if printed.status == 0 else None

    def found(self):
        """(code, name) of what the report of the namespace lists."""
        report = self.report()
        return {(each["policy"], each["resources"][0]["name"]) for each in report["results"]} if report else set()

    def looks(self):
        return sum(pod.metric('rightslice_audit_looks_total{outcome="success"}') for pod in self.node.pods)

    def another_look(self):
        before = self.looks()
        self.eventually(lambda: self.looks() > before, "a look that may have begun before")
        self.eventually(lambda: self.looks() > before + 1, "another look")

    def leader(self):
        [pod] = [pod for pod in self.node.pods if pod.metric('rightslice_leader{of="cluster"}') == 1]
        return pod

    def test_reports_follow_what_runs_and_only_what_changed_is_written(self):
        self.eventually(lambda: {("Oversized", "large"), ("Undersized", "small")} <= self.found(), "both are reported")
        report = self.report()
        self.assertEqual(report["metadata"]["labels"], {"app.kubernetes.io/managed-by": "rightslice"})
        self.assertEqual(report["scope"]["name"], self.namespace)
        large = next(each for each in report["results"] if each["resources"][0]["name"] == "large" and each["policy"] == "Oversized")
        self.assertEqual((large["result"], large["properties"]["slice"], large["properties"]["recommended"]),
                         ("fail", "nvidia.com/mig-3g.40gb", "nvidia.com/mig-1g.10gb"))
        self.assertEqual(large["resources"][0]["uid"], self.kubectl.get("deployment", "large")["metadata"]["uid"])
        self.assertEqual(report["results"][0]["severity"], "high")
        [nodes] = self.admin.get("clusterpolicyreport")["items"]
        self.assertIn("Dark", {each["policy"] for each in nodes["results"]})

        leader = self.leader()
        [other] = [pod for pod in self.node.pods if pod is not leader]
        self.assertIn("large", leader.ops("/page")[1])
        self.assertEqual(other.ops("/page")[0], 503)
        told = json.loads(leader.ops("/readyz")[1])["audit"]
        self.assertEqual((told["leads"], told.get("trouble")), (True, None))
        self.assertFalse(json.loads(other.ops("/readyz")[1])["audit"]["leads"])

        self.another_look()
        version = self.report()["metadata"]["resourceVersion"]
        self.another_look()
        self.assertEqual(self.report()["metadata"]["resourceVersion"], version)

        self.kubectl.apply(deployment("large", "1g.10gb", SMALL))
        self.eventually(lambda: self.found() and ("Oversized", "large") not in self.found(), "what is mended is reported no more")
        self.assertIn(("Undersized", "small"), self.found())

        self.kubectl.run("annotate", self.kind, "rightslice", "team=a")
        self.kubectl.run("patch", self.kind, "rightslice", "--type=merge", "-p", '{"summary": {"fail": 0}}')
        self.eventually(lambda: self.report()["summary"]["fail"] > 0, "what somebody edited is put right")
        self.assertEqual(self.report()["metadata"]["annotations"]["team"], "a")

    def test_a_report_of_somebody_else_stays(self):
        other = "team-audit-other"
        self.admin.run("create", "namespace", other)
        self.addCleanup(self.admin.run, "delete", "namespace", other, "--wait=false")
        theirs = {"apiVersion": "wgpolicyk8s.io/v1alpha2", "kind": "PolicyReport", "metadata": {"name": "rightslice"}, "summary": {"pass": 7}}
        self.admin.within(other).apply(theirs)
        self.admin.within(other).apply(deployment("small", "1g.10gb", MEDIUM))
        self.another_look()
        self.eventually(lambda: self.leader().metric('rightslice_audit_reports_total{outcome="foreign"}') > 0, "it is seen")
        self.assertEqual(self.report(other)["summary"], {"pass": 7})

    def test_when_the_leader_dies_another_goes_on(self):
        self.eventually(lambda: ("Undersized", "small") in self.found(), "it is reported")
        self.node.kill_pod(self.leader())
        self.addCleanup(self.node.start_pod)
        # A connection that kube-apiserver keeps to the dead one may fail once.
        self.eventually(lambda: self.kubectl.apply(deployment("later", "1g.10gb", MEDIUM), check=False).status == 0, "the other replica answers")
        self.addCleanup(self.kubectl.run, "delete", "deployment", "later")
        self.eventually(lambda: ("Undersized", "later") in self.found(), "the other replica reports")
        self.assertGreater(self.leader().metric("rightslice_audit_findings{"), 0)

    def test_what_may_not_be_read_any_more_is_unknown_and_stays(self):
        self.eventually(lambda: ("Undersized", "small") in self.found(), "it is reported")
        role = self.admin.get("clusterrole", "rightslice")
        less = [rule for rule in role["rules"] if "apps" not in rule["apiGroups"] and "pods" not in rule["resources"]]
        self.addCleanup(self.another_look)
        self.addCleanup(self.cluster.enforce)
        self.admin.run("patch", "clusterrole", "rightslice", "--type=merge", "-p", json.dumps({"rules": less}))

        def kept():
            return [each for each in self.report()["results"] if "pods" in each["properties"].get("unconfirmedWithout", "")]
        self.eventually(kept, "findings are kept")
        self.assertIn(("Undersized", "small"), self.found())
        self.assertGreater(self.leader().metric('rightslice_audit_unread_resources{state="forbidden"}'), 0)

    def test_once_by_hand_or_by_a_job(self):
        self.eventually(lambda: ("Undersized", "small") in self.found(), "it is reported")
        printed = self.audit("--reports", self.kind, "--dry-run", "-n", self.namespace, status=0)
        self.assertIn("would be: 0 created", self.err)
        self.assertEqual(printed, "apiVersion: v1\nkind: List\nitems: []\n")
        self.kubectl.run("delete", self.kind, "rightslice")
        self.audit("--reports", self.kind, "-n", self.namespace, status=0)
        self.assertIn(("Undersized", "small"), self.found())
        self.audit("--reports", "openreports", status=2)
        self.assertIn("the cluster has no reports of openreports.io", self.err)

    def test_openreports_are_reports_too(self):
        definitions = report_definitions.files(report_definitions.OPEN_REPORTS)
        flags = [flag for path in definitions for flag in ("-f", path)]
        self.admin.run("create", *flags)
        self.addCleanup(self.admin.run, "delete", *flags)
        self.admin.run("wait", "--for=condition=Established", "crd/reports.openreports.io", "crd/clusterreports.openreports.io")
        printed = self.audit("--reports", "openreports", status=0)
        self.assertIn(" created, 0 updated, 0 deleted", printed)
        stored = self.kubectl.get("reports.openreports.io", "rightslice")
        self.assertEqual((stored["source"], stored["configuration"]["limits"]["maxResults"]), ("rightslice", 200))
        self.assertIn(("Undersized", "small"), {(each["policy"], each["resources"][0]["name"]) for each in stored["results"]})
        self.assertIn("0 created, 0 updated", self.audit("--reports", "openreports", status=0))

    def test_many_findings_are_cut_to_the_most_severe(self):
        many = "team-audit-many"
        self.admin.run("create", "namespace", many)
        self.addCleanup(self.admin.run, "delete", "namespace", many, "--wait=false")
        self.admin.within(many).apply([deployment(f"w{index:03}", "3g.40gb", SMALL, replicas=0) for index in range(205)] + [deployment("worst", "1g.10gb", MEDIUM, replicas=0)])
        self.eventually(lambda: (report := self.report(many)) and report["summary"]["fail"] >= 206, "all are counted")
        report = self.report(many)
        self.assertEqual(len(report["results"]), 201)
        self.assertEqual({each["policy"] for each in report["results"][:-1]}, {"Oversized"})   # all are of one severity: then by code
        self.assertEqual(report["results"][-1]["properties"]["truncated"], report["metadata"]["annotations"]["rightslice.io/truncated-results"])
        self.assertEqual(int(report["results"][-1]["properties"]["truncated"]), sum(report["summary"].values()) - report["summary"]["pass"] - 200)
