#!/usr/bin/env python3
"""The same workload in any form gets the same verdict, through every door (README.md).

    forms.py build/dev/bin/rightslice --seed 1 --cases 300 [--only CASE] [--counts]

Exit status 0: all laws hold; 1: one is broken, shown as small as it can be made.
"""
import argparse
import json
import random
import sys
import tempfile

import claim_rewrites
import doors
import manifest
import rewrites
import serialize
from program import Program
from serving import Serving

FORMS = 6  # of each workload
ENOUGH = 100  # cases in which each rewrite is to be applied, or it tests nothing
UNSURE = rewrites.UNSURE + claim_rewrites.UNSURE_CLAIMS


def verdict(results, form):
    """What must not change: the container of the workload goes by one name. Nothing where the workload is not judged once."""
    own = [each for each in results or [] if each["kind"] == form.kind]
    if len(own) != 1:
        return None
    result, name = own[0], form.name
    findings = sorted((f["code"], f["action"], "server" if f.get("container") == name else f.get("container", ""))
                      for f in result["findings"])
    own = next((c for c in result["containers"] if c["name"] == name), {})
    need = own.get("need", {})
    asked, better = own.get("requested", {}), dict(own.get("recommended", {}))
    if form.claiming and better and "profile" not in better and better["resource"] == asked.get("resource"):
        better["resource"] = "as asked"  # the name of a class, which may be one's own
    return {"decision": result["decision"], "wouldBe": result.get("wouldBe"), "findings": findings,
            "engine": own.get("engine"), "model": own.get("model"),
            "requested": [asked.get(k) for k in (["profile"] if form.claiming else ["resource"]) + ["count", "usableBytes"]],
            "need": [need.get(k) for k in ("minimumBytes", "bytes", "highBytes")],
            "settings": own.get("settings"), "recommended": [better.get(k) for k in ("resource", "profile", "usableBytes")]}


def said_of_claim(results, form):
    """Codes and actions of what is said of the ResourceClaim or ResourceClaimTemplate itself; nothing where there is none."""
    kind = "ResourceClaim" if form.claiming and form.claiming.ask.shared else "ResourceClaimTemplate"
    own = [each for each in results if each["kind"] == kind and each["namespace"] == "team-a"]
    return sorted((f["code"], f["action"]) for f in own[0]["findings"]) if len(own) == 1 else None


class Variant:
    """A workload and the rewrites that make another form of it. The same numbers make the same form."""

    def __init__(self, serving, steps, seed):
        self.serving, self.steps, self.seed = serving, steps, seed

    def form(self):
        form = rewrites.Form(self.serving, f"{int(self.seed * 2 ** 40):x}")
        self.applied = []
        for rewrite, seed in self.steps:
            if rewrite(form, random.Random(seed)):
                self.applied.append(rewrite.__name__)
        return form

    def object(self):
        form = self.form()
        return form, manifest.object_of(form, self.seed)

    def text(self, suffix):
        things = manifest.objects_of(self.form(), self.seed)
        rng = random.Random(self.seed)
        things = [serialize.shuffled(each, rng) for each in things]
        if suffix == "yaml":
            return serialize.to_yaml(things, rng)
        return serialize.to_json(things[0] if len(things) == 1 else serialize.list_of(things), rng)


ORDER = rewrites.ALL + claim_rewrites.CLAIMS


def variants_of(case_seed, unsure):
    rng = random.Random(case_seed)
    serving = Serving.any(rng)
    out = [Variant(serving, [], rng.random())]
    for _ in range(FORMS):
        chosen = rng.sample(rewrites.ALL, rng.choice([1, 1, 2, 3, 6]))
        if serving.ask:
            chosen = rng.sample(rewrites.ALL, rng.choice([0, 0, 1, 3])) + rng.sample(claim_rewrites.CLAIMS, rng.choice([1, 2, 4, 8]))
        steps = [(rewrite, rng.random()) for rewrite in chosen]
        steps.sort(key=lambda step: ORDER.index(step[0]))  # what a container is comes before how it is written
        out.append(Variant(serving, steps, rng.random()))
    if unsure:
        for rewrite in rewrites.UNSURE + (claim_rewrites.UNSURE_CLAIMS if serving.ask else []):
            out.append(Variant(serving, [(rewrite, rng.random())], rng.random()))
    return out


