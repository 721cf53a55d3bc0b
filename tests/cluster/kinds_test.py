"""Kinds of serving projects, by their CRDs: denied, warned of, rewritten; their children; what they use of a budget."""
from gpu_nodes import H100
from live_test import Live, custom
from scenario import MEDIUM, ORIGINAL, SMALL, Scenario, deployment, pod_spec, slice_name

SERVING = "serving.rightslice.io"


def made(api_version, kind, name, /, **rest):
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name}, **rest}


def predictor(name, profile, footprint):
    return made("serving.kserve.io/v1beta1", "InferenceService", name, spec={"predictor": {
        "annotations": {"rightslice.io/footprint": footprint}, "nodeSelector": {"nvidia.com/gpu.product": H100},
        "containers": [{"name": "kserve-container", "image": "registry.example/model:1", "resources": {"limits": {slice_name(profile): "1"}}}]}})


def group_of(name, profile, footprint=SMALL, replicas=1, size=2):
    template = {"metadata": {"annotations": {"rightslice.io/footprint": footprint}}, "spec": pod_spec(profile)}
    return made("leaderworkerset.x-k8s.io/v1", "LeaderWorkerSet", name,
                spec={"replicas": replicas, "leaderWorkerTemplate": {"size": size, "workerTemplate": template}})


