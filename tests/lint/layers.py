#!/usr/bin/env python3
"""Who may include whom (the arrows between the folders of webhook/), and which folder alone may touch which library.

usage: layers.py [ROOT]
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2])

# cli -> app -> {admission, kube, http}; arrows may be followed further down.
ARROWS = {
    "base": [], "json": ["base"], "gpu": ["json"], "model": ["gpu"], "workload": ["model"], "policy": ["workload"], "admission": ["policy"],
    "host": ["base"], "tls": ["host"], "http": ["tls", "host"], "kube": ["http", "json", "host"],
    "app": ["admission", "kube", "http"], "observe": ["app"], "cli": ["observe"],
}
# Of observe/ only files that ask a cluster do more than turn values into values (webhook/observe/README.md): the others are core too.
PURE = {"observe": ("admission", re.compile(r"_(source|fetch|store|writer|loop)\.[ch]pp$"))}
# A library, and the folders that may include it. Everything else goes through the headers of those folders.
LIBRARIES = {
    r"rapidjson/": ["json"], r"simdjson\.h": ["json"], r"yaml-cpp/": ["json"], r"openssl/": ["tls", "base"], r"boost/asio/ssl": ["http", "tls"], r"boost/": ["http", "kube"],
    r"CLI/": ["cli"], r"spdlog/": ["host"], r"prometheus/": ["host"],
    r"sqlite3\.h": ["observe"], r"libpq-fe\.h": ["observe"],
}
# The pure core: no threads, no clock, no input or output.
CORE = ["base", "json", "gpu", "model", "workload", "policy", "admission"]
IMPURE = re.compile(r"^(thread|mutex|shared_mutex|condition_variable|future|stop_token|semaphore|fstream|iostream|filesystem|csignal|"
                    r"coroutine|random|unistd\.h|sys/.*|pthread\.h|netdb\.h|poll\.h|fcntl\.h|dlfcn\.h|sqlite3\.h|libpq-fe\.h)$")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
# snprintf only formats; a bad built-in file ends the program with its last words. Anything else of <cstdio> is input or output.
IMPURE_CALL = re.compile(r"\b(fopen|fread|fwrite|fprintf|std::puts|putchar|std::printf|std::cout|std::cerr)\s*\(")
CLOCK = re.compile(r"\b(system_clock|steady_clock|high_resolution_clock)\s*::\s*now|\bstd::time\s*\(|\bgetenv\s*\(|\bgettimeofday\s*\(")


def reachable(folder):
    seen, queue = {folder}, [folder]
    while queue:
        for below in ARROWS[queue.pop()]:
            if below not in seen:
                seen.add(below)
                queue.append(below)
    return seen


def complaints(path, folder, text):
    allowed = reachable(folder)
    core = folder in CORE
    if folder in PURE:
        below, impure = PURE[folder]
        core = not impure.search(str(path))
        allowed = {folder} | reachable(below) if core else allowed
    for number, line in enumerate(text.splitlines(), 1):
        where = f"{path}:{number}"
        if core and CLOCK.search(line.split("//")[0]):
            yield f"{where}: the core reads no clock and no environment"
        if core and IMPURE_CALL.search(line.split("//")[0]):
            yield f"{where}: the core does no input or output"
        found = INCLUDE.match(line)
        if not found:
            continue
        quote, target = found.groups()
        if quote == '"':
            other = target.split("/")[0]
            if "/" not in target or other not in ARROWS:
                yield f'{where}: "{target}" names no folder of webhook/; write "folder/file.hpp"'
            elif other not in allowed:
                yield f"{where}: {folder}/ may not include {other}/ (allowed: {', '.join(sorted(allowed))})"
        else:
            for library, homes in LIBRARIES.items():
                if re.match(library, target):
                    if folder not in homes:
                        yield f"{where}: <{target}> may be included in {', '.join(homes)} only"
                    break
            if core and IMPURE.match(target):
                yield f"{where}: <{target}> does not belong into the core ({', '.join(CORE)})"


# folder or file, line, whether it is refused
SELF_TEST = [
    ("gpu", '#include "model/engine.hpp"', True), ("model", '#include "gpu/profile.hpp"', False), ("admission", '#include "json/value.hpp"', False),
    ("admission", '#include "host/clock.hpp"', True), ("kube", '#include "tls/client.hpp"', False), ("http", '#include "json/value.hpp"', True),
    ("policy", "#include <yaml-cpp/yaml.h>", True), ("app", "#include <simdjson.h>", True), ("json", "#include <rapidjson/document.h>", False), ("cli", "#include <boost/asio.hpp>", True),
    ("workload", "#include <thread>", True), ("host", "#include <thread>", False), ("policy", "auto now = std::chrono::system_clock::now();", True),
    ("base", '#include "limits.hpp"', True), ("observe", '#include "app/cluster_objects.hpp"', True), ("observe", '#include "admission/verdict.hpp"', False),
    ("observe/x_source.cpp", '#include "app/cluster_objects.hpp"', False), ("observe/sources.cpp", '#include "kube/list.hpp"', True),
    ("observe/history/x_store.cpp", "#include <mutex>", False), ("observe/history/store.hpp", "#include <mutex>", True),
    ("observe/audit/x_loop.cpp", "#include <thread>", False), ("observe/audit/x_writer.cpp", '#include "host/metrics.hpp"', False),
    ("observe/history/x_store.cpp", "#include <sqlite3.h>", False), ("app", "#include <sqlite3.h>", True),
    ("observe", "#include <thread>", True), ("app", '#include "observe/snapshot.hpp"', True), ("cli", '#include "observe/snapshot.hpp"', False),
]


def main():
    found = [f"self-test: {place}: {line}" for place, line, bad in SELF_TEST
             if bool(list(complaints(place if "/" in place else f"{place}/x.cpp", place.split("/")[0], line))) != bad]
    count = 0
    webhook = ROOT / "webhook"
    for folder in sorted(each.name for each in webhook.iterdir() if each.is_dir()):
        if folder not in ARROWS:
            found.append(f"webhook/{folder}: a folder without a place in the layers; add it to tests/lint/layers.py")
            continue
        for path in sorted(webhook.joinpath(folder).rglob("*.[ch]pp")):
            count += 1
            found += complaints(path.relative_to(ROOT), folder, path.read_text(encoding="utf-8"))
    print(*found, sep="\n", end="\n" if found else "")
    print(f"{count} files, {len(found)} complaints")
    return 1 if found or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
