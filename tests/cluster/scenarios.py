#!/usr/bin/env python3
"""Rightslice in a real cluster, driven with kubectl as a person would. One cluster serves all scenarios.

  tests/cluster/scenarios.py [-k PATTERN]... [MODULE]...

RIGHTSLICE_BINARY names the program (default: build/dev/bin/rightslice). Exit status 77: skipped, and the last line says why.
"""
import argparse
import os
import pathlib
import signal
import sys
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "integration"))   # the mounted folder

from cluster import Cluster, programs  # noqa: E402
from scenario import Scenario           # noqa: E402

MODULES = ["denial_test", "rewrite_test", "update_test", "outage_test", "deploy_test", "live_test", "events_test", "dra_test", "kinds_test",
           "status_test", "plugin_test", "before_test", "scan_test", "audit_test", "certificates_test", "lifecycle_test"]   # and helm_test and chart_test, which need helm


def scenarios_of(suite):
    for each in suite:
        if isinstance(each, unittest.TestSuite):
            yield from scenarios_of(each)
        else:
            yield each


class Result(unittest.TextTestResult):
    """One line for each scenario, with its time."""

    def startTest(self, test):
        self.began = time.monotonic()
        super().startTest(test)

    def getDescription(self, test):
        rest = ""
        if hasattr(test, "test_case"):   # one row of a table
            test, rest = test.test_case, " " + test._subDescription()
        if not isinstance(test, unittest.TestCase):
            return str(test)   # the beginning or the end of a class
        return f"{type(test).__module__.removesuffix('_test')}: {test._testMethodName.removeprefix('test_').replace('_', ' ')}{rest}"

    def addSuccess(self, test):
        unittest.TestResult.addSuccess(self, test)
        self.stream.writeln(f"ok ({time.monotonic() - self.began:.1f} s)")
        self.stream.flush()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-k", action="append", metavar="PATTERN", help="only the scenarios whose name holds this")
    parser.add_argument("modules", nargs="*", default=MODULES, help=f"of {' '.join(MODULES)}")
    options = parser.parse_args()
    rightslice = pathlib.Path(os.environ.get("RIGHTSLICE_BINARY", HERE.parents[1] / "build/dev/bin/rightslice")).resolve()
    if not rightslice.exists():
        sys.exit(f"{rightslice} is not there; build it, or name it in RIGHTSLICE_BINARY")
    signal.signal(signal.SIGTERM, signal.default_int_handler)   # through `finally`, as Ctrl-C

    loader = unittest.TestLoader()
    if options.k:
        loader.testNamePatterns = [pattern if "*" in pattern else f"*{pattern}*" for pattern in options.k]
    suite = loader.loadTestsFromNames(options.modules)
    classes = dict.fromkeys(type(each) for each in scenarios_of(suite))
    policies = {}
    for each in classes:
        policies |= getattr(each, "policies", {})

    began = time.monotonic()
    cluster = Cluster(programs("kubernetes"), rightslice, policies)
    print(f"the cluster stands after {time.monotonic() - began:.1f} s", flush=True)
    try:
        Scenario.cluster = cluster
        result = unittest.TextTestRunner(verbosity=2, resultclass=Result, stream=sys.stdout).run(suite)
        if not result.wasSuccessful():
            cluster.show_logs()
    finally:
        cluster.stop()
    if result.testsRun == 0:
        print("no scenario of that name")
    return 0 if result.wasSuccessful() and result.testsRun else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("interrupted; everything is stopped")
