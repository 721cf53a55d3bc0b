#!/usr/bin/env python3
"""g++ 12.2 miscompiles three ordinary shapes of coroutines (each frees twice; clang is right). They may not be written:
  a lambda with captures inside a co_await expression, an aggregate temporary f(Type{...}) in one, and  condition ? co_await a : b.
Named variables are fine. And coroutines stay in http/ and kube/ (with app/'s glue), away from the core.

usage: coroutines.py [ROOT]
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2])
HOMES = {"http", "kube"}
COMMENT_OR_TEXT = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"', re.S)
AWAIT = re.compile(r"\bco_await\b")
LAMBDA = re.compile(r"(?<![\w\])])\[\s*[^\]\s][^\]]*\]\s*[({]")
AGGREGATE = re.compile(r"[(,]\s*[A-Za-z_][\w:]*(?:<[^<>]*>)?\s*\{\s*[^}\s]")
TERNARY = re.compile(r"\?[^;]*\bco_await\b|\bco_await\b[^;?]*\?[^;:]*:[^;]*\bco_await\b")


def blank(match):
    return '""' if match[0].startswith('"') else re.sub(r"[^\n]", " ", match[0])


def statements(text):
    """(line, text) of each statement with a co_await: from the last ; { } before it to the ; after it, brackets balanced."""
    for match in AWAIT.finditer(text):
        start = max(text.rfind(mark, 0, match.start()) for mark in ";{}") + 1
        depth, end = 0, match.end()
        while end < len(text) and not (depth <= 0 and text[end] in ";{"):
            depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(text[end], 0)
            if depth < 0:
                break
            end += 1
        yield text.count("\n", 0, match.start()) + 1, text[start:end], text[match.end():end]


def complaints(path, text):
    code = COMMENT_OR_TEXT.sub(blank, text)
    folder = path.parts[1]
    if AWAIT.search(code) and folder not in HOMES:
        yield f"{path}: coroutines stay in {', '.join(sorted(HOMES))}"
    for line, whole, awaited in statements(code):
        if LAMBDA.search(awaited):
            yield f"{path}:{line}: a capturing lambda inside a co_await expression; give it a name first"
        if AGGREGATE.search(awaited):
            yield f"{path}:{line}: an aggregate temporary inside a co_await expression; give it a name first"
        if TERNARY.search(whole):
            yield f"{path}:{line}: co_await in a conditional expression; write if and else"


SELF_TEST = {
    "co_await f([x] { return x; });": True, "co_await f(Options{1, 2}, token);": True, "auto r = good ? co_await a() : b();": True,
    "co_await f(named, token);": False, "auto [error, n] = co_await read(stream, asio::use_awaitable);": False,
    "if (auto error = co_await f(g{}); error) return;": False, "co_await f(values[i]);": False, "// co_await f([x] {})": False,
}


def main():
    found = [f"self-test: {code}" for code, bad in SELF_TEST.items() if bool(list(complaints(pathlib.Path("webhook/http/x.cpp"), code))) != bad]
    for path in sorted((ROOT / "webhook").rglob("*.[ch]pp")):
        found += complaints(path.relative_to(ROOT), path.read_text(encoding="utf-8"))
    print(*found, sep="\n", end="\n" if found else "")
    print(f"{len(found)} complaints")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
