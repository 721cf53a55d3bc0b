"""From findings to a decision: exceptions, ratchet, rewrite, modes, children, budgets, money (DESIGN 3.7 to 3.9)."""
import copy
import datetime
from dataclasses import dataclass, field
from fractions import Fraction

from autoscaler import autoscalers_of, counted
from container import Finding
from policies import MODES, ORDER, STRICT, after_mode, at_most, excepted, in_force, strictest
from quantity import parse, whole_bytes
from rules import judge_object
from workload import Workload, is_gpu_key

ORIGINAL = "rightslice.io/original-request"
HOURS = 730


DEFAULTS = {"Oversized": "warn", "Undersized": "deny"}   # of what may be a rewrite


@dataclass
class World:
    """The surroundings of one run. `notes` collects the doubtful places that the case at hand touched."""
    catalogue: object
    policies: list
    exceptions: list = field(default_factory=list)
    nodes: list | None = None
    namespaces: dict | None = None   # name -> labels
    prices: dict | None = None
    today: datetime.date = datetime.date(2026, 9, 1)
    notes: set = field(default_factory=set)

    def labels_of(self, namespace):
        return None if self.namespaces is None else self.namespaces.get(namespace)


@dataclass
class Expected:
    """What one object must come to."""
    work: Workload
    policies: list = field(default_factory=list)
    mode: str | None = None
    decision: str = "allow"
    would_be: str | None = None
    findings: list = field(default_factory=list)
    facts: dict = field(default_factory=dict)
    patched: dict | None = None
    hangs_on_labels: bool = False
    recorded: bool = False
    notes: set = field(default_factory=set)
    by_policy: dict = field(default_factory=dict)
    both_denied: bool = False   # the author's key and ours together: /validate denies, whatever the action


def judged_alone(world, work, policy, forced, old=None, ours=()):
    """Findings of one policy after exceptions and ratchet, and the facts. `ours`: containers that hold what a rewrite wrote."""
    findings, facts = judge_object(world, work, policy, forced)
    for finding in findings:
        if finding.action == "rewrite" and waits(world, facts[finding.container]) and not held(finding.container, facts, old, ours):
            finding.action = DEFAULTS[finding.code]
    for finding in findings:
        finding.action = excepted(finding.action, finding.code, work, policy, world.exceptions, world.today)
    if old is not None and policy.ratchet:
        before, _ = judge_object(world, old, policy, forced)
        for finding in findings:
            if STRICT[finding.action] > STRICT["warn"] and _no_worse(world, finding, before):
                finding.action = "warn"
    return findings, facts


def waits(world, fact):
    """Every slice of the recommended kind, on the nodes of these products, is known to be in use."""
    if world.nodes is None or fact.recommended is None or "profile" not in fact.recommended:
        return False
    titles, slices, taken = {p.title for p in fact.products}, 0, 0
    for node in world.nodes:
        product = world.catalogue.product(node.get("labels", {}).get("nvidia.com/gpu.product", ""))
        for key, amount in node.get("allocatable", {}).items():
            if product is None or product.title not in titles or not key.startswith("nvidia.com/mig-") or parse(amount) <= 0:
                continue
            if world.catalogue.canonical.get(key[len("nvidia.com/mig-"):]) != fact.recommended["profile"]:
                continue
            if "requested" not in node:
                return False
            slices += parse(amount)
            taken += min(parse(amount), parse(node["requested"].get(key, "0")))
    return slices > 0 and taken >= slices


def held(container, facts, old, ours):
    """It asks for that slice already: a rewrite put it there, or the old object says so."""
    wanted = facts[container].recommended["resource"]
    before = old.containers if old is not None else []
    return container in ours or any(c.name == container and wanted in c.body.get("resources", {}).get("limits", {}) for c in before)


def _no_worse(world, finding, before):
    if finding.code == "InvalidAnnotation":
        world.notes.add("ratchet on InvalidAnnotation")
    for other in before:
        if (other.code, other.container) == (finding.code, finding.container):
            if finding.code in ("Undersized", "Oversized"):
                return finding.measure <= other.measure
            return finding.measure == other.measure
    return False


def rewrites_of(judged, names):
    """container -> (old key, new key, bytes) over the policies named; the larger wins (3.7)."""
    chosen = {}
    for policy, (findings, facts) in judged.items():
        if policy not in names:
            continue
        for finding in findings:
            if finding.action != "rewrite":
                continue
            fact = facts[finding.container]
            if fact.recommended is None:
                continue
            offer = (fact.recommended["usableBytes"], fact.key, fact.recommended["resource"])
            if finding.container not in chosen or offer[0] > chosen[finding.container][0]:
                chosen[finding.container] = offer
    return chosen


