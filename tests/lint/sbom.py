#!/usr/bin/env python3
"""deploy/sbom names what the program is made of: each library of ldd with the version that is installed, and the header-only libraries.

usage: sbom.py PROGRAM
"""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
SBOM = ROOT / "deploy/sbom"
SKIPPED = 77
HEADER_ONLY = {"libboost1.81-dev", "rapidjson-dev", "libexpected-dev", "libcli11-dev"}
found = []


def claim(condition, message):
    if not condition:
        found.append(message)


def run(*arguments, **environment):
    return subprocess.run([SBOM, *arguments], capture_output=True, text=True, check=False, env={"PATH": "/usr/bin:/bin", **environment})


def asked(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False).stdout


def uses(part):
    return {each["value"] for each in part["properties"] if each["name"] == "rightslice:use"}


def form(bom):
    claim((bom["bomFormat"], bom["specVersion"]) == ("CycloneDX", "1.5"), "not CycloneDX 1.5")
    claim(re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", bom["serialNumber"]), "serialNumber")
    references = [part["bom-ref"] for part in bom["components"]]
    claim(len(set(references)) == len(references), "a component twice")
    claim(set(bom["dependencies"][0]["dependsOn"]) <= set(references), "a dependency that is no component")
    names = [part["name"] for part in bom["components"]]
    versions = dict(line.split(" ") for line in asked("dpkg-query", "-W", "-f", "${Package} ${Version}\\n", *names).splitlines())
    for part in bom["components"]:
        claim(re.fullmatch(r"pkg:deb/debian/[a-z0-9.+-]+@[\w.%~-]+\?arch=\w+&distro=debian-12", part["purl"]), f"purl {part['purl']}")
        claim(versions[part["name"]] == part["version"], f"{part['name']}: version {part['version']}")


def contents(bom, program):
    linked = {part["name"] for part in bom["components"] if "linked" in uses(part)}
    headers = {part["name"] for part in bom["components"] if "headers" in uses(part)}
    libraries = re.findall(r"(/\S+) \(0x", asked("ldd", program))
    claim(len(libraries) > 8, f"ldd of {program} names {libraries}")
    for library in libraries:
        real = pathlib.Path(library).resolve()
        holders = {line.split(":")[0] for line in asked("dpkg-query", "-S", f"*/{real.name}").splitlines() if line.endswith(("/" + real.name))}
        claim(holders & linked, f"{library} of {sorted(holders)} is not in it")
    loaded = {part["name"] for part in bom["components"] if "loaded" in uses(part)}
    claim({"libsqlite3-0", "libpq5"} <= loaded, f"libraries that are loaded later and are not in it: {sorted({'libsqlite3-0', 'libpq5'} - loaded)}")
    claim(not loaded & linked, f"both linked and loaded: {sorted(loaded & linked)}")
    claim(HEADER_ONLY <= headers, f"header-only libraries that are not in it: {sorted(HEADER_ONLY - headers)}")
    claim(not {"doctest-dev", "librapidcheck-dev"} & headers, "what only tests include is in it")


def image(program):
    """With the dpkg status of an image: all of it, its versions, and an error where the image lacks what the program links or loads."""
    status = pathlib.Path("/var/lib/dpkg/status").read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "status")
        path.write_text(status.replace("Package: libssl3\n", "Package: libssl4\n"), encoding="utf-8")
        lacking = run(program, "--status", path)
        claim(lacking.returncode == 2 and "libssl3" in lacking.stderr and not lacking.stdout, f"an image without libssl3: {lacking.returncode} {lacking.stderr}")
        path.write_text(status.replace("Package: libpq5\n", "Package: libpq6\n"), encoding="utf-8")
        lacking = run(program, "--status", path)
        claim(lacking.returncode == 2 and "libpq5" in lacking.stderr and not lacking.stdout, f"an image without libpq5: {lacking.returncode} {lacking.stderr}")
        path.write_text(status + "\nPackage: base-thing\nStatus: install ok installed\nArchitecture: all\nVersion: 1:2+3\n"
                        "\nPackage: removed-thing\nStatus: deinstall ok config-files\nArchitecture: all\nVersion: 1\n", encoding="utf-8")
        names = {part["name"]: part for part in json.loads(run(program, "--status", path).stdout)["components"]}
        claim(names["base-thing"]["purl"] == "pkg:deb/debian/base-thing@1%3A2%2B3?arch=all&distro=debian-12" and uses(names["base-thing"]) == {"image"},
              f"base-thing: {names.get('base-thing')}")
        claim("removed-thing" not in names, "a package that was removed is in it")


def main():
    if not shutil.which("dpkg-query") or not shutil.which("ninja"):
        print("skipped: deploy/sbom reads Debian's packages and ninja's record")
        return SKIPPED
    program = sys.argv[1]
    dated, plain = run(program, SOURCE_DATE_EPOCH="1700000000"), run(program)
    claim(dated.returncode == 0, dated.stderr)
    if not found:
        bom = json.loads(dated.stdout)
        claim(bom["metadata"].pop("timestamp") == "2023-11-14T22:13:20Z", "SOURCE_DATE_EPOCH")
        claim(json.dumps(bom, indent=1) + "\n" == plain.stdout, "not the same bytes again")
        form(bom)
        contents(bom, program)
        image(program)
    claim(run("/nowhere").returncode == 2 and run().returncode == 2, "bad usage is no error")
    print(*found, sep="\n", end="\n" if found else "")
    print(f"{len(found)} complaints")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
