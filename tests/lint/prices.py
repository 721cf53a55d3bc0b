#!/usr/bin/env python3
"""The JSON Schema of price books and the program that reads them refuse the same documents, except for what a schema cannot say.

usage: prices.py PROGRAM
"""
import copy
import json
import pathlib
import re
import subprocess
import sys
import tempfile

try:
    import jsonschema
except ImportError:
    print("python3-jsonschema is not installed: what the schema takes is not compared with what the program reads")
    sys.exit(77)

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "policies/schema/pricebook.schema.json").read_text(encoding="utf-8"))
NODE = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n", "labels": {"nvidia.com/gpu.product": "NVIDIA-L4", "nvidia.com/gpu.count": "1"}},
        "status": {"capacity": {"nvidia.com/gpu": "1"}, "allocatable": {"nvidia.com/gpu": "1"}}}
# Every key that there is.
FULL = {"currency": "EUR", "date": "2026-05-01", "gpuHour": {"H200 141GB SXM5": 5.9}, "sources": {"H200 141GB SXM5": "offer 12"},
        "rates": [{"product": "H100 80GB SXM5", "provider": "aws", "region": "eu-central-1", "instance": "p5.48xlarge", "term": "spot", "labels": {"site": "berlin"},
                   "from": "2026-01-01", "until": "2026-12-31", "currency": "EUR", "source": "invoice", "instanceHour": 21.6, "gpus": 8},
                  {"labels": {"site": "berlin"}, "onPrem": {"purchase": 268000, "months": 48, "monthly": 2300, "gpus": 8}},
                  {"product": "L4", "gpuHour": 0.8}]}
# What each value becomes, where it stands: the wrong type, and the edges of what is possible.
WRONG = ["", "x", 0, 1e9, []]
# A schema knows no catalogue of names, no calendar and no second rate.
LOADER_ONLY = ["are the same product", "in a book in", "for the same nodes on the same days", "until lies before from", "more than six decimals", "must be a day"]


def places(value, at=()):
    yield at
    for key, below in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(below, at + (key,))


def changed(place, value=..., remove=False, add=None):
    document = copy.deepcopy(FULL)
    if not place:
        return dict(document, **add) if add else value
    *way, last = place
    parent = document
    for key in way:
        parent = parent[key]
    if remove:
        del parent[last]
    elif add:
        parent[last].update(add)
    else:
        parent[last] = value
    return document


def documents():
    yield "as it is", FULL
    for place in places(FULL):
        name = ".".join(map(str, place)) or "the book"
        here = FULL
        for key in place:
            here = here[key]
        if place:
            yield f"{name} left out", changed(place, remove=True)
        if isinstance(here, dict) and place not in (("gpuHour",), ("sources",), ("rates", 0, "labels"), ("rates", 1, "labels")):
            yield f"{name} with a key that nothing reads", changed(place, add={"nothing": 1})
        for value in WRONG:
            yield f"{name} = {json.dumps(value)}", changed(place, value)
    yield "a slice priced", changed(("gpuHour",), {"NVIDIA-H100-80GB-HBM3-MIG-1g.10gb": 1})
    yield "a rate of a slice", changed(("rates", 2, "product"), "NVIDIA-H100-80GB-HBM3-MIG-3g.40gb")
    yield "two prices of one rate", changed(("rates", 2), {"product": "L4", "gpuHour": 1, "instanceHour": 2, "gpus": 2})
    yield "gpus without instanceHour", changed(("rates", 2), {"product": "L4", "gpuHour": 1, "gpus": 2})
    yield "nothing but a currency", {"currency": "USD"}
    yield "rates alone", {"currency": "USD", "rates": [{"product": "L4", "gpuHour": 1}]}


def main():
    program = pathlib.Path(sys.argv[1]).resolve()
    validator = jsonschema.Draft202012Validator(SCHEMA)
    validator.check_schema(SCHEMA)
    found, count, refused = [], 0, 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "node.json").write_text(json.dumps(NODE), encoding="utf-8")
        for what, document in documents():
            (folder / "prices.json").write_text(json.dumps(document), encoding="utf-8")
            run = subprocess.run([program, "scan", "--from", "node.json", "--prices", "prices.json", "-o", "json"], cwd=folder, capture_output=True, text=True,
                                 timeout=60, check=False)
            read, valid = run.returncode == 0, validator.is_valid(document)
            count += 1
            refused += 0 if read else 1
            said = run.stderr.strip().splitlines()[-1] if run.stderr.strip() else ""
            if valid and not read and any(each in said for each in LOADER_ONLY):
                continue
            if read != valid:
                found.append(f"{what}: the schema {'takes' if valid else 'refuses'} it, the program {'reads it' if read else 'says ' + said}")
    # The example of the manual, and the book that is shipped.
    import yaml
    for path, text in (("policies/catalogue/prices.yaml", (ROOT / "policies/catalogue/prices.yaml").read_text(encoding="utf-8")),
                       ("policies/money.md", re.search(r"# prices\.yaml\n(.*?)```", (ROOT / "policies/money.md").read_text(encoding="utf-8"), re.S)[1])):
        found += [f"{path}: {each.message}" for each in validator.iter_errors(yaml.safe_load(text))]
    print("\n".join(found))
    print(f"{count} price books, {refused} refused by the program, {len(found)} judged otherwise by the schema")
    return 1 if found or refused < 50 or refused == count else 0


sys.exit(main())
