#!/usr/bin/env python3
"""deploy/SECURITY.md is true to the code: its tests exist, its rights are those of the roles, its limits those of webhook/base/limits.hpp.
UPDATE_GENERATED=1 writes the limits.
"""
import os
import pathlib
import re
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "deploy/SECURITY.md"
LIMITS = ROOT / "webhook/base/limits.hpp"
AUDIT_ROLES = ("deploy/kustomize/components/audit/rbac.yaml", "deploy/kustomize/components/audit-reports/rbac.yaml")
ROLES = ("deploy/kustomize/base/clusterrole.yaml", "deploy/kustomize/base/role.yaml")
UNITS = {"milliseconds": "ms", "seconds": "s", "minutes": "min", "hours": "h"}
found = []


def claim(condition, message):
    if not condition:
        found.append(message)


def section(text, name):
    match = re.search(rf"<!-- {name} -->\n(.*?)<!-- /{name} -->", text, re.S)
    claim(match, f"deploy/SECURITY.md: lacks <!-- {name} --> and <!-- /{name} -->")
    return match[1] if match else ""


def amount(name, kind, expression):
    """A value as a reader wants it: "8U << 20" of bytes is 8 MiB."""
    number = eval(re.sub(r"(?<=\d)[uUlL']+(?=\D|\d|$)", "", expression), {"__builtins__": {}})  # integers of our own header
    for word, unit in UNITS.items():
        if word in kind:
            return f"{number:,} {unit}".replace(",", " ")
    if name.endswith("Bytes"):
        for size, unit in ((1 << 20, "MiB"), (1 << 10, "KiB")):
            if number >= size and number % size == 0:
                return f"{number // size} {unit}"
        return f"{number:,} bytes".replace(",", " ")
    return f"{number:,}".replace(",", " ")


def limits():
    rows = []
    group = ""
    text = LIMITS.read_text(encoding="utf-8")
    for line in text.splitlines():
        heading = re.fullmatch(r"// (What we .*|How long we .*)\.", line)
        group = heading[1] if heading else group
        constant = re.fullmatch(r"constexpr (\S+) k(\w+?)(?:\{([^}]*)\}| = ([^;]*));(?: *// (.*))?", line)
        if constant:
            kind, name, braced, assigned, comment = constant.groups()
            in_group = "What we keep" if "::" not in kind.replace("std::size_t", "") and group.startswith("How long") else group
            words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()
            rows.append((in_group, words, amount(name, kind, braced or assigned), comment or ""))
    claim(len(rows) == len(re.findall(r"^constexpr|^inline constexpr", text, re.M)), f"{LIMITS.name}: a limit that tests/lint/security.py cannot read")
    table = "| | limit | value | |\n|---|---|---|---|\n"
    last = ""
    for group, words, value, comment in rows:
        table += f"| {group if group != last else ''} | {words} | {value} | {comment} |\n"
        last = group
    return table


def rights_of_roles(roles):
    out = set()
    for path in roles:
        for document in yaml.safe_load_all((ROOT / path).read_text(encoding="utf-8")):
            for rule in document.get("rules", []):
                out |= {(group or "core", resource, verb) for group in rule["apiGroups"] for resource in rule["resources"] for verb in rule["verbs"]}
    return out


def rights_of_page(text, name):
    out = set()
    for line in section(text, name).splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) < 3 or cells[0] in ("group", "") or set(cells[0]) == {"-"}:
            continue
        out |= {(cells[0], resource, verb) for resource in cells[1].split(", ") for verb in cells[2].split(", ")}
    return out


def tests(text):
    names = set(re.findall(r"\[`(.+?)`\]|, \[`(.+?)`\]", text))
    names = {first or second for first, second in names}
    claim(len(names) > 5, f"deploy/SECURITY.md: names {len(names)} tests")
    code = "".join(path.read_text(encoding="utf-8") for folder in ("unit", "integration", "cluster", "lint") for path in sorted((ROOT / "tests" / folder).rglob("*"))
                   if path.suffix in (".py", ".cpp"))
    for name in sorted(names):
        there = f'TEST_CASE("{name}")' in code or (re.fullmatch(r"test_\w+", name) and re.search(rf"def {name}\(", code))
        claim(there, f"deploy/SECURITY.md: no test is called '{name}'")


def calls(text):
    """What it says of deploy/seccomp/rightslice.json."""
    import json
    profile = json.loads((ROOT / "deploy/seccomp/rightslice.json").read_text(encoding="utf-8"))
    names = {name for rule in profile["syscalls"] if rule["action"] == "SCMP_ACT_ALLOW" and "container runtime" not in rule.get("comment", "") for name in rule["names"]}
    claim(f"it needs {len(names)} system calls" in text, f"deploy/SECURITY.md: the profile has {len(names)} system calls of the program")


def links(text):
    for target in re.findall(r"\]\((?!https?://)([^)#]+)(?:#[^)]*)?\)", text):
        claim((PAGE.parent / target).exists(), f"deploy/SECURITY.md: links to {target}, which is not there")


def main():
    text = PAGE.read_text(encoding="utf-8")
    table = limits()
    if os.environ.get("UPDATE_GENERATED") == "1":
        text = re.sub(r"(<!-- limits -->\n).*?(<!-- /limits -->)", lambda match: match[1] + table + match[2], text, flags=re.S)
        PAGE.write_text(text, encoding="utf-8")
    claim(section(text, "limits") == table, "deploy/SECURITY.md: other limits than webhook/base/limits.hpp; run tests/lint/update")
    for name, roles in (("rights", ROLES), ("rights of the audit", AUDIT_ROLES)):
        of_page, of_roles = rights_of_page(text, name), rights_of_roles(roles)
        claim(of_page == of_roles, f"deploy/SECURITY.md: {name} that are not given {sorted(of_page - of_roles)}, and that it does not name {sorted(of_roles - of_page)}")
    tests(text)
    calls(text)
    links(text)
    print(*found, sep="\n", end="\n" if found else "")
    print(f"{len(found)} complaints")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
