"""The definitions of reports as their projects publish them, out of their Go modules; by the checksums that are known of those."""
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

# module, version, checksum (as in a go.sum), files
OPEN_REPORTS = ("github.com/openreports/reports-api", "v0.2.1", "h1:g9KS3yle9Y1elmww4TK9EkD1rl6inIaiIJPX6e+u680=",
                ("config/crd/openreports.io_reports.yaml", "config/crd/openreports.io_clusterreports.yaml"))
# The module of the working group itself is on no proxy; Kyverno ships its definitions.
POLICY_REPORTS = ("github.com/kyverno/kyverno", "v1.19.1", "h1:/MkgFii3/VlQfKR1JpC9tVwNNVNQTt2S4U6qCsafsTU=",
                  ("config/crds/policyreport/wgpolicyk8s.io_policyreports.yaml", "config/crds/policyreport/wgpolicyk8s.io_clusterpolicyreports.yaml"))


def files(definitions):
    """Paths of the files; where they are not there and cannot be fetched, the test is skipped."""
    module, version, checksum, names = definitions
    with tempfile.TemporaryDirectory() as folder:
        try:
            fetched = subprocess.run(["go", "mod", "download", "-json", f"{module}@{version}"], cwd=folder, capture_output=True, text=True, timeout=120, check=False,
                                     env={**os.environ, "GOFLAGS": "-mod=mod"})
        except (OSError, subprocess.TimeoutExpired) as error:
            raise unittest.SkipTest(f"{module} cannot be fetched: {error}") from None
    told = json.loads(fetched.stdout or "{}")
    if fetched.returncode != 0:
        raise unittest.SkipTest(f"{module} cannot be fetched: {told.get('Error', fetched.stderr)}")
    if told["Sum"] != checksum:
        raise AssertionError(f"{module} {version} is not what it was: {told['Sum']}")
    return [pathlib.Path(told["Dir"]) / name for name in names]
