#!/usr/bin/env python3
"""The documents that `rightslice docs` prints are checked in; they must be what the program prints now. And every finding has a page.
UPDATE_GENERATED=1 writes them.

usage: generated.py PROGRAM
"""
import difflib
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
HOMES = {
    "flags.md": "deploy/reference/flags.md", "metrics.md": "deploy/reference/metrics.md",
    "policy-reference.md": "policies/reference.md", "kinds.md": "policies/kinds.md", "findings.md": "policies/findings/README.md",
    "slicepolicy.schema.json": "policies/schema/slicepolicy.schema.json",
    "clusterslicepolicy.schema.json": "policies/schema/clusterslicepolicy.schema.json",
    "sliceexception.schema.json": "policies/schema/sliceexception.schema.json",
    "slicepolicies.crd.yaml": "deploy/crds/slicepolicies.crd.yaml",
    "clusterslicepolicies.crd.yaml": "deploy/crds/clusterslicepolicies.crd.yaml",
    "sliceexceptions.crd.yaml": "deploy/crds/sliceexceptions.crd.yaml",
}


def compared(printed):
    found = []
    for path in sorted(printed.iterdir()):
        home = HOMES.get(path.name)
        if home is None:
            found.append(f"{path.name}: printed, but this test does not know where it is checked in")
            continue
        text, target = path.read_text(encoding="utf-8"), ROOT / home
        before = target.read_text(encoding="utf-8") if target.exists() else ""
        if text == before:
            continue
        if os.environ.get("UPDATE_GENERATED") == "1":
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
            continue
        change = difflib.unified_diff(before.splitlines(), text.splitlines(), home, "rightslice docs", lineterm="", n=1)
        found.append("\n".join(list(change)[:40]))
    found += [f"{home}: no longer printed by rightslice docs" for name, home in HOMES.items() if not (printed / name).exists()]
    return found


def pages():
    source = (ROOT / "webhook/policy/finding.cpp").read_text(encoding="utf-8")
    codes = re.findall(r'\{(\w+), "(\w+)", Action::', source)
    found = [] if len(codes) == 20 else [f"webhook/policy/finding.cpp: {len(codes)} codes found, expected 20"]
    names = {code for _, code in codes}
    source = (ROOT / "webhook/observe/finding.cpp").read_text(encoding="utf-8")
    running = set(re.findall(r'\{(?:\w+), "(\w+)", "(?:workload|node|workload or node)"', source)) - names
    found += [] if running else ["webhook/observe/finding.cpp: no codes found"]
    folder = ROOT / "policies/findings"
    for code in sorted(names | running):
        page = folder / f"{code}.md"
        text = page.read_text(encoding="utf-8") if page.exists() else ""
        for part in (f"# {code}\n", "## Example", "## How to fix it"):
            if part not in text:
                found.append(f"policies/findings/{code}.md: has no '{part.strip()}'")
        shows = rf"^{code} (?:node )?\w" if code in running else rf"^ *\w.*\b{code}\b.*manifest\.yaml"
        if text and not re.search(shows, text, re.M):
            found.append(f"policies/findings/{code}.md: its example does not show the finding")
    found += [f"{page}: a page of no finding" for page in folder.glob("[A-Z]*.md") if page.stem not in names | running | {"README"}]
    return found


def main():
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.argv[1], "docs", "--out", folder], check=True, stdout=subprocess.DEVNULL)
        found = compared(pathlib.Path(folder)) + pages()
    print(*found, sep="\n", end="\n" if found else "")
    print(f"{len(HOMES)} generated documents, {len(found)} complaints")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
