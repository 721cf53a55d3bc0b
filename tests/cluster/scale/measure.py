#!/usr/bin/env python3
"""Rightslice in a cluster of 10,000 Deployments in 500 namespaces: how long it takes to be ready, what it needs, and whether it judges as `check` does.

  tests/cluster/scale/measure.py [--namespaces 500] [--each 20] [--sample 1000]

RIGHTSLICE_BINARY names the program (default: build/release/bin/rightslice). Exit status 0: the verdicts are equal and the limits are kept (--report:
whatever the limits); 77: skipped, and the last line says why.
"""
import argparse
import collections
import http.client
import itertools
import json
import os
import pathlib
import re
import signal
import ssl
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parents[1] / "integration")]

import comparison                       # noqa: E402
import population                       # noqa: E402
from cluster import Cluster, programs   # noqa: E402
from loader import Loader, path_of      # noqa: E402

READY_SECONDS, PEAK_MIB = 5.0, 64.0     # what an instance may need for 10,000 Deployments
SCAN_SECONDS, SCAN_MIB = 10.0, 256.0    # and a look at all of them
TICK = os.sysconf("SC_CLK_TCK")


class Large(Cluster):
    """The cluster is full before Rightslice is installed."""

    def __init__(self, options, rightslice):
        self.options = options
        super().__init__(programs("kubernetes"), rightslice, {})

    def install(self):
        population.create_nodes(self.kubectl)
        self.loader = Loader(self.control_plane)
        self.load()
        self.checkout.run(self.runbook_install())
        self.pod = self.node.start_pod()
        self.enforce()

    @staticmethod
    def runbook_install():
        import runbook
        return f"{runbook.DEFINITIONS}\n{runbook.INSTALL}\nrm -rf old && mv certs/dev old"

    def load(self):
        began = time.monotonic()
        spaces = self.options.namespaces
        self.loader.create(population.namespaces(spaces))
        last = ["-n", population.namespace(spaces - 1), "get", "serviceaccount", "default"]
        while self.kubectl.run(*last, check=False).status != 0:
            time.sleep(0.2)
        # Its autoscalers and ReplicaSets would go on for minutes, and change what is compared.
        [manager] = [each for each in self.control_plane.servers if each.name == "kube-controller-manager"]
        manager.stop()
        self.loader.create(population.placed(96))
        objects = [each for index in range(spaces) for each in population.running(population.namespace(index), index, self.options.each)]
        self.loader.create(objects)
        seconds = time.monotonic() - began
        print(f"loaded {len(objects)} objects in {spaces} namespaces in {seconds:.0f} s ({len(objects) / seconds:.0f}/s)", flush=True)


class Process:
    """What /proc says of an instance."""

    def __init__(self, pid):
        self.pid = pid

    def memory(self, key):
        """MiB."""
        return int(re.search(rf"^{key}:\s+(\d+) kB$", pathlib.Path(f"/proc/{self.pid}/status").read_text(), re.M)[1]) / 1024

    def cpu(self):
        """Seconds that it has computed for."""
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def received(self):
        """Bytes on the connections that it has opened and still has."""
        shown = subprocess.run(["ss", "-tinpH", "state", "established"], capture_output=True, text=True, check=False).stdout
        lines = re.split(r"\n(?=\S)", shown)
        return sum(int(found[1]) for each in lines if f"pid={self.pid}," in each and (found := re.search(r"bytes_received:(\d+)", each)))


def share(process, seconds, work=lambda: None):
    """Percent of a core over so many seconds, while `work` is called again and again; and how often it was."""
    cpu, began, calls = process.cpu(), time.monotonic(), 0
    while time.monotonic() - began < seconds:
        work()
        calls += 1
        if work.__name__ == "<lambda>":
            time.sleep(0.1)
    return 100 * (process.cpu() - cpu) / (time.monotonic() - began), calls


def churn(cluster):
    """Changes Deployments one after the other: the replicas of some, and labels that nobody here reads."""
    numbers = iter(range(10**9))
    api = cluster.loader.api()

    def one():
        number = next(numbers)
        space = population.namespace(number % cluster.options.namespaces)
        change = {"spec": {"replicas": number % 5}} if number % 2 else {"metadata": {"annotations": {"example.com/build": str(number)}}}
        status, _ = api.patch(f"{path_of({'kind': 'Deployment', 'metadata': {'namespace': space}})}/app-{number % cluster.options.each:02}", change)
        if status not in (200, 403):   # a budget may have no room for it
            raise RuntimeError(f"a change was refused: HTTP {status}")
    return one


