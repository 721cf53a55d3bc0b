#!/usr/bin/env python3
"""The program is protected against its own faults. What the linker does is looked up in the program itself, in every build type; what the compiler adds only the
release has, so its command lines are looked at (nothing is built), and the image is not made of a program that lacks it. And deploy/hardening notices what is missing.

usage: hardened.py PROGRAM
"""
import json
import pathlib
import platform
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
HARDENING = ROOT / "deploy/hardening"
found = []

# A program that asks for everything that can be seen from outside.
SOURCE = """
#include <cstdio>
#include <cstring>
#include <utility>
#include <vector>
template <int n> int step(int more) { return more * n + n; }
template <int... n> int steps(int count, std::integer_sequence<int, n...>) {
  static int (*volatile const all[])(int) = {step<n>...};
  return all[count % sizeof...(n)](count);
}
int main(int count, char** words) {
  char text[64];
  std::vector<int> numbers(static_cast<unsigned>(count));
  std::strcpy(text, words[0]);
  std::snprintf(text, static_cast<unsigned>(count) + 1, "%s %d", words[0], numbers[static_cast<unsigned>(count) - 1]);
  return text[0] + steps(count, std::make_integer_sequence<int, 64>());
}
"""
ALL = ["-O2", "-D_FORTIFY_SOURCE=2", "-D_GLIBCXX_ASSERTIONS", "-fstack-protector-strong", "-fcf-protection", "-fPIE", "-pie", "-Wl,-z,relro,-z,now"]
# What is done to these options, and which line then says NO.
MUTATIONS = [
    (["-no-pie", "-fno-PIE"], "position-independent"),
    (["-Wl,-z,norelro"], "relocations are read-only"),
    (["-Wl,-z,lazy"], "all symbols are bound"),
    (["-Wl,-z,execstack"], "the stack is not executable"),
    (["-Wl,-rpath,/opt/lib"], "no library path"),
    (["-fno-stack-protector"], "stack protector"),
    (["-U_FORTIFY_SOURCE", "-D_FORTIFY_SOURCE=0"], "checked C functions"),
    (["-U_GLIBCXX_ASSERTIONS"], "checked C++ library"),
    (["-fcf-protection=none"], "targets of indirect jumps"),
]


def claim(condition, message):
    if not condition:
        found.append(message)


def hardening(*arguments):
    done = subprocess.run([HARDENING, *arguments], capture_output=True, text=True, check=False)
    return done.returncode, [line[5:] for line in done.stdout.splitlines() if line.startswith("NO")], done.stderr


def the_tool(folder, compiler):
    source, program = folder / "sample.cpp", folder / "sample"
    source.write_text(SOURCE, encoding="utf-8")

    def built(more):
        subprocess.run([compiler, *ALL, *more, source, "-o", program], check=True, capture_output=True)
        return hardening(program)

    status, lacking, _ = built([])
    claim((status, lacking) == (0, []), f"deploy/hardening: a program with everything lacks {lacking}")
    if platform.machine() != "x86_64":
        return
    for more, word in MUTATIONS:
        status, lacking, _ = built(more)
        claim(status == 1 and any(line.startswith(word) for line in lacking), f"deploy/hardening: does not notice {more}: {lacking}")
    claim(hardening("/nowhere")[0] == 2 and hardening()[0] == 2, "deploy/hardening: bad usage is no error")


def the_release(folder):
    """Every file of the release is compiled with the flags, and it is linked with them."""
    build = folder / "release"
    done = subprocess.run(["cmake", "--preset", "release", "-B", build], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        claim(False, f"cmake --preset release: {done.stderr[-500:]}")
        return
    wanted = ["-O2", "-DNDEBUG", "-D_FORTIFY_SOURCE=2", "-D_GLIBCXX_ASSERTIONS", "-fstack-protector-strong", "-fstack-clash-protection", "-fPIE"]
    wanted += {"x86_64": ["-fcf-protection"], "aarch64": ["-mbranch-protection=standard"]}.get(platform.machine(), [])
    commands = json.loads((build / "compile_commands.json").read_text(encoding="utf-8"))
    claim(len(commands) > 100, f"the release compiles {len(commands)} files")
    for each in commands:
        words = each["command"].split()
        lacking = [flag for flag in wanted if flag not in words and not (flag == "-fPIE" and "-fPIC" in words)]
        claim(not lacking, f"{each['file']}: the release is compiled without {' '.join(lacking)}")
    ninja = (build / "build.ninja").read_text(encoding="utf-8")
    links = [line for line in ninja.splitlines() if line.strip().startswith("LINK_FLAGS") and "relro" in line]
    claim(links and all("-pie" in line and "-z,now" in line for line in links), f"the release is linked with {links}")
    dockerfile = (ROOT / "deploy/Dockerfile").read_text(encoding="utf-8")
    claim("deploy/hardening build/release/bin/rightslice" in dockerfile, "deploy/Dockerfile: the image is made without deploy/hardening")


def main():
    if not shutil.which("readelf"):
        print("no readelf (binutils), which build-essential brings")
        return 1
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        the_tool(folder, "g++")
        the_release(folder)
    status, lacking, errors = hardening("--linking", sys.argv[1])
    claim(status == 0, f"{sys.argv[1]}: lacks {lacking} {errors}")
    print(*found, sep="\n", end="\n" if found else "")
    print(f"{len(found)} complaints")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
