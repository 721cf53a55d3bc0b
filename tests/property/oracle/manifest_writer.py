"""Manifests of the generated scenes: kinds, containers, resource keys, annotations, node selection."""
from fractions import Fraction

from choices import Choices
from workload import API


class ManifestWriter(Choices):
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
