#!/usr/bin/env python3
"""The documents show what the program prints. For each Markdown file, in order:
  - a ```yaml block whose first line is `# NAME.yaml` (or .json) becomes that file of an empty folder;
  - in a ```console block each line `$ rightslice ...` is run there, and what it prints must stand below it, to the next `$` line;
    `$ kubectl apply -f FILE` is answered by `rightslice review` with the policies of the last `rightslice` line, and shown as kubectl does, wrapped;
    `$ tests/accuracy/report` runs with this program; lines of other commands are not run. The folder also shows the repository's policies/,
    deploy/ and tests/.
UPDATE_TRANSCRIPTS=1 writes what is printed into the documents instead; the change is reviewed like code.

usage: transcripts.py PROGRAM FILE.md...
"""
import difflib
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
APPLY = "$ kubectl apply -f "
FILE_NAME = re.compile(r"# ([\w.-]+\.(?:ya?ml|json))\n")


def printed(command, folder, program):
    environment = {key: value for key, value in os.environ.items() if not key.startswith("RIGHTSLICE_")}
    environment |= {"PATH": f"{program.parent}:{environment['PATH']}", "NO_COLOR": "1", "LC_ALL": "C.UTF-8", "COLUMNS": "120"}
    run = subprocess.run(["bash", "-c", command], cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, timeout=300, text=True, check=False)
    return "".join(line.rstrip() + "\n" for line in run.stdout.rstrip().splitlines())


def as_run(command, policies):
    """The command line to run for a line of a session; none for what is not run."""
    if command.startswith("$ rightslice"):
        return command[2:]
    if command.startswith("$ tests/accuracy/report"):
        return command[2:] + ' --binary "$(command -v rightslice)"'
    if not command.startswith(APPLY):
        return None
    view, file = "deploy/examples/review.py", command[len(APPLY):]
    return (f"python3 -B {view} make {file} >.review.json && rightslice review {policies} <.review.json >.answer.json && "
            f"python3 -B {view} show {file} .review.json .answer.json")


def retold(session, folder, program, state):
    """The text of a console block, with what the commands print now."""
    out = []
    for part in re.split(r"^(?=\$ )", session, flags=re.M):
        command, _, _ = part.partition("\n")
        line = as_run(command, state["policies"])
        if line is None:
            out.append(part)
            continue
        if named := re.findall(r"--policies \S+", line):
            state["policies"] = " ".join(named)
        text = printed(line, folder, program)
        gap = "\n" if part.endswith("\n\n") and text else ""
        out.append(command + "\n" + text + gap)
    return "".join(out)


def check(path, program):
    before = path.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for shared in ("policies", "deploy", "tests"):
            (folder / shared).symlink_to(ROOT / shared)

        state = {"policies": ""}

        def block(match):
            language, body = match.groups()
            if file := FILE_NAME.match(body):
                (folder / file[1]).write_text(body[file.end():], encoding="utf-8")
            return f"```{language}\n{retold(body, folder, program, state)}```" if language == "console" else match[0]

        after = FENCE.sub(block, before)
    if after == before:
        return True
    if os.environ.get("UPDATE_TRANSCRIPTS") == "1":
        path.write_text(after, encoding="utf-8")
        return True
    where = path.relative_to(ROOT)
    sys.stdout.writelines(difflib.unified_diff(before.splitlines(True), after.splitlines(True), f"{where} (as written)", f"{where} (as printed)"))
    return False


def main():
    program, *files = sys.argv[1:]
    program = pathlib.Path(program).resolve()
    wrong = [file for file in files if not check(pathlib.Path(file).resolve(), program)]
    print(f"{len(files)} documents, {len(wrong)} show something else than the program prints")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
