"""What `kubectl get` tells of a policy at a glance: of what runs now, by the replica that leads."""
import datetime

from gpu_nodes import H100
from scenario import MEDIUM, Scenario, deployment


def custom(kind, name, /, **spec):
    return {"apiVersion": "rightslice.io/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec}


class Status(Scenario):
    namespace = "team-status"
    slices = {"offered": ["1g.10gb", "1g.20gb", "2g.20gb", "3g.40gb"]}

    def tearDown(self):
        self.kubectl.run("delete", "slicepolicies,sliceexceptions,deployments", "--all")

    def row(self, kind, name):
        """Column -> what kubectl prints of one object."""
        head, line = self.kubectl.run("get", kind, name).out.splitlines()
        starts = [(each, head.index(each)) for each in head.split()]
        ends = [at for _, at in starts[1:]] + [None]
        return {name: line[at:end].strip() for (name, at), end in zip(starts, ends)}

    def eventually_row(self, kind, name, **wanted):
        wanted = {column.replace("_", "-"): value for column, value in wanted.items()}
        return self.eventually(lambda: wanted.items() <= self.row(kind, name).items() and self.row(kind, name), f"{kind} {name} shows {wanted}")

    def status(self, kind, name):
        return self.kubectl.get(kind, name).get("status", {})

    def test_a_policy_tells_what_it_would_do_to_what_runs(self):
        self.kubectl.apply(deployment("fits", "1g.10gb", replicas=2))
        self.kubectl.apply(deployment("small", "1g.10gb", MEDIUM))
        self.kubectl.apply(deployment("wide", "3g.40gb"))
        self.kubectl.apply(custom("SlicePolicy", "look", mode="audit", gpus=[H100], slices=self.slices))
        self.eventually_row("slicepolicies", "look", MODE="audit", ACCEPTED="True", WORKLOADS="3", WOULD_DENY="1",
                            FINDINGS="Undersized 1, Oversized 1")
        status = self.status("slicepolicy", "look")
        self.assertEqual(status["findings"], [{"code": "Undersized", "workloads": 1}, {"code": "Oversized", "workloads": 1}])
        self.assertEqual(status["wouldRewrite"], 0)
        evaluated = status["lastEvaluationTime"]

        metric = f'rightslice_policy_workloads{{policy="{self.namespace}/look"}}'
        for pod in self.cluster.node.pods:
            self.eventually(lambda pod=pod: pod.metric(metric) == 3, f"{metric} of {pod.name}")
        self.kubectl.run("delete", "deployment", "small")
        self.eventually_row("slicepolicies", "look", WORKLOADS="2", WOULD_DENY="0", FINDINGS="Oversized 1")
        self.assertGreater(self.status("slicepolicy", "look")["lastEvaluationTime"], evaluated)

    def test_an_exception_tells_how_long_it_counts_and_for_how_many(self):
        self.kubectl.apply(custom("SlicePolicy", "strict", mode="enforce", gpus=[H100], slices=self.slices))
        expires = (datetime.datetime.now(datetime.timezone.utc).date() + datetime.timedelta(days=60)).isoformat()
        self.kubectl.apply(custom("SliceException", "legacy", kind="Deployment", name="legacy-*", findings=["Undersized"], owner="ml-platform",
                                  reason="migration", expires=expires))
        self.eventually_row("sliceexceptions", "legacy", ACCEPTED="True", STATE="active", USED_BY="0")
        self.kubectl.apply(deployment("legacy-chat", "1g.10gb", MEDIUM))
        self.eventually_row("sliceexceptions", "legacy", USED_BY="1", OWNER="ml-platform", EXPIRES=expires)
        self.assertIn(self.status("sliceexception", "legacy")["daysLeft"], (59, 60))
        self.eventually_row("slicepolicies", "strict", WORKLOADS="1", WOULD_DENY="0", FINDINGS="none")

    def test_one_of_the_replicas_writes_and_only_when_there_is_something_new(self):
        self.kubectl.apply(custom("SlicePolicy", "once", mode="audit", gpus=[H100]))
        self.eventually_row("slicepolicies", "once", ACCEPTED="True", WORKLOADS="0", FINDINGS="none")
        leading = [pod.name for pod in self.cluster.node.pods if pod.metric('rightslice_leader{of="cluster"}') == 1]
        self.assertEqual(len(leading), 1)
        version = self.kubectl.get("slicepolicy", "once")["metadata"]["resourceVersion"]
        self.kubectl.apply(deployment("other", "1g.10gb"))
        self.eventually_row("slicepolicies", "once", WORKLOADS="1")
        self.assertNotEqual(self.kubectl.get("slicepolicy", "once")["metadata"]["resourceVersion"], version)
        writes = [each for each in self.cluster.control_plane.audit_events(namespace=self.namespace, verb="patch")
                  if each["objectRef"].get("subresource") == "status" and each["objectRef"]["name"] == "once"]
        self.assertLessEqual(len(writes), 3, "the verdict, the first numbers, and one change of them")