def broken(variant, base, results):
    """What is wrong with the results of a form, or nothing. `base`: verdict and claim of the plain one."""
    form = variant.form()
    got = verdict(results, form)
    if got is None:
        return "it is not judged once: " + ("not read" if results is None else f"{len(results)} results")
    if any(rewrite in UNSURE for rewrite, _ in variant.steps):
        if not variant.applied or got["decision"] != "allow":
            return None
        return f"what it runs is not known, and it is allowed without a word: {json.dumps(got)}"
    base, base_claim = base
    claim = said_of_claim(results, form)
    if got == base and None not in (claim, base_claim) and claim != base_claim:
        return f"    the claim itself: {base_claim}\n      is {claim}"
    if got == base:
        return None
    return "\n".join(f"    {key}: {base[key]}\n      is {got[key]}" for key in got if base is None or got[key] != base[key])


def shrunk(program, variant, base, suffix):
    """Without the steps that the difference does not need."""
    for step in list(variant.steps):
        fewer = Variant(variant.serving, [each for each in variant.steps if each is not step], variant.seed)
        results, _ = program.check([fewer.text(suffix)], suffix)
        if broken(fewer, base, results[0]):
            variant = fewer
    return variant


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cases", type=int, default=150)
    parser.add_argument("--only", type=int)
    parser.add_argument("--show", type=int, default=5)
    parser.add_argument("--counts", action="store_true")
    options = parser.parse_args()
    numbers = range(options.cases) if options.only is None else [options.only]
    cases = [(number, variants_of(f"{options.seed}.{number}", unsure=True)) for number in numbers]
    failures, compared = [], 0
    with tempfile.TemporaryDirectory() as folder:
        program = Program(options.binary, folder)
        for suffix in ("json", "yaml"):
            flat = [(number, variant) for number, variants in cases for variant in variants]
            results, errors = program.check([variant.text(suffix) for _, variant in flat], suffix)
            base = {}
            for (number, variant), result in zip(flat, results):
                if not variant.steps:
                    base[number] = verdict(result, variant.form()), said_of_claim(result or [], variant.form())
                compared += 1
                if what := broken(variant, base[number], result):
                    failures.append((number, variant, suffix, what))
            if errors:
                print(errors[:2000], file=sys.stderr)
        shown = set()
        for number, variant, suffix, what in failures:
            if len(shown) >= options.show:
                break
            small = shrunk(program, variant, verdict_of(program, variant, suffix), suffix)
            small.form()
            kind = (tuple(small.applied), variant.serving.engine.name)
            if kind in shown:
                continue
            shown.add(kind)
            results, _ = program.check([small.text(suffix)], suffix)
            what = broken(small, verdict_of(program, variant, suffix), results[0]) or what
            print(f"case {number} of seed {options.seed}, {suffix}: {', '.join(small.applied) or 'nothing but the text'}\n{what}\n"
                  f"{json.dumps(manifest.objects_of(small.form(), small.seed))}\n{small.text(suffix)[:1500]}\n"
                  f"    forms.py BINARY --seed {options.seed} --only {number}\n")
        try:
            doors_compared, doors_failed = doors.agree(program, cases, options.seed)
        finally:
            program.close()
    never = exercised(cases, options.counts)
    if len(cases) >= ENOUGH and never:
        print(f"never applied: {', '.join(never)}")
        failures.append(never)
    print(f"{len(cases)} workloads, {compared} forms judged by check, {doors_compared} answers of other doors; "
          f"{len(failures)} forms and {doors_failed} answers differ (seed {options.seed})")
    return 1 if failures or doors_failed else 0


def exercised(cases, show):
    """The rewrites that were never applied; how often each was, if that is to be shown."""
    counts = {rewrite.__name__: 0 for rewrite in ORDER + UNSURE}
    for _, variants in cases:
        for variant in variants:
            variant.form()
            for name in variant.applied:
                counts[name] += 1
    if show:
        print("\n".join(f"{count:6} {name}" for name, count in counts.items()))
    return [name for name, count in counts.items() if count == 0]


def verdict_of(program, variant, suffix):
    plain = Variant(variant.serving, [], variant.seed)
    results, _ = program.check([plain.text(suffix)], suffix)
    return verdict(results[0], plain.form()), said_of_claim(results[0] or [], plain.form())


if __name__ == "__main__":
    sys.exit(main())
