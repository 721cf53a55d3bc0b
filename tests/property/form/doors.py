"""All doors say the same: check, the server, review; and what else comes with a review changes nothing."""
import base64
import copy
import json
import random

import manifest
import serialize
from claiming import GROUP
from program import admission_review, patched


def findings_of(response):
    return response.get("auditAnnotations", {}).get("findings", "")


def said_by_check(result):
    codes = []
    for finding in result["findings"]:
        if finding["action"] != "allow" and finding["code"] not in codes:
            codes.append(finding["code"])
    return ",".join(codes)


def tricks(thing, plural):
    """Reviews that say the same as a plain CREATE."""
    larger = copy.deepcopy(thing)
    other = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "chat"}, "spec": {"containers": [{"name": "server", "image": "x"}]}}
    yield "a plain CREATE", admission_review(thing, plural)
    yield "CREATE with an old object", admission_review(thing, plural, old=larger)
    yield "dry run", admission_review(thing, plural, dryRun=True)
    yield "UPDATE of nothing", admission_review(thing, plural, "UPDATE")
    yield "UPDATE of an empty object", admission_review(thing, plural, "UPDATE", old={})
    yield "UPDATE of another kind that asks for nothing", admission_review(thing, plural, "UPDATE", old=other)
    garbage = {"apiVersion": 3, "kind": ["x"], "metadata": "chat", "spec": {"template": [1], "containers": {"a": None}}}
    yield "UPDATE of garbage", admission_review(thing, plural, "UPDATE", old=garbage)
    elsewhere = copy.deepcopy(thing)
    elsewhere["metadata"]["namespace"] = "elsewhere"
    body = admission_review(thing, plural)
    body["request"]["object"] = elsewhere
    yield "a namespace in the object that is not the request's", body
    unnamed = copy.deepcopy(thing)
    del unnamed["metadata"]["namespace"]
    body = admission_review(thing, plural)
    body["request"]["object"] = unnamed
    yield "no namespace in the object", body
    body = admission_review(thing, plural)
    body["request"].pop("name")
    yield "no name in the request", body
    yield "no subresource", admission_review(thing, plural, subResource="", requestSubResource="")
    yield "null for a subresource", admission_review(thing, plural, subResource=None)
    yield "asked for in another version", admission_review(thing, plural, requestKind={"group": "apps", "version": "v1beta1", "kind": thing["kind"]},
                                                           requestResource={"group": "apps", "version": "v1beta1", "resource": plural})


def unjudged(thing, plural, rng):
    """Reviews that are allowed without a word, by contract: what they ask for cannot give the workload another GPU. Budgets, against which a scale is
    judged, need a cluster (tests/unit/admission)."""
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": dict(thing["metadata"]),
           "spec": {**pod_spec(thing), "ephemeralContainers": [{"name": "debug", **SERVER}]}}
    for subresource in ("ephemeralcontainers", "resize", "status", "binding", "eviction"):
        operation = "CREATE" if subresource in ("binding", "eviction") else "UPDATE"
        yield f"pods/{subresource}", admission_review(pod, "pods", operation, old=rng.choice([None, {}, pod]), subResource=subresource)
    scale = {"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": dict(thing["metadata"]), "spec": {"replicas": rng.choice([0, 1, 1000])}}
    for each in (scale, {**thing, "spec": {**thing["spec"], "replicas": 1000}}):
        yield f"{plural}/scale", admission_review(thing, plural, "UPDATE", old=each, object=each, subResource="scale",
                                                 kind={"group": "autoscaling", "version": "v1", "kind": "Scale"})
    yield f"{plural}/status", admission_review(thing, plural, "UPDATE", old=thing, subResource="status")
    yield "DELETE", admission_review(None, plural, "DELETE", old=thing, like=thing)
    yield "CONNECT", admission_review(pod, "pods", "CONNECT", subResource=rng.choice(["exec", "attach", "portforward"]))


SERVER = {"image": "vllm/vllm-openai:v0.8.5", "args": ["--model", "Qwen/Qwen2.5-7B-Instruct"], "resources": {"limits": {"nvidia.com/mig-1g.10gb": "1"}}}


def pod_spec(thing):
    spec = thing["spec"]
    while "containers" not in spec:
        spec = (spec.get("jobTemplate") or spec.get("template"))["spec"]
    return spec


