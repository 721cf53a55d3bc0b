#!/usr/bin/env python3
"""`rightslice scan` of a real kube-apiserver full of workloads on fake nodes of six products, with a real Prometheus: every workload once in every
output, sums that are right in every view, prices of the right product, nothing said that is not known.

  tests/cluster/scale/acceptance.py [--workloads 1200] [--nodes 12] [--report]

RIGHTSLICE_BINARY names the program (default: build/dev/bin/rightslice). --limits: also how long it may take, and how large it may be. Exit status
0: all is as it must be; 1: what is not stands on lines that begin with "wrong:"; 77: skipped, and the last line says why.
"""
import argparse
import collections
import csv
import io
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from decimal import Decimal

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path[:0] = [str(HERE.parent), str(HERE.parents[1] / "integration")]

import measured                          # noqa: E402
import outputs                           # noqa: E402
from cluster import programs             # noqa: E402
from control_plane import ControlPlane   # noqa: E402
from fleet import SEVEN, Fleet           # noqa: E402
from loader import Loader                # noqa: E402

SECONDS, MIB = 10.0, 256.0               # of one look at 10,000 pods, with money and metrics
PRICES = {"NVIDIA-H100-80GB-HBM3": "4.00", "NVIDIA-A100-SXM4-80GB": "2.50", "NVIDIA-A100-SXM4-40GB": "1.70", "NVIDIA-H200": "7.77", "NVIDIA-B200": "9.10",
          "NVIDIA-A30": "0.90"}
HOURS = 730
# Runs a command and writes what it took, as seconds, seconds of CPU and MiB. By a small process of its own: Linux counts to the peak memory of a
# process what was there before its exec, and that would be ours.
MEASURED = """import json, resource, subprocess, sys, time
began = time.monotonic()
status = subprocess.run(sys.argv[2:]).returncode
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
open(sys.argv[1], "w").write(json.dumps([time.monotonic() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024]))
sys.exit(status)"""
READER = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "half-blind"}, "rules": [
    {"apiGroups": ["", "apps", "batch", "policy", "resource.k8s.io", "rightslice.io"], "resources": ["*"], "verbs": ["get", "list"]}]}
BINDING = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "half-blind"},
           "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "half-blind"},
           "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "half-blind"}]}


