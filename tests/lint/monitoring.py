#!/usr/bin/env python3
"""Alerts and the dashboard ask for metrics that exist, each alert has its section in the runbook and its tests.

usage: monitoring.py          names, sections, the dashboard's form
       monitoring.py alerts   promtool checks the rules and runs their tests; status 77 where there is no promtool
"""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
MONITORING = ROOT / "deploy/monitoring"
TESTS = ROOT / "tests/lint/alerts.yaml"
SKIPPED = 77
# Not ours. kube-apiserver: k8s.io/apiserver v0.36.3, pkg/admission/metrics/metrics.go (namespace apiserver, subsystem admission);
# tests/cluster reads the second of a running one. Kubelet: google/cadvisor, metrics/prometheus.go.
OTHERS = {
    "apiserver_admission_webhook_rejection_count": "name type operation error_type rejection_code",
    "apiserver_admission_webhook_fail_open_count": "name type",
    "apiserver_admission_webhook_admission_duration_seconds": "name type operation rejected",
    "container_memory_working_set_bytes": "namespace pod container", "container_spec_memory_limit_bytes": "namespace pod container",
}
OF_SCRAPE = {"instance", "job", "namespace", "pod", "le"}
found = []


def claim(condition, message):
    if not condition:
        found.append(message)


def known():
    """Metric -> its labels, histograms by the names of their series."""
    out = {name: set(labels.split()) for name, labels in OTHERS.items()}
    out["apiserver_admission_webhook_admission_duration_seconds_bucket"] = out.pop("apiserver_admission_webhook_admission_duration_seconds")
    for line in (ROOT / "deploy/reference/metrics.md").read_text(encoding="utf-8").splitlines():
        if row := re.match(r"\| `(\w+)` \| (\w+) \| ([\w,]*) ?\|", line):
            name, kind, labels = row.groups()
            for series in ([f"{name}_{part}" for part in ("bucket", "sum", "count")] if kind == "histogram" else [name]):
                out[series] = {label for label in labels.split(",") if label}
    return out


def asks(expression, where, metrics):
    """Metrics and labels of an expression exist."""
    bare = re.sub(r'"[^"]*"', '""', expression)
    names = set(re.findall(r"\b(?:rightslice|apiserver|container|kube|process)_\w+", bare))
    claim(names, f"{where}: asks for no metric: {expression}")
    for name in sorted(names):
        claim(name in metrics, f"{where}: there is no metric {name}")
        for selector in re.findall(rf"\b{name}\{{([^}}]*)\}}", bare):
            for label in re.findall(r"(\w+) *[=!]", selector):
                claim(label in metrics.get(name, ()), f"{where}: {name} has no label {label}")
    labels = set().union(*(metrics.get(name, set()) for name in names)) | OF_SCRAPE
    for group in re.findall(r"\bby \(([^)]*)\)", bare):
        for label in re.split(r", *", group):
            claim(label in labels, f"{where}: nothing here has the label {label}")


def rules():
    groups = yaml.safe_load((MONITORING / "rules.yaml").read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def alerts(metrics):
    runbook = (ROOT / "deploy/README.md").read_text(encoding="utf-8")
    headings = {heading.lower() for heading in re.findall(r"^#+ (Rightslice\w+)", runbook, re.M)}
    linked = set()
    for rule in rules():
        name, notes = rule["alert"], rule["annotations"]
        asks(rule["expr"], name, metrics)
        claim({"summary", "description", "runbook_url"} <= notes.keys(), f"{name}: annotations")
        claim(rule["labels"]["severity"] in ("critical", "warning", "info"), f"{name}: severity")
        document, _, anchor = notes["runbook_url"].partition("#")
        linked.add(anchor)
        claim(document == "deploy/README.md" and anchor in headings, f"{name}: the runbook has no section {notes['runbook_url']}")
        claim(anchor == name.lower(), f"{name}: it leads to the section of another alert, {anchor}")
    claim(headings <= linked, f"deploy/README.md: sections of no alert: {sorted(headings - linked)}")


def dashboard(metrics):
    board = json.loads((MONITORING / "dashboard.json").read_text(encoding="utf-8"))
    panels = [panel for panel in board["panels"] if panel["type"] != "row"]
    claim(len({panel["id"] for panel in board["panels"]}) == len(board["panels"]), "dashboard: two panels of one id")
    taken = {}
    for panel in board["panels"]:
        place = panel["gridPos"]
        claim(place["x"] + place["w"] <= 24, f"dashboard: {panel['title']} is too wide")
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                claim((x, y) not in taken, f"dashboard: {panel['title']} lies over {taken.get((x, y))}")
                taken[x, y] = panel["title"]
    for panel in panels:
        claim(panel["targets"] and all(each["datasource"]["uid"] == "${datasource}" for each in panel["targets"]), f"dashboard: {panel['title']}: queries")
        for target in panel["targets"]:
            asks(target["expr"], f"dashboard: {panel['title']}", metrics)


def run_alerts():
    promtool = shutil.which("promtool")
    if not promtool:
        print("skipped: there is no promtool (Debian's package prometheus)")
        return SKIPPED
    tests = yaml.safe_load(TESTS.read_text(encoding="utf-8"))["tests"]
    fires, rests = set(), set()
    for case in (each for test in tests for each in test["alert_rule_test"]):
        (fires if case.get("exp_alerts") else rests).add(case["alertname"])
    names = {rule["alert"] for rule in rules()}
    claim(fires == names, f"alerts.yaml: no case in which these fire: {sorted(names ^ fires)}")
    claim(rests == names, f"alerts.yaml: no case in which these are silent: {sorted(names ^ rests)}")
    board = json.loads((MONITORING / "dashboard.json").read_text(encoding="utf-8"))
    queries = [target["expr"].replace("$__rate_interval", "5m") for panel in board["panels"] for target in panel.get("targets", [])]
    with tempfile.TemporaryDirectory() as folder:
        # promtool parses the queries of the dashboard too, as recording rules.
        records = pathlib.Path(folder, "dashboard.yaml")
        records.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": [
            {"record": f"query:{index}", "expr": query} for index, query in enumerate(queries)]}]}), encoding="utf-8")
        for command in (["check", "rules", MONITORING / "rules.yaml", records], ["test", "rules", TESTS.name]):
            run = subprocess.run([promtool, *command], cwd=TESTS.parent, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
            claim(run.returncode == 0, f"promtool {command[0]} rules:\n{run.stdout}")
    return None


def main():
    skipped = None
    if sys.argv[1:] == ["alerts"]:
        skipped = run_alerts()
    else:
        metrics = known()
        claim(len(metrics) > 20, "deploy/reference/metrics.md: no table of metrics")
        alerts(metrics)
        dashboard(metrics)
    print(*found, sep="\n", end="\n" if found else "")
    print(f"{len(found)} complaints")
    return 1 if found else skipped or 0


if __name__ == "__main__":
    sys.exit(main())
