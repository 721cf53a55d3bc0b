"""What the scenarios share: the cluster of the run, a namespace for each, and the workloads that people apply."""
import json
import pathlib
import tempfile
import time
import unittest

from gpu_nodes import H100
from kubectl import manifest
from server_process import PATIENCE

VALIDATE, MUTATE = "validate.rightslice.io", "mutate.rightslice.io"
ORIGINAL = "rightslice.io/original-request"


def slice_name(profile):
    return "nvidia.com/mig-" + profile


# A model that needs 6 GiB fits on 1g.10gb with room to spare, one of 12 GiB on 1g.20gb and larger.
SMALL, MEDIUM = "6Gi", "12Gi"


def pod_spec(profile, count=1, product=H100):
    container = {"name": "model", "image": "registry.example/model:1", "resources": {"limits": {slice_name(profile): count}}}
    return {"nodeSelector": {"nvidia.com/gpu.product": product}, "containers": [container]}


def deployment(name, profile, footprint=SMALL, replicas=1, **pod):
    template = {"metadata": {"labels": {"app": name}, "annotations": {"rightslice.io/footprint": footprint}}, "spec": pod_spec(profile, **pod)}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
            "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": template}}


def policy(namespace, name="default", **spec):
    """The text of a SlicePolicy over the slices of the H100 nodes."""
    slices = {"offered": ["1g.10gb", "1g.20gb", "2g.20gb", "3g.40gb"]}
    spec = {"mode": "enforce", "gpus": [H100], "slices": slices, "load": {"concurrency": 8, "context": 4096}, **spec}
    return json.dumps({"apiVersion": "rightslice.io/v1alpha1", "kind": "SlicePolicy",
                       "metadata": {"name": name, "namespace": namespace}, "spec": spec}, indent=1)


class Scenario(unittest.TestCase):
    cluster = None    # set by scenarios.py
    namespace = None  # of the class; made when it begins
    policies = {}     # file name -> text, in force from the start
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.admin = cls.cluster.kubectl
        if cls.namespace:
            cls.admin.run("create", "namespace", cls.namespace)
            cls.kubectl = cls.admin.within(cls.namespace)

    def files(self, **objects):
        """A folder with NAME.yaml of each, as a person has them; the folder."""
        holder = tempfile.TemporaryDirectory(dir=self.cluster.state)
        self.addCleanup(holder.cleanup)
        folder = pathlib.Path(holder.name)
        for name, each in objects.items():
            (folder / f"{name}.yaml").write_text(manifest(each), encoding="utf-8")
        return folder

    def apply_file(self, name, each, *flags):
        """`kubectl apply -f NAME.yaml`, as printed."""
        return self.kubectl.run("apply", "-f", f"{name}.yaml", *flags, check=False, folder=self.files(**{name: each}))

    def eventually(self, condition, what):
        """`condition` becomes true, and what it was then."""
        end = time.monotonic() + PATIENCE
        while not (found := condition()):
            if time.monotonic() > end:
                self.fail("waited in vain: " + what)
            time.sleep(0.1)
        return found

    def limits(self, *path):
        """What the container of a stored workload asks for."""
        return self.kubectl.get(*path)["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]

    def audited(self, **wanted):
        """The audit annotations of the last such request, by webhook and key."""
        events = self.eventually(lambda: self.cluster.control_plane.audit_events(namespace=self.namespace, **wanted), f"an audit event {wanted}")
        return {key: value for key, value in events[-1].get("annotations", {}).items() if key.startswith((VALIDATE, MUTATE))}
