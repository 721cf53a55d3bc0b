"""Dynamic Resource Allocation, as the API server of this Kubernetes serves it: claims, templates, classes, and what NVIDIA's driver publishes."""
import functools

from gpu_nodes import H100
from live_test import Live, custom
from scenario import MEDIUM, SMALL, VALIDATE, deployment

CLAIMS = "claims.rightslice.io"
API = "resource.k8s.io/v1"
ATTRIBUTES, MEMORY = 'device.attributes["gpu.nvidia.com"]', 'device.capacity["gpu.nvidia.com"].memory'
PRODUCT = "NVIDIA H100 80GB HBM3"


def profile(name):
    return f'{ATTRIBUTES}.profile == "{name}"'


def template(name, *selectors, device_class="mig.nvidia.com", **more):
    exactly = {"deviceClassName": device_class, "selectors": [{"cel": {"expression": each}} for each in selectors], **more}
    return {"apiVersion": API, "kind": "ResourceClaimTemplate", "metadata": {"name": name},
            "spec": {"spec": {"devices": {"requests": [{"name": "gpu", "exactly": exactly}]}}}}


def claiming(name, template_name, footprint=SMALL, **more):
    """A Deployment whose container asks by a claim of the template."""
    made = deployment(name, "1g.10gb", footprint, **more)
    pod = made["spec"]["template"]["spec"]
    pod.pop("nodeSelector")
    pod["resourceClaims"] = [{"name": "gpu", "resourceClaimTemplateName": template_name}]
    pod["containers"][0]["resources"] = {"claims": [{"name": "gpu"}]}
    return made


def resource_slice(name, devices):
    """What NVIDIA's driver publishes for a node of that name. devices: profile -> (MiB, how many)."""
    published = []
    for each, (memory, count) in devices.items():
        for index in range(count):
            published.append({"name": f"gpu-0-mig-{each.replace('.', '')}-{index}",
                              "attributes": {"type": {"string": "mig"}, "profile": {"string": each}, "productName": {"string": PRODUCT}},
                              "capacity": {"memory": {"value": f"{memory}Mi"}}})
    return {"apiVersion": API, "kind": "ResourceSlice", "metadata": {"name": name},
            "spec": {"driver": "gpu.nvidia.com", "nodeName": name, "pool": {"name": name, "generation": 1, "resourceSliceCount": 1}, "devices": published}}