def own_address():
    """An address of this machine that an API server proxies to (it refuses loopback's); none where there is no such."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("198.51.100.1", 9))   # sends nothing: only which address would
            address = probe.getsockname()[0]
        except OSError:
            return None
    return None if address.startswith(("127.", "169.254.")) else address


class Acceptance:
    def __init__(self, rightslice, options):
        self.rightslice, self.options, self.wrong, self.figures = rightslice, options, [], {}
        self.state = pathlib.Path(tempfile.mkdtemp(prefix="rightslice-scale-"))
        self.parts = []

    def start(self):
        binaries = programs("kubernetes")
        clients = self.state / "clients"
        subprocess.run([self.rightslice, "certs", "--out", clients, "--client"], check=True, stdout=subprocess.DEVNULL)
        self.control_plane = ControlPlane(binaries, self.state, "nobody.nowhere.svc:443", clients / "client")
        self.parts.append(self.control_plane)
        self.kubectl = self.control_plane.kubectl
        # It would make pods of what is only an object here, and remove what has no owner.
        [manager] = [each for each in self.control_plane.servers if each.name == "kube-controller-manager"]
        manager.stop()
        self.kubectl.run("apply", "-f", ROOT / "deploy/crds")
        self.kubectl.apply([READER, BINDING])
        self.address = own_address()
        self.fleet = Fleet(self.options.workloads, self.options.nodes)
        began = time.monotonic()
        self.fleet.load(Loader(self.control_plane), self.address or "10.0.0.1")
        self.figures["load, s"] = time.monotonic() - began
        self.prometheus = measured.Prometheus(self.fleet, self.state / "prometheus")
        self.parts.append(self.prometheus)
        self.figures["history and Prometheus, s"] = self.prometheus.seconds
        self.prices = self.state / "prices.yaml"
        self.prices.write_text(json.dumps({"currency": "USD", "date": "2026-11-01", "gpuHour": {name: float(price) for name, price in PRICES.items()}}))

    def scan(self, *flags, kubeconfig=None, status=0):
        """Standard output; the time, processor time and peak memory that it took are in `taken`."""
        path = self.state / "printed"
        with open(path, "w", encoding="utf-8") as out, open(self.state / "errors", "w", encoding="utf-8") as errors:
            command = [sys.executable, "-c", MEASURED, self.state / "taken", self.rightslice, "scan", "--kubeconfig", kubeconfig or self.kubectl.kubeconfig, *flags]
            done = subprocess.run(list(map(str, command)), stdout=out, stderr=errors, check=False,
                                  env={"PATH": os.environ["PATH"], "HOME": str(self.state), "COLUMNS": "1000"})
        self.taken = json.loads((self.state / "taken").read_text())
        if done.returncode != status:
            raise RuntimeError(f"scan {flags}: exit status {done.returncode}: {(self.state / 'errors').read_text()[-2000:]}")
        return path.read_text(encoding="utf-8")

    def expect(self, good, what):
        if not good:
            self.wrong.append(str(what))

    def equal(self, seen, wanted, what):
        self.expect(seen == wanted, f"{what}: {seen!r} instead of {wanted!r}")

    def formats(self):
        out = [*outputs.FORMATS]
        if "html" in subprocess.run([self.rightslice, "scan", "--help"], capture_output=True, text=True, check=True).stdout:
            out.append("html")
        return out

    # What is looked at.

    def every_output(self):
        flags = ("--prices", self.prices, "--prometheus", self.prometheus.url)
        wanted = collections.Counter(each.key for each in self.fleet.workloads)
        # A Job's name and the like are ours; nothing else in this cluster asks for GPUs.
        self.printed = {}
        for output in self.formats():
            self.printed[output] = self.scan(*flags, "-o", output)
            if output == "json":
                self.figures["scan, s"], self.figures["CPU of scan, s"], self.figures["peak RSS of scan, MiB"] = self.taken
            shown = collections.Counter(outputs.workloads(output, self.printed[output]))
            self.expect(shown == wanted, f"{output}: {len(wanted - shown)} workloads are missing, {len(shown - wanted)} are more than they should be, such as "
                        f"{[*(wanted - shown)][:2]} {[*(shown - wanted)][:2]}")
        self.told = json.loads(self.printed["json"])
        self.equal(outputs.loaded(self.printed["yaml"])["money"], self.told["money"], "money in yaml")
        self.equal(self.told["scan"]["pods"], len(self.fleet.pods), "pods")
        self.equal(sum(len(each["pods"]) for each in self.told["results"]), len(self.fleet.pods), "pods of workloads")
        self.equal([each for each in self.told["coverage"] if each["state"] not in ("read", "absent")], [], "coverage")

    def totals(self):
        for view, seen, wanted in outputs.sums(self.told):
            self.equal(seen, wanted, f"sum of {view}")
        for output in ("text", "markdown"):
            tables = list(outputs.printed_sums(output, self.printed[output]))
            self.expect(len(tables) >= 8, f"{output}: only {len(tables)} sums are shown")
            for view, seen, wanted in tables:
                self.equal(seen, wanted, f"sum of {view}")
        rows = csv.DictReader(io.StringIO(self.printed["csv"]))
        held = sum(Decimal(str(each["total"])) for each in self.told["money"]["workloads"] if "name" in each)
        self.equal(sum(Decimal(each["monthlyCost"] or 0) for each in rows), held, "sum of csv")
        counts = collections.Counter(one["code"] for each in [*self.told["results"], *self.told["nodes"]] for one in each.get("observed", each.get("findings", [])))
        self.equal(self.told["scan"]["findings"], dict(counts), "counts of findings")
        self.equal(sum(self.told["summary"][each] for each in ("allowed", "warned", "denied", "rewritten")), len(self.fleet.workloads), "summary")

    def prices_of_products(self):
        by_node = {each["node"]: each for each in self.told["money"]["nodes"]}
        for node in self.fleet.nodes:
            row = by_node[node.name]
            self.equal(Decimal(str(row["total"])), Decimal(PRICES[node.product]) * node.gpus * HOURS, f"cost of {node.name}")
        # Seven slices of one A100 are one A100, and what no slice has of it is told apart.
        seven = by_node[SEVEN]
        one = Decimal(PRICES["NVIDIA-A100-SXM4-40GB"]) * HOURS
        self.equal(Decimal(str(seven["total"])), one, "an A100 in seven slices")
        self.equal(sum(Decimal(str(each)) for each in seven["buckets"].values()), one, "its buckets")
        [node] = [each for each in self.told["nodes"] if each["name"] == SEVEN]
        self.equal([(each["offered"], each["asked"]) for each in node["slices"]], [(7, 7)], "its slices")
        # Without a price of its own an H200 has none: H100, A100 and 200 are no part of its name here.
        short = self.state / "short.yaml"
        short.write_text(json.dumps({"currency": "USD", "date": "2026-11-01", "gpuHour": {name: float(price) for name, price in PRICES.items() if name != "NVIDIA-H200"}}))
        told = json.loads(self.scan("--prices", short, "-o", "json"))
        for each in told["money"]["nodes"]:
            product = next(node.product for node in self.fleet.nodes if node.name == each["node"])
            self.equal("unpriced" in each, product == "NVIDIA-H200", f"{each['node']} has no price")
        for view, seen, wanted in outputs.sums(told):
            self.equal(seen, wanted, f"sum of {view} without a price of H200")

    def autoscaling(self):
        scaled = {each.key for each in self.fleet.workloads if each.scaled}
        seen = {(each["kind"], each["namespace"], each["name"]) for each in self.told["results"] if each["scaling"]["state"] == "scaled"}
        self.equal(seen, scaled, "what is scaled")
        config = json.loads(self.kubectl.kubeconfig.read_text())
        config["users"][0]["user"]["as"] = "half-blind"
        path = self.state / "half-blind.kubeconfig"
        path.write_text(json.dumps(config))
        told = json.loads(self.scan("-o", "json", kubeconfig=path))
        self.equal({each["scaling"]["state"] for each in told["results"]}, {"unknown"}, "scaling without permission")
        bundle = json.loads(self.scan("-o", "piqc", kubeconfig=path))
        self.equal([each["name"] for each in bundle["objects"] if "autoscaling.enabled" in each["facts"]], [], "facts of autoscaling without permission")

    def measures(self):
        engines = {"vllm", "sglang"}
        running = [each for each in self.fleet.workloads if each.engine in engines and any(pod.node for pod in each.pods)]
        alive = {each.name for each in running if not each.stale}
        self.expect(any(each.stale for each in running) and any(each.number % measured.LIVE_ONLY == 7 and not each.stale for each in running), "the fleet tries nothing")
        usage = {each.name: f"{each.kv * 100:.1f}" for each in running}
        self.expect("45.2" in usage.values(), "nothing is at 45.2 %")
        spelled = {each.number % 2 for each in running if each.engine == "vllm" and each.kv == 0.452 and not each.stale}
        self.equal(spelled, {0, 1}, "spellings that are at 45.2 %")
        for output in ("json", "yaml", "csv", "markdown", "text", "piqc"):
            names = alive if output != "piqc" else {each.name for each in running if each.engine == "vllm" and not each.stale}
            seen = outputs.kv_usage(output, self.printed[output])
            wanted = {name: usage[name] for name in names}
            self.expect(seen == wanted, f"KV usage in {output}: {dict(list(seen.items() ^ wanted.items())[:4])}")
        stale = {each.name for each in running if each.stale}
        for each in self.told["results"]:
            for one in each.get("measured", []):
                for name, value in one["values"].items():
                    self.expect(each["name"] not in stale or "value" not in value, f"{each['name']}: {name} of a stale series: {value}")
                    self.expect("value" in value or value["insufficient"], f"{each['name']}: {name} says neither value nor why not")
        memory = [value["values"]["framebufferUsed"] for each in self.told["results"] for value in each.get("measured", []) if "framebufferUsed" in value["values"]]
        self.equal({each["value"] for each in memory if "value" in each}, {3000 * 2**20}, "memory in use")

    def pods_asked(self):
        """A few pods answer for themselves, one of them with more than anybody wants to hear."""
        if self.address is None:
            print("no address of this machine but loopback's: pods are not asked", flush=True)
            return
        kept = [each for each in self.fleet.workloads if each.engine == "vllm" and any(pod.node for pod in each.pods)][:3]
        good, renamed, hostile = kept
        lines = {each.name: "".join(f"{name}{{{measured.escaped({'engine': '0'})}}} {value(100)}\n" for _, _, name, _, value in
                                    measured.engine_series(each.pods[0])).encode() for each in (good, renamed)}

        def endless(handler):
            handler.send_response(200)
            handler.end_headers()
            try:
                while True:
                    handler.wfile.write(b"# " + b"x" * 65536 + b"\n")
            except OSError:
                return

        for each, answer in ((good, lines[good.name]), (renamed, lines[renamed.name]), (hostile, endless)):
            server = measured.Server(self.address, {"/metrics": answer})
            self.parts.append(server)
            for pod in each.pods:
                self.kubectl.within(each.namespace).run("annotate", "pod", pod.name, f"prometheus.io/port={server.server_address[1]}")
        told = json.loads(self.scan("--scrape", "-o", "json", "-n", good.namespace, "-n", renamed.namespace, "-n", hostile.namespace))
        results = {each["name"]: each for each in told["results"]}
        for each in (good, renamed):
            values = [one["values"] for one in results[each.name]["measured"] if "kvUsage" in one["values"]]
            self.equal({value["kvUsage"]["value"] for value in values}, {round(each.kv * 100, 4)}, f"KV usage that pods of {each.name} tell")
            self.equal({value["generatedTokens"].get("value") for value in values}, {None}, "growth in one look")
        self.equal([one["values"] for one in results[hostile.name]["measured"]], [{}] * sum(1 for pod in hostile.pods if pod.node), "what a hostile pod tells")
        self.expect(all("the answer is larger than 4096 KiB; port 8000" in one["insufficient"] for one in results[hostile.name]["measured"]), f"why: {results[hostile.name]['measured']}")

    def run(self):
        for step in (self.start, self.every_output, self.totals, self.prices_of_products, self.autoscaling, self.measures, self.pods_asked):
            began = time.monotonic()
            step()
            print(f"{step.__name__.replace('_', ' '):24} {time.monotonic() - began:6.1f} s, {len(self.wrong)} wrong", flush=True)

    def stop(self):
        for part in reversed(self.parts):
            part.stop()
        shutil.rmtree(self.state, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workloads", type=int, default=1200)
    parser.add_argument("--nodes", type=int, default=12)
    parser.add_argument("--limits", action="store_true", help=f"a look may take {SECONDS:.0f} s and {MIB:.0f} MiB")
    parser.add_argument("--hold", action="store_true", help="wait before the end")
    options = parser.parse_args()
    if not shutil.which("prometheus") or not shutil.which("promtool"):
        print("there is no Prometheus here (Debian's package prometheus)")
        return 77
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    acceptance = Acceptance(pathlib.Path(os.environ.get("RIGHTSLICE_BINARY", ROOT / "build/dev/bin/rightslice")).resolve(), options)
    try:
        acceptance.run()
        if options.hold:
            print(f"kubeconfig {acceptance.kubectl.kubeconfig}, Prometheus {acceptance.prometheus.url}, prices {acceptance.prices}")
            input("Enter ends it: ")
    finally:
        acceptance.stop()
    print(f"{len(acceptance.fleet.workloads)} workloads, {len(acceptance.fleet.pods)} pods ({len(acceptance.fleet.running)} on nodes), {len(acceptance.fleet.nodes)} nodes")
    for name, value in acceptance.figures.items():
        print(f"{name:28} {value:8.2f}")
    if options.limits:
        acceptance.expect(acceptance.figures["scan, s"] <= SECONDS, f"a look takes more than {SECONDS} s")
        acceptance.expect(acceptance.figures["peak RSS of scan, MiB"] <= MIB, f"a look takes more than {MIB} MiB")
    for each in acceptance.wrong[:40]:
        print(f"wrong: {each[:400]}")
    return 1 if acceptance.wrong else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("interrupted; everything is stopped")
