"""What is there already: the ratchet, scaling, and the chain from a Deployment to its pods."""
from scenario import MEDIUM, VALIDATE, Scenario, deployment, policy, slice_name

AUDIT, ENFORCE = policy("ratchet", mode="audit"), policy("ratchet", mode="enforce")


class Ratchet(Scenario):
    """Workloads that were there before enforcement began."""
    namespace = "ratchet"
    policies = {"ratchet.yaml": AUDIT}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.kubectl.apply([deployment(name, "1g.10gb", MEDIUM, replicas=2) for name in ("old", "scaled", "autoscaled", "worse", "mended", "restarted")])
        cls.cluster.set_policies({"ratchet.yaml": ENFORCE})

    def test_new_ones_are_denied(self):
        self.assertIn("denied the request: Undersized", self.apply_file("new", deployment("new", "1g.10gb", MEDIUM)).err)

    def test_an_unrelated_change_is_only_warned_about(self):
        printed = self.kubectl.run("set", "image", "deployment/old", "model=registry.example/model:2")
        self.assertEqual(printed.out, "deployment.apps/old image updated\n")
        self.assertEqual(printed.warnings, ["Undersized: model: needs 12 GiB, 1g.10gb holds 9.8 GiB; use nvidia.com/mig-1g.20gb"])
        self.assertEqual(self.kubectl.apply(deployment("old", "1g.10gb", MEDIUM, replicas=2)).warnings, printed.warnings)

    def test_what_makes_it_worse_is_denied(self):
        printed = self.apply_file("worse", deployment("worse", "1g.10gb", "14Gi", replicas=2))
        self.assertIn("cannot start with less than 14 GiB", printed.err)
        self.assertEqual(printed.status, 1)

    def test_what_mends_it_passes_and_there_is_no_way_back(self):
        self.assertEqual(self.apply_file("mended", deployment("mended", "1g.20gb", MEDIUM)).err, "")
        self.assertIn("denied the request: Undersized", self.apply_file("mended", deployment("mended", "1g.10gb", MEDIUM)).err)

    def test_kubectl_scale(self):
        for replicas in (1, 3, 0, 2):
            printed = self.kubectl.run("scale", "deployment", "scaled", f"--replicas={replicas}")
            self.assertEqual(printed.out, "deployment.apps/scaled scaled\n")
            self.eventually(lambda: len(self.pods("scaled")) == replicas, f"{replicas} pods")

    def test_a_rollout_of_something_unrelated_gets_its_pods(self):
        self.kubectl.run("rollout", "restart", "deployment/restarted")
        self.eventually(lambda: len(self.kubectl.get("replicasets", "-l", "app=restarted")["items"]) == 2, "a second ReplicaSet")
        revised = lambda: [pod for pod in self.pods("restarted") if "kubectl.kubernetes.io/restartedAt" in pod["metadata"]["annotations"]]
        self.eventually(revised, "a pod of the new template")

    def test_a_pod_that_is_deleted_comes_back(self):
        before = {pod["metadata"]["name"] for pod in self.eventually(lambda: self.pods("old"), "its pods")}
        self.kubectl.run("delete", "pods", "-l", "app=old", "--wait=false", "--grace-period=0", "--force")
        self.eventually(lambda: len({pod["metadata"]["name"] for pod in self.pods("old")} - before) == 2, "two new pods")

    def test_a_horizontal_autoscaler(self):
        self.kubectl.run("autoscale", "deployment", "autoscaled", "--min=4", "--max=6", "--cpu=50%")
        self.eventually(lambda: len(self.pods("autoscaled")) == 4, "as many pods as the autoscaler's minimum")

    def pods(self, app):
        return self.kubectl.get("pods", "-l", f"app={app}")["items"]


class Once(Scenario):
    namespace = "inference-once"

    def test_a_deployment_is_judged_and_what_comes_of_it_is_only_recorded(self):
        printed = self.apply_file("tight", deployment("tight", "1g.10gb", "9500Mi"))
        self.assertEqual(len(printed.warnings), 1)
        controller = "system:serviceaccount:kube-system:{}-controller"
        steps = {"deployments": ("admin", "warn"), "replicasets": (controller.format("deployment"), "allow"),
                 "pods": (controller.format("replicaset"), "allow")}
        for resource, (user, decision) in steps.items():
            with self.subTest(step=resource):
                recorded = self.audited(resource=resource, user=user, verb="create")
                self.assertEqual(recorded[f"{VALIDATE}/decision"], decision)
                self.assertEqual(recorded.get(f"{VALIDATE}/findings"), "TightFit" if resource == "deployments" else None)


class Chain(Scenario):
    """A Deployment is judged; the ReplicaSet and the pods that it makes follow it."""
    namespace = "inference-chain"

    def test_a_rewritten_one_carries_the_slice_to_its_pods(self):
        self.kubectl.apply(deployment("chat", "3g.40gb", replicas=2))
        pods = self.eventually(lambda: (found := self.kubectl.get("pods", "-l", "app=chat")["items"]) and len(found) == 2 and found, "two pods")
        for pod in pods:
            self.assertEqual(pod["spec"]["containers"][0]["resources"]["limits"], {slice_name("1g.10gb"): "1"})

    def test_a_pod_that_only_says_that_it_has_an_owner_is_judged(self):
        self.kubectl.apply(deployment("real", "1g.10gb"))
        owner = self.eventually(lambda: self.kubectl.get("replicasets", "-l", "app=real")["items"], "its ReplicaSet")[0]["metadata"]
        template = deployment("real", "1g.10gb", MEDIUM)["spec"]["template"]
        pod = {"apiVersion": "v1", "kind": "Pod", "spec": template["spec"], "metadata": {**template["metadata"], "name": "claimed", "ownerReferences": [
            {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": owner["name"], "uid": owner["uid"], "controller": True}]}}
        self.assertIn("denied the request: Undersized", self.kubectl.run("create", "-f", "-", stdin=pod, check=False).err)

    def test_a_job_and_a_cron_job_get_their_pods(self):
        template = deployment("any", "3g.40gb")["spec"]["template"]
        once = {**template, "spec": {**template["spec"], "restartPolicy": "Never"}}
        cron = {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "nightly"},
                "spec": {"schedule": "0 0 1 1 *", "jobTemplate": {"spec": {"template": once}}}}
        self.kubectl.apply(cron)
        self.kubectl.run("create", "job", "tonight", "--from=cronjob/nightly")
        pod = self.eventually(lambda: self.kubectl.get("pods", "-l", "job-name=tonight")["items"], "the pod of the job")[0]
        self.assertEqual(pod["spec"]["containers"][0]["resources"]["limits"], {slice_name("1g.10gb"): "1"})
