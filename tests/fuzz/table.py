#!/usr/bin/env python3
"""What a run of the fuzz targets came to, from libFuzzer's logs. Exit status 1 if there is a finding.

usage: table.py FOLDER TARGET...     with FOLDER/logs/TARGET.log and FOLDER/findings/TARGET/
"""
import pathlib
import re
import sys


def last(pattern, text):
    found = re.findall(pattern, text)
    return int(found[-1]) if found else 0


def main():
    folder = pathlib.Path(sys.argv[1])
    print(f"{'target':<16}{'executions':>12}{'exec/s':>9}{'edges':>8}{'slowest s':>11}{'peak MiB':>10}{'findings':>10}")
    total, findings = 0, 0
    for target in sys.argv[2:]:
        log = (folder / "logs" / f"{target}.log").read_text(errors="replace")
        executions = last(r"stat::number_of_executed_units:\s+(\d+)", log) or last(r"(?m)^#(\d+)\s", log)
        left = [path for path in (folder / "findings" / target).glob("*") if not path.name.startswith("slow-unit-")]
        # A log without its end is that of a target that did not run to the end: a finding without an input.
        whole = "stat::number_of_executed_units" in log
        count = max(len(left), 0 if whole else 1)
        print(f"{target:<16}{executions:>12}{last(r'stat::average_exec_per_sec:\s+(\d+)', log):>9}{last(r'cov: (\d+)', log):>8}"
              f"{last(r'stat::slowest_unit_time_sec:\s+(\d+)', log):>11}{last(r'stat::peak_rss_mb:\s+(\d+)', log):>10}{count:>10}")
        total += executions
        findings += count
    print(f"{total} executions, {findings} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
