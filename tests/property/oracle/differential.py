#!/usr/bin/env python3
"""Compares `rightslice check -o json` and `rightslice review` with the oracle on seeded cases.

    differential.py build/release/bin/rightslice --seed 1 --cases 2000 [--show N] [--only WORLD.SCENE]

Exit status 0: no contradiction; 1: at least one; 2: the program could not be run.
"""
import argparse
import collections
import concurrent.futures
import copy
import datetime
import json
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile

import compare
import verdict
import yamltext
from catalogue import Catalogue
from generator import Generated, Generator
from policies import Policy, in_force
from shrink import shrink
from verdict import World
from workload import TEMPLATE_AT, Workload, escape, is_gpu_key

ROOT = pathlib.Path(__file__).resolve().parents[3]
SCENES = 14
NEW_FIELDS = {"Deployment": "deployments", "StatefulSet": "statefulsets", "ReplicaSet": "replicasets",
              "DaemonSet": "daemonsets", "Job": "jobs", "CronJob": "cronjobs", "Pod": "pods"}


class Broken(Exception):
    """The program gave no answer that can be compared."""


def flat(documents):
    """(document number from 1, item number or None, manifest) in input order, Lists opened."""
    for number, document in enumerate(documents, 1):
        if document.get("kind") == "List":
            for item, manifest in enumerate(document["items"], 1):
                yield number, item, manifest
        else:
            yield number, None, document


def world_of(catalogue, generated, in_check=True):
    policies = [Policy(p) for s in generated.scenes for p in s.policies]
    exceptions = [e for s in generated.scenes for e in s.exceptions if in_check or not s.exceptions_in_input]
    given = generated.surroundings
    namespaces = None if given.namespaces is None else {n["name"]: n["labels"] for n in given.namespaces}
    if in_check:
        for scene in generated.scenes:
            for _, _, manifest in flat(scene.documents):
                if manifest["kind"] == "Namespace":
                    namespaces = dict(namespaces or {})
                    namespaces[manifest["metadata"]["name"]] = manifest["metadata"].get("labels", {})
    return World(catalogue, policies, exceptions, given.nodes, namespaces, given.prices,
                 datetime.date.fromisoformat(given.today))