def agree(program, cases, seed):
    """Counts of answers and of those that differ."""
    chosen = {}
    for number, variants in cases:
        rng = random.Random(f"{seed}.{number}.doors")
        chosen[number] = rng, rng.choice(variants)
    around = [each for _, variant in chosen.values() for each in manifest.objects_of(variant.form(), variant.seed) if each["apiVersion"].startswith(GROUP)]
    program.know(around, ["team-a", "team-r"])
    program.serve()
    compared = failed = 0

    def differs(number, what, wanted, got):
        nonlocal failed
        failed += 1
        if failed <= 5:
            print(f"case {number} of seed {seed}: {what}\n    wanted {wanted}\n    is     {got}\n")

    for number, (rng, variant) in chosen.items():
        form, thing = variant.object()
        plural = manifest.KINDS[form.kind].plural
        thing["metadata"].setdefault("name", "chat")
        results, _ = program.check([json.dumps(thing)], "json") if number % 10 == 0 else ([None], "")
        wanted = None
        for what, body in tricks(thing, plural):
            text = serialize.to_json(serialize.shuffled(body, rng), rng)
            status, answer = program.post("validate", text)
            compared += 1
            response = json.loads(answer)["response"] if status == 200 else {"allowed": f"HTTP {status}: {answer}"}
            said = (response["allowed"], findings_of(response))
            if wanted is None:
                wanted = said
                if results[0] and (results[0][0]["decision"] != "deny", said_by_check(results[0][0])) != said:
                    differs(number, "check and /validate", (results[0][0]["decision"], said_by_check(results[0][0])), said)
                if number % 25 == 0:
                    code, line = program.review("validate", text)
                    compared += 1
                    if (code, line.rstrip("\n")) != (0, answer.rstrip("\n")):
                        differs(number, "review and /validate", answer, line)
            elif said != wanted:
                differs(number, what + "\n    " + json.dumps(body), wanted, said)
        for what, body in unjudged(thing, plural, rng):
            compared += 2
            for path in ("validate", "mutate"):
                status, answer = program.post(path, serialize.to_json(serialize.shuffled(body, rng), rng))
                if status != 200 or json.loads(answer)["response"] != {"uid": "u-1", "allowed": True}:
                    differs(number, f"{what} at /{path}", "allowed without a word", answer)
        compared += twice_mutated(program, number, thing, plural, differs)
        compared += refused(program, number, thing, plural, differs)
    return compared, failed


def twice_mutated(program, number, thing, plural, differs):
    """check says what /mutate and then /validate do, and a second time there is nothing to write."""
    thing = copy.deepcopy(thing)
    thing["metadata"]["namespace"] = "team-r"
    _, first = program.post("mutate", json.dumps(admission_review(thing, plural)))
    response = json.loads(first)["response"]
    written = patched(thing, response)
    _, second = program.post("mutate", json.dumps(admission_review(written, plural)))
    _, judged = program.post("validate", json.dumps(admission_review(written, plural)))
    if not response["allowed"]:
        differs(number, "/mutate denies", True, first)
    if "patch" in json.loads(second)["response"]:
        differs(number, "/mutate writes again", None, base64.b64decode(json.loads(second)["response"]["patch"]).decode())
    if number % 10 == 0:
        results, _ = program.check([json.dumps(thing)], "json")
        allowed = json.loads(judged)["response"]["allowed"]
        if (results[0][0]["decision"] != "deny") != allowed:
            differs(number, "check, and /mutate before /validate", results[0][0]["decision"], allowed)
    return 3


def refused(program, number, thing, plural, differs):
    """A key twice is an error at every door: which of the two counts is nobody's to guess."""
    if number % 10:
        return 0
    text = json.dumps(admission_review(thing, plural)).replace('"containers":', '"containers": [], "containers":', 1)
    status, answer = program.post("validate", text)
    if status != 400:
        differs(number, "a key twice in a review", 400, (status, answer))
    results, errors = program.check([json.dumps(thing).replace('"containers":', '"containers": [], "containers":', 1)], "yaml")
    if results[0] is not None or "twice" not in errors:
        differs(number, "a key twice in a manifest", "an error", (results, errors))
    return 2