class Claims(Live):
    namespace = "team-dra"

    def setUp(self):
        self.kubectl.apply(custom("SlicePolicy", "claims", mode="enforce", gpus=[H100], slices={"offered": ["1g.10gb", "1g.20gb", "3g.40gb"], "denied": ["7g.*"]},
                                  load={"concurrency": 8, "context": 4096}))
        self.accepted("slicepolicy", "claims", "True")

    def tearDown(self):
        super().tearDown()
        self.kubectl.run("delete", "deployments,resourceclaimtemplates", "--all")

    def test_a_template_and_what_uses_it_in_one_file(self):
        # The template is there for a moment only when the Deployment comes: it is asked for, not guessed.
        printed = self.apply_file("both", [template("small", profile("1g.10gb")), claiming("chat", "small", MEDIUM)])
        self.assertIn("resourceclaimtemplate.resource.k8s.io/small created", printed.out)
        self.assertIn(f'admission webhook "{VALIDATE}" denied the request: Undersized: container model: asks for 1g.10gb by claim gpu (ResourceClaimTemplate small), '
                      "but 1g.10gb holds 9.8 GiB", printed.err)
        self.assertIn("write profile 1g.20gb (19.6 GiB) in ResourceClaimTemplate small instead", printed.err)

    def test_a_template_counts_as_it_is_now(self):
        self.kubectl.apply(template("changing", profile("1g.10gb")))
        chat = claiming("chat", "changing", MEDIUM)
        self.assertTrue(self.denied(chat))
        self.kubectl.run("delete", "resourceclaimtemplate", "changing")
        self.kubectl.apply(template("changing", profile("1g.20gb")))
        self.eventually_passes(chat, "the larger slice of the new template")
        self.kubectl.apply(template("by-memory", f'{MEMORY}.compareTo(quantity("18Gi")) >= 0 && {MEMORY}.isLessThan(quantity("30Gi"))'))
        self.assertFalse(self.denied(claiming("fits", "by-memory", MEDIUM)))
        self.assertTrue(self.denied(claiming("too-large", "by-memory", "40Gi")))

    def test_what_cannot_be_decided_or_is_not_there_is_warned_about(self):
        self.kubectl.apply(template("by-pattern", f'{ATTRIBUTES}.productName.matches("H100")', device_class="gpu.nvidia.com"))
        for named, why in ("by-pattern", "ResourceClaimTemplate by-pattern, request gpu:"), ("later", "ResourceClaimTemplate later is not there"):
            with self.subTest(named):
                printed = self.apply_file("chat", claiming("chat", named, MEDIUM), "--dry-run=server")
                self.assertIn("deployment.apps/chat created", printed.out)
                self.assertIn(f"Warning: NotJudged: container model: claim gpu is not judged: {why}", printed.err)

    def test_a_template_that_is_nested_deeper_than_we_read_hides_no_other(self):
        # As any tenant may write it: the parameters of a driver are whatever that takes. Here out of the webhook's sight, as before it was installed.
        odd = template("odd", profile("1g.10gb"))
        parameters = functools.reduce(lambda inner, _: {"a": inner}, range(200), 1)
        odd["spec"]["spec"]["devices"]["config"] = [{"opaque": {"driver": "else.example.com", "parameters": parameters}}]
        elsewhere = self.kubectl.within("kube-system")
        elsewhere.run("create", "-f", "-", stdin=odd)
        unread = 'rightslice_watch_unread_objects{resource="resourceclaimtemplates.resource.k8s.io"}'
        try:
            self.eventually(lambda: all(pod.metric(unread) == 1 for pod in self.cluster.node.pods), "it is counted")
            self.kubectl.apply(template("after", profile("1g.10gb")))
            self.eventually_denied(claiming("chat", "after", MEDIUM), "what came after it is known")
            self.assertTrue(all(pod.ready() for pod in self.cluster.node.pods))
        finally:
            elsewhere.run("delete", "resourceclaimtemplate", "odd")
        self.eventually(lambda: all(pod.metric(unread) == 0 for pod in self.cluster.node.pods), "it is gone")

    def test_a_profile_that_is_not_allowed_is_denied_in_the_template_itself(self):
        printed = self.apply_file("seven", template("seven", profile("7g.80gb")))
        self.assertEqual(printed.err, f'Error from server (Forbidden): error when creating "seven.yaml": admission webhook "{CLAIMS}" denied the request: '
                                      f"ProfileNotAllowed: request gpu asks for 7g.80gb, and policy {self.namespace}/claims does not allow 7g.80gb here (allowed: every "
                                      f"profile; denied: 7g.*) [policy {self.namespace}/claims, mode enforce; see policies/findings/ProfileNotAllowed.md]\n")
        printed = self.apply_file("spelt", template("spelt", profile("1g.10gb.me")))
        self.assertIn("Warning: UnknownProfile: request gpu asks for 1g.10gb.me; no device has the profile", printed.err)

    def test_pods_get_their_claims_though_the_policy_has_changed(self):
        self.kubectl.apply(template("large", profile("3g.40gb")))
        self.kubectl.apply(claiming("chat", "large", replicas=1))
        self.eventually(lambda: len(self.kubectl.get("resourceclaims")["items"]) == 1, "a claim is made for the pod")
        self.kubectl.run("patch", "slicepolicy", "claims", "--type=merge", "-p", '{"spec": {"slices": {"denied": ["3g.*"]}}}')
        self.eventually_denied(claiming("other", "large"), "3g.40gb is not allowed any more")
        self.kubectl.run("scale", "deployment", "chat", "--replicas=2")
        self.eventually(lambda: len(self.kubectl.get("resourceclaims")["items"]) == 2, "another pod, another claim")


class Published(Live):
    """Products and slices that nothing but ResourceSlices tells of."""
    namespace = "team-dra-devices"
    node = "h100-dra"

    def setUp(self):
        self.kubectl.apply(custom("SlicePolicy", "by-devices", mode="enforce", load={"concurrency": 8, "context": 4096}, actions={"Oversized": "deny"}))
        self.accepted("slicepolicy", "by-devices", "True")
        self.kubectl.apply(template("large", profile("3g.40gb")))

    def publish(self, devices):
        self.admin.run("delete", "resourceslice", self.node, "--ignore-not-found")
        if devices:
            self.admin.apply(resource_slice(self.node, devices))
            self.addCleanup(self.admin.run, "delete", "resourceslice", self.node, "--ignore-not-found")

    def advice(self):
        return self.kubectl.apply(claiming("wide", "large"), "--dry-run=server", check=False).err

    def test_what_is_recommended_is_what_the_devices_offer(self):
        self.publish({"3g.40gb": (40448, 2)})
        self.eventually(lambda: "denied" not in self.advice(), "there is nothing smaller")
        self.publish({"1g.10gb": (9984, 7), "3g.40gb": (40448, 2)})
        self.eventually(lambda: "write profile 1g.10gb (9.8 GiB) in ResourceClaimTemplate large instead" in self.advice(), "a smaller one")

    def test_a_device_class_of_ones_own_says_what_its_resource_is(self):
        self.publish({"1g.10gb": (9984, 7)})
        self.admin.apply({"apiVersion": API, "kind": "DeviceClass", "metadata": {"name": "small-slice"},
                          "spec": {"selectors": [{"cel": {"expression": f'device.driver == "gpu.nvidia.com" && {profile("1g.10gb")}'}}]}})
        self.addCleanup(self.admin.run, "delete", "deviceclass", "small-slice")
        chat = deployment("chat", "1g.10gb", MEDIUM)
        chat["spec"]["template"]["spec"].pop("nodeSelector")
        chat["spec"]["template"]["spec"]["containers"][0]["resources"] = {"limits": {"deviceclass.resource.kubernetes.io/small-slice": 1}}
        self.eventually_denied(chat, "the class is known")