class Program:
    def __init__(self, binary, keep=None):
        self.binary, self.keep = os.path.abspath(binary), keep

    def write(self, folder, generated, in_check=True):
        """Policies, surroundings and input of one world; gives the arguments common to check and review."""
        folder = pathlib.Path(folder)
        inside = [p for s in generated.scenes for p in s.policies]
        inside += [e for s in generated.scenes if not s.exceptions_in_input for e in s.exceptions]
        (folder / "policies.yaml").write_text(yamltext.documents(inside))
        (folder / "surroundings.json").write_text(json.dumps(generated.surroundings.json()))
        manifests = [d for s in generated.scenes for d in s.documents]
        if in_check:
            manifests += [e for s in generated.scenes if s.exceptions_in_input for e in s.exceptions]
        (folder / "input.yaml").write_text(yamltext.documents(manifests))
        return ["--policies", "policies.yaml", "--surroundings", "surroundings.json", "--now", generated.surroundings.today]

    def run(self, folder, arguments, stdin=None):
        try:
            done = subprocess.run([self.binary] + arguments, cwd=folder, input=stdin, capture_output=True, text=True,
                                  timeout=120, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Broken(str(error)) from error
        if done.returncode not in (0, 1):
            raise Broken(f"exit status {done.returncode}: {done.stderr.strip()[:2000]}")
        return done

    def check(self, generated):
        with tempfile.TemporaryDirectory() as folder:
            common = self.write(folder, generated)
            done = self.run(folder, ["check", *common, "-o", "json", "input.yaml"])
        try:
            answer = json.loads(done.stdout)
        except ValueError as error:
            raise Broken(f"check prints no JSON: {error}: {done.stdout[:300]} {done.stderr[:300]}") from error
        answer["exit"] = done.returncode
        return answer

    def review(self, generated, requests):
        """Answers to (path, AdmissionReview) pairs under one policy set."""
        out = []
        with tempfile.TemporaryDirectory() as folder:
            common = self.write(folder, generated, in_check=False)
            for path, body in requests:
                done = self.run(folder, ["review", "--path", path, *common], json.dumps(body))
                try:
                    out.append(json.loads(done.stdout))
                except ValueError as error:
                    raise Broken(f"review prints no JSON: {done.stdout[:300]} {done.stderr[:300]}") from error
        return out


def check_mismatches(program, catalogue, generated):
    """{(scene index, flat index): [Mismatch]} and the number of objects that were compared."""
    world = world_of(catalogue, generated)
    answer = program.check(generated)
    by_place = {(r.get("document"), r.get("item")): r for r in answer["results"]}
    found, compared, offset, wanted = {}, 0, 0, 0
    denied = False
    for at, scene in enumerate(generated.scenes):
        manifests = list(flat(scene.documents))
        expected = verdict.judge_input(world, [m for _, _, m in manifests])
        for index, ((number, item, manifest), want) in enumerate(zip(manifests, expected)):
            said = by_place.pop((number + offset, item), None)
            compared += 1
            key, differ = (at, index), compare.Differ(want.notes if want else ())
            if want is None:
                gpu = _gpu_key(manifest)
                differ.same("a result for an object of another kind", bool(gpu), said is not None)
                if said is not None and gpu:
                    differ.same("findings", [("NotJudged", gpu)], [(f["code"], f.get("path")) for f in said["findings"]])
            elif said is None:
                differ.same("result", "there", None)
            else:
                differ.found += compare.result(world, want, said)
                denied = denied or said.get("decision") == "deny"
            wanted += said is not None
            if differ.found:
                found[key] = differ.found
        offset += len(scene.documents)
    differ = compare.Differ(())
    differ.same("results beside the objects", [], [(r.get("document"), r.get("kind")) for r in by_place.values()])
    counts = collections.Counter(r["decision"] for r in answer["results"])
    judged = sum(any(f["code"] == "NotJudged" for f in r["findings"]) for r in answer["results"])
    differ.same("summary", {"allowed": counts["allow"], "warned": counts["warn"], "denied": counts["deny"],
                            "rewritten": counts["rewrite"], "notJudged": judged}, answer.get("summary"))
    differ.same("exit status", 1 if counts["deny"] else 0, answer["exit"])
    if differ.found:
        found[(0, 0)] = found.get((0, 0), []) + differ.found
    return found, compared


def _gpu_key(value, path=""):
    if isinstance(value, dict):
        for key, item in value.items():
            if is_gpu_key(key):
                return f"{path}/{escape(key)}"
            inner = _gpu_key(item, f"{path}/{escape(key)}")
            if inner:
                return inner
    if isinstance(value, list):
        for index, item in enumerate(value):
            inner = _gpu_key(item, f"{path}/{index}")
            if inner:
                return inner
    return None


def admission_review(manifest, namespace, uid, old=None, user=None):
    group, _, version = manifest["apiVersion"].rpartition("/")
    body = copy.deepcopy(manifest)
    body["metadata"]["namespace"] = namespace
    request = {"uid": uid, "kind": {"group": group, "version": version, "kind": manifest["kind"]},
               "resource": {"group": group, "version": version, "resource": NEW_FIELDS[manifest["kind"]]},
               "name": body["metadata"]["name"], "namespace": namespace, "operation": "UPDATE" if old else "CREATE",
               "userInfo": user or {"username": "alice", "groups": ["developers"]}, "object": body, "oldObject": None,
               "dryRun": False, "options": None}
    if old:
        request["oldObject"] = copy.deepcopy(old)
        request["oldObject"]["metadata"]["namespace"] = namespace
    return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}


def reviews_of(world, scene, index, manifest):
    """(path, body, expected, policies in force, exempted) for one manifest, with re-applied forms of a rewrite."""
    old, user = scene.olds.get(index), scene.users.get(index)

    def one(path, body_manifest, old_manifest=None):
        uid = f"{scene.namespace}-{index}-{path}"
        body = admission_review(body_manifest, scene.namespace, uid, old_manifest, user)
        work = Workload(body["request"]["object"], scene.namespace)
        before = Workload(body["request"]["oldObject"], scene.namespace) if old_manifest else None
        forced, _ = in_force(world.policies, work, world.labels_of(work.namespace))
        exempted = [p for p in forced if user and p.cluster and p.exempts(user)]
        expected = verdict.judge(world, work, before, exempted=exempted)
        return path, body, expected, forced, exempted

    out = [one("validate", manifest, old), one("mutate", manifest, old)]
    patched = out[1][2].patched
    if patched is not None and not old:
        out += _reapplied(one, manifest, patched)
    return out


