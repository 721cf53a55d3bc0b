"""A running `rightslice serve` on loopback, and clients for it."""

import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest

from mounted_folder import Folder  # noqa: F401  (for the tests)

BINARY = os.environ["RIGHTSLICE_BINARY"]
CONTRACT = os.environ["RIGHTSLICE_CONTRACT"]
PATIENCE = 30  # seconds that anything may take on a slow machine; nothing waits so long when all is well

OFFERED = "[1g.10gb, 1g.20gb, 2g.20gb, 3g.40gb]"

POLICY = """\
apiVersion: rightslice.io/v1alpha1
kind: SlicePolicy
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  mode: {mode}
  gpus: [NVIDIA-H100-80GB-HBM3]
  slices: {{offered: {offered}, allowed: [{allowed}]}}
  load: {{concurrency: 4, context: 2048}}
  actions: {{Oversized: {oversized}}}
"""


def policy(namespace="team-a", name="default", mode="enforce", oversized="deny", allowed='"*"'):
    return POLICY.format(name=name, namespace=namespace, mode=mode, oversized=oversized, allowed=allowed, offered=OFFERED)


def deployment(namespace="team-a", name="chat", footprint="6Gi", slice_name="3g.40gb"):
    resource = "nvidia.com/mig-" + slice_name
    container = {
        "name": "server",
        "image": "registry.example/server:1",
        "resources": {"limits": {resource: "1"}, "requests": {resource: "1"}},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}, "annotations": {"rightslice.io/footprint": footprint}},
                "spec": {"containers": [container]},
            },
        },
    }


def review(thing=None, uid="u-1", operation="CREATE", old=None, dry_run=False):
    thing = thing or deployment()
    request = {
        "uid": uid,
        "kind": {"group": "apps", "version": "v1", "kind": thing["kind"]},
        "resource": {"group": "apps", "version": "v1", "resource": "deployments"},
        "name": thing["metadata"]["name"],
        "namespace": thing["metadata"]["namespace"],
        "operation": operation,
        "userInfo": {"username": "ann", "groups": ["system:authenticated"]},
        "object": thing,
        "oldObject": old,
        "dryRun": dry_run,
    }
    return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = {name.lower(): value for name, value in headers}
        self.body = body

    def json(self):
        return json.loads(self.body)

    @property
    def response(self):
        return self.json()["response"]


def make_certificates(folder):
    subprocess.run([BINARY, "certs", "--out", str(folder), "--client"], check=True, stdout=subprocess.DEVNULL, timeout=PATIENCE)
    return folder


