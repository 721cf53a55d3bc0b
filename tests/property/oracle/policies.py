"""Which policies are in force, what an exception lifts, what an action becomes (DESIGN 3.7, 3.8, 4)."""
import datetime
import re
from fractions import Fraction

DEFAULTS = {"NotJudged": "warn", "UnaccountedGpu": "warn", "InvalidQuantity": "deny", "MixedGpuAndMig": "deny",
            "UnknownProfile": "warn", "ProfileNotOnGpu": "warn", "ProfileNotAllowed": "deny", "SharedSlice": "warn",
            "MultipleSlices": "warn", "ParallelismExceedsDevices": "deny", "TensorParallelOverSlices": "warn",
            "InvalidAnnotation": "warn", "UnknownFootprint": "warn", "FootprintDisagrees": "warn",
            "Undersized": "deny", "EngineCannotStart": "deny", "TightFit": "warn", "Oversized": "warn",
            "EngineSettings": "warn", "OverBudget": "deny"}
ORDER = list(DEFAULTS)
STRICT = {"allow": 0, "warn": 1, "rewrite": 2, "deny": 3}
MODES = ["audit", "warn", "enforce"]


def strictest(actions):
    return max(actions, key=STRICT.__getitem__, default="allow")


def at_most(action, cap):
    return action if STRICT[action] <= STRICT[cap] else cap


def after_mode(action, mode):
    if mode == "audit":
        return "allow"
    return at_most(action, "warn") if mode == "warn" else action


def glob(pattern, text):
    """Only * and ? are special."""
    return re.fullmatch("".join(".*" if c == "*" else "." if c == "?" else re.escape(c) for c in pattern), text,
                        re.DOTALL) is not None


def selects(selector, labels):
    if any(labels.get(k) != v for k, v in (selector.get("matchLabels") or {}).items()):
        return False
    for rule in selector.get("matchExpressions") or []:
        key, operator, values = rule["key"], rule["operator"], rule.get("values", [])
        holds = {"In": labels.get(key) in values, "NotIn": labels.get(key) not in values,
                 "Exists": key in labels, "DoesNotExist": key not in labels}[operator]
        if not holds:
            return False
    return True


class Policy:
    def __init__(self, manifest):
        self.manifest = manifest
        self.spec = manifest["spec"]
        meta = manifest["metadata"]
        self.name = meta["name"]
        self.cluster = manifest["kind"] == "ClusterSlicePolicy"
        self.namespace = None if self.cluster else meta.get("namespace") or "default"
        self.display = self.name if self.cluster else f"{self.namespace}/{self.name}"
        self.mode = self.spec["mode"]
        self.slices = self.spec.get("slices", {})
        self.ratchet = self.spec.get("ratchet", True)
        self.declarations = self.spec.get("declarations", "policy" if self.cluster else "workload")
        digits = self.spec.get("headroom", "10%").rstrip("%")
        self.headroom = Fraction(digits)  # in per cent

    def matches(self, work):
        match = self.spec.get("match", {})
        if "kinds" in match and work.kind not in match["kinds"]:
            return False
        return selects(match.get("selector", {}), work.labels)

    def matches_kind(self, kind):
        kinds = self.spec.get("match", {}).get("kinds")
        return kinds is None or kind in kinds

    def action(self, code, default=None):
        return self.spec.get("actions", {}).get(code, default or DEFAULTS[code])

    def passes(self, profile):
        """allowed/denied on the catalogue's name, `.me` accepted for `+me`; denied wins."""
        spelled = (profile, profile.replace("+", "."))
        if any(glob(g, s) for g in self.slices.get("denied", []) for s in spelled):
            return False
        return any(glob(g, s) for g in self.slices.get("allowed", ["*"]) for s in spelled)

    def exempts(self, user):
        exempt = self.spec.get("exempt", {})
        if any(glob(g, user.get("username", "")) for g in exempt.get("users", [])):
            return True
        if any(glob(g, group) for g in exempt.get("groups", []) for group in user.get("groups", [])):
            return True
        account = user.get("username", "")
        account = account[len("system:serviceaccount:"):] if account.startswith("system:serviceaccount:") else None
        return account is not None and any(glob(g, account) or glob(g, "system:serviceaccount:" + account)
                                           for g in exempt.get("serviceAccounts", []))


def in_force(policies, work, namespace_labels):
    """(policies by display name, names of those that hang on unknown labels)."""
    own = [p for p in policies if not p.cluster and p.namespace == work.namespace and p.matches(work)]
    chosen, unknown = list(own), []
    for policy in (p for p in policies if p.cluster):
        spec = policy.spec
        if "namespaces" in spec and not any(glob(g, work.namespace) for g in spec["namespaces"]):
            continue
        if not policy.matches(work) or (spec.get("overridable", False) and own):
            continue
        if "namespaceSelector" in spec:
            if namespace_labels is None:
                unknown.append(policy.display)
                continue
            if not selects(spec["namespaceSelector"], namespace_labels):
                continue
        chosen.append(policy)
    return sorted(chosen, key=lambda p: p.display), unknown


def excepted(action, code, work, policy, exceptions, today):
    """What is left of an action after the exceptions of the namespace; an expired one counts for nothing."""
    for item in exceptions:
        spec = item["spec"]
        if (item["metadata"].get("namespace") or "default") != work.namespace or code not in spec["findings"]:
            continue
        if not glob(spec["kind"], work.kind) or not glob(spec["name"], work.name):
            continue
        if "policies" in spec and policy.name not in spec["policies"]:
            continue
        if policy.cluster and work.namespace not in policy.spec.get("exceptions", {}).get("namespaces", []):
            continue
        days = (datetime.date.fromisoformat(spec["expires"]) - today).days
        if days >= 14:
            action = "allow"
        elif days >= 0:
            action = at_most(action, "warn")
    return action