class Kinds(Scenario):
    namespace = "inference-kinds"

    def test_an_inference_service_is_denied_where_its_own_container_cannot_start(self):
        printed = self.apply_file("chat", predictor("chat", "1g.10gb", MEDIUM))
        self.assertEqual(printed.err, (
            f'Error from server (Forbidden): error when creating "chat.yaml": admission webhook "{SERVING}" denied the request: Undersized: container '
            "kserve-container: asks for nvidia.com/mig-1g.10gb, but 1g.10gb holds 9.8 GiB, and the container cannot start with less than 12 GiB "
            "(footprint 12 GiB); ask for nvidia.com/mig-1g.20gb (19.6 GiB) instead [policy inference, mode enforce; see "
            "policies/findings/Undersized.md]\n"))

    def test_an_inference_service_is_rewritten_and_the_second_time_nothing_changes(self):
        asked, written = slice_name("3g.40gb"), slice_name("1g.10gb")
        printed = self.apply_file("wide", predictor("wide", "3g.40gb", SMALL))
        self.assertEqual((printed.out, printed.warnings), ("inferenceservice.serving.kserve.io/wide created\n",
                                                           [f"Oversized: container kserve-container: {asked} rewritten to {written}"]))
        stored = self.kubectl.get("inferenceservice", "wide")
        self.assertEqual(stored["spec"]["predictor"]["containers"][0]["resources"]["limits"], {written: "1"})
        self.assertEqual(stored["spec"]["predictor"]["annotations"][ORIGINAL], f"kserve-container={asked}:1>{written}")
        self.apply_file("wide", predictor("wide", "3g.40gb", SMALL))
        self.assertEqual(self.kubectl.get("inferenceservice", "wide")["metadata"]["generation"], stored["metadata"]["generation"])

    def test_a_nim_service_is_advised_and_stays_as_it_is(self):
        asked = slice_name("3g.40gb")
        service = made("apps.nvidia.com/v1alpha1", "NIMService", "nim", spec={
            "image": {"repository": "nvcr.io/nim/meta/llama", "tag": "1"}, "annotations": {"rightslice.io/footprint": SMALL},
            "nodeSelector": {"nvidia.com/gpu.product": H100}, "resources": {"limits": {asked: 1}}})
        printed = self.apply_file("nim", service)
        self.assertEqual(printed.out, "nimservice.apps.nvidia.com/nim created\n")
        self.assertEqual(len(printed.warnings), 2, printed.err)   # of /mutate, which was told to write, and of /validate
        self.assertIn(slice_name("1g.10gb"), printed.err)
        self.assertEqual(self.kubectl.get("nimservice", "nim")["spec"]["resources"]["limits"], {asked: 1})

    def test_what_hangs_on_an_object_that_is_not_read_is_a_warning(self):
        service = made("serving.kserve.io/v1beta1", "InferenceService", "by-format", spec={"predictor": {
            "nodeSelector": {"nvidia.com/gpu.product": H100},
            "model": {"modelFormat": {"name": "huggingface"}, "storageUri": "hf://Qwen/Qwen2.5-7B-Instruct",
                      "resources": {"limits": {slice_name("1g.10gb"): "1"}}}}})
        printed = self.apply_file("by-format", service)
        self.assertEqual(printed.out, "inferenceservice.serving.kserve.io/by-format created\n")
        self.assertEqual(len(printed.warnings), 1)

    def test_a_rollout_of_a_deployment_passes_and_the_deployment_is_judged(self):
        rollout = made("argoproj.io/v1alpha1", "Rollout", "web", spec={"replicas": 1, "workloadRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}})
        self.assertEqual(self.apply_file("rollout", rollout).err, "")
        self.assertIn("denied the request: Undersized", self.apply_file("web", deployment("web", "1g.10gb", MEDIUM)).err)
        own = {**deployment("own", "1g.10gb", MEDIUM), "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout"}
        self.assertIn("denied the request: Undersized", self.apply_file("own", own).err)

    def test_an_object_of_the_same_kind_without_a_gpu_passes_in_silence(self):
        plain = made("serving.kserve.io/v1beta1", "InferenceService", "sklearn", spec={"predictor": {"model": {"modelFormat": {"name": "sklearn"}, "storageUri": "gs://x"}}})
        self.assertEqual(self.apply_file("plain", plain).err, "")


class Children(Live):
    """Their owner was seen, or they are judged."""
    namespace = "team-children"

    def child(self, owner, name, profile="1g.10gb", footprint=MEDIUM):
        set_of = {**deployment(name, profile, footprint), "kind": "StatefulSet"}
        set_of["spec"]["serviceName"] = name
        set_of["metadata"]["ownerReferences"] = [{"apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": owner["metadata"]["name"],
                                                  "uid": owner["metadata"]["uid"], "controller": True}]
        return set_of

    def test_children_of_a_group_that_was_there_before_are_not_blocked(self):
        self.kubectl.apply(group_of("llm", "1g.10gb", MEDIUM))
        self.kubectl.apply(custom("SlicePolicy", "enforced", mode="enforce", gpus=[H100]))
        self.accepted("slicepolicy", "enforced", "True")
        self.eventually_denied(group_of("new", "1g.10gb", MEDIUM), "the policy is in force")
        owner = self.kubectl.get("leaderworkerset", "llm")
        self.eventually_passes(self.child(owner, "llm"), "the owner is seen")
        self.assertTrue(self.denied(self.child(owner, "other", "1g.20gb", "30Gi")), "a child that asks for something else is judged")
        stranger = {**owner, "metadata": {"name": "llm", "uid": "00000000-0000-0000-0000-000000000000"}}
        self.assertTrue(self.denied(self.child(stranger, "stranger")), "an owner that is not there proves nothing")


class Use(Live):
    """Half a GPU: four slices of an eighth."""
    namespace = "team-kinds-budget"

    def test_all_pods_of_a_group_count_and_so_does_its_scale(self):
        self.kubectl.apply(custom("SlicePolicy", "half", mode="enforce", gpus=[H100], budget={"gpus": 0.5}))
        self.accepted("slicepolicy", "half", "True")
        self.kubectl.apply(group_of("llm", "1g.10gb", replicas=1, size=3))
        self.eventually_denied(deployment("other", "1g.10gb", replicas=2), "three pods of the group are counted")
        self.assertFalse(self.denied(deployment("other", "1g.10gb", replicas=1)))
        scaled = self.kubectl.run("scale", "leaderworkerset", "llm", "--replicas=2", check=False)
        self.assertIn("this object takes 0.75 GPUs", scaled.err)
        self.assertEqual(self.kubectl.run("scale", "leaderworkerset", "llm", "--replicas=0", check=False).err, "")
        self.eventually_passes(deployment("other", "1g.10gb", replicas=4), "what was given back is free")

    def test_the_scale_of_a_replication_controller_is_held_to_the_budget(self):
        self.kubectl.apply(custom("SlicePolicy", "half", mode="enforce", gpus=[H100], budget={"gpus": 0.5}))
        self.accepted("slicepolicy", "half", "True")
        template = deployment("old", "1g.10gb")["spec"]["template"]
        self.kubectl.apply(made("v1", "ReplicationController", "old", spec={"replicas": 2, "selector": {"app": "old"}, "template": template}))
        self.addCleanup(self.kubectl.run, "delete", "replicationcontroller", "old")
        self.eventually_denied(deployment("other", "1g.10gb", replicas=3), "its pods are counted")
        scaled = self.kubectl.run("scale", "replicationcontroller", "old", "--replicas=5", check=False)
        self.assertIn("this object takes 0.625 GPUs", scaled.err)
