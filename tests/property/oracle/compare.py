"""Field by field: what the oracle expects against what the program said."""
import base64
import json

import verdict
from patching import Failed, apply_patch
from policies import ORDER, strictest, after_mode

IGNORED = {"EngineSettings", "FootprintDisagrees", "EngineCannotStart"}  # hang on estimates; switched off in the policies


class Mismatch:
    """`reading` is empty for a plain contradiction, else the doubtful place of DESIGN that the case touches."""

    def __init__(self, field, expected, actual, reading=()):
        self.field, self.expected, self.actual, self.reading = field, expected, actual, sorted(reading)

    def __str__(self):
        tail = f"   [reading: {'; '.join(self.reading)}]" if self.reading else ""
        return f"{self.field}: expected {self.expected!r}, got {self.actual!r}{tail}"


class Differ:
    def __init__(self, readings):
        self.found, self.readings = [], set(readings)

    def same(self, field, expected, actual, reading=()):
        if expected != actual:
            self.found.append(Mismatch(field, expected, actual, self.readings | set(reading)))


def result(world, expected, actual):
    differ = Differ(expected.notes)
    work = expected.work
    differ.same("kind", work.kind, actual.get("kind"))
    differ.same("policies", sorted(expected.policies), sorted(actual.get("policies", ["absent"])))
    differ.same("mode", expected.mode, actual.get("mode"))
    if expected.recorded:
        differ.same("decision of a recorded child", "allow", actual.get("decision"))
        return differ.found
    differ.same("decision", expected.decision, actual.get("decision"))
    differ.same("wouldBe", expected.would_be, actual.get("wouldBe"))
    if not expected.policies:
        differ.same("findings without a policy", [], actual.get("findings"))
    else:
        findings(differ, expected, actual.get("findings", []))
        containers(world, differ, expected, actual.get("containers", []))
    patch(differ, expected, actual.get("patch"))
    if expected.hangs_on_labels and not actual.get("unknown"):
        differ.same("unknown", "not empty", actual.get("unknown"))
    if not expected.hangs_on_labels and _all_known(world, expected):
        differ.same("unknown", [], actual.get("unknown"))
    return differ.found


def _all_known(world, expected):
    facts = [f for f in expected.facts.values() if f.requested]
    return len(expected.policies) == 1 and not expected.notes and world.nodes is not None and all(
        "gpus" in f.requested and not f.vague and f.need is not None for f in facts)


def findings(differ, expected, actual):
    actual = [f for f in actual if f["code"] not in IGNORED]
    left = list(actual)
    for wanted in expected.findings:
        def fits(found):
            path = found.get("path", "")
            return found["code"] == wanted.code and found.get("container") == wanted.container and (
                path in wanted.paths or "*" in wanted.paths)
        match = next((f for f in left if fits(f)), None)
        if match is None:
            differ.same("finding", (wanted.code, wanted.action, wanted.container, wanted.paths[0]), None)
            continue
        left.remove(match)
        differ.same(f"action of {wanted.code} in {wanted.container}", wanted.action, match["action"])
        if not match.get("message"):
            differ.same(f"message of {wanted.code}", "a text", match.get("message"))
    for found in left:
        differ.same("finding", None, (found["code"], found["action"], found.get("container"), found.get("path")))
    for name in {f.get("container") for f in actual}:
        order = [ORDER.index(f["code"]) for f in actual if f.get("container") == name]
        differ.same("order of findings", sorted(order), order)


def containers(world, differ, expected, actual):
    by_name = {c.get("name"): c for c in actual}
    differ.same("containers", sorted(expected.facts), sorted(by_name))
    for name, fact in expected.facts.items():
        if name in by_name:
            container(world, differ, expected, fact, by_name[name])


def container(world, differ, expected, fact, actual):
    several = {"several policies disagree on need, requested or recommended"} if "several policies" in fact.vague else set()
    asked, said = fact.requested, actual.get("requested")
    if "requested" not in fact.vague:
        differ.same(f"requested of {fact.name}", asked is not None, said is not None, several)
        for key in ("resource", "profile", "count", "usableBytes"):
            if asked and said:
                differ.same(f"requested.{key} of {fact.name}", asked.get(key), said.get(key), several)
        if asked and said and "gpus" not in fact.vague:
            titles = {world.catalogue.product(n).title if world.catalogue.product(n) else n for n in said.get("gpus", [])}
            differ.same(f"requested.gpus of {fact.name}", asked.get("gpus"), sorted(titles) or None, several)
        if asked and said and "gpus" not in asked and said.get("gpus"):
            differ.same(f"requested.gpus of {fact.name}", None, said["gpus"], several | {"gpus where nothing named a product"})
    if fact.requested and "need" not in fact.vague:
        need = actual.get("need", {})
        for key in ("minimumBytes", "bytes", "highBytes"):
            differ.same(f"need.{key} of {fact.name}", fact.need, need.get(key), several)
        differ.same(f"need.source of {fact.name}", fact.source, need.get("source"), several)
    if "recommended" not in fact.vague:
        wanted, got = fact.recommended, actual.get("recommended")
        differ.same(f"recommended of {fact.name}", wanted is not None, got is not None, several)
        if wanted and got:
            for key in ("resource", "profile", "count", "usableBytes"):
                if key == "resource" and asked and asked["resource"].startswith("nvidia.com/gpu") and fact.profile:
                    differ.same(f"recommended.resource of {fact.name}", asked["resource"], got.get(key), several)
                else:
                    differ.same(f"recommended.{key} of {fact.name}", wanted.get(key), got.get(key), several)
    money(world, differ, expected, fact, actual.get("monthlyCost"), several)


