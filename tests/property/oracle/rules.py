"""The findings of one container, and of one object under one policy (DESIGN 3.6, 3.7)."""
from dataclasses import dataclass, field

from catalogue import usable
from container import GKE_SHARING, PRODUCT, Facts, Finding, Judge, capped, holds
from policies import at_most, strictest
from quantity import parse

@dataclass
class Asked:
    """What one key asks for: `name` is the catalogue's or a driver's; `known` says whether anything named products."""
    name: str | None = None
    products: list = field(default_factory=list)
    known: bool = False


NO_COMPARISON = {"InvalidQuantity", "MixedGpuAndMig", "UnknownProfile", "ProfileNotOnGpu"}


def judge_container(judge, container, annotated):
    facts = Facts(container.name)
    place = [k.path for k in container.keys + container.sharing] + [container.path]

    def find(code, paths, action=None, measure=None):
        facts.findings.append(Finding(code, container.name, paths, action or judge.policy.action(code), measure))

    if container.sharing or container.body.get("resources", {}).get("claims"):
        if container.body.get("resources", {}).get("claims"):
            place.append(container.path + "/resources/claims")
        find("NotJudged", place)
        facts.vague.add("requested")
        return facts
    if not container.keys:
        if unaccounted(judge.work, container):
            find("UnaccountedGpu", [container.path, "*"])
        return facts
    return _asking(judge, container, annotated, facts, find, place)


def unaccounted(work, container):
    visible = container.env().get("NVIDIA_VISIBLE_DEVICES")
    if visible is not None and visible not in ("void", "none", ""):
        return True
    devices = {v["name"] for v in work.spec.get("volumes", [])
               if v.get("hostPath", {}).get("path", "").startswith("/dev/nvidia")}
    if any(m["name"] in devices for m in container.body.get("volumeMounts", [])):
        return True
    return bool(container.body.get("securityContext", {}).get("privileged")) and \
        work.spec.get("runtimeClassName") == "nvidia"


def understand(judge, key):
    """(catalogue name | 'whole' | None if nothing has the name | 'unjudged', shared?)"""
    name = key.name
    shared = name.endswith(".shared")
    name = name[: -len(".shared")] if shared else name
    if name == "nvidia.com/gpu":
        meaning = judge.meaning(key.name)
        return ("unjudged" if meaning is None else meaning), shared
    if name.startswith("nvidia.com/mig-"):
        spelled = name[len("nvidia.com/mig-"):]
    elif name.startswith("mig.das.com/"):
        spelled = name[len("mig.das.com/"):]
        spelled = spelled[4:] if spelled.startswith("mig-") else spelled
    else:
        return None, shared
    return judge.catalogue.canonical.get(spelled), shared


def _shared_by_selection(judge):
    selector, terms = judge.work.selection()
    rules = [r for t in terms for r in t.get("matchExpressions", []) if r["operator"] == "In"]
    labels = [selector[PRODUCT][0]] if PRODUCT in selector else []
    labels += [v for r in rules if r["key"] == PRODUCT for v in r["values"]]
    marks = {v.upper().endswith("-SHARED") for v in labels}
    if len(marks) > 1:
        judge.note("some alternatives of node selection are shared, some are not")
    return True in marks or GKE_SHARING in selector


