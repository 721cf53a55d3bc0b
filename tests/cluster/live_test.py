"""`serve` follows the cluster: policies as custom resources, labels of namespaces, slices of nodes."""
import datetime
import json

import gpu_nodes
import runbook
from cluster import INSTANCES
from gpu_nodes import A100_80, H100
from scenario import MEDIUM, Scenario, deployment, slice_name

POLICIES = "policies.rightslice.io"
WRONG_SLICE = "spec.slices.offered[0]: no GPU product of the catalogue has a slice profile '1g.11gb'; did you mean '1g.12gb'?"


def custom(kind, name, /, **spec):
    return {"apiVersion": "rightslice.io/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec}


class Live(Scenario):
    """The pods run as their service account, with the role of deploy/kustomize and with the policies of the ConfigMap beside those of the cluster."""

    def tearDown(self):
        self.kubectl.run("delete", "slicepolicies,sliceexceptions", "--all")

    def accepted(self, kind, name, status):
        """The condition Accepted, once it is as expected and of this generation."""
        def condition():
            each = self.kubectl.get(kind, name)
            found = [one for one in each.get("status", {}).get("conditions", []) if one["type"] == "Accepted"]
            return found and found[0]["status"] == status and found[0]["observedGeneration"] == each["metadata"]["generation"] and found[0]
        return self.eventually(condition, f"{kind} {name} has Accepted={status}")

    def denied(self, each):
        return "denied the request" in self.kubectl.apply(each, "--dry-run=server", check=False).err

    def eventually_denied(self, each, what):
        self.eventually(lambda: self.denied(each), what)

    def eventually_passes(self, each, what):
        self.eventually(lambda: not self.denied(each), what)


class Policies(Live):
    namespace = "team-live"

    def test_a_policy_counts_within_seconds_and_so_does_its_end(self):
        wrong = deployment("wrong", "1g.10gb", MEDIUM)
        self.assertFalse(self.denied(wrong))
        self.kubectl.apply(custom("SlicePolicy", "enforced", mode="enforce", gpus=[H100]))
        self.eventually_denied(wrong, "the policy is in force")
        self.assertEqual(self.accepted("slicepolicy", "enforced", "True")["message"], "in force")
        self.kubectl.run("patch", "slicepolicy", "enforced", "--type=merge", "-p", '{"spec": {"mode": "audit"}}')
        self.eventually_passes(wrong, "the policy only audits")
        self.kubectl.run("patch", "slicepolicy", "enforced", "--type=merge", "-p", '{"spec": {"mode": "enforce"}}')
        self.eventually_denied(wrong, "the policy is enforced again")
        self.kubectl.run("delete", "slicepolicy", "enforced")
        self.eventually_passes(wrong, "the policy is gone")

    def test_a_bad_policy_does_not_get_in(self):
        bad = custom("SlicePolicy", "default", mode="audit", gpus=[H100], slices={"offered": ["1g.11gb"]})   # no schema can tell
        printed = self.apply_file("bad", bad)
        self.assertEqual(printed.err, f'Error from server (Forbidden): error when creating "bad.yaml": admission webhook "{POLICIES}" denied the '
                                      f"request: SlicePolicy {self.namespace}/default is not accepted: {WRONG_SLICE} [UnknownProfile]\n")

    def test_one_that_got_in_says_why_and_the_last_good_version_stays(self):
        wrong = deployment("wrong", "1g.10gb", MEDIUM)
        self.kubectl.apply(custom("SlicePolicy", "kept", mode="enforce", gpus=[H100]))
        self.eventually_denied(wrong, "the policy is in force")
        self.without_webhook(POLICIES)
        bad = custom("SlicePolicy", "kept", mode="audit", gpus=[H100], slices={"offered": ["1g.11gb"]})
        self.eventually(lambda: self.kubectl.apply(bad, check=False).status == 0, "nobody looks at policies")
        condition = self.accepted("slicepolicy", "kept", "False")
        self.assertEqual((condition["reason"], condition["message"]), ("UnknownProfile", f"{WRONG_SLICE}; the version before it stays in force"))
        self.assertEqual(self.kubectl.run("get", "slicepolicies", "-o", "wide").out.splitlines()[1].split()[:4], ["kept", "audit", "False", "UnknownProfile"])
        [event] = self.eventually(lambda: self.kubectl.get("events", "--field-selector", "reason=NotAccepted")["items"], "an event says so")
        self.assertEqual((event["type"], event["involvedObject"]["name"]), ("Warning", "kept"))
        self.assertEqual(event["message"], f"UnknownProfile: {WRONG_SLICE}; the version before it stays in force")
        self.assertTrue(self.denied(wrong))
        self.kubectl.apply(custom("SlicePolicy", "kept", mode="audit", gpus=[H100]))
        self.accepted("slicepolicy", "kept", "True")
        self.eventually_passes(wrong, "the mended policy only audits")

    def test_the_last_good_version_outlives_a_restart_of_all_replicas(self):
        wrong = deployment("wrong", "1g.10gb", MEDIUM)
        self.kubectl.apply(custom("SlicePolicy", "survives", mode="enforce", gpus=[H100]))
        self.eventually(lambda: "lastAccepted" in self.kubectl.get("slicepolicy", "survives").get("status", {}), "the good version is kept")
        self.cluster.node.kill_all()
        self.kubectl.apply(custom("SlicePolicy", "survives", mode="audit", gpus=[H100], slices={"offered": ["1g.11gb"]}))   # nobody looks
        for _ in range(INSTANCES):
            self.cluster.node.start_pod()
        for pod in self.cluster.node.pods:
            self.assertEqual(json.loads(pod.ops("/readyz")[1])["policies"]["keptFromBefore"], [f"{self.namespace}/survives"])
        self.assertTrue(self.denied(wrong))
        self.assertTrue(self.accepted("slicepolicy", "survives", "False")["message"].endswith("; the version before it stays in force"))

    def without_webhook(self, name):
        """It is not called until the test ends."""
        hooks = self.admin.get("validatingwebhookconfiguration", "rightslice")["webhooks"]
        [index] = [index for index, each in enumerate(hooks) if each["name"] == name]
        self.addCleanup(self.cluster.checkout.run, f"{runbook.ENFORCE}\n{runbook.PATCH_CA}")
        self.admin.run("patch", "validatingwebhookconfiguration", "rightslice", "--type=json", "-p",
                       json.dumps([{"op": "remove", "path": f"/webhooks/{index}"}]))

    def test_a_policy_over_namespaces_by_label(self):
        wrong = deployment("wrong", "1g.10gb", MEDIUM)
        self.admin.apply(custom("ClusterSlicePolicy", "by-label", mode="enforce", namespaceSelector={"matchLabels": {"gpu": "guarded"}}))
        self.addCleanup(self.admin.run, "delete", "clusterslicepolicy", "by-label")
        self.accepted("clusterslicepolicy", "by-label", "True")
        self.assertFalse(self.denied(wrong))
        self.admin.run("label", "namespace", self.namespace, "gpu=guarded")
        self.eventually_denied(wrong, "the label of the namespace is seen")
        self.admin.run("label", "namespace", self.namespace, "gpu-")
        self.eventually_passes(wrong, "the label is gone")

    def test_an_exception_for_one_workload(self):
        self.kubectl.apply(custom("SlicePolicy", "strict", mode="enforce", gpus=[H100]))
        legacy, other = deployment("legacy-chat", "1g.10gb", MEDIUM), deployment("other", "1g.10gb", MEDIUM)
        self.eventually_denied(legacy, "the policy is in force")
        expires = (datetime.date.today() + datetime.timedelta(days=60)).isoformat()
        self.kubectl.apply(custom("SliceException", "legacy", kind="Deployment", name="legacy-*", findings=["Undersized"], owner="ml-platform",
                                  reason="migration", expires=expires))
        self.eventually_passes(legacy, "the exception counts")
        self.assertTrue(self.denied(other))
        self.assertEqual(self.accepted("sliceexception", "legacy", "True")["message"], "counts until its last day")
        self.kubectl.run("delete", "sliceexception", "legacy")
        self.eventually_denied(legacy, "the exception is gone")

    def test_the_api_server_is_restarted(self):
        wrong = deployment("wrong", "1g.10gb", MEDIUM)
        self.kubectl.apply(custom("SlicePolicy", "outlives", mode="enforce", gpus=[H100]))
        self.eventually_denied(wrong, "the policy is in force")
        self.cluster.control_plane.restart("kube-apiserver")
        self.assertTrue(self.denied(wrong))
        self.assertTrue(all(pod.ready() for pod in self.cluster.node.pods))
        self.kubectl.run("delete", "slicepolicy", "outlives")
        self.eventually_passes(wrong, "the watch goes on")

    def test_the_files_of_the_config_map_count_beside_the_objects(self):
        self.admin.run("create", "namespace", "inference-live")
        printed = self.admin.within("inference-live").apply(deployment("wrong", "1g.10gb", MEDIUM), "--dry-run=server", check=False)
        self.assertIn("[policy inference, mode enforce;", printed.err)


class Inventory(Live):
    """A policy that says nothing of slices: what may be written is what the nodes offer."""
    namespace = "team-inventory"
    node_name = "a100-80-mixed"

    def setUp(self):
        self.kubectl.apply(custom("SlicePolicy", "by-nodes", mode="enforce", load={"concurrency": 8, "context": 4096}, actions={"Oversized": "rewrite"}))

    def offer(self, resources):
        gpu_nodes.offer(self.admin, self.node_name, {slice_name(profile): count for profile, count in resources.items()})

    def written(self, each):
        """The slice that is stored, by a dry run."""
        printed = self.kubectl.apply(each, "--dry-run=server", "-o", "jsonpath={.spec.template.spec.containers[0].resources.limits}", check=False)
        return [*json.loads(printed.out)] if printed.status == 0 else printed.err

    def test_a_change_of_the_nodes_changes_what_is_written(self):
        self.addCleanup(gpu_nodes.offer, self.admin, self.node_name, gpu_nodes.NODES[self.node_name][4])
        wide = deployment("wide", "7g.80gb", product=A100_80)
        self.offer({"3g.40gb": 8, "7g.80gb": 1})
        self.eventually(lambda: self.written(wide) == [slice_name("3g.40gb")], "the only smaller slice there is")
        self.offer({"1g.10gb": 28, "3g.40gb": 8, "7g.80gb": 1})
        self.eventually(lambda: self.written(wide) == [slice_name("1g.10gb")], "a smaller one, offered now")
        self.offer({"7g.80gb": 8})
        self.eventually(lambda: self.written(wide) == [slice_name("7g.80gb")], "no other slice is offered")

    def test_a_node_that_joins_and_leaves(self):
        name = "a100-80-late"
        gpu_nodes.NODES[name] = (A100_80, 81920, 8, "mixed", {slice_name("2g.20gb"): 8})
        self.addCleanup(gpu_nodes.NODES.pop, name)
        medium = deployment("medium", "3g.40gb", MEDIUM, product=A100_80)
        self.eventually(lambda: self.written(medium) == [slice_name("3g.40gb")], "nothing between 1g.10gb and 3g.40gb")
        gpu_nodes.create(self.admin, [name])
        self.eventually(lambda: self.written(medium) == [slice_name("2g.20gb")], "the slice of the new node")
        self.admin.run("delete", "node", name)
        self.eventually(lambda: self.written(medium) == [slice_name("3g.40gb")], "it is gone with its node")


class Budget(Live):
    """Half a GPU: four slices of an eighth."""
    namespace = "team-budget"

    def setUp(self):
        self.kubectl.apply(custom("SlicePolicy", "half", mode="enforce", gpus=[H100], budget={"gpus": 0.5}))
        self.accepted("slicepolicy", "half", "True")

    def tearDown(self):
        super().tearDown()
        self.kubectl.run("delete", "deployments", "--all")

    def scale(self, name, replicas):
        return self.kubectl.run("scale", "deployment", name, f"--replicas={replicas}", check=False)

    def pods(self, count):
        self.eventually(lambda: len(self.kubectl.get("pods")["items"]) == count, f"{count} pods")

    def test_it_counts_what_runs_and_pods_only_once(self):
        self.kubectl.apply(deployment("chat", "1g.10gb", replicas=2))
        self.eventually_denied(deployment("other", "1g.10gb", replicas=3), "chat is counted")
        self.kubectl.apply(deployment("other", "1g.10gb", replicas=2))
        self.pods(4)
        self.eventually_denied(deployment("third", "1g.10gb"), "all of it is used")

    def test_scale_is_held_to_it_and_goes_down_always(self):
        self.kubectl.apply(deployment("chat", "1g.10gb", replicas=2))
        self.kubectl.apply(deployment("other", "1g.10gb", replicas=2))
        self.eventually_denied(deployment("third", "1g.10gb"), "both are counted")
        self.assertEqual(self.scale("chat", 3).err, (
            'Error from server (Forbidden): admission webhook "scale.rightslice.io" denied the request: OverBudget: namespace budget of policy '
            f"{self.namespace}/half would be passed: this object takes 0.375 GPUs, with 0.25 GPUs already in use, of a budget of 0.5 GPUs; ask for less, "
            f"lower the replicas, or have the budget raised [policy {self.namespace}/half, mode enforce; see policies/findings/OverBudget.md]\n"))
        self.pods(4)
        self.assertEqual(self.scale("other", 1).err, "")
        self.eventually(lambda: self.scale("chat", 3).status == 0, "what was given back is free")
        self.eventually_denied(deployment("third", "1g.10gb"), "all of it is used again")
        self.assertIn("OverBudget", self.scale("other", 2).err)
        self.assertEqual(self.scale("chat", 0).err, "")

    def test_what_an_autoscaler_may_ask_for_counts(self):
        """Its maximum is in use from the start, it may go up to it, and who is denied for it reads its name."""
        self.kubectl.apply(deployment("chat", "1g.10gb", replicas=1))
        self.kubectl.run("autoscale", "deployment", "chat", "--min=1", "--max=3", "--cpu=50%")
        self.addCleanup(self.kubectl.run, "delete", "hpa", "chat", "--ignore-not-found")
        two = deployment("other", "1g.10gb", replicas=2)
        self.eventually_denied(two, "the autoscaler counts")
        self.assertIn("with 0.375 GPUs already in use, of a budget of 0.5 GPUs; in use includes the maximum of HorizontalPodAutoscaler chat (3)",
                      self.kubectl.apply(two, "--dry-run=server", check=False).err)
        self.assertEqual(self.scale("chat", 3).err, "")
        self.assertIn("OverBudget", self.scale("chat", 5).err)
        self.kubectl.run("patch", "hpa", "chat", "--type=merge", "-p", '{"spec": {"maxReplicas": 8}}')
        one = deployment("other", "1g.10gb")
        self.eventually(lambda: "chat (8)" in self.kubectl.apply(one, "--dry-run=server", check=False).err, "the raised maximum counts")
        self.assertEqual(self.scale("chat", 4).err, "")   # what really runs keeps to the budget
        self.assertIn("takes 0.625 GPUs, with 0 GPUs already in use", self.scale("chat", 5).err)
        self.kubectl.run("delete", "hpa", "chat")
        self.assertEqual(self.scale("chat", 2).err, "")
        self.eventually_passes(two, "the autoscaler is gone, and half of the pods")

    def test_an_autoscaler_is_held_to_it_and_says_so(self):
        self.kubectl.apply(deployment("chat", "1g.10gb", replicas=2))
        self.eventually_denied(deployment("other", "1g.10gb", replicas=3), "chat is counted")
        self.kubectl.run("autoscale", "deployment", "chat", "--min=6", "--max=8", "--cpu=50%")
        self.addCleanup(self.kubectl.run, "delete", "hpa", "chat")

        def told():
            conditions = {each["type"]: each for each in self.kubectl.get("hpa", "chat").get("status", {}).get("conditions", [])}
            return conditions.get("AbleToScale", {}).get("reason") == "FailedUpdateScale" and conditions["AbleToScale"]["message"]
        self.assertIn("OverBudget", self.eventually(told, "the autoscaler's condition"))
        self.pods(2)