def restarted(cluster):
    """A new instance in the full cluster: seconds from its start to ready, and the process."""
    began = time.monotonic()
    pod = cluster.node.start_pod()
    seconds = time.monotonic() - began
    cluster.node.stop_pod(cluster.pod, notice=0)
    cluster.pod = pod
    return seconds, Process(pod.process.pid)


def measure(cluster):
    """Figures by name."""
    seconds, process = restarted(cluster)
    counted = cluster.pod
    counted.wait_until(lambda: '"workloads read"' in counted.log(), "it has counted what runs")
    out = {"start to ready, s": seconds, "CPU to ready, s": process.cpu(), "received to ready, MiB": process.received() / 2**20}
    out["peak RSS at start, MiB"] = process.memory("VmHWM")
    time.sleep(3)
    out["CPU idle, % of a core"], _ = share(process, 10)
    before = process.received()
    out["CPU under churn, % of a core"], changes = share(process, 10, churn(cluster))
    out["changes a second"] = changes / 10
    time.sleep(1)
    out["received per change, KiB"] = (process.received() - before) / 1024 / changes
    out["RSS, MiB"], out["peak RSS, MiB"] = process.memory("VmRSS"), process.memory("VmHWM")
    return out


def scanned(cluster):
    """One look at the whole cluster: figures by name, and workloads that it does not show exactly once."""
    path = cluster.state / "scan.json"
    with open(path, "w", encoding="utf-8") as out:
        began = time.monotonic()
        process = subprocess.Popen([cluster.rightslice, "scan", "-o", "json", "--kubeconfig", str(cluster.kubectl.kubeconfig)], stdout=out)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - began
    if status != 0:
        raise RuntimeError(f"scan: wait status {status}")
    told = json.loads(path.read_text(encoding="utf-8"))
    shown = collections.Counter((each["kind"], each["namespace"], each["name"]) for each in told["results"])
    wanted = {("Deployment", each["metadata"]["namespace"], each["metadata"]["name"]) for index in range(cluster.options.namespaces)
              for each in population.running(population.namespace(index), index, cluster.options.each) if each["kind"] == "Deployment"}
    wrong = [each for each, count in shown.items() if count != 1] + sorted(wanted - set(shown))
    figures = {"scan, s": seconds, "CPU of scan, s": usage.ru_utime + usage.ru_stime, "peak RSS of scan, MiB": usage.ru_maxrss / 1024,
               "workloads shown": len(shown)}
    return figures, wrong


