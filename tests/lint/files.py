#!/usr/bin/env python3
"""Files as a reader wants them: short, named after what they hold, free of what does not belong into a repository.

usage: files.py [ROOT]
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2]).resolve()
MOST_LINES = 500
MOST_COLUMNS = 170
SOURCE = {".cpp", ".hpp", ".py", ".sh", ".cmake"}
TOP_LEVEL = {"CMakeLists.txt", "CMakePresets.json", "README.md", "LICENSE", "webhook", "policies", "certs", "deploy", "tests"}
# Words of a file's name that say nothing.
EMPTY_NAMES = re.compile(r"(^|_)(util|utils|common|helper|helpers|misc|stuff|manager)(_|\.|$)")
# Written in pieces, so that this file does not find itself.
BANNED = {
    re.compile(r"/wor" r"k/"): "a path of one machine",
    re.compile(r"(?<![\w.])/roo" r"t/(?!models?/|\.cache/)"): "a path of one machine",   # containers often keep models there
    re.compile(r"/home/[a-z]"): "a path of one machine",
    re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX|HA" r"CK)\b"): "unfinished work; finish it or file an issue",
    re.compile(r"\b(py" r"pi\.org|registry\.npm" r"js\.org|proxy\.golang" r"\.org|crates\.io/api)"): "a package registry",
    re.compile(r"-----BEGIN (EC |RSA )?PRIVATE" r" KEY-----\n[A-Za-z0-9+/=\n]{60}"): "a private key",
}
MAY_HOLD = {"tests/lint/files.py"}


def tracked():
    listing = subprocess.run(["git", "-c", "safe.directory=*", "-C", str(ROOT), "ls-files", "-z"], stdout=subprocess.PIPE, check=True, text=True).stdout
    return [pathlib.Path(name) for name in listing.split("\0") if name and (ROOT / name).is_file()]


def main():
    found = []
    files = tracked()
    for path in files:
        top = path.parts[0]
        if not top.startswith(".") and top not in TOP_LEVEL:
            found.append(f"{path}: the top level is fixed: {', '.join(sorted(TOP_LEVEL))}")
        if EMPTY_NAMES.search(path.name) and path.suffix in SOURCE:
            found.append(f"{path}: name the file after the noun that it defines")
        content = (ROOT / path).read_bytes()
        if path.suffix in SOURCE and content.count(b"\n") > MOST_LINES:
            found.append(f"{path}: {content.count(chr(10).encode())} lines; at most {MOST_LINES}: split it by what it defines")
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError:
            if not str(path).startswith("tests/"):
                found.append(f"{path}: not UTF-8")
            continue
        if str(path) in MAY_HOLD:
            continue
        for pattern, what in BANNED.items():
            for match in pattern.finditer(text):
                found.append(f"{path}:{text.count(chr(10), 0, match.start()) + 1}: {what}: {match[0].strip()[:60]}")
        if path.suffix in {".cpp", ".hpp"}:
            for number, line in enumerate(text.splitlines(), 1):
                if len(line) > MOST_COLUMNS and 'R"' not in line and str(path).startswith("webhook/"):
                    found.append(f"{path}:{number}: {len(line)} columns")
    print(*found, sep="\n", end="\n" if found else "")
    print(f"{len(files)} files, {len(found)} complaints")
    return 1 if found or not files else 0


if __name__ == "__main__":
    sys.exit(main())
