"""Installing, switching off in an emergency, uninstalling: the runbook's own commands."""
import json

import runbook
from checkout import section
from cluster import INSTANCES
from scenario import MEDIUM, SMALL, VALIDATE, Scenario, deployment, policy, slice_name

WEBHOOKS = "validatingwebhookconfigurations,mutatingwebhookconfigurations"


class Installed(Scenario):
    namespace = "inference-installed"

    def test_the_pods_are_let_in_by_the_restricted_pod_security_of_the_namespace(self):
        # Where no kubelet makes a pod ready, a rollout of another scenario stands still at one more than these.
        pods = self.eventually(lambda: (found := self.admin.get("-n", "rightslice", "pods")["items"]) and len(found) >= INSTANCES and found, "its pods")
        self.assertEqual({pod["metadata"]["labels"]["app.kubernetes.io/name"] for pod in pods}, {"rightslice"})
        printed = self.admin.run("label", "namespace", "rightslice", "--dry-run=server", "--overwrite",
                                 "pod-security.kubernetes.io/enforce=restricted")
        self.assertEqual(printed.warnings, [])   # it would name the pods that break the rule

    def test_applying_it_again_changes_nothing(self):
        def versions():
            of_namespace = self.admin.get("-n", "rightslice", "serviceaccounts,configmaps,services,deployments,poddisruptionbudgets")["items"]
            everything = [*of_namespace, *self.admin.get(WEBHOOKS)["items"], self.admin.get("namespace", "rightslice")]
            return {(each["kind"], each["metadata"]["name"]): each["metadata"].get("generation", each["metadata"]["resourceVersion"]) for each in everything}
        before = versions()
        self.cluster.checkout.run(runbook.ENFORCE)
        self.assertEqual(versions(), before)

    def test_the_ca_bundle_survives_an_apply(self):
        bundles = lambda: [each["webhooks"][0]["clientConfig"].get("caBundle") for each in self.admin.get(WEBHOOKS)["items"]]
        before = bundles()
        self.cluster.checkout.run(runbook.AUDIT)
        self.assertEqual((len(before), bundles()), (2, before))
        self.cluster.enforce()
        self.assertEqual(bundles(), before)

    def test_the_webhook_is_seen_to_work_as_the_runbook_says(self):
        self.assertEqual(self.cluster.checkout.run(runbook.CALLED), "deployment.apps/prototype created (server dry run)\n")
        self.assertIn("webhook_admission_duration_seconds_count", self.cluster.checkout.run(runbook.SEEN))


class Policies(Scenario):
    """What is in the ConfigMap, and what is not."""
    namespace = "nobody"
    policies = {"broken.yaml": policy("nobody", mode="audit")}

    def test_a_namespace_without_a_policy_is_left_alone(self):
        self.addCleanup(self.cluster.enforce)
        gone = [{"op": "remove", "path": f"/data/{name}"} for name in ("audit.yaml", "broken.yaml")]
        self.admin.run("-n", "rightslice", "patch", "configmap", "rightslice-policies", "--type=json", "-p", json.dumps(gone))
        self.cluster.node.sync()
        for name, profile, footprint, need in (("small", "1g.10gb", MEDIUM, 12 << 30), ("wide", "7g.80gb", SMALL, 6 << 30)):
            printed = self.apply_file(name, deployment(name, profile, footprint))
            self.assertEqual((printed.status, printed.out, printed.err), (0, f"deployment.apps/{name} created\n", ""))
            recorded = self.audited(resource="deployments", name=name, verb="create")
            self.assertEqual({key: value for key, value in recorded.items() if key.startswith(VALIDATE)}, {
                f"{VALIDATE}/decision": "allow", f"{VALIDATE}/need": str(need), f"{VALIDATE}/requested": f"{slice_name(profile)}:1"})
            self.assertEqual(self.limits("deployment", name), {slice_name(profile): "1"})

    def test_a_bad_policy_keeps_its_last_good_version_and_the_others_go_on(self):
        enforcing = policy("nobody", mode="enforce")
        self.addCleanup(self.cluster.set_policies, {"broken.yaml": policy("nobody", mode="audit")})
        self.cluster.set_policies({"broken.yaml": enforcing})
        self.assertIn("[policy nobody/default, mode enforce;", self.apply_file("wrong", deployment("wrong", "1g.10gb", MEDIUM)).err)
        self.cluster.set_policies({"broken.yaml": enforcing.replace('"mode"', '"mood"')})
        self.assertIn("[policy nobody/default, mode enforce;", self.apply_file("wrong", deployment("wrong", "1g.10gb", MEDIUM)).err)
        for pod in self.cluster.node.pods:
            self.assertEqual(pod.metric("rightslice_policy_files_bad"), 1)
            self.assertTrue(pod.ready())
            told = [(each["file"].rsplit("/", 1)[1], each["error"]) for each in pod.log_lines() if each["msg"] == "policy file"]
            self.assertEqual([file for file, error in told if error.startswith("spec.mood: there is no such field;")], ["broken.yaml"])
        self.assertIn("policies loaded; bad ones keep their last good version", section("deploy/README.md", "When something is wrong"))