def entries_of(template):
    text = (template.get("metadata", {}).get("annotations") or {}).get(ORIGINAL, "")
    found = {}
    for part in filter(None, text.split(",")):
        name, _, rest = part.partition("=")
        asked, _, written = rest.partition(">")
        resource, _, count = asked.rpartition(":")
        found[name] = (resource, count, written)
    return found


def apply(work, chosen):
    """The object after /mutate: keys swapped, `original-request` kept true (3.7)."""
    manifest = copy.deepcopy(work.manifest)
    patched = Workload(manifest, work.namespace)
    entries = entries_of(patched.template)
    for container in patched.containers:
        resources = container.body.get("resources", {})
        asked = {k for part in resources.values() if isinstance(part, dict) for k in part}
        if container.name in entries:
            resource, _, written = entries[container.name]
            if resource in asked:
                if written in asked:
                    _swap(resources, written, None)
                del entries[container.name]
            elif written not in asked:
                del entries[container.name]
            elif changed_since(container, entries[container.name]):
                _swap(resources, written, None)
                del entries[container.name]
        if container.name in chosen:
            _, key, new = chosen[container.name]
            entries[container.name] = (key.name, str(key.count), new)
            _swap(resources, key.name, new)
    meta = patched.template.setdefault("metadata", {})
    notes = meta.setdefault("annotations", {}) or {}
    meta["annotations"] = notes
    notes.pop(ORIGINAL, None)
    if entries:
        notes[ORIGINAL] = ",".join(f"{c}={r}:{n}>{w}" for c, (r, n, w) in sorted(entries.items()))
    return manifest


def _swap(resources, old, new):
    for part in ("limits", "requests"):
        if old in (resources.get(part) or {}):
            value = resources[part].pop(old)
            if new:
                resources[part][new] = value


def normal(manifest):
    """For comparing patched objects: quantities by value, empty maps as none."""
    if isinstance(manifest, dict):
        out = {}
        for key, value in manifest.items():
            if is_gpu_key(key) and not isinstance(value, dict):
                out[key] = str(parse(value)) if parse(value) is not None else value
            else:
                value = normal(value)
                if value not in ({}, None):
                    out[key] = value
        return out
    return [normal(v) for v in manifest] if isinstance(manifest, list) else manifest


def changed_since(container, entry):
    """Another key beside ours: the author's manifest no longer asks for what was rewritten, and W came back by a merge (3.7)."""
    if not entry:
        return False
    resource, count, written = entry
    keys = {k.name: k for k in container.keys}
    return len(keys) == 2 and resource not in keys and written in keys and str(keys[written].count) == count


def strip_reapplied(work):
    """The object as it is judged: where c asks for R:n and for W of its entry, W is ours (3.7)."""
    entries = entries_of(work.template)
    if not entries:
        return work, set()
    manifest = copy.deepcopy(work.manifest)
    copied = Workload(manifest, work.namespace)
    both = set()
    for container in copied.containers:
        resource, count, written = entries.get(container.name, (None, None, None))
        keys = {k.name: k for k in container.keys}
        if resource in keys and written in keys and str(keys[resource].count) == count or changed_since(container, entries.get(container.name)):
            _swap(container.body["resources"], written, None)
            both.add(container.name)
    return Workload(manifest, work.namespace), both


def decide(world, work, forced, judged, modes, extra=None):
    """(decision, patched manifest or None) with each policy in the mode that `modes` gives it."""
    acting = [p for p in forced if modes[p] == "enforce"]
    patched = None
    if acting and not work.owner:
        candidate = apply(work, rewrites_of(judged, acting))
        if normal(candidate) != normal(work.manifest):
            patched = candidate
    actions = ["allow"]
    for policy, (findings, _) in judged.items():
        for finding in findings + (extra or {}).get(policy, []):
            actions.append(after_mode(at_most(finding.action, "warn"), modes[policy]))
    denied = False
    final = judged
    if patched is not None:
        again = Workload(patched, work.namespace)
        final = {p: judged_alone(world, again, p, forced) for p in acting}
        if extra:
            world.notes.add("a budget beside a rewrite")
    for policy in acting:
        denied = denied or any(f.action == "deny" for f in final[policy][0] + (extra or {}).get(policy, []))
    if denied:
        return "deny", patched
    return ("rewrite" if patched is not None else strictest(actions)), patched