OTHER_SLICE, LAST_SLICE = "nvidia.com/mig-2g.20gb", "nvidia.com/mig-1g.20gb"


def _reapplied(one, manifest, patched):
    """What kubectl apply makes of a rewritten object: ours alone, both keys, the author's key with our note; and, where the author has
    changed the manifest meanwhile, another key beside ours."""
    out = [one("mutate", patched)]
    both, theirs = copy.deepcopy(patched), copy.deepcopy(patched)
    original = Workload(manifest, "x")
    for changed, keep in ((both, True), (theirs, False)):
        for container, before in zip(Workload(changed, "x").containers, original.containers):
            now = container.body.get("resources", {})
            for part in ("limits", "requests"):
                authors = (before.body.get("resources", {}) or {}).get(part) or {}
                if part in now:
                    now[part] = {**now[part], **authors} if keep else dict(authors)
    other = copy.deepcopy(both)
    for container, before, after in zip(Workload(other, "x").containers, original.containers, Workload(patched, "x").containers):
        for part in ("limits", "requests"):
            now = container.body.get("resources", {}).get(part) or {}
            for key in set((before.body.get("resources", {}) or {}).get(part) or {}) - set(after.body.get("resources", {}).get(part) or {}):
                now[OTHER_SLICE if OTHER_SLICE not in now else LAST_SLICE] = now.pop(key)
    return out + [one("mutate", both), one("validate", both), one("mutate", theirs), one("mutate", other), one("validate", other)]


def review_mismatches(program, catalogue, generated, limit=None):
    world = world_of(catalogue, generated, in_check=False)
    found, cases = {}, []
    for at, scene in enumerate(generated.scenes):
        if any("budget" in p["spec"] for p in scene.policies):
            continue
        for index, manifest in enumerate(scene.documents):
            if manifest["kind"] in TEMPLATE_AT and (limit is None or len(cases) < limit):
                cases += [((at, index), *r) for r in reviews_of(world, scene, index, manifest)]
    answers = program.review(generated, [(c[1], c[2]) for c in cases])
    for (key, path, body, expected, forced, exempted), answer in zip(cases, answers):
        differ = compare.review(path, expected, forced, answer, body["request"]["uid"], exempted)
        for mismatch in differ:
            mismatch.body = body
            mismatch.field = f"review {path} ({body['request']['operation']}): {mismatch.field}"
        if differ:
            found.setdefault(key, []).extend(differ)
    return found, len(cases)


# --- running and telling -----------------------------------------------------------------------------------------------

def alone(generated, at):
    return Generated(generated.surroundings, [generated.scenes[at]])


def plain(mismatches):
    return [m for m in mismatches if not m.reading]


def explain(program, catalogue, generated, where, mismatches, kind, out, title, small=True):
    compare_with = check_mismatches if kind == "check" else review_mismatches
    fields = {m.field for m in mismatches}
    single = alone(generated, where[0])

    def still(candidate):
        found, _ = compare_with(program, catalogue, candidate)
        return any(m.field in fields and (not plain(mismatches) or not m.reading) for ms in found.values() for m in ms)

    try:
        reproduced = still(single)
        minimal = shrink(single, still) if small and reproduced else single
        found, _ = compare_with(program, catalogue, minimal)
        shown = [m for ms in found.values() for m in ms if m.field in fields] or mismatches
    except Broken as broken:
        minimal, shown, reproduced = single, mismatches, False
        print(f"(shrinking stopped: {broken})", file=out)
    folder = tempfile.mkdtemp(prefix="rightslice-oracle-")
    common = program.write(folder, minimal, in_check=kind == "check")
    print(f"\n=== {title}{'' if reproduced else ' (only beside the other scenes of its world)'}", file=out)
    for mismatch in shown[:6]:
        print(f"  {mismatch}", file=out)
    path = shown[0].field.split(" ")[1] if kind == "review" else ""
    words = ["check", *common, "-o", "json", "input.yaml"] if kind == "check" else ["review", "--path", path, *common]
    print(f"  reproduce: cd {shlex.quote(folder)} && {shlex.join([program.binary, *words])}"
          + (f" < review-{path}.json" if kind == "review" else ""), file=out)
    for name in ("policies.yaml", "surroundings.json", "input.yaml"):
        text = pathlib.Path(folder, name).read_text().strip()
        print(f"  --- {name}\n" + "\n".join("  " + line for line in text.splitlines()), file=out)
    if kind == "review":
        pathlib.Path(folder, f"review-{path}.json").write_text(json.dumps(shown[0].body))


