"""One container under one policy: what it asks for, what it needs, whether that fits (DESIGN 3.1 to 3.6)."""
from dataclasses import dataclass, field
from fractions import Fraction

from catalogue import usable
from policies import DEFAULTS, glob
from quantity import parse, whole_bytes

PRODUCT = "nvidia.com/gpu.product"
GKE_PRODUCT = "cloud.google.com/gke-accelerator"
GKE_SLICE = "cloud.google.com/gke-gpu-partition-size"
GKE_SHARING = "cloud.google.com/gke-gpu-sharing-strategy"
FIT = ("Undersized", "EngineCannotStart", "TightFit", "Oversized")


@dataclass
class Finding:
    code: str
    container: str | None
    paths: list           # acceptable places, the most likely first
    action: str
    measure: object = None  # for the ratchet: what must not grow, or must be the same


@dataclass
class Facts:
    name: str
    findings: list = field(default_factory=list)
    requested: dict | None = None   # resource, profile, count, gpus (titles or None), usable
    products: list = field(default_factory=list)
    profile: object = None
    whole: bool = False
    need: int | None = None
    source: str | None = None
    recommended: dict | None = None
    key: object = None
    low: int | None = None          # usable: the smallest and the largest of the product set
    high: int | None = None
    stand_in: bool = False
    vague: set = field(default_factory=set)  # fields that DESIGN leaves open here

    def fit(self):
        return [f for f in self.findings if f.code in FIT]


def _all_of(sayings):
    """Several sayings at once. What one of them names and the catalogue lacks may be what another names."""
    known, unknown = None, set()
    for titles, names in sayings:
        if titles is None and not names:
            continue
        if known is None and not unknown:
            known, unknown = titles, names
            continue
        open_a, open_b = known is None or bool(unknown), titles is None or bool(names)
        a, b = known or set(), titles or set()
        both = known is None and titles is None
        left = (a & b) | (a if open_b else set()) | (b if open_a else set())
        names = (unknown if open_b else set()) | (names if open_a else set())
        known, unknown = (None if both else left), names
    return known, unknown