def money(world, differ, expected, fact, said, several):
    wanted = verdict.monthly(world, expected.work, fact)
    if wanted == "open" or not fact.requested or fact.vague & {"requested", "gpus"}:
        return
    if said is None:
        differ.same(f"monthlyCost of {fact.name}", "there", None, several)
        return
    differ.same(f"monthlyCost.currency of {fact.name}", wanted["currency"], said.get("currency"), several)
    for key in ("requested", "recommended", "waste"):
        if key in wanted and abs(float(wanted[key]) - said.get(key, -1e9)) > 0.011:
            differ.same(f"monthlyCost.{key} of {fact.name}", round(float(wanted[key]), 2), said.get(key), several)


def patch(differ, expected, operations):
    if operations is None:
        differ.same("patch", "there", None)
        return
    if not operations:
        if expected.patched is not None and expected.decision != "deny":
            differ.same("patch", "an operation", [])
        return
    differ.same("patch", expected.patched is not None, True)
    effect(differ, expected.work.manifest, expected.patched, operations)


def effect(differ, manifest, patched, operations):
    try:
        done = verdict.normal(apply_patch(manifest, operations))
    except Failed as failure:
        differ.same("patch", "applies", str(failure))
        return
    if patched is not None and done != verdict.normal(patched):
        differ.same("effect of the patch", verdict.normal(patched), done)


def review(path, expected, policies, answer, uid, exempted):
    """One AdmissionReview's answer. `policies` are those in force, `exempted` those that leave the user alone."""
    differ = Differ(expected.notes)
    response = answer.get("response", {})
    differ.same("response.uid", uid, response.get("uid"))
    acting = [p for p in policies if p.mode == "enforce" and p not in exempted]
    if path == "mutate":
        differ.same("allowed", True, response.get("allowed"))
        operations = json.loads(base64.b64decode(response["patch"])) if response.get("patch") else []
        wanted = expected.patched is not None
        doubt = {"mutate where validate will deny"} if expected.decision == "deny" else set()
        differ.same("patch", wanted, bool(operations), doubt)
        if operations:
            differ.same("patchType", "JSONPatch", response.get("patchType"))
            effect(differ, expected.work.manifest, expected.patched, operations)
        return differ.found
    actions = {p: [f.action for f in found] for p, found in expected.by_policy.items()}
    denied = expected.both_denied and bool(acting) or any(a == "deny" for p in acting for a in actions[p])
    differ.same("allowed", not denied, response.get("allowed"))
    differ.same("patch on validate", None, response.get("patch"))
    notes = response.get("auditAnnotations", {})
    causes = [c.get("reason") for c in response.get("status", {}).get("details", {}).get("causes", [])]
    if denied and not response.get("allowed"):
        differ.same("status.code", 403, response.get("status", {}).get("code"))
        differ.same("status.reason", "Forbidden", response.get("status", {}).get("reason"))
        if not expected.both_denied:
            differ.same("causes", sorted(f.code for f in expected.findings if f.action != "allow"),
                        sorted(c for c in causes if c not in IGNORED))
    if expected.both_denied or exempted:
        return differ.found
    _annotations(differ, expected, notes, actions, policies)
    strongest = strictest([after_mode("warn" if a == "rewrite" else a, p.mode) for p in policies for a in actions[p]])
    warned = bool(response.get("warnings"))
    if strongest == "warn" and not denied:
        differ.same("warnings", True, warned)
    if strongest == "allow" and not expected.hangs_on_labels:
        differ.same("warnings", False, warned)
    return differ.found


def _annotations(differ, expected, notes, actions, policies):
    every = [a for found in actions.values() for a in found]
    if policies and "rewrite" not in every:
        differ.same("auditAnnotations.decision", strictest([after_mode(a, p.mode) for p in policies for a in actions[p]]),
                    notes.get("decision"))
        mixed = any(p.mode != "enforce" for p in policies)
        differ.same("auditAnnotations.would-be", strictest(every) if mixed else None, notes.get("would-be"))
    if policies:
        differ.same("auditAnnotations.policy", sorted(expected.policies), sorted(notes.get("policy", "").split(",")))
        codes = sorted({f.code for f in expected.findings if f.action != "allow"}, key=ORDER.index)
        said = [c for c in notes.get("findings", "").split(",") if c and c not in IGNORED]
        differ.same("auditAnnotations.findings", codes, said)
    asking = [f for f in expected.facts.values() if f.key is not None]
    if len(asking) == 1 and not asking[0].vague and asking[0].requested and "count" in asking[0].requested:
        fact = asking[0]
        differ.same("auditAnnotations.requested", f"{fact.requested['resource']}:{fact.requested['count']}",
                    notes.get("requested"))
        differ.same("auditAnnotations.need", None if fact.need is None else str(fact.need), notes.get("need"))
