"""Seeded worlds: surroundings, policies and manifests that meet each other's boundaries (every rule of DESIGN 3
that does not hang on an estimate). A world holds scenes, one namespace each, so that one run judges many cases."""
import copy
import datetime
import random
from dataclasses import dataclass, field
from fractions import Fraction

from catalogue import usable
from policies import DEFAULTS
from workload import API, TEMPLATE_AT

GROUP = "rightslice.io/v1alpha1"
GIB = 1 << 30
MODES = ["enforce"] * 6 + ["warn", "audit"]
CODES = [c for c in DEFAULTS if c not in ("FootprintDisagrees", "EngineCannotStart", "EngineSettings")]
COMMON = ["H100 80GB SXM5", "A100 80GB", "A100 40GB", "A30 24GB", "H200 141GB SXM5", "RTX PRO 6000 Blackwell 96GB"]


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


class Generator:
    def __init__(self, catalogue, seed):
        self.catalogue = catalogue
        self.random = random.Random(seed)
        self.sliced = [p for p in catalogue.products if p.profiles]
        self.focused = False  # scenes that are about fit: a slice of the product, a declared footprint, an offer

    # --- small choices ------------------------------------------------------------------------------------------

    def chance(self, share):
        return self.random.random() < share

    def pick(self, items):
        return self.random.choice(list(items))

    def quantity(self, amount):
        """One of the spellings of the same number of bytes."""
        forms = [str(amount), str(amount), f"{amount}000m"]
        for suffix, size in (("Ki", 1 << 10), ("Mi", 1 << 20), ("Gi", GIB), ("k", 1000), ("M", 10**6), ("G", 10**9)):
            if amount % size == 0:
                forms += [f"{amount // size}{suffix}"] * 2
        return self.pick(forms)

    def product(self):
        if self.chance(0.7):
            title = self.pick(COMMON)
            return next(p for p in self.catalogue.products if p.title == title)
        return self.pick(self.sliced)

    def name_of(self, product):
        """A product as people write it: label, alias or title, other case, other blanks."""
        name = self.pick(product.labels * 4 + product.names + [product.title])
        if self.chance(0.1):
            name = name.lower()
        if name.startswith("NVIDIA-") and self.chance(0.1):
            name = name[len("NVIDIA-"):]
        return name

    def label_of(self, product):
        name = self.pick(product.labels) if product.labels else self.pick(product.names + [product.title])
        return name.replace(" ", "-")

    def bytes_near(self, product, headroom):
        """A need at a boundary of one of the product's slices (or whole GPU), or anything."""
        amounts = [usable([product], n)[0] for n in product.profiles]
        amounts = [a for a in amounts if a] + ([product.total_mib << 20] if product.total_mib else [])
        if not amounts or self.chance(0.2):
            return self.pick([1, 2, 3, 5, 8, 10, 15, 18, 30, 60, 100]) * GIB
        amount = self.pick(amounts)
        edge = int(Fraction(amount) * 100 / (100 + headroom))
        return max(1, self.pick([edge, edge, edge + 1, edge + 1, edge - 1, amount, amount + 1, amount - 1,
                                 int(edge * 0.9), int(edge * 0.6)]))

    # --- policies -----------------------------------------------------------------------------------------------

    def policy(self, scene_product, namespace, name, cluster=False):
        headroom = self.pick(["10%"] * 4 + ["0%", "7.5%", "33.3%", "25%", "200%"])
        if self.focused:
            headroom = self.pick(["10%", "10%", "0%", "7.5%"])
        spec = {"mode": self.pick(MODES)}
        if self.chance(0.1 if self.focused else 0.25):
            spec["match"] = {}
            if self.chance(0.6):
                spec["match"]["kinds"] = self.random.sample(sorted(TEMPLATE_AT), self.pick([2, 4, 6]))
            if self.chance(0.5):
                spec["match"]["selector"] = {"matchLabels": {"tier": self.pick(["inference", "batch"])}}
        if self.chance(0.55):
            products = [scene_product] if self.chance(0.7) else self.random.sample(self.sliced, 2)
            spec["gpus"] = sorted({self.name_of(p) for p in products})
        if self.chance(0.35):
            spec["gpuResource"] = "whole" if self.chance(0.7) else self.pick(scene_product.profiles)
        slices = self.slices(scene_product)
        if slices:
            spec["slices"] = slices
        if self.chance(0.4):
            load = {"concurrency": self.pick([1, 4, 8, 16]), "context": self.pick([1024, 4096, 8192])}
            spec["load"] = {k: load[k] for k in self.random.sample(sorted(load), self.pick([1, 2, 2]))}
        if headroom != "10%" or self.chance(0.3):
            spec["headroom"] = headroom
        spec["actions"] = self.actions()
        if self.chance(0.6):
            spec["models"] = [self.model(scene_product, Fraction(headroom[:-1])) for _ in range(self.pick([1, 2, 4]))]
        if self.chance(0.1):
            spec["ratchet"] = self.chance(0.5)
        if self.chance(0.15):
            spec["declarations"] = self.pick(["policy", "workload"])
        meta = {"name": name}
        kind = "ClusterSlicePolicy" if cluster else "SlicePolicy"
        if cluster:
            self.cluster_fields(spec, namespace)
        elif namespace != "default" or self.chance(0.5):
            meta["namespace"] = namespace
        return {"apiVersion": GROUP, "kind": kind, "metadata": meta, "spec": spec}

    def cluster_fields(self, spec, namespace):
        spec["namespaces"] = [namespace if self.chance(0.5) else namespace[:-1] + "?"]
        if self.chance(0.3):
            spec["namespaceSelector"] = self.pick([
                {"matchLabels": {"gpu": "yes"}},
                {"matchExpressions": [{"key": "gpu", "operator": self.pick(["Exists", "DoesNotExist"])}]},
                {"matchExpressions": [{"key": "gpu", "operator": self.pick(["In", "NotIn"]), "values": ["yes", "maybe"]}]}])
        if self.chance(0.3):
            spec["overridable"] = self.chance(0.8)
        if self.chance(0.3):
            spec["exceptions"] = {"namespaces": [namespace]}
        if self.chance(0.15):
            spec["exempt"] = {"users": ["backup-*"]}

    def slices(self, product):
        out, names = {}, list(product.profiles)
        spelled = [n.replace("+", ".") if self.chance(0.3) else n for n in names]
        if self.chance(0.85 if self.focused else 0.55) and names:
            out["offered"] = sorted(self.random.sample(spelled, self.random.randint(len(names) // 2 if self.focused else 1, len(names))))
        if self.chance(0.15):
            out["allowed"] = self.pick([["1g.*", "2g.*"], ["*"], ["?g.*0gb"], ["*g.1?gb", "3g.*"], ["*+me", "1g.*", "3g.*"]])
        if self.chance(0.2):
            out["denied"] = self.pick([["7g.*"], ["4g.*", "7g.*"], ["*.me"], ["1g.*"], ["3g.40gb"], ["2g.*"]])
        if self.chance(0.3):
            out["prefer"] = self.pick(["compute", "density"])
        if self.chance(0.15):
            out["minCompute"] = self.pick([1, 2, 3])
        if self.chance(0.2):
            out["tolerance"] = self.pick([0, 1, 1, 2])
        return out

    def actions(self):
        out = {"EngineSettings": "allow", "FootprintDisagrees": "allow", "EngineCannotStart": "warn"}
        for code in self.random.sample(CODES, self.pick([0, 0, 1] if self.focused else [0, 1, 3])):
            if code not in ("OverBudget", "InvalidAnnotation"):
                out[code] = self.pick(["allow", "warn", "deny"])
        if self.chance(0.6):
            out["Oversized"] = self.pick(["rewrite", "rewrite", "deny", "warn", "allow"])
        if self.chance(0.4):
            out["Undersized"] = self.pick(["rewrite", "rewrite", "deny", "warn"])
        return out

    def model(self, product, headroom):
        entry = {"model": self.pick(["acme/ranker", "acme/chat-*", "acme/*", "ACME/Chat-Large", "acme/chat-larg?", "*"])}
        need = self.bytes_near(product, headroom)
        if self.chance(0.3):
            entry["quantization"] = self.pick(["awq", "fp8"])
        if self.chance(0.15):
            entry["engine"] = "vllm"
        if self.chance(0.5):
            entry["memory"] = self.quantity(need)
            return entry
        per_token = self.pick([1, 7, 64, 128, 1000]) << 10
        tokens = self.pick([8 * 4096, 4096, 8192, 4 * 1024])
        left = need - per_token * tokens
        if left > 0:
            entry["kvPerToken"] = self.quantity(per_token)
            overhead = self.pick([0, 0, GIB, 12345])
            if 0 < overhead < left:
                entry["overhead"] = self.quantity(overhead)
                left -= overhead
            entry["weights"] = self.quantity(left)
        else:
            entry["memory"] = self.quantity(need)
        return entry

    def exception(self, namespace, policies):
        today = datetime.date(2026, 9, 1)
        spec = {"kind": self.pick(["*", "Deployment", "D*", "Pod"]), "name": self.pick(["*", "app-*", "app-?"]),
                "findings": self.random.sample(CODES, self.pick([1, 3])) + ["Oversized", "Undersized"],
                "owner": "ml-platform", "reason": "migration",
                "expires": str(today + datetime.timedelta(days=self.pick([-30, -1, 0, 1, 13, 14, 15, 180])))}
        spec["findings"] = sorted(set(spec["findings"]))
        if self.chance(0.3):
            spec["policies"] = [self.pick([p["metadata"]["name"] for p in policies])]
        return {"apiVersion": GROUP, "kind": "SliceException",
                "metadata": {"name": "exception-" + str(self.random.randrange(10**6)), "namespace": namespace}, "spec": spec}

    # --- manifests ----------------------------------------------------------------------------------------------

    def resource(self, product):
        """(resource name, has a slice, is one that nothing else should stand beside)."""
        roll = self.random.random() * (0.78 if self.focused else 1)
        names = list(product.profiles) + list(product.variants) * (1 if self.focused else 2)
        name = self.pick(names).replace("+", ".")
        if roll < 0.62:
            return "nvidia.com/mig-" + name
        if roll < 0.70:
            return "mig.das.com/" + self.pick(["", "mig-"]) + name
        if roll < 0.88:
            return "nvidia.com/gpu"
        if roll < 0.92:
            return "nvidia.com/mig-" + name + ".shared"
        if roll < 0.93:
            return "nvidia.com/gpu.shared"
        if roll < 0.97:
            return self.pick(["nvidia.com/mig-9g.99gb", "nvidia.com/mig1g.5gb", "nvidia.com/mig-1g5gb",
                              "mig.das.com/2g.7gb", "nvidia.com/mig-1g.10gb.xx"])
        return self.pick(["nvidia.com/gpumem", "volcano.sh/vgpu-number", "koordinator.sh/gpu", "nvidia.com/gpucores"])

    def count(self):
        if self.focused and self.chance(0.95):
            return self.pick(["1", 1])
        return self.pick(["1"] * 14 + [1] * 6 + ["1000m", "1.0", "1e0", "2", 2, "4", "8", "1k", "0", "0.0", "500m",
                                                 "1.5", "-1", "abc", "", "1Kb", "2000m", "1E0"])

    def resources(self, product):
        key, count = self.resource(product), self.count()
        form = self.random.random() * (0.92 if self.focused else 1)
        if key == "nvidia.com/gpu" and self.chance(0.2):
            count = self.pick(["2", "4", "6", "8"])
        if form < 0.55:
            out = {"limits": {key: count}}
        elif form < 0.92:
            out = {"limits": {key: count}, "requests": {key: self.pick([count, count, "1000m" if count in ("1", 1) else count])}}
        elif form < 0.96:
            out = {"limits": {key: count}, "requests": {key: "3"}}
        else:
            out = {"requests": {key: count}}
        if self.chance(0.01 if self.focused else 0.05):
            out.setdefault("limits", {})[self.resource(product)] = "1"
        if self.chance(0.4):
            out.setdefault("limits", {}).update({"cpu": "4", "memory": "16Gi"})
        return out

    def container(self, name, product, gpu):
        body = {"name": name, "image": "acme/server:1"}
        if gpu and self.chance(0.15):
            body["image"] = "vllm/vllm-openai:v0.11.0"
            body["args"] = ["--model", self.pick(["acme/ranker", "acme/chat-large"])]
            for flag, values in (("tensor-parallel-size", ["1", "2", "4"]), ("max-model-len", ["2048", "16384"]),
                                 ("max-num-seqs", ["2", "64"]), ("quantization", ["awq"])):
                if self.chance(0.3):
                    body["args"] += ["--" + flag, self.pick(values)] if self.chance(0.5) else [f"--{flag}={self.pick(values)}"]
        if gpu:
            body["resources"] = self.resources(product)
            if self.chance(0.01):
                body["resources"] = {"claims": [{"name": "gpu"}]}
        elif self.chance(0.5):
            body["resources"] = {"limits": {"cpu": "1"}}
        if not gpu and self.chance(0.25):
            body["env"] = [{"name": "NVIDIA_VISIBLE_DEVICES", "value": self.pick(["all", "void", "none", "", "0"])}]
        if not gpu and self.chance(0.1):
            body["securityContext"] = {"privileged": self.chance(0.7)}
        if not gpu and self.chance(0.1):
            body["volumeMounts"] = [{"name": "device", "mountPath": "/dev/nvidia0"}]
        return body

    def annotations(self, product, names, headroom=10):
        out = {}

        def put(key, value):
            out[self.pick(["", "", "", self.pick(names) + "."]) + "rightslice.io/" + key] = value

        if self.chance(0.75 if self.focused else 0.55):
            put("footprint", self.quantity(self.bytes_near(product, Fraction(headroom))))
        if self.chance(0.45):
            put("model", self.pick(["acme/ranker", "acme/chat-large", "Acme/Chat-small", "other/thing"]))
        if self.chance(0.15):
            put("concurrency", self.pick(["1", "2", "8", "16"]))
        if self.chance(0.1):
            put("context", self.pick(["1024", "4096", "8192"]))
        if self.chance(0.2):
            put("quantization", self.pick(["awq", "fp8"]))
        if self.chance(0.1):
            put("min-compute-slices", self.pick(["1", "2", "3", "4"]))
        if self.chance(0.12):
            key, value = self.pick([("footprint", "lots"), ("footprint", "0"), ("footprint", "-1Gi"), ("footprint", ""),
                                    ("concurrency", "many"), ("concurrency", "-3"), ("context", "1.5"),
                                    ("footprnt", "8Gi"), ("colour", "red"), ("min-compute-slices", "two")])
            put(key, value)
        if self.chance(0.03):
            out["stranger.rightslice.io/footprint"] = "8Gi"
        return out

    def selection(self, spec, product):
        roll = self.random.random() * (0.29 if self.focused else 1)
        if self.focused and roll >= 0.25:
            roll = 0.9
        label = self.label_of(product)
        plain = [n for n in product.profiles if "+" not in n] or ["1g.10gb"]
        if roll < 0.25:
            spec["nodeSelector"] = {"nvidia.com/gpu.product": label}
        elif roll < 0.29:
            spec["nodeSelector"] = {"nvidia.com/gpu.product": label + "-SHARED"}
        elif roll < 0.35:
            spec["nodeSelector"] = {"nvidia.com/gpu.product": f"{label}-MIG-{self.pick(plain)}"}
        elif roll < 0.38:
            spec["nodeSelector"] = {"nvidia.com/gpu.product": "NVIDIA-L4"}
        elif roll < 0.44 and product.gke:
            spec["nodeSelector"] = {"cloud.google.com/gke-accelerator": self.pick(product.gke)}
            if self.chance(0.5):
                spec["nodeSelector"]["cloud.google.com/gke-gpu-partition-size"] = self.pick(plain)
            if self.chance(0.1):
                spec["nodeSelector"]["cloud.google.com/gke-gpu-sharing-strategy"] = "time-sharing"
        elif roll < 0.47:
            spec["nodeSelector"] = {"cloud.google.com/gke-gpu-partition-size": self.pick(plain)}
        elif roll < 0.65:
            self.affinity(spec, product)
        if self.chance(0.06):
            spec.setdefault("nodeSelector", {})["nvidia.com/gpu.product"] = label

    def affinity(self, spec, product):
        terms = []
        for _ in range(self.pick([1, 1, 2])):
            others = [product] + ([self.product()] if self.chance(0.4) else [])
            values = [self.label_of(p) for p in others] + (["NVIDIA-L4"] if self.chance(0.1) else [])
            rules = [{"key": "nvidia.com/gpu.product", "operator": "In", "values": values}]
            if self.chance(0.2):
                rules.append({"key": "pool", "operator": self.pick(["Exists", "In"]), "values": ["a"]})
                if rules[1]["operator"] == "Exists":
                    del rules[1]["values"]
            if self.chance(0.1):
                rules[0] = {"key": "nvidia.com/gpu.product", "operator": "NotIn", "values": values}
            terms.append({"matchExpressions": rules})
        spec["affinity"] = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}}

    def manifest(self, product, namespace, name):
        kind = self.pick(["Deployment"] * 6 + ["StatefulSet", "ReplicaSet", "DaemonSet", "Job", "CronJob", "Pod", "Pod"])
        names = ["main", "side", "third"][: self.pick([1, 1, 1, 2, 2, 3])]
        spec = {"containers": [self.container(n, product, i == 0 or self.chance(0.4)) for i, n in enumerate(names)]}
        if self.chance(0.12):
            init = self.container("init", product, self.chance(0.6))
            if self.chance(0.5):
                init["restartPolicy"] = "Always"
            spec["initContainers"] = [init]
            names.append("init")
        if any("volumeMounts" in c for part in ("containers", "initContainers") for c in spec.get(part, [])):
            spec["volumes"] = [{"name": "device", "hostPath": {"path": self.pick(["/dev/nvidia0", "/dev/nvidiactl", "/data"])}}]
        if self.chance(0.1):
            spec["runtimeClassName"] = "nvidia"
        self.selection(spec, product)
        meta = {"name": name}
        if namespace != "default" or self.chance(0.4):
            meta["namespace"] = namespace
        if self.chance(0.5):
            meta["labels"] = {"tier": self.pick(["inference", "batch"])}
        notes = self.annotations(product, names)
        out = {"apiVersion": API.get(kind, "apps/v1"), "kind": kind, "metadata": meta}
        if kind == "Pod":
            if notes:
                meta["annotations"] = notes
            out["spec"] = spec
            return out
        template = {"metadata": {"labels": {"app": name}}, "spec": spec}
        if kind in ("Job", "CronJob"):
            spec["restartPolicy"] = "Never"
        on_object = self.annotations(product, names) if self.chance(0.1) else {}
        if notes:
            template["metadata"]["annotations"] = notes
        if on_object:
            meta["annotations"] = on_object
        out["spec"] = {"template": template}
        if kind == "CronJob":
            out["spec"] = {"schedule": "0 * * * *", "jobTemplate": {"spec": {"template": template}}}
        elif kind != "Job":
            out["spec"]["selector"] = {"matchLabels": {"app": name}}
        if kind in ("Deployment", "StatefulSet", "ReplicaSet") and self.chance(0.5):
            out["spec"]["replicas"] = self.pick([0, 1, 2, 3, 10])
        return out

    # --- scenes and worlds --------------------------------------------------------------------------------------

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
            out.append({"name": f"node-{index}", "labels": {"nvidia.com/gpu.product": label},
                        "allocatable": allocatable, "requested": {}})
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
