"""`scan`: what runs in a cluster, as its administrator and as somebody who may see a part of it."""
import json
import shlex

import yaml

from before_test import Before
from checkout import ROOT
from dra_test import profile, resource_slice, template
from gpu_nodes import H100, NODES
from scenario import MEDIUM, SMALL, deployment, pod_spec, slice_name

READER = """
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: scan-reader}
rules:
- {apiGroups: ["", apps], resources: [pods, deployments, replicasets], verbs: [get, list]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: scan-reader}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: scan-reader}
subjects: [{kind: User, name: looker}]
"""


def bare(name, profile, node=None):
    spec = pod_spec(profile) | {"automountServiceAccountToken": False, "terminationGracePeriodSeconds": 0}
    spec["containers"][0]["resources"]["limits"] = {slice_name(profile): 1}
    if node:
        spec["nodeName"] = node
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "annotations": {"rightslice.io/footprint": SMALL}}, "spec": spec}


class Scan(Before):
    namespace = "team-scan"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # What two looks at the whole cluster say is compared here: pods of namespaces that others deleted must not go between them.
        leaving = [each["metadata"]["name"] for each in cls.admin.get("namespaces")["items"] if each["status"]["phase"] == "Terminating"]
        if leaving:
            cls.admin.run("wait", "--for=delete", *(f"namespace/{name}" for name in leaving), "--timeout=50s")
        batch = {"template": {"spec": pod_spec("1g.10gb") | {"restartPolicy": "Never"}}}
        cls.kubectl.apply([
            deployment("large", "3g.40gb", SMALL, replicas=2), deployment("small", "1g.10gb", MEDIUM),
            {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "batch"}, "spec": batch},
            bare("held", "1g.10gb", "h100-mixed-1"), bare("waits", "1g.10gb"),
            {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "large"},
             "spec": {"minReplicas": 1, "maxReplicas": 5, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "large"}}}])
        cls.kubectl.run("create", "deployment", "web", "--image=registry.example/web:1")

    @classmethod
    def tearDownClass(cls):
        cls.admin.run("delete", "namespace", cls.namespace, "--wait=false")

    def setUp(self):
        wanted = {"large": 2, "small": 1, "batch": 1}

        def made():
            pods = self.kubectl.get("pods")["items"]
            return all(sum(each["metadata"]["name"].startswith(name + "-") for each in pods) == count for name, count in wanted.items())
        self.eventually(made, "the controllers made the pods")

    def results(self, told):
        return {(each["kind"], each["name"]): each for each in told["results"] if each["namespace"] == self.namespace}

    def test_every_workload_is_there_once_with_its_pods(self):
        told = self.json("scan", status=0)
        self.assertEqual([], [each for each in told["coverage"] if each["state"] not in ("read", "absent")])
        names = [(each["kind"], each["namespace"], each["name"]) for each in told["results"]]
        self.assertEqual(len(names), len(set(names)))
        results = self.results(told)
        self.assertEqual(sorted(results), [("Deployment", "large"), ("Deployment", "small"), ("Job", "batch"), ("Pod", "held"), ("Pod", "waits")])
        self.assertEqual({key: (each["replicas"], len(each["pods"])) for key, each in results.items()},
                         {("Deployment", "large"): (2, 2), ("Deployment", "small"): (1, 1), ("Job", "batch"): (1, 1), ("Pod", "held"): (1, 1), ("Pod", "waits"): (1, 1)})
        self.assertEqual(results["Deployment", "large"]["scaling"], {"state": "scaled", "by": "HorizontalPodAutoscaler large", "maxReplicas": 5})
        self.assertEqual(results["Deployment", "small"]["scaling"], {"state": "none"})
        live = {each["metadata"]["uid"] for each in self.admin.get("pods", "--all-namespaces")["items"]
                if any("nvidia.com/" in key for one in each["spec"]["containers"] for key in one.get("resources", {}).get("limits", {}))}
        self.assertEqual(sum(len(each["pods"]) for each in told["results"]), len(live))
        self.assertEqual(told["scan"]["pods"], len(live))

    def test_nodes_tell_their_slices_and_who_holds_them(self):
        told = self.json("scan", status=0)
        nodes = {each["name"]: each for each in told["nodes"]}
        self.assertLessEqual(set(NODES), set(nodes))
        mixed = nodes["h100-mixed-1"]
        self.assertEqual((mixed["product"], mixed["gpus"], mixed["strategy"]), (H100, 8, "mixed"))
        slices = {each["profile"]: each for each in mixed["slices"]}
        self.assertEqual({profile: each["offered"] for profile, each in slices.items()}, {"1g.10gb": 28, "1g.20gb": 4, "2g.20gb": 4, "3g.40gb": 4})
        self.assertGreaterEqual(slices["1g.10gb"]["asked"], 1)
        self.assertIn({"namespace": self.namespace, "pod": "held", "kind": "Pod", "name": "held", "container": "model",
                       "resource": slice_name("1g.10gb"), "profile": "1g.10gb", "count": 1, "running": False}, mixed["holds"])
        self.assertEqual(nodes["h100-single"]["gpus"], 8)
        for each in nodes.values():
            for one in each["slices"]:
                self.assertEqual(one["free"], max(0, one["offered"] - one["asked"]))
        counts = {}
        for each in [*told["results"], *told["nodes"]]:
            for one in each.get("observed", each["findings"]):
                counts[one["code"]] = counts.get(one["code"], 0) + 1
        self.assertEqual(told["scan"]["findings"], counts)

    def test_what_it_says_is_a_file_of_surroundings(self):
        folder = self.files(wrong=deployment("wrong", "1g.10gb", MEDIUM))
        (folder / "cluster.json").write_text(self.rightslice("scan", "-o", "json", status=0))
        told = self.json("check", "--surroundings", "cluster.json", "wrong.yaml", folder=folder, status=1)
        self.assertEqual(told["results"][0]["decision"], "deny")

    def test_every_format_names_every_workload(self):
        for output in ("text", "yaml", "csv", "markdown", "piqc"):
            with self.subTest(output):
                printed = self.rightslice("scan", "-n", self.namespace, "-o", output, status=0)
                for name in ("large", "small", "batch", "held", "waits"):
                    self.assertIn(name, printed)
        bundle = self.json("scan", "-n", self.namespace) and json.loads(self.rightslice("scan", "-n", self.namespace, "-o", "piqc"))
        self.assertEqual(bundle["schemaVersion"], "piqc-scan.v0.1")
        facts = {each["workloadId"]: each["facts"] for each in bundle["objects"]}
        self.assertEqual(facts[f"ns/{self.namespace}/Deployment/large"]["autoscaling.enabled"]["value"], True)

    def test_what_a_claim_holds_is_held_on_its_node(self):
        node, offered = "h100-dra-scan", {"3g.40gb": (40448, 2)}
        self.admin.apply([{"apiVersion": "v1", "kind": "Node", "metadata": {"name": node}}, resource_slice(node, offered)])
        self.addCleanup(self.admin.run, "delete", f"resourceslice/{node}", f"node/{node}")
        spec = template("any", profile("3g.40gb"))["spec"]["spec"]
        pod = bare("by-claim", "3g.40gb", node)
        pod["spec"]["containers"][0]["resources"] = {"claims": [{"name": "gpu"}]}
        pod["spec"]["resourceClaims"] = [{"name": "gpu", "resourceClaimName": "half"}]
        self.kubectl.apply([{"apiVersion": "resource.k8s.io/v1", "kind": "ResourceClaim", "metadata": {"name": "half"}, "spec": spec}, pod])
        self.addCleanup(self.kubectl.run, "delete", "pod/by-claim", "resourceclaim/half")
        result = {"driver": "gpu.nvidia.com", "pool": node, "device": "gpu-0-mig-3g40gb-1", "request": "gpu"}
        uid = self.kubectl.get("pod/by-claim")["metadata"]["uid"]
        given = {"status": {"allocation": {"devices": {"results": [result]}}, "reservedFor": [{"resource": "pods", "name": "by-claim", "uid": uid}]}}
        self.kubectl.run("patch", "resourceclaim", "half", "--subresource=status", "--type=merge", "-p", json.dumps(given))
        for scope in ([], ["-n", self.namespace]):
            with self.subTest(scope):
                [seen] = [each for each in self.json("scan", *scope, status=0)["nodes"] if each["name"] == node]
                self.assertEqual([(each["resource"], each["offered"], each["asked"]) for each in seen["slices"]], [("mig.nvidia.com/3g.40gb", 2, 1)])
                self.assertEqual([(each["pod"], each["container"], each["profile"]) for each in seen["holds"]], [("by-claim", "model", "3g.40gb")])

    def test_a_selector_leaves_the_workloads_with_the_labels_and_counts_the_others(self):
        self.kubectl.run("label", "deployment", "large", "tier=gold", "--overwrite")
        told, all_of_it = self.json("scan", "-l", "tier in (gold),app!=none", status=0), self.json("scan", status=0)
        self.assertEqual([(each["kind"], each["name"]) for each in told["results"]], [("Deployment", "large")])
        self.assertEqual([[slice["asked"] for slice in each["slices"]] for each in told["nodes"]], [[slice["asked"] for slice in each["slices"]] for each in all_of_it["nodes"]])
        self.rightslice("scan", "-l", "tier in gold", status=2)
        self.assertIn("is no label selector: ( is missing at 'gold'", self.err)

    def test_what_plan_prints_is_taken_by_the_server(self):
        # Whatever policies other scenarios left: these are in force over all.
        plan = self.json("plan", "--policies", ROOT / "policies/starter/policy.yaml", status=0)
        mine = {(each["kind"], each["name"]): each for each in plan["recommendations"] if each["namespace"] == self.namespace and "command" in each}
        self.assertEqual(set(mine), {("Deployment", "large"), ("Deployment", "small")})
        self.assertEqual(mine["Deployment", "large"]["changes"][0]["to"], slice_name("1g.10gb"))
        for each in mine.values():
            words = shlex.split(each["command"])
            self.assertEqual(words[0], "kubectl")
            printed = self.admin.run(*words[1:], "--dry-run=server", "-o", "json")
            limits = json.loads(printed.out)["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]
            self.assertEqual([key for key in limits if key.startswith("nvidia.com/")], [each["changes"][0]["to"]])
        self.assertEqual(self.kubectl.get("deployment/large")["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"][slice_name("3g.40gb")], "1")

    def test_with_the_role_for_it_nothing_is_unknown(self):
        self.admin.run("apply", "-f", ROOT / "deploy/kustomize/components/scan-reader/rbac.yaml")
        self.addCleanup(self.admin.run, "delete", "clusterrole", "rightslice-scan", "rightslice-scan-metrics")
        self.admin.run("create", "clusterrolebinding", "scanner", "--clusterrole=rightslice-scan", "--user=scanner")
        self.addCleanup(self.admin.run, "delete", "clusterrolebinding", "scanner")
        scanner = self.as_user("scanner")
        self.eventually(lambda: self.rightslice("scan", kubeconfig=scanner) and self.status == 0, "the binding is in force")
        mine, told = self.json("scan", status=0), self.json("scan", kubeconfig=scanner, status=0)
        self.assertEqual([], [each for each in told["coverage"] if each["state"] not in ("read", "absent")])
        for key in ("results", "nodes"):
            self.assertEqual([(each.get("namespace"), each["name"], each.get("unknown")) for each in mine[key]],
                             [(each.get("namespace"), each["name"], each.get("unknown")) for each in told[key]])
        plan = self.json("plan", kubeconfig=scanner, status=0)["plan"]
        self.assertTrue(plan["budgetsKnown"] and plan["nodesKnown"])
        for what in (("create", "pods"), ("delete", "deployments"), ("get", "secrets"), ("get", "configmaps"), ("get", "pods", "--subresource=log"),
                     ("get", "pods", "--subresource=proxy"), ("create", "pods", "--subresource=exec")):
            self.assertEqual(self.admin.run("auth", "can-i", *what, "--as=scanner", "--all-namespaces", check=False).out.strip(), "no", what)

    def test_who_may_see_a_part_is_told_what_is_unknown(self):
        self.kubectl.apply(list(yaml.safe_load_all(READER)))
        looker = self.as_user("looker")
        told = self.json("scan", "-n", self.namespace, kubeconfig=looker, status=0)
        self.assertNotIn("nodes", told)
        states = {each["resource"]: each["state"] for each in told["coverage"]}
        self.assertEqual([states[each] for each in ("nodes", "horizontalpodautoscalers.autoscaling", "jobs.batch", "slicepolicies.rightslice.io")], ["forbidden"] * 4)
        self.assertEqual([states[each] for each in ("pods", "deployments.apps")], ["read"] * 2)
        results = self.results(told)
        self.assertEqual({each["scaling"]["state"] for each in results.values()}, {"unknown"})
        self.assertTrue(all(f"slicepolicies.rightslice.io over namespace {self.namespace}" in each["unknown"] for each in results.values()))
        self.assertEqual(self.err, "rightslice: not all policies may be read, and none was: judging with the shipped starter policy, in audit mode\n")
        # The Job may not be read: its pod stands in for it.
        [batch] = [each for each in results.values() if each.get("owner", {}).get("kind") == "Job"]
        self.assertEqual((batch["kind"], batch["owner"]["name"], batch["byItsPods"]), ("Pod", "batch", True))
        self.assertEqual(sum(len(each["pods"]) for each in results.values()), 6)
        printed = self.rightslice("scan", "-n", self.namespace, kubeconfig=looker, status=0)
        self.assertIn("nodes unknown", printed)
        self.assertNotIn("Dark", printed)
        bundle = json.loads(self.rightslice("scan", "-n", self.namespace, "-o", "piqc", kubeconfig=looker))
        self.assertFalse([each for each in bundle["objects"] if "autoscaling.enabled" in each["facts"]])
        self.assertTrue([each for each in bundle["factErrors"] if each["fact"] == "autoscaling.enabled"])