class Judge:
    """Everything that judging needs; `note` collects places where DESIGN can be read in two ways (README)."""

    def __init__(self, world, work, policy, in_force):
        self.world, self.work, self.policy, self.in_force = world, work, policy, in_force
        self.catalogue = world.catalogue

    def note(self, reason):
        self.world.notes.add(reason)

    # --- 3.2: products ---------------------------------------------------------------------------------------

    def _found(self, label, values):
        """(known titles, names that the catalogue lacks) of the values of one label."""
        find = self.catalogue.product if label == PRODUCT else self.catalogue.gke_product
        return ({p.title for p in map(find, values) if p}, {v for v in values if not find(v)})

    def _places(self):
        """What nodeSelector and required affinity say: per place the known titles (None: any) and the unknown names."""
        selector, terms = self.work.selection()
        both = [self._found(label, selector[label][:1]) for label in (PRODUCT, GKE_PRODUCT) if label in selector]
        yield _all_of(both)
        alternatives = []
        for term in terms:
            both = [self._found(r["key"], r["values"]) for r in term.get("matchExpressions", [])
                    if r["operator"] == "In" and r["key"] in (PRODUCT, GKE_PRODUCT)]
            alternatives.append(_all_of(both))
        if alternatives:
            known = [k for k, _ in alternatives]
            yield (None if None in known else set().union(*known)), set().union(*(u for _, u in alternatives))

    def selection(self):
        """(titles that node selection pins the pod to, or None; True if it may get what the catalogue lacks)."""
        known, unknown = _all_of(list(self._places()))
        return known, bool(unknown)

    def named_products(self):
        """The set that node selection or the policy names, or None."""
        left, unknown = self.selection()
        if unknown:
            return None
        if left is None and "gpus" in self.policy.spec:
            left = {p.title for p in map(self.catalogue.product, self.policy.spec["gpus"]) if p}
        if left is not None and not left:
            self.note("node selection that no product satisfies")
        return None if left is None else [p for p in self.catalogue.products if p.title in left]

    def node_product(self, node):
        labels = node.get("labels", {})
        if PRODUCT in labels:
            return self.catalogue.product(labels[PRODUCT])
        return self.catalogue.gke_product(labels.get(GKE_PRODUCT, ""))

    def nodes_offering(self, resource):
        for node in self.world.nodes or []:
            amount = parse(node.get("allocatable", {}).get(resource, "0"))
            if amount is not None and amount > 0:
                yield node

    def matching(self, node):
        selector, _ = self.work.selection()
        return all(node.get("labels", {}).get(k) == v[0] for k, v in selector.items())

    # --- 3.1: the meaning of nvidia.com/gpu --------------------------------------------------------------------

    def slice_label(self, value):
        """'whole', a profile's name, or None where there is no label; a plain product is a whole GPU, also one that the catalogue lacks."""
        value = value[: -len("-SHARED")] if value.upper().endswith("-SHARED") else value
        at = value.upper().rfind("-MIG-")
        if at >= 0:
            spelled = value[at + 5:]
            return self.catalogue.canonical.get(spelled, spelled)
        return "whole" if value else None

    def meaning(self, resource):
        """'whole', a profile, or None (unknown)."""
        selector, terms = self.work.selection()
        said = set()
        if GKE_SLICE in selector:
            value = selector[GKE_SLICE][0]
            return self.catalogue.canonical.get(value, value)
        if PRODUCT in selector:
            said.add(self.slice_label(selector[PRODUCT][0]))
        if GKE_PRODUCT in selector:
            said.add("whole")
        for term in terms:
            rules = [r for r in term.get("matchExpressions", []) if r["operator"] == "In"]
            values = [self.slice_label(v) for r in rules if r["key"] == PRODUCT for v in r["values"]]
            values += ["whole" for r in rules if r["key"] == GKE_PRODUCT for _ in r["values"]]
            values += [self.catalogue.canonical.get(v, v) for r in rules if r["key"] == GKE_SLICE for v in r["values"]]
            if not values and not selector:
                said.add(None)
            said.update(values)
        if None in said:
            # An alternative that names no product leaves the meaning open, and so does nothing else.
            self.note("nvidia.com/gpu with an open affinity term")
            said.clear()
        if len(said) > 1:
            self.note("node selection gives nvidia.com/gpu two meanings")
        if said:
            return sorted(said)[0]
        if "gpuResource" in self.policy.spec:
            value = self.policy.spec["gpuResource"]
            return self.catalogue.canonical.get(value, value)
        if self.world.nodes is not None:
            agreed = {self.slice_label(n.get("labels", {}).get(PRODUCT, "")) for n in
                      self.nodes_offering(resource) if self.matching(n)}
            if len(agreed) == 1 and None not in agreed:
                return agreed.pop()
            if None in agreed:
                self.note("a node with nvidia.com/gpu whose product is unknown")
        return None

    # --- 3.4: the need -------------------------------------------------------------------------------------------

    def declared(self, container, annotated):
        """(bytes for all devices, source, load stated?) or (None, None, stated?)."""
        def annotation(key):
            return self.work.annotation(container.name, key) if annotated else None

        flags = container.flags()
        engine = None if flags is None else "vllm"
        flags = flags or {}
        load = self.policy.spec.get("load", {})
        written = annotation("concurrency"), annotation("context")
        stated = any(w is not None for w in written) or "load" in self.policy.spec
        footprint = annotation("footprint")
        if footprint is not None:
            return whole_bytes(footprint), "annotation", True
        model = annotation("model") or flags.get("model")
        quantization = annotation("quantization") or flags.get("quantization")
        entry = self._model_entry(model, quantization, engine) if model else None
        if entry is None:
            return None, None, stated
        if "memory" in entry:
            return whole_bytes(entry["memory"]), "policy", True
        concurrency = int(written[0] or load.get("concurrency", 8))
        context = int(written[1] or load.get("context", 4096))
        longest = int(flags.get("max-model-len", 0))
        if "max-num-seqs" in flags:
            concurrency = min(concurrency, int(flags["max-num-seqs"]))
        if longest:
            context = min(context, longest)
        total = sum(whole_bytes(entry[part]) or 0 for part in ("weights", "overhead") if part in entry)
        if "kvPerToken" in entry:
            total += whole_bytes(entry["kvPerToken"]) * max(longest, concurrency * context)
        elif not stated:
            self.note("weights without kvPerToken and without a load: is the load stated?")
        return total, "policy", stated

    def _model_entry(self, model, quantization, engine):
        best = None
        for entry in self.policy.spec.get("models", []):
            pattern = entry["model"].lower()
            if not glob(pattern, model.lower()):
                continue
            if "quantization" in entry and entry["quantization"] != quantization:
                continue
            if "engine" in entry and entry["engine"] != engine:
                continue
            literal = sum(c not in "*?" for c in pattern)
            rank = (literal == len(pattern), literal, ("quantization" in entry) + ("engine" in entry))
            if best is None or rank > best[0]:
                best = rank, entry
        return best[1] if best else None

    # --- 3.5: candidates -------------------------------------------------------------------------------------------

    def offered(self, products, resource):
        """The names that can be had, or None where neither `offered` nor the inventory is known."""
        names = None
        if "offered" in self.policy.slices:
            names = {self.catalogue.canonical.get(n, n) for n in self.policy.slices["offered"]}
        if self.world.nodes is not None:
            titles = {p.title for p in products}
            here, elsewhere = set(), set()
            for node in self.world.nodes:
                product = self.node_product(node)
                bucket = here if product and product.title in titles else elsewhere
                for key, amount in node.get("allocatable", {}).items():
                    if key.startswith("nvidia.com/mig-") and parse(amount) > 0:
                        bucket.add(self.catalogue.canonical.get(key[len("nvidia.com/mig-"):]))
            if (elsewhere - here - (names or set())) and any(n in p.profiles for n in elsewhere for p in products):
                self.note("a profile that only nodes of other products offer")
            if not resource.startswith("nvidia.com/mig-") and not resource == "nvidia.com/gpu":
                self.note("the inventory and another spelling of the resource")
            names = (names or set()) | here
        return names

    def landing(self, products, name):
        """Products where a pod may land that asks for this slice: those of the set, and others that have it too."""
        pinned, _ = self.selection()
        if pinned is not None:
            return products
        if "gpus" in self.policy.spec:
            others = [self.catalogue.product(g) for g in self.policy.spec["gpus"]]
        elif self.world.nodes is not None:
            spelling = name.replace("+", ".")
            others = [self.node_product(n) for n in self.nodes_offering("nvidia.com/mig-" + spelling)]
        else:
            others = self.catalogue.offering(name)
        return products + [p for p in self.catalogue.products if p in others and p not in products and p.offers(name, True)]

    def classes(self, products, resource, media, whole, least):
        """Candidate classes: usable bytes -> profiles of the first product, ascending."""
        names = self.offered(products, resource)
        found = {}
        if self.selection()[1]:
            products = []
        for name, profile in (products[0].profiles.items() if products else ()):
            if profile.media != media or not all(name in p.profiles for p in products):
                continue
            if names is not None and name not in names:
                continue
            if not all(p.passes(name) for p in self.in_force) or profile.compute < least:
                continue
            if whole and any(profile.compute == p.compute for p in products):
                continue
            low, _, _ = usable(self.landing(products, name), name)
            if low is not None:
                found.setdefault(low, []).append(profile)
        return dict(sorted(found.items())), names is not None

    def pick(self, profiles, asked_compute):
        by_compute = sorted(profiles, key=lambda p: p.compute)
        if self.policy.slices.get("prefer", "compute") == "density":
            return by_compute[0]
        fitting = [p for p in by_compute if asked_compute is None or p.compute <= asked_compute]
        return fitting[-1] if fitting else by_compute[0]


def holds(amount, need, headroom):
    """usable x 100 >= need x (100 + h), exactly (3.5)."""
    return Fraction(amount) * 100 >= need * (100 + headroom)


def capped(action, code, allowed):
    return action if action != "rewrite" or allowed else DEFAULTS[code]
