"""Seeded worlds: surroundings, policies and manifests that meet each other's boundaries (every rule of DESIGN 3
that does not hang on an estimate). A world holds scenes, one namespace each, so that one run judges many cases."""
import copy
from dataclasses import dataclass, field

from choices import COMMON
from manifest_writer import ManifestWriter
from policy_writer import PolicyWriter
from workload import TEMPLATE_AT


@dataclass
class Scene:
    namespace: str
    policies: list = field(default_factory=list)
    exceptions: list = field(default_factory=list)
    documents: list = field(default_factory=list)   # manifests, Lists included
    olds: dict = field(default_factory=dict)        # index of a document -> the old object of an UPDATE
    users: dict = field(default_factory=dict)       # index of a document -> userInfo
    exceptions_in_input: bool = False


@dataclass
class Surroundings:
    today: str = "2026-09-01"
    nodes: list | None = None
    namespaces: list | None = None
    prices: dict | None = None

    def json(self):
        return {k: v for k, v in (("nodes", self.nodes), ("namespaces", self.namespaces), ("prices", self.prices))
                if v is not None}


@dataclass
class Generated:
    surroundings: Surroundings
    scenes: list


class Generator(PolicyWriter, ManifestWriter):
    def scene(self, namespace, world_product):
        product = world_product if self.chance(0.6) else self.product()
        self.focused = self.chance(0.55)
        scene = Scene(namespace)
        for index in range(self.pick([1, 1, 1, 2, 2, 3])):
            scene.policies.append(self.policy(product, namespace, f"p{index}"))
        if self.chance(0.35):
            scene.policies.append(self.policy(product, namespace, f"c-{namespace}", cluster=True))
        if self.chance(0.05):
            scene.policies = [p for p in scene.policies if p["kind"] == "ClusterSlicePolicy"]
        if self.chance(0.3) and scene.policies:
            scene.exceptions = [self.exception(namespace, scene.policies) for _ in range(self.pick([1, 2]))]
        for index in range(self.pick([2, 3, 4])):
            scene.documents.append(self.manifest(product, namespace, f"app-{index}"))
        special = self.random.random()
        if special < 0.10:
            self.budget(scene, product)
        elif special < 0.18:
            self.children(scene)
        elif special < 0.25:
            scene.documents = [{"apiVersion": "v1", "kind": "List", "items": scene.documents}]
        elif special < 0.28:
            scene.documents.append({"apiVersion": "acme.io/v1", "kind": "Widget",
                                    "metadata": {"name": "odd", "namespace": namespace},
                                    "spec": {"pool": {"limits": {"nvidia.com/gpu" if self.chance(0.5) else "cpu": 1}}}})
        return scene

    def budget(self, scene, product):
        for policy in scene.policies:
            policy["spec"].pop("match", None)
            for code in ("Oversized", "Undersized"):
                if policy["spec"]["actions"].get(code) == "rewrite":
                    policy["spec"]["actions"][code] = "warn"
        budget = {}
        if self.chance(0.6):
            budget["memory"] = self.pick(["20Gi", "39Gi", "80Gi", "320Gi"])
        if self.chance(0.6):
            budget["gpus"] = self.pick([1, 2, 0.5, 4])
        if self.chance(0.3) or not budget:
            budget["cost"] = {"amount": self.pick([500, 2000, 12000]), "currency": "USD", "per": "month"}
        if scene.policies:
            self.pick(scene.policies)["spec"]["budget"] = budget
        label = self.label_of(product)
        scene.documents = []
        for index in range(4):
            container = {"name": "main", "image": "acme/server:1",
                         "resources": {"limits": {"nvidia.com/mig-" + self.pick(product.profiles).replace("+", "."): "1"}}}
            containers = [container]
            if self.chance(0.3):
                containers.append({**copy.deepcopy(container), "name": "side"})
            spec = {"containers": containers, "nodeSelector": {"nvidia.com/gpu.product": label}}
            if self.chance(0.3):
                spec["initContainers"] = [{**copy.deepcopy(container), "name": "init"}]
            scene.documents.append({
                "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": f"app-{index}", "namespace": scene.namespace},
                "spec": {"replicas": self.pick([0, 1, 2, 3]), "selector": {"matchLabels": {"app": "a"}},
                         "template": {"metadata": {"labels": {"app": "a"}}, "spec": spec}}})
        for index in range(4):
            if self.chance(0.25):
                scene.documents.insert(self.random.randrange(len(scene.documents) + 1), self.autoscaler(scene.namespace, f"app-{index}"))

    def autoscaler(self, namespace, target):
        metadata = {"name": f"scales-{target}", "namespace": namespace}
        if self.chance(0.5):
            limits = self.pick([{"maxReplicas": 1}, {"maxReplicas": 3, "minReplicas": 2}, {"maxReplicas": 5}, {"maxReplicas": 3, "minReplicas": 0}])
            kind = self.pick(["Deployment", "Deployment", "StatefulSet"])
            return {"apiVersion": self.pick(["autoscaling/v1", "autoscaling/v2"]), "kind": "HorizontalPodAutoscaler", "metadata": metadata,
                    "spec": {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": kind, "name": target}, **limits}}
        target_ref = self.pick([{"name": target}, {"apiVersion": "apps/v1", "kind": "Deployment", "name": target}, {"kind": "StatefulSet", "name": target}])
        return {"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "metadata": metadata,
                "spec": {"scaleTargetRef": target_ref, "triggers": [], **self.pick([{"maxReplicaCount": 2}, {"maxReplicaCount": 4}, {}])}}

    def children(self, scene):
        owners = [d for d in scene.documents if d["kind"] == "Deployment"]
        if not owners:
            return
        owner = self.pick(owners)
        owner["metadata"]["uid"] = "0aa1"
        child = {"apiVersion": "apps/v1", "kind": "ReplicaSet",
                 "metadata": {"name": "app-child", "namespace": scene.namespace, "ownerReferences": [
                     {"apiVersion": "apps/v1", "kind": "Deployment", "name": owner["metadata"]["name"], "uid": "0aa1",
                      "controller": True}]},
                 "spec": {"selector": {"matchLabels": {"app": "a"}}, "template": copy.deepcopy(owner["spec"]["template"])}}
        if self.chance(0.3):
            child["metadata"]["ownerReferences"][0]["uid"] = "someone-else"
            child["metadata"]["ownerReferences"][0]["name"] = "gone"
        elif self.chance(0.3):
            for container in child["spec"]["template"]["spec"]["containers"]:
                container["resources"] = {"limits": {"nvidia.com/mig-1g.5gb": "1"}}
        scene.documents.append(child)

    def nodes(self, product):
        out = []
        for index in range(self.pick([0, 1, 2, 3])):
            one = product if self.chance(0.8) else self.product()
            label, allocatable = self.label_of(one), {"cpu": "64"}
            for name in self.random.sample(list(one.profiles), min(len(one.profiles), self.pick([1, 2, 4]))):
                allocatable["nvidia.com/mig-" + name.replace("+", ".")] = self.pick(["7", "2", "1", "0"])
            if self.chance(0.4):
                allocatable["nvidia.com/gpu"] = "8"
            if self.chance(0.15):
                name = self.pick([n for n in one.profiles if "+" not in n])
                label, allocatable = f"{label}-MIG-{name}", {"nvidia.com/gpu": "7"}
            node = {"name": f"node-{index}", "labels": {"nvidia.com/gpu.product": label}, "allocatable": allocatable, "requested": {}}
            if self.chance(0.6):   # in part, or wholly
                node["requested"] = {name: count if self.chance(0.8) else "1" for name, count in allocatable.items() if name != "cpu" and self.chance(0.8)}
            elif self.chance(0.2):
                del node["requested"]
            out.append(node)
        return out

    def update(self, manifest):
        """An old object for an UPDATE: the same, or with other counts or slices."""
        old = copy.deepcopy(manifest)
        spec = old
        for step in TEMPLATE_AT[old["kind"]]:
            spec = spec[step]
        for container in spec["spec"]["containers"]:
            limits = container.get("resources", {}).get("limits", {})
            if self.chance(0.5):
                for key in [k for k in limits if k.startswith(("nvidia.com/", "mig.das.com/"))]:
                    value = limits.pop(key)
                    container["resources"].get("requests", {}).pop(key, None)
                    limits[self.pick(["nvidia.com/mig-1g.10gb", "nvidia.com/mig-3g.40gb", "nvidia.com/mig-7g.80gb", key])] = \
                        self.pick(["1", value])
        return old

    def namespace_labels(self):
        return self.pick([{"gpu": "yes"}, {"gpu": "no"}, {}])

    def world(self, number, scenes):
        product = self.product()
        surroundings = Surroundings()
        if self.chance(0.4):
            surroundings.nodes = self.nodes(product)
        if self.chance(0.5):
            books = self.random.sample(self.sliced, 6) + [p for p in self.sliced if p.title in COMMON]
            surroundings.prices = {"currency": "USD", "date": "2026-08-01", "gpuHour": {
                p: self.pick([1.5, 2.01, 3.999, 12]) for p in sorted({self.pick([b.title] + b.labels) for b in
                                                                     {b.title: b for b in books}.values()})}}
        names = [f"w{number}s{i}-a" for i in range(scenes)]
        if self.chance(0.3):
            names[0] = "default"
        out = Generated(surroundings, [self.scene(n, product) for n in names])
        for scene in out.scenes:
            scene.exceptions_in_input = self.chance(0.4)
        if self.chance(0.7):
            surroundings.namespaces = [{"name": n, "labels": self.namespace_labels()} for n in names]
        else:
            for scene in out.scenes:
                if self.chance(0.3):
                    scene.documents.append({"apiVersion": "v1", "kind": "Namespace", "metadata": {
                        "name": scene.namespace, "labels": self.namespace_labels()}})
        for scene in out.scenes:
            for index, document in enumerate(scene.documents):
                if document["kind"] in TEMPLATE_AT and self.chance(0.4) and document["kind"] not in ("Job", "CronJob", "Pod"):
                    scene.olds[index] = self.update(document)
                if self.chance(0.1):
                    scene.users[index] = {"username": "backup-robot", "groups": ["ops"]}
        return out