def judge(world, work, old=None, extra=None, exempted=()):
    """`extra`: policy -> OverBudget findings, worked out over the whole input."""
    world.notes = set()
    out = Expected(work, notes=world.notes)
    forced, unknown = in_force(world.policies, work, world.labels_of(work.namespace))
    out.hangs_on_labels = bool(unknown)
    out.policies = [p.display for p in forced]
    if not forced:
        return out
    out.mode = max((p.mode for p in forced), key=MODES.index)
    bare, both = strip_reapplied(work)
    judged = {p: judged_alone(world, bare, p, forced, old, both) for p in forced}
    out.by_policy = {p: found for p, (found, _) in judged.items()}
    out.both_denied = bool(both)
    modes = {p: "audit" if p in exempted else p.mode for p in forced}
    out.decision, out.patched = decide(world, work, forced, judged, modes, extra)
    if any(p.mode != "enforce" for p in forced):
        out.would_be, _ = decide(world, work, forced, judged, {p: "enforce" for p in forced}, extra)
    joined = {}
    for policy in forced:
        for finding in judged[policy][0] + (extra or {}).get(policy, []):
            key = (finding.code, finding.container, finding.paths[0])
            if key in joined:
                joined[key].action = strictest([joined[key].action, finding.action])
            else:
                joined[key] = Finding(finding.code, finding.container, finding.paths, finding.action)
    out.findings = sorted(joined.values(), key=lambda f: ORDER.index(f.code))
    out.facts = _facts_that_decided(out, forced, judged, work, extra)
    return out


def _facts_that_decided(out, forced, judged, work, extra):
    """need, requested, recommended of the policy that decided, first by name; where others differ, it is noted."""
    def own(policy, mode):
        actions = [f.action for f in judged[policy][0] + (extra or {}).get(policy, [])]
        return after_mode(strictest(actions), mode)

    strongest = max((own(p, p.mode) for p in forced), key=STRICT.__getitem__)
    deciding = [p for p in forced if own(p, p.mode) == strongest]
    facts = judged[deciding[0]][1]
    for container in facts:
        shown = [_visible(judged[p][1][container]) for p in forced]
        if any(s != shown[0] for s in shown):
            facts[container].vague.add("several policies")
            facts[container].vague.add("decided by " + deciding[0].display)
    return facts


def _visible(fact):
    return fact.requested, fact.need, fact.source, fact.recommended


# --- 3.7: children ------------------------------------------------------------------------------------------------

def is_recorded(world, work, others):
    """A child whose owner is in the same input, of a matched kind, asking the same of each container."""
    if not work.owner:
        return False
    forced, _ = in_force(world.policies, work, world.labels_of(work.namespace))
    if not any(p.matches_kind(work.owner["kind"]) for p in forced):
        return False
    for other in others:
        same = (other.manifest.get("metadata", {}).get("uid"), other.kind, other.name, other.namespace)
        if same == (work.owner.get("uid"), work.owner["kind"], work.owner["name"], work.namespace):
            asks = [{c.name: sorted((k.name, str(parse(k.raw))) for k in c.keys) for c in w.containers}
                    for w in (work, other)]
            return asks[0] == asks[1]
    return False


# --- 3.9: money, and 3.6: budgets -----------------------------------------------------------------------------------

def shares(fact):
    """The share of a GPU of each product of the set; None where unknown."""
    if fact.whole:
        return [Fraction(1)]
    if fact.profile is None or not fact.products:
        return [None]
    return [p.share(fact.profile) for p in fact.products]


def monthly(world, work, fact):
    """{currency, requested[, recommended]} or None where there is no price, 'open' where DESIGN leaves it open."""
    if world.prices is None or not fact.requested or fact.requested.get("count") is None:
        return "open"
    if len(fact.products) != 1 or "gpus" not in fact.requested or work.kind not in ("Pod", "Deployment", "StatefulSet"):
        return "open"
    product = fact.products[0]
    prices = {world.catalogue.product(n).title: Fraction(str(v)) for n, v in world.prices["gpuHour"].items()}
    if product.title not in prices or shares(fact)[0] is None:
        return "open"
    hour = prices[product.title] * work.replicas * HOURS
    out = {"currency": world.prices["currency"], "requested": hour * shares(fact)[0] * fact.requested["count"]}
    if fact.recommended and any(f.code == "Oversized" for f in fact.findings):
        if "count" in fact.recommended:
            out["recommended"] = hour * fact.recommended["count"]
        else:
            other = product.share(product.profiles[fact.recommended["profile"]])
            if other is None:
                return "open"
            out["recommended"] = hour * other
        out["waste"] = out["requested"] - out["recommended"]
    return out