class Server:
    """`rightslice serve`, stopped at the latest when the test ends."""

    def __init__(self, case, policies=None, arguments=(), certificates=None, expect_start=True, environment=None, listen="127.0.0.1:0", wrapper=(), **started):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="rightslice-"))
        case.addCleanup(shutil.rmtree, self.root, ignore_errors=True)
        self.certificates = certificates or make_certificates(self.root / "certs")
        if policies is None:
            policies = self.root / "policies"
            policies.mkdir()
            (policies / "team-a.yaml").write_text(policy())
        self.case = case
        self.policies = policies
        self.log_path = self.root / "log"
        command = [BINARY, "serve", "--listen", listen, "--ops-listen", "127.0.0.1:0", "--workers", "2"]
        command += ["--cert", str(self.certificates / "tls.crt"), "--key", str(self.certificates / "tls.key")]
        command += ["--policies", str(policies), "--shutdown-delay", "0s", *arguments]
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen([*wrapper, *command], stdout=subprocess.PIPE, stderr=log, text=True,
                                            env={**os.environ, **(environment or {})}, **started)
        case.addCleanup(self.kill)
        self.exchanges = []
        if expect_start:
            lines = [self.process.stdout.readline(), self.process.stdout.readline()]
            ports = [re.search(r":(\d+)$", line.strip()) for line in lines]
            if not all(ports):
                raise AssertionError(f"it did not start: {lines} {self.log()}")
            self.port, self.ops_port = (int(found.group(1)) for found in ports)
            self.first_lines = lines

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE)
        self.process.stdout.close()

    def stop(self):
        """SIGTERM; returns the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)

    def log(self):
        return self.log_path.read_text()

    def log_lines(self):
        return [json.loads(line) for line in self.log().splitlines() if line.startswith("{")]

    def tls(self, authority=None):
        context = ssl.create_default_context(cafile=str(authority or self.certificates / "ca.crt"))
        return context

    def connect(self, context=None):
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=context or self.tls(), timeout=PATIENCE)
        self.case.addCleanup(connection.close)
        return connection

    def raw(self, context=None):
        """A TLS socket, for what http.client would not send."""
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        self.case.addCleanup(plain.close)
        return (context or self.tls()).wrap_socket(plain, server_hostname="127.0.0.1")

    def post(self, path, body, connection=None, content_type="application/json"):
        own = connection is None
        connection = connection or self.connect()
        text = body if isinstance(body, (str, bytes)) else json.dumps(body)
        connection.request("POST", path, text, {"Content-Type": content_type})
        answer = read(connection)
        if own:
            connection.close()
        if answer.status == 200 and not isinstance(body, (str, bytes)):
            self.exchanges.append({"path": path.split("?")[0], "review": body, "answer": answer.json()})
        return answer

    def ops(self, path, method="GET"):
        connection = http.client.HTTPConnection("127.0.0.1", self.ops_port, timeout=PATIENCE)
        connection.request(method, path)
        answer = read(connection)
        connection.close()
        return answer

    def metric(self, name):
        """The sum of all series that begin with `name`."""
        total = 0.0
        for line in self.ops("/metrics").body.decode().splitlines():
            if line.startswith(name):
                total += float(line.rsplit(" ", 1)[1])
        return total

    def ready(self):
        return self.ops("/readyz").json()

    def check_contract(self, case):
        """What kube-apiserver demands of every answer that this server gave to post()."""
        lines = "".join(json.dumps(exchange) + "\n" for exchange in self.exchanges)
        done = subprocess.run([CONTRACT], input=lines, capture_output=True, text=True, timeout=PATIENCE)
        case.assertEqual((done.returncode, done.stdout), (0, ""))


def read(connection):
    response = connection.getresponse()
    return Answer(response.status, response.getheaders(), response.read())


def read_raw(stream):
    """One answer from a file object on a raw socket; None at the end."""
    status_line = stream.readline()
    if not status_line:
        return None
    headers = []
    while True:
        line = stream.readline().decode().strip()
        if not line:
            break
        name, value = line.split(":", 1)
        headers.append((name.strip(), value.strip()))
    status = int(status_line.split()[1])
    length = int(dict((n.lower(), v) for n, v in headers).get("content-length", 0))
    return Answer(status, headers, stream.read(length) if status >= 200 else b"")


def wait_until(case, condition, what):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.02)
    case.fail("waited in vain: " + what)


class Load:
    """Clients that post reviews on kept connections until told to stop. What fails is remembered."""

    def __init__(self, server, clients=4):
        self.server = server
        self.halt = threading.Event()
        self.done = 0
        self.failures = []
        self.closes = 0
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.run, args=(number,)) for number in range(clients)]
        for thread in self.threads:
            thread.start()

    def run(self, number):
        connection = None
        text = json.dumps(review(uid=f"load-{number}"))
        context = self.server.tls()
        while not self.halt.is_set():
            try:
                if connection is None:
                    connection = self.server.connect(context)
                connection.request("POST", "/validate?timeout=10s", text, {"Content-Type": "application/json"})
                answer = read(connection)
                if answer.status != 200 or answer.response["uid"] != f"load-{number}":
                    raise AssertionError(f"{answer.status} {answer.body}")
                close = answer.headers.get("connection") == "close"
                if close:
                    connection.close()
                    connection = None
                with self.lock:
                    self.done += 1
                    self.closes += close
            except Exception as error:  # every kind of failure counts
                with self.lock:
                    self.failures.append(repr(error))
                connection = None
        if connection is not None:
            connection.close()

    def stop(self):
        self.halt.set()
        for thread in self.threads:
            thread.join(PATIENCE)


class TestCase(unittest.TestCase):
    maxDiff = None
