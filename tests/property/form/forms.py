#!/usr/bin/env python3
"""The same workload in any form gets the same verdict, through every door (README.md).

    forms.py build/dev/bin/rightslice --seed 1 --cases 300 [--only CASE]

Exit status 0: all laws hold; 1: one is broken, shown as small as it can be made.
"""
import argparse
import json
import random
import sys
import tempfile

import doors
import manifest
import rewrites
import serialize
from program import Program
from serving import Serving

FORMS = 6  # of each workload


def verdict(result, name):
    """What must not change: the container of the workload goes by one name."""
    if result is None:
        return None
    findings = sorted((f["code"], f["action"], "server" if f.get("container") == name else f.get("container", ""))
                      for f in result["findings"])
    own = next((c for c in result["containers"] if c["name"] == name), {})
    need = own.get("need", {})
    asked = own.get("requested", {})
    return {"decision": result["decision"], "wouldBe": result.get("wouldBe"), "findings": findings,
            "engine": own.get("engine"), "model": own.get("model"),
            "requested": [asked.get(k) for k in ("resource", "count", "usableBytes")], "need": [need.get(k) for k in ("minimumBytes", "bytes", "highBytes")],
            "settings": own.get("settings"), "recommended": own.get("recommended", {}).get("resource")}


class Variant:
    """A workload and the rewrites that make another form of it. The same numbers make the same form."""

    def __init__(self, serving, steps, seed):
        self.serving, self.steps, self.seed = serving, steps, seed

    def form(self):
        form = rewrites.Form(self.serving)
        self.applied = []
        for rewrite, seed in self.steps:
            if rewrite(form, random.Random(seed)):
                self.applied.append(rewrite.__name__)
        return form

    def object(self):
        form = self.form()
        return form, manifest.object_of(form, self.seed)

    def text(self, suffix):
        _, thing = self.object()
        rng = random.Random(self.seed)
        thing = serialize.shuffled(thing, rng)
        return serialize.to_json(thing, rng) if suffix == "json" else serialize.to_yaml(thing, rng)


def variants_of(case_seed, unsure):
    rng = random.Random(case_seed)
    serving = Serving.any(rng)
    out = [Variant(serving, [], rng.random())]
    for _ in range(FORMS):
        steps = [(rewrite, rng.random()) for rewrite in rng.sample(rewrites.ALL, rng.choice([1, 1, 2, 3, 6]))]
        steps.sort(key=lambda step: rewrites.ALL.index(step[0]))  # what a container is comes before how it is written
        out.append(Variant(serving, steps, rng.random()))
    if unsure:
        for rewrite in rewrites.UNSURE:
            out.append(Variant(serving, [(rewrite, rng.random())], rng.random()))
    return out


def broken(variant, base, result):
    """What is wrong with a result, or nothing."""
    form = variant.form()
    got = verdict(result[0] if result else None, form.name)
    if got is None or len(result) != 1:
        return "it is not judged once: " + ("not read" if result is None else f"{len(result)} results")
    if any(rewrite in rewrites.UNSURE for rewrite, _ in variant.steps):
        if not variant.applied or got["decision"] != "allow":
            return None
        return f"what it runs is not known, and it is allowed without a word: {json.dumps(got)}"
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
                    base[number] = verdict(result[0], "server") if result else None
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
                  f"{json.dumps(small.object()[1])}\n{small.text(suffix)[:1500]}\n    forms.py BINARY --seed {options.seed} --only {number}\n")
        try:
            doors_compared, doors_failed = doors.agree(program, cases, options.seed)
        finally:
            program.close()
    print(f"{len(cases)} workloads, {compared} forms judged by check, {doors_compared} answers of other doors; "
          f"{len(failures)} forms and {doors_failed} answers differ (seed {options.seed})")
    return 1 if failures or doors_failed else 0


def verdict_of(program, variant, suffix):
    results, _ = program.check([Variant(variant.serving, [], variant.seed).text(suffix)], suffix)
    return verdict(results[0][0], "server") if results[0] else None


if __name__ == "__main__":
    sys.exit(main())
