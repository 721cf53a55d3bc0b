"""A GPU or slice that is asked for by a claim (DRA): what is asked for, as facts, and the objects that ask for it."""
import copy
from dataclasses import dataclass, field

from cel import DRIVER, Cel, unread

GROUP = "resource.k8s.io/"
CLASSES = {"gpu": "gpu.nvidia.com", "mig": "mig.nvidia.com"}
PROFILES = ["1g.10gb", "1g.20gb", "2g.20gb", "3g.40gb", "7g.80gb"]


@dataclass
class Ask:
    type: str                    # gpu or mig
    conditions: list             # (field, values), or (atLeast or atMost, MiB); beside the type
    count: int = 1
    shared: bool = False         # one ResourceClaim that is there, by its name, and not one for each pod of a template
    sharing: str = ""            # the strategy in the driver's configuration
    helper: bool = False         # another container uses the claim too

    @staticmethod
    def any(rng):
        kind = rng.random()
        if kind < 0.2:
            out = Ask("gpu", rng.choice([[], [("productName", ["NVIDIA H100 80GB HBM3"])], [("atLeast", 40960)]]))
        elif kind < 0.6:
            out = Ask("mig", [("profile", [rng.choice(PROFILES)])])
        elif kind < 0.8:
            out = Ask("mig", [("profile", rng.sample(PROFILES, 2))])
        else:
            out = Ask("mig", [("atLeast", rng.choice([9 << 10, 18 << 10, 36864]))] + rng.choice([[], [("atMost", 40960)]]))
        if out.type == "mig" and rng.random() < 0.2:
            out.conditions.append(("productName", ["NVIDIA H100 80GB HBM3", "NVIDIA H200"][:rng.choice([1, 2])]))
        out.count = rng.choice([1, 1, 1, 2])
        out.shared = rng.random() < 0.3
        out.sharing = rng.choice(["", "", "", "TimeSlicing", "MPS"])
        out.helper = rng.random() < 0.2
        return out