def review_times(cluster, seconds):
    """Milliseconds of reviews, one after the other on one connection, of objects that no other review was about."""
    context = ssl._create_unverified_context()
    connection = http.client.HTTPSConnection("127.0.0.1", cluster.pod.port, context=context, timeout=30)
    kind, resource = {"group": "apps", "version": "v1", "kind": "Deployment"}, {"group": "apps", "version": "v1", "resource": "deployments"}
    out, end = [], time.monotonic() + seconds
    objects = itertools.cycle(each for _, each in population.candidates(1000, cluster.options.namespaces) if each["kind"] == "Deployment")
    while time.monotonic() < end:
        each = next(objects)
        each["metadata"]["name"] = f"asked-{time.monotonic_ns()}"
        request = {"uid": each["metadata"]["name"], "kind": kind, "resource": resource, "name": each["metadata"]["name"], "namespace": each["metadata"]["namespace"],
                   "operation": "CREATE", "userInfo": {"username": "dana"}, "object": each}
        body = json.dumps({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request})
        began = time.monotonic()
        connection.request("POST", "/validate?timeout=10s", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        out.append(1000 * (time.monotonic() - began))
        if answer.status != 200:
            raise RuntimeError(f"a review was answered with HTTP {answer.status}")
        time.sleep(0.005)
    out.sort()
    return out


def audited(cluster):
    """Reviews beside an audit that never rests, and without it: figures by name."""
    def figures(name):
        times = review_times(cluster, 30)
        return {f"reviews {name}": len(times), f"p50 {name}, ms": times[len(times) // 2], f"p99 {name}, ms": times[len(times) * 99 // 100],
                f"longest {name}, ms": times[-1]}
    restarted(cluster)
    out = figures("without audit")
    cluster.checkout.run("kubectl apply -f deploy/kustomize/components/audit/rbac.yaml")
    cluster.node.also = ["--audit", "--audit-every=5s"]
    _, process = restarted(cluster)
    looks = 'rightslice_audit_looks_total{outcome="success"}'
    cluster.pod.wait_until(lambda: cluster.pod.metric(looks) > 0, "the first look")
    out["peak RSS with audit, MiB"] = process.memory("VmHWM")
    before = cluster.pod.metric(looks)
    out |= figures("beside audit")
    out["looks meanwhile"] = cluster.pod.metric(looks) - before
    for phase in ("read", "judge"):
        out[f"{phase}, s"] = cluster.pod.metric(f'rightslice_audit_look_duration_seconds{{phase="{phase}"}}')
    out["RSS after looks, MiB"] = process.memory("VmRSS")
    return out


def compared(cluster):
    asked = list(population.candidates(cluster.options.sample, cluster.options.namespaces))
    loader = cluster.loader
    answers = loader.dry_run([each for _, each in asked])
    folders = [each.partition("=")[2] for each in cluster.node.arguments() if each.startswith("--policies=")]
    cli = comparison.Cli(cluster.rightslice, cluster.state / "cli", {"folders": folders, "objects": population.policies(cluster.options.namespaces)},
                         comparison.surroundings(cluster.kubectl))

    def running(index):
        space = population.namespace(index)
        found = [cluster.kubectl.within(space).get(kind)["items"] for kind in ("deployments", "horizontalpodautoscalers")]
        return [each for items in found for each in items]
    return comparison.compare(asked, answers, cli.judge(asked, running))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--namespaces", type=int, default=500)
    parser.add_argument("--each", type=int, default=20, help="Deployments in each namespace")
    parser.add_argument("--sample", type=int, default=1000, help="requests to compare")
    parser.add_argument("--report", action="store_true", help="do not fail for a figure beyond its limit")
    parser.add_argument("--audit", action="store_true", help="then measure reviews beside an audit that never rests; prints, and has no limits")
    parser.add_argument("--hold", action="store_true", help="wait for Enter at the end, for a profiler or a look around")
    options = parser.parse_args()
    rightslice = pathlib.Path(os.environ.get("RIGHTSLICE_BINARY", HERE.parents[2] / "build/release/bin/rightslice")).resolve()
    if not rightslice.exists():
        sys.exit(f"{rightslice} is not there; build it, or name it in RIGHTSLICE_BINARY")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    cluster = Large(options, rightslice)
    try:
        cluster.loader.create(population.policies(options.namespaces))
        figures = measure(cluster)
        more, missed = scanned(cluster)
        figures |= more
        for name, value in figures.items():
            print(f"{name:32} {value:8.2f}", flush=True)
        counts, wrong = compared(cluster)
        for verdict, count in sorted(counts.items()):
            print(f"{count:6}  {verdict}")
        for metadata, server, cli in wrong[:10]:
            print(f"differs: {metadata}\n  server {server}\n  check  {cli}")
        print(f"{sum(counts.values())} requests compared, {len(wrong)} differ", flush=True)
        print(*[f"not shown once: {each}" for each in missed[:10]], sep="\n", end="\n" if missed else "")
        if options.audit:
            for name, value in audited(cluster).items():
                print(f"{name:32} {value:8.2f}", flush=True)
        if options.hold:
            input(f"pid {cluster.pod.process.pid}; Enter ends it: ")
    except BaseException:
        cluster.show_logs()
        raise
    finally:
        cluster.stop()
    slow = (figures["start to ready, s"] > READY_SECONDS or figures["peak RSS, MiB"] > PEAK_MIB or figures["scan, s"] > SCAN_SECONDS or
            figures["peak RSS of scan, MiB"] > SCAN_MIB)
    return 1 if wrong or missed or (slow and not options.report) else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("interrupted; everything is stopped")
