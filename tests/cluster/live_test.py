"""`serve` follows the cluster: policies as custom resources, labels of namespaces, slices of nodes."""
import datetime
import json

import gpu_nodes
from checkout import ROOT
from gpu_nodes import A100_80, H100
from scenario import MEDIUM, Scenario, deployment, slice_name

# What it reads and writes, and no more.
ROLE = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "rightslice-follows"}, "rules": [
    {"apiGroups": ["rightslice.io"], "resources": ["slicepolicies", "clusterslicepolicies", "sliceexceptions"], "verbs": ["list", "watch"]},
    {"apiGroups": ["rightslice.io"], "verbs": ["patch"],
     "resources": ["slicepolicies/status", "clusterslicepolicies/status", "sliceexceptions/status"]},
    {"apiGroups": [""], "resources": ["namespaces", "nodes", "pods"], "verbs": ["list", "watch"]}]}
BINDING = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "rightslice-follows"},
           "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "rightslice-follows"},
           "subjects": [{"kind": "ServiceAccount", "name": "rightslice", "namespace": "rightslice"}]}


def custom(kind, name, /, **spec):
    return {"apiVersion": "rightslice.io/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec}


class Live(Scenario):
    """The pods run as their service account, with this role and with the policies of the ConfigMap beside those of the cluster."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        node = cls.cluster.node
        cls.admin.run("apply", "-f", ROOT / "deploy/crds")
        cls.admin.run("wait", "--for=condition=Established", "--timeout=30s", "-f", ROOT / "deploy/crds")
        cls.admin.apply([ROLE, BINDING])
        token = cls.admin.run("-n", "rightslice", "create", "token", "rightslice", "--duration=1h").out.strip()
        config = json.loads((cls.cluster.state / "admin.kubeconfig").read_text())
        config["users"][0]["user"] = {"token": token}
        kubeconfig = cls.cluster.state / "rightslice.kubeconfig"
        kubeconfig.write_text(json.dumps(config))
        kubeconfig.chmod(0o600)
        node.also = ["--kubeconfig", str(kubeconfig)]
        node.replace_all()
        cls.addClassCleanup(cls.unfollow)

    @classmethod
    def unfollow(cls):
        cls.cluster.node.also = []
        cls.cluster.node.replace_all()
        cls.admin.run("delete", "clusterslicepolicies", "--all")
        cls.admin.run("delete", "slicepolicies,sliceexceptions", "--all", "--all-namespaces")
        cls.admin.run("delete", "clusterrole,clusterrolebinding", "rightslice-follows")

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

    def test_a_bad_policy_says_why_and_the_last_good_version_stays(self):
        wrong = deployment("wrong", "1g.10gb", MEDIUM)
        self.kubectl.apply(custom("SlicePolicy", "kept", mode="enforce", gpus=[H100]))
        self.eventually_denied(wrong, "the policy is in force")
        # What a schema cannot see: a slice that no GPU has.
        self.kubectl.apply(custom("SlicePolicy", "kept", mode="audit", gpus=[H100], slices={"offered": ["1g.11gb"]}))
        condition = self.accepted("slicepolicy", "kept", "False")
        self.assertEqual((condition["reason"], condition["message"]), (
            "UnknownProfile", "spec.slices.offered[0]: no GPU product of the catalogue has a slice profile '1g.11gb'; did you mean '1g.12gb'?; "
            "the version before it stays in force"))
        self.assertTrue(self.denied(wrong))
        self.kubectl.apply(custom("SlicePolicy", "kept", mode="audit", gpus=[H100]))
        self.accepted("slicepolicy", "kept", "True")
        self.eventually_passes(wrong, "the mended policy only audits")
        self.kubectl.run("delete", "slicepolicy", "kept")

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
        self.addCleanup(self.kubectl.run, "delete", "slicepolicy", "strict")
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

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.kubectl.apply(custom("SlicePolicy", "by-nodes", mode="enforce", load={"concurrency": 8, "context": 4096}, actions={"Oversized": "rewrite"}))

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