def _asking(judge, container, annotated, facts, find, place):
    keys = container.keys
    meanings = [understand(judge, k) for k in keys]
    if any(m == "unjudged" for m, _ in meanings):
        find("NotJudged", place)
        if len(keys) > 1:
            judge.note("NotJudged with more than one resource")
        facts.vague.add("requested")
        return facts
    tensor, pipeline = _parallelism(container)
    whole_keys = [k for k, (m, _) in zip(keys, meanings) if m == "whole"]
    mixed = bool(whole_keys) and len(whole_keys) < len(keys)
    single = len(keys) == 1
    by_selection = _shared_by_selection(judge)
    resolved = []
    identity = tuple((k.name,) + amounts(k) for k in keys)
    for key, (meaning, shared) in zip(keys, meanings):
        resolved.append(_one_key(judge, key, meaning, shared or by_selection, find, identity))
    if mixed:
        find("MixedGpuAndMig", [k.path for k in keys] + [container.path], measure=identity)
        if len(keys) > 2:
            judge.note("a whole GPU beside several slices")
    elif not single:
        if len(whole_keys) > 1:
            judge.note("nvidia.com/gpu beside nvidia.com/gpu.shared")
        find("MultipleSlices", [k.path for k in keys] + [container.path], measure=identity)
    key, (meaning, shared) = keys[0], meanings[0]
    shared = shared or by_selection
    facts.key, facts.whole = key, meaning == "whole"
    codes = {f.code for f in facts.findings}
    if single and meaning != "whole" and key.valid and key.count > 1:
        find("MultipleSlices", [key.path], measure=identity)
    if tensor * pipeline > 1:
        if not single or not key.valid:
            judge.note("tensor parallelism beside an unclear number of devices")
        elif tensor * pipeline > key.count:
            find("ParallelismExceedsDevices", place + ["*"], measure=identity)
        elif meaning != "whole":
            find("TensorParallelOverSlices", place + ["*"], measure=identity)
    total, source, stated = judge.declared(container, annotated)
    unclear = not single or bool(codes & NO_COMPARISON)
    if single:
        facts.requested = {"resource": key.name}
        if key.valid:
            facts.requested["count"] = key.count
        else:
            facts.vague.add("requested")
        _holding(judge, facts, resolved[0])
        if "ProfileNotOnGpu" in codes:
            facts.vague.add("gpus")
    if total is None:
        if not unclear:
            find("UnknownFootprint", place + ["*"], measure=identity)
        return facts
    devices = key.count if single and meaning == "whole" and key.valid else 1
    facts.need, facts.source = -(-total // devices), source
    if unclear:
        facts.vague.add("need")
        return facts
    _fit(judge, container, annotated, facts, find, (total, stated, shared, devices))
    return facts


def _parallelism(container):
    flags = container.flags() or {}
    return int(flags.get("tensor-parallel-size", 1)), int(flags.get("pipeline-parallel-size", 1))


def _one_key(judge, key, meaning, shared, find, identity):
    """The rules on the key alone."""
    if not key.valid:
        find("InvalidQuantity", [key.path], measure=identity)
    if shared:
        find("SharedSlice", [key.path], measure=identity)
    if meaning is None or (meaning != "whole" and not judge.catalogue.offering(meaning)):
        find("UnknownProfile", [key.path], measure=identity)
        if meaning is not None:
            judge.note("nvidia.com/gpu means a slice that no product has")
        if any("allowed" in p.slices or "denied" in p.slices for p in judge.in_force):
            judge.note("allowed/denied beside a name that no product has")
        return Asked()
    products = judge.named_products()
    if products is None and not judge.selection()[1]:
        titles = {p.title for p in map(judge.node_product, judge.nodes_offering(key.name)) if p}
        products = [p for p in judge.catalogue.products if p.title in titles] or None
        if products and shared:
            judge.note("the product of a shared slice from the inventory")
    if meaning == "whole":
        return Asked("whole", products or [], products is not None)
    known = products is not None
    products = products if known else judge.catalogue.offering(meaning)
    left = [p for p in products if p.offers(meaning, True)]
    proper = {meaning if meaning in p.profiles else p.variants[meaning][0].name for p in left} or {meaning}
    if any(len({p.passes(n) for n in proper | {meaning}}) > 1 for p in judge.in_force):
        judge.note("allowed/denied tell a driver's variant from the catalogue's name")
    if not judge.policy.passes(sorted(proper)[0]):
        find("ProfileNotAllowed", [key.path], measure=identity)
    if len(proper) > 1:
        judge.note("one name: a variant on one product, a profile of its own on another")
    if not left:
        find("ProfileNotOnGpu", [key.path], judge.policy.action("ProfileNotOnGpu", _absent(judge, key, products)),
             identity)
    return Asked(meaning, left, known)


def _absent(judge, key, products):
    """The default of ProfileNotOnGpu: deny where the inventory has nodes of the product and none offers it (3.6)."""
    titles = {p.title for p in products}
    of_product = [n for n in judge.world.nodes or [] if (judge.node_product(n) or products[0]).title in titles
                  and judge.node_product(n)]
    if of_product and key.name == "nvidia.com/gpu":
        judge.note("ProfileNotOnGpu of nvidia.com/gpu beside an inventory")
    offering = list(judge.nodes_offering(key.name))
    return "deny" if of_product and not any(n in offering for n in of_product) else "warn"


def _holding(judge, facts, asked):
    """Fills in products, profile and what is held."""
    facts.products = asked.products
    if asked.known:
        facts.requested["gpus"] = sorted(p.title for p in asked.products)
    else:
        facts.vague.add("gpus")
    if asked.name == "whole":
        totals = [p.total_mib for p in asked.products]
        if any(t is None for t in totals) and any(totals):
            judge.note("a set of whole GPUs, some without a known total")
        totals = [t << 20 for t in totals if t is not None]
        facts.low, facts.high = (min(totals), max(totals)) if totals else (None, None)
    elif asked.products:
        first = asked.products[0]
        facts.profile = first.profiles.get(asked.name) or first.variants[asked.name][0]
        facts.requested["profile"] = facts.profile.name
        facts.low, facts.high, facts.stand_in = usable(asked.products, asked.name)
    elif asked.name:
        facts.requested["profile"] = asked.name
    if facts.low is not None:
        facts.requested["usableBytes"] = facts.low


def _fit(judge, container, annotated, facts, find, terms):
    total, stated, shared, devices = terms
    if facts.low is None:
        return
    need, headroom, policy, key = facts.need, judge.policy.headroom, judge.policy, facts.key
    annotation = judge.work.annotation(container.name, "min-compute-slices") if annotated else None
    least = max(int(annotation or 1), policy.slices.get("minCompute", 1))
    media = "" if facts.whole else facts.profile.media
    classes, offer_known = judge.classes(facts.products, key.name, media, facts.whole, least)
    tensor, pipeline = _parallelism(container)
    if tensor * pipeline > 1:
        classes = {}
    fitting = [amount for amount in classes if holds(amount, need, headroom)]
    slice_of_gpu = key.name.startswith("nvidia.com/gpu") and not facts.whole
    # An object with a controller is never patched, so a rewrite of it cannot be made.
    may_rewrite = offer_known and not shared and key.count == 1 and not slice_of_gpu and judge.work.owner is None

    def recommend():
        best = judge.pick(classes[fitting[0]], None if facts.whole else facts.profile.compute)
        facts.recommended = {"profile": best.name, "usableBytes": fitting[0], "resource": spelled(key.name, best.name)}
        if facts.whole and len({p.compute for p in facts.products}) > 1:
            facts.vague.add("recommended")

    several = facts.whole and key.count > 1
    if need > facts.high:
        action = capped(policy.action("Undersized"), "Undersized", may_rewrite and bool(fitting) and not several)
        if fitting and not several:
            recommend()
        if shared:
            facts.vague.add("recommended")
        if facts.stand_in:
            action = at_most(action, "warn")
        find("Undersized", [key.path], action, need - facts.high)
    elif shared:
        return
    elif not holds(facts.low, need, headroom):
        if fitting and not several:
            recommend()
        find("TightFit", [key.path], measure=((key.name,) + amounts(key),))
    else:
        _oversized(judge, facts, find, (total, stated, offer_known, may_rewrite, classes, fitting, recommend),
                   (tensor, pipeline))


def _oversized(judge, facts, find, terms, parallel):
    total, stated, offer_known, may_rewrite, classes, fitting, recommend = terms
    policy, key = judge.policy, facts.key
    if facts.whole and key.count > 1:
        tensor, pipeline = parallel
        enough = [n for n in range(1, key.count) if key.count % n == 0 and n % pipeline == 0
                  and holds(facts.low, -(-total // n), policy.headroom)]
        if not enough:
            return
        if policy.slices.get("tolerance", 0):
            judge.note("tolerance and several whole GPUs")
        facts.recommended = {"resource": key.name, "count": enough[0]}
        may_rewrite = False
        if not offer_known:
            judge.note("several whole GPUs: does Oversized need a known offer to deny?")
    else:
        below = [amount for amount in classes if amount < facts.low]
        fitting_below = [amount for amount in fitting if amount < facts.low]
        if not fitting_below or len([a for a in below if a >= fitting_below[0]]) <= policy.slices.get("tolerance", 0):
            return
        recommend()
    action = policy.action("Oversized")
    if action in ("deny", "rewrite") and not (offer_known and stated):
        action = "warn"
    action = capped(action, "Oversized", may_rewrite)
    if facts.whole and key.count > 1 and facts.recommended["count"] < parallel[0] * parallel[1]:
        action = at_most(action, "warn")
    find("Oversized", [key.path], action, facts.low * key.count)


def spelled(asked, profile):
    """The recommended slice in the spelling of the request (3.5, 3.7)."""
    name = profile.replace("+", ".")
    if asked.startswith("mig.das.com/"):
        return "mig.das.com/" + ("mig-" if asked.startswith("mig.das.com/mig-") else "") + name
    return "nvidia.com/mig-" + name


def judge_object(world, work, policy, in_force):
    """(findings before exceptions and ratchet, facts by container, containers whose rewrite is open to doubt)."""
    judge = Judge(world, work, policy, in_force)
    findings, facts = [], {}
    for owner, path in work.invalid_annotations():
        findings.append(Finding("InvalidAnnotation", owner, [path], policy.action("InvalidAnnotation"), path))
    for container in work.containers:
        found = judge_container(judge, container, True)
        if policy.declarations == "policy":
            found = _union(judge, judge_container(judge, container, False), found)
        if any(f.code == "NotJudged" for f in found.findings):
            findings = [f for f in findings if f.container != container.name]
        findings += found.findings
        facts[container.name] = found
    return findings, facts


def _union(judge, without, annotated):
    """Judged without and with the workload's annotations (3.4, declarations: policy)."""
    merged = {}
    knows = without.need is not None or annotated.need is not None
    for finding in without.findings + annotated.findings:
        if finding.code == "UnknownFootprint" and knows:
            continue
        key = finding.code, finding.container, finding.paths[0]
        if key in merged:
            other = merged[key]
            if other.measure != finding.measure:
                other.measure = max(other.measure, finding.measure)
            other.action = strictest([other.action, finding.action])
        else:
            merged[key] = finding
    shown = annotated if annotated.fit() and not without.fit() else without
    if without.need is None and annotated.need is not None and shown is without:
        shown.vague.add("need")
    if without.fit() and annotated.fit() and without.recommended != annotated.recommended:
        if any(f.action == "rewrite" for f in merged.values()):
            judge.note("declarations: policy, both sides have a fit finding, one rewrites")
    shown.findings = list(merged.values())
    return shown


def amounts(key):
    """Limit and request; one that is not written is what Kubernetes takes for it, the other."""
    limit = amount(key.request if key.limit is None else key.limit)
    return limit, limit if key.request is None else amount(key.request)


def amount(raw):
    """A quantity by its value where it has one, so that 1 and 1000m are the same quantity for the ratchet."""
    value = parse(raw)
    return str(raw) if value is None else str(value)
