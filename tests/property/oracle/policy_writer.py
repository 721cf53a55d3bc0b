"""Policies and exceptions of the generated scenes."""
import datetime
from fractions import Fraction

from choices import GIB, Choices
from policies import DEFAULTS
from workload import TEMPLATE_AT

GROUP = "rightslice.io/v1alpha1"
MODES = ["enforce"] * 6 + ["warn", "audit"]
CODES = [c for c in DEFAULTS if c not in ("FootprintDisagrees", "EngineCannotStart", "EngineSettings")]


class PolicyWriter(Choices):
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
            models = [self.model(scene_product, Fraction(headroom[:-1])) for _ in range(self.pick([1, 2, 4]))]
            spec["models"] = list({(m["model"].lower(), m.get("quantization"), m.get("engine")): m for m in models}.values())
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