class Emergency(Scenario):
    namespace = "inference-emergency"

    def test_one_line_switches_it_off_and_changes_no_workload(self):
        self.kubectl.apply(deployment("rewritten", "3g.40gb"))
        before = self.kubectl.get("deployment", "rewritten")
        wrong = deployment("wrong", "1g.10gb", MEDIUM)
        self.assertIn("denied the request", self.apply_file("wrong", wrong).err)
        self.cluster.checkout.run(runbook.EMERGENCY)
        try:
            self.eventually(lambda: self.apply_file("wrong", wrong).status == 0, "nothing is called any more")
            after = self.kubectl.get("deployment", "rewritten")
            self.assertEqual((after["metadata"]["generation"], after["spec"]), (before["metadata"]["generation"], before["spec"]))
        finally:
            self.cluster.checkout.run(f"{runbook.ENFORCE}\n{runbook.PATCH_CA}")
        refused = deployment("again", "1g.10gb", MEDIUM)
        self.eventually(lambda: "denied the request" in self.apply_file("again", refused, "--dry-run=server").err, "it is back")

    def test_less_than_that_in_an_outage(self):
        """Nobody answers and it fails closed: it is let fail open, or one namespace is let out, until the next apply."""
        wrong = deployment("outage", "1g.10gb", MEDIUM)
        said = lambda: self.apply_file("outage", wrong, "--dry-run=server").err
        self.assertIn("denied the request", said())
        self.cluster.node.kill_all()
        try:
            for way in (runbook.FAIL_OPEN, runbook.LET_OUT.replace("team-a", self.namespace)):
                self.eventually(lambda: "failed calling webhook" in said(), "it fails closed")
                self.cluster.checkout.run(way)
                self.eventually(lambda: said() == "", "what is wrong gets in")
                self.cluster.checkout.run(runbook.ENFORCE)
        finally:
            self.cluster.checkout.run(runbook.ENFORCE)
            for _ in range(INSTANCES):
                self.cluster.node.start_pod()
        self.eventually(lambda: "denied the request" in said(), "an apply takes it back")


class Uninstall(Scenario):
    """Last: what comes after it finds a new installation."""
    namespace = "inference-uninstall"

    def test_a_cluster_without_it_works_as_before(self):
        self.kubectl.apply([deployment("rewritten", "3g.40gb"), deployment("plain", "1g.10gb")])
        before = self.kubectl.get("deployment", "rewritten")["spec"]
        self.cluster.checkout.run(runbook.UNINSTALL)
        self.cluster.node.stop()
        self.eventually(lambda: self.admin.run("get", "namespace", "rightslice", check=False).status == 1, "the namespace is gone")
        self.assertEqual(self.admin.get(WEBHOOKS)["items"], [])
        # Nothing that was installed cluster-wide is left, and nothing waits for a finalizer.
        self.cluster.checkout.run(runbook.NO_DEFINITIONS)
        everywhere = self.admin.run("get", f"{WEBHOOKS},clusterroles,clusterrolebindings,customresourcedefinitions,priorityclasses,apiservices", "-o", "name")
        self.assertEqual([each for each in everywhere.out.splitlines() if "rightslice" in each], [])

        self.assertEqual(self.kubectl.get("deployment", "rewritten")["spec"], before)
        printed = self.apply_file("wrong", deployment("wrong", "1g.10gb", MEDIUM))
        self.assertEqual((printed.status, printed.err), (0, ""))

        # What the runbook says of workloads that were rewritten.
        [line] = [line for line in self.cluster.checkout.run(runbook.REWRITTEN).splitlines() if f" {self.namespace} " in line]
        self.assertEqual(line.split(), ["Deployment", self.namespace, "rewritten", f"model={slice_name('3g.40gb')}:1>{slice_name('1g.10gb')}"])
        self.kubectl.apply(deployment("rewritten", "3g.40gb"))
        self.assertEqual(self.limits("deployment", "rewritten"), {slice_name("3g.40gb"): "1", slice_name("1g.10gb"): "1"})
        self.kubectl.run("replace", "-f", "-", stdin=deployment("rewritten", "3g.40gb"))
        self.assertEqual(self.limits("deployment", "rewritten"), {slice_name("3g.40gb"): "1"})
        self.kubectl.run("set", "image", "deployment/rewritten", "model=registry.example/model:2")
        self.kubectl.run("scale", "deployment", "rewritten", "--replicas=2")
        self.eventually(lambda: len(self.kubectl.get("pods", "-l", "app=rewritten")["items"]) >= 2, "its pods")
        self.kubectl.run("delete", "deployment", "rewritten")
        self.eventually(lambda: not self.kubectl.get("pods", "-l", "app=rewritten")["items"], "its pods are gone")

        self.cluster.install()
        self.assertEqual(len(self.cluster.node.pods), INSTANCES)
        self.assertIn("denied the request", self.apply_file("new", deployment("new", "1g.10gb", MEDIUM)).err)
        self.assertEqual(self.limits("deployment", "plain"), {slice_name("1g.10gb"): "1"})
