#!/usr/bin/env python3
"""Which benchmarks take longer than their budget.

usage: over_budget.py BUDGETS RESULTS     (nanoseconds of CPU by name; the JSON of Google Benchmark)
"""
import json
import sys


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        budgets = json.load(file)
    with open(sys.argv[2], encoding="utf-8") as file:
        measured = {each["name"]: each["cpu_time"] for each in json.load(file)["benchmarks"]}
    over = [f"{name}: {measured[name]:.0f} ns, at most {budget}" for name, budget in budgets.items() if measured.get(name, 0) > budget]
    print(*over, f"{len(measured)} benchmarks, {len(over)} over their budget", sep="\n")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
