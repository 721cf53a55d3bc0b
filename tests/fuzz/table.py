#!/usr/bin/env python3
"""What a run of the fuzz targets came to, from libFuzzer's logs. Exit status 1 if there is a finding.

usage: table.py FOLDER TARGET...     with FOLDER/logs/TARGET.log and FOLDER/findings/TARGET/
"""
import pathlib
import re
import sys

COLUMNS = {"exec/s": r"stat::average_exec_per_sec:\s+(\d+)", "edges": r"cov: (\d+)", "slowest s": r"stat::slowest_unit_time_sec:\s+(\d+)",
           "peak MiB": r"stat::peak_rss_mb:\s+(\d+)"}
EXECUTIONS = r"stat::number_of_executed_units:\s+(\d+)"


def last(pattern, text):
    found = re.findall(pattern, text)
    return int(found[-1]) if found else 0


def main():
    folder = pathlib.Path(sys.argv[1])
    print(f"{'target':<16}{'executions':>12}" + "".join(f"{name:>11}" for name in COLUMNS) + f"{'findings':>10}")
    total, findings = 0, 0
    for target in sys.argv[2:]:
        log = (folder / "logs" / f"{target}.log").read_text(errors="replace")
        left = [path for path in (folder / "findings" / target).glob("*") if not path.name.startswith("slow-unit-")]
        # A log without its end is that of a target that did not run to the end: a finding without an input.
        count = max(len(left), 0 if re.search(EXECUTIONS, log) else 1)
        executions = last(EXECUTIONS, log)
        print(f"{target:<16}{executions:>12}" + "".join(f"{last(pattern, log):>11}" for pattern in COLUMNS.values()) + f"{count:>10}")
        total += executions
        findings += count
    print(f"{total} executions, {findings} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