def world_cases(catalogue, seed, number):
    return Generator(catalogue, seed * 1_000_003 + number).world(number, SCENES)


def one_world(program, catalogue, seed, number, with_reviews):
    generated = world_cases(catalogue, seed, number)
    rows, total = [], 0
    try:
        found, compared = check_mismatches(program, catalogue, generated)
    except Broken as broken:
        return generated, [("broken", (0, 0), [compare.Mismatch("check", "an answer", str(broken))])], 0
    total += compared
    rows += [("check", where, ms) for where, ms in sorted(found.items())]
    if with_reviews:
        try:
            found, compared = review_mismatches(program, catalogue, generated, limit=with_reviews)
        except Broken as broken:
            found, compared = {}, 0
            rows.append(("broken", (0, 0), [compare.Mismatch("review", "an answer", str(broken))]))
        total += compared
        rows += [("review", where, ms) for where, ms in sorted(found.items())]
    return generated, rows, total


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cases", type=int, default=2000, help="objects and reviews to compare, at least")
    parser.add_argument("--show", type=int, default=3, help="how many contradictions to print in full")
    parser.add_argument("--only", help="WORLD or WORLD.SCENE, as printed")
    parser.add_argument("--reviews", type=int, default=12, help="reviews per world (each is one run of the program)")
    parser.add_argument("--readings", action="store_true", help="also print differences at the doubtful places")
    parser.add_argument("--no-shrink", action="store_true")
    parser.add_argument("--catalogue", default=str(ROOT / "policies" / "catalogue" / "gpus.json"))
    options = parser.parse_args()
    catalogue, program = Catalogue(options.catalogue), Program(options.binary)
    if not os.access(options.binary, os.X_OK):
        print(f"{options.binary} cannot be run", file=sys.stderr)
        return 2
    total, worlds, contradictions, readings, fields = 0, 0, [], collections.Counter(), collections.Counter()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        number = int(options.only.split(".")[0]) if options.only else 0
        while total < options.cases and (not options.only or worlds == 0):
            wave = [number] if options.only else list(range(number, number + 8))
            number += len(wave)
            for at, (generated, rows, compared) in zip(wave, pool.map(
                    lambda n: one_world(program, catalogue, options.seed, n, options.reviews), wave)):
                worlds, total = worlds + 1, total + compared
                for kind, where, mismatches in rows:
                    if options.only and "." in options.only and where[0] != int(options.only.split(".")[1]):
                        continue
                    hard = plain(mismatches)
                    for mismatch in mismatches:
                        for reading in mismatch.reading:
                            readings[reading] += 1
                    if hard or options.readings:
                        contradictions.append((generated, at, kind, where, hard or mismatches))
                        fields.update(m.field.split(" of ")[0] if " of " in m.field else m.field for m in hard)
            if contradictions and all(c[2] == "broken" for c in contradictions) and len(contradictions) >= 8:
                break
    shown, seen = 0, set()
    for generated, at, kind, where, mismatches in contradictions:
        label = mismatches[0].field.split(" of ")[0]
        if shown >= options.show or (kind, label) in seen and len(contradictions) > options.show:
            continue
        seen.add((kind, label))
        shown += 1
        title = f"seed {options.seed}, world {at}, scene {where[0]}, object {where[1]} ({kind}); --seed {options.seed} --only {at}.{where[0]}"
        if kind == "broken":
            print(f"\n=== {title}\n  {mismatches[0].actual}")
        else:
            explain(program, catalogue, generated, where, mismatches, kind, sys.stdout, title, not options.no_shrink)
    hard_count = sum(1 for c in contradictions if plain(c[4]))
    print(f"\n{total} cases in {worlds} worlds, seed {options.seed}: {hard_count} contradictions")
    for name, count in fields.most_common(20):
        print(f"  {count:5}  {name}")
    if readings:
        print("differences at places where the design can be read in two ways (no failure; README.md):")
        for name, count in readings.most_common():
            print(f"  {count:5}  {name}")
    return 1 if hard_count else 0


if __name__ == "__main__":
    sys.exit(main())