def use(world, work, facts, autoscalers):
    """(memory bytes, gpus, cost) of an object: max(ordinary init containers, sum of the others) x replicas, or its autoscaler's maximum."""
    one = copy.copy(work)
    one.replicas = 1
    sums = {True: [(0, 0, 0)], False: [(0, 0, 0)]}
    for container in work.containers:
        fact = facts[container.name]
        if not fact.requested or "count" not in fact.requested:
            if container.keys or container.sharing:
                world.notes.add("a budget beside a container that cannot be counted")
            continue
        count = fact.requested["count"]
        if fact.stand_in:
            world.notes.add("a budget beside a stand-in")
        known = [s for s in shares(fact) if s is not None]
        money = monthly(world, one, fact)
        cost = money["requested"] if isinstance(money, dict) else 0
        sums[container.is_init].append(((fact.low or 0) * count, max(known, default=0) * count, cost))
    ordinary = [max(s[i] for s in sums[True]) for i in range(3)]
    others = [sum(s[i] for s in sums[False]) for i in range(3)]
    if work.kind in ("DaemonSet", "CronJob", "Job"):
        world.notes.add("a budget and a kind without replicas")
    return [max(a, b) * counted(work, autoscalers) for a, b in zip(ordinary, others)]


def over_budgets(world, works, autoscalers):
    """Per object (by identity): policy -> OverBudget findings, and the doubts, over one namespace in order."""
    found, doubts = {}, {}
    for policy in world.policies:
        budget = policy.spec.get("budget")
        if not budget:
            continue
        limits = [whole_bytes(budget["memory"]) if "memory" in budget else None,
                  Fraction(str(budget["gpus"])) if "gpus" in budget else None,
                  Fraction(str(budget["cost"]["amount"])) if "cost" in budget and world.prices else None]
        running = {}
        for work in works:
            forced, _ = in_force(world.policies, work, world.labels_of(work.namespace))
            world.notes = set()
            if policy not in forced:
                if any(c.keys for c in work.containers):
                    running.setdefault(work.namespace, ([0, 0, 0], [0, 0, 0], set()))[2].add(
                        "a budget and an object that its policy does not match")
                continue
            _, facts = judge_object(world, work, policy, forced)
            mine = use(world, work, facts, autoscalers)
            all_of, admitted, notes = running.setdefault(work.namespace, ([0, 0, 0], [0, 0, 0], set()))
            notes |= world.notes
            over = [l is not None and m > 0 and a + m > l for l, m, a in zip(limits, mine, all_of)]
            over_admitted = [l is not None and m > 0 and a + m > l for l, m, a in zip(limits, mine, admitted)]
            if any(over) != any(over_admitted):
                notes.add("a budget after an object that was over it")
            if any(over):
                action = excepted(policy.action("OverBudget"), "OverBudget", work, policy, world.exceptions, world.today)
                found.setdefault(id(work), {})[policy] = [Finding("OverBudget", None, ["*"], action)]
            else:
                admitted[:] = [a + m for a, m in zip(admitted, mine)]
            all_of[:] = [a + m for a, m in zip(all_of, mine)]
            if notes:
                doubts.setdefault(id(work), set()).update(notes)
    return found, doubts


def judge_input(world, manifests, default_namespace="default"):
    """What `check` must say of one input, in order; objects of no known kind give None."""
    works = [Workload(m, default_namespace) for m in manifests]
    known = [w for w in works if w.known]
    recorded = {id(w) for w in known if is_recorded(world, w, known)}
    budgets, doubts = over_budgets(world, [w for w in known if id(w) not in recorded], autoscalers_of(manifests, default_namespace))
    out = []
    for work in works:
        if not work.known:
            out.append(None)
            continue
        expected = judge(world, work, extra=budgets.get(id(work)))
        expected.notes |= doubts.get(id(work), set())
        if id(work) in recorded:
            expected.recorded, expected.decision = True, "allow"
        out.append(expected)
    return out