@dataclass
class Claiming:
    """One way to write an Ask."""
    ask: Ask
    version: str = "v1"
    first: str = ""                              # the name of the one entry of firstAvailable
    written: set = field(default_factory=set)    # of what is so anyhow: mode, count
    pod_claim: str = "gpu"
    prefix: str = "gpu"                          # of the claim's or template's name
    request: str = "gpu"
    named: bool = False                          # the container names the request
    cards: list = field(default_factory=list)    # before or after: requests of network cards in the same claim
    each: bool = False                           # the container names every request
    own_class: str = ""                          # a DeviceClass says what is asked for: base (as NVIDIA's), some or all
    parts: bool = False                          # a selector for each condition
    style: set = field(default_factory=set)      # of Cel
    resource: str = ""                           # by a resource name: implicit, extended
    alias: str = ""                              # the one ResourceClaim has a second name in the pod; who uses it: both, helper
    sharing_for: str = "all"                     # whom the configuration is for: all, request, entry, class
    idle: list = field(default_factory=list)     # configurations that say nothing of it
    narrowed: bool = False                       # by what is not read beside a profile
    decoys: bool = False                         # objects of the same names that are others
    annotations: dict = field(default_factory=dict)
    hidden: str = ""                             # what makes it unsure

    def names(self, tag):
        return f"{self.prefix}-{tag}", f"c-{tag}", f"nic-{tag}"

    # What the pod says.

    def uses(self, rng):
        """resources.claims of the server, and of the helper."""
        own = [{"name": self.pod_claim}]
        if self.each:
            own = [{"name": self.pod_claim, "request": name} for name in [self.request] + [f"nic-{n}" for n in range(len(self.cards))]]
            rng.shuffle(own)
        elif self.named:
            own[0]["request"] = self.request
        helper = [{"name": "again" if self.alias else self.pod_claim, **({"request": self.request} if rng.random() < 0.5 else {})}]
        if self.alias == "both":
            own.append({"name": "again"})
        if self.hidden == "undeclared":
            own = [{"name": "nothing"}]
        return own, helper

    def pod_claims(self, tag, rng):
        name, _, _ = self.names(tag)
        ask = {"resourceClaimName": name} if self.ask.shared else {"resourceClaimTemplateName": name}
        out = [{"name": self.pod_claim, **ask}]
        if self.alias:
            out.append({"name": "again", **ask})
        rng.shuffle(out)
        return out

    def limits(self, tag):
        _, own, _ = self.names(tag)
        return "deviceclass.resource.kubernetes.io/" + own if self.resource == "implicit" else f"example.com/{own}"

    # The objects.

    def objects(self, tag, rng):
        name, own, nic = self.names(tag)
        in_class, in_request = self.selectors(rng)
        out = []
        if self.own_class and self.hidden != "class":
            spec = {"selectors": in_class}
            if self.resource == "extended":
                spec["extendedResourceName"] = self.limits(tag)
            if self.ask.sharing and self.sharing_for == "class":
                spec["config"] = [self.configuration(self.ask.sharing)]
            out.append({"apiVersion": GROUP + self.version, "kind": "DeviceClass", "metadata": {"name": own}, "spec": spec})
        if self.cards:
            out.append({"apiVersion": GROUP + self.version, "kind": "DeviceClass", "metadata": {"name": nic},
                        "spec": {"selectors": [{"cel": {"expression": "device.driver == 'dra.net'"}}]}})
        if self.resource or self.hidden == "missing":
            return out
        spec = {"devices": {"requests": self.requests(own, nic, in_request), **self.configurations()}}
        out.append(self.claim(name, "team-a", spec, self.ask.shared))
        if self.decoys:
            other = copy.deepcopy(spec)
            other["devices"]["requests"] = [{"name": self.request, "exactly": {"deviceClassName": "gpu.nvidia.com", "count": 4}}]
            out += [self.claim(name, "team-b", other, self.ask.shared), self.claim(name, "team-a", other, not self.ask.shared)]
        return out

    def claim(self, name, namespace, spec, shared):
        meta = {"annotations": dict(self.annotations)} if self.annotations else {}
        kind = "ResourceClaim" if shared else "ResourceClaimTemplate"
        return {"apiVersion": GROUP + self.version, "kind": kind, "metadata": {"name": name, "namespace": namespace, **meta},
                "spec": spec if shared else {**({"metadata": meta} if meta else {}), "spec": spec}}

    def selectors(self, rng):
        """Those of a class of one's own, and those of the request."""
        conditions = list(self.ask.conditions)
        if self.hidden == "selector":
            conditions = []
        base, in_class = [("driver", [DRIVER]), ("type", [self.ask.type])], []
        if self.own_class:
            take = {"base": 0, "some": len(conditions) // 2, "all": len(conditions)}[self.own_class]
            in_class, conditions = base + conditions[:take], conditions[take:]
        more = []
        if self.narrowed:
            more = ["device.attributes['gpu.nvidia.com'].driverVersion.compareTo(semver('570.0.0')) >= 0"]
        if self.hidden == "selector":
            more = [unread(self.ask.conditions, rng)]
        return self.written_selectors(in_class, [], rng), self.written_selectors(conditions, more, rng)

    def written_selectors(self, conditions, more, rng):
        if self.parts:
            groups = [[each] for each in conditions]
            rng.shuffle(groups)
        else:
            groups = [conditions] if conditions else []
        texts = [Cel(self.style, rng).of(group) for group in groups]
        if more and texts and rng.random() < 0.5:
            texts[-1] = f"({texts[-1]}\n) && {more.pop()}"
        texts += more
        return [{"cel": {"expression": text}} for text in texts]

    def requests(self, own, nic, selectors):
        inner = {"deviceClassName": own if self.own_class else CLASSES[self.ask.type]}
        if self.hidden == "class":
            inner["deviceClassName"] = "gpus-of-ours"
        if selectors:
            inner["selectors"] = selectors
        if self.ask.count != 1 or "count" in self.written:
            inner["count"] = self.ask.count
        if "mode" in self.written:
            inner["allocationMode"] = "ExactCount"
        if self.hidden == "all":
            inner["allocationMode"] = "All"
            inner.pop("count", None)
        out = [self.requested(self.request, inner, self.first)]
        for number, where in enumerate(self.cards):
            out.insert(0 if where == "before" else len(out), self.requested(f"nic-{number}", {"deviceClassName": nic}, ""))
        return out

    def requested(self, name, inner, first):
        if first:
            return {"name": name, "firstAvailable": [{"name": first, **inner}]}
        return {"name": name, **inner} if self.version in ("v1beta1", "v1alpha3") else {"name": name, "exactly": inner}

    def configurations(self):
        out = list(self.idle)
        if self.ask.sharing and self.sharing_for != "class":
            whom = {"all": {}, "request": {"requests": [self.request]}, "entry": {"requests": [f"{self.request}/{self.first}"]}}[self.sharing_for]
            out.append({**whom, **self.configuration(self.ask.sharing)})
        return {"config": out} if out else {}

    def configuration(self, strategy):
        kind = "MigDeviceConfig" if self.ask.type == "mig" else "GpuConfig"
        return {"opaque": {"driver": DRIVER, "parameters": {"apiVersion": "resource.nvidia.com/v1beta1", "kind": kind,
                                                             **({"sharing": {"strategy": strategy}} if strategy else {})}}}
