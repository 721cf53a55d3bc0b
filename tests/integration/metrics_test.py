"""`rightslice scan --prometheus` against the real server (Debian's package), over history that promtool wrote: plain, and with TLS,
client certificates and a password."""

import calendar
import http.server
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request

BINARY = os.environ["RIGHTSLICE_BINARY"]
PATIENCE = 60
# bcrypt of "open sesame", of the least cost.
PASSWORD = "$2b$04$47R6TnVaZl34aNinmm4n9.0v8FrhmBlI1nUYFAFhXDfAdADjy51zu"
AT = "2026-06-01T00:00:00Z"
NOW = calendar.timegm((2026, 6, 1, 0, 0, 0))

CLUSTER = """\
apiVersion: v1
kind: Pod
metadata: {{name: {name}, namespace: team-a, uid: {name}, creationTimestamp: "2026-05-01T00:00:00Z"}}
spec:
  nodeName: gpu-1
  containers:
    - name: vllm
      image: vllm/vllm-openai:v0.10.0
      args: [--model, Qwen/Qwen2.5-14B-Instruct]
      resources: {{limits: {{nvidia.com/mig-3g.40gb: "1"}}}}
status: {{phase: Running}}
"""


def history():
    """Two hours, a sample each half minute, in OpenMetrics: a family's samples stand together."""
    times = [NOW - seconds for seconds in range(7200, -1, -30)]
    families = {}

    def add(name, kind, labels, value):
        lines = families.setdefault((name, kind), [])
        text = ",".join(f'{key}="{val}"' for key, val in labels.items())
        lines.extend(f"{name}{'_total' if kind == 'counter' else ''}{{{text}}} {value(index)} {at}" for index, at in enumerate(times))

    for pod, spelling in (("new", "vllm:kv_cache_usage_perc"), ("old", "vllm:gpu_cache_usage_perc")):
        labels = {"namespace": "team-a", "pod": pod, "container": "vllm", "job": "engines"}
        add(spelling, "gauge", labels, lambda index: 0.452)
        add("vllm:num_requests_waiting", "gauge", labels, lambda index: 2)
        # 600 tokens each half minute, and one restart within the last hour.
        add("vllm:generation_tokens", "counter", labels, lambda index: 600 * (index if index < 200 else index - 200))
    add("vllm:num_requests_running", "gauge", {"namespace": "team-a", "pod": "idle", "job": "engines"}, lambda index: 0)
    add("vllm:generation_tokens", "counter", {"namespace": "team-a", "pod": "idle", "job": "engines"}, lambda index: 77)
    for name, value in (("DCGM_FI_DEV_FB_USED", 37000), ("DCGM_FI_DEV_FB_FREE", 3448)):
        device = {"Hostname": "gpu-1", "gpu": "0", "GPU_I_ID": "1", "namespace": "monitoring", "pod": "dcgm-exporter",
                  "exported_namespace": "team-a", "exported_pod": "new", "exported_container": "vllm"}
        add(name, "gauge", device, lambda index, value=value: value)
        add(name, "gauge", device | {"GPU_I_ID": "2", "exported_pod": "stranger"}, lambda index: 1)
    out = []
    for (name, kind), lines in families.items():
        out += [f"# TYPE {name} {kind}", *lines]
    return "\n".join([*out, "# EOF", ""])


def certificate(folder, name, extra=()):
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", f"/CN={name}",
               "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.pem", *extra]
    subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE)


class Prometheus:
    """A server on loopback over a folder of blocks."""

    def __init__(self, test, folder, blocks, web=None):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        (folder / "prometheus.yml").write_text("global: {}\n")
        command = ["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={blocks}", f"--web.listen-address=127.0.0.1:{self.port}",
                   "--storage.tsdb.retention.time=50y", "--log.level=error"]
        if web:
            (folder / "web.yml").write_text(web)
            command.append(f"--web.config.file={folder}/web.yml")
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        test.addCleanup(self.stop)

    def wait(self, test):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            test.assertIsNone(self.process.poll(), "prometheus ended")
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                    return
            except OSError:
                time.sleep(0.1)
        test.fail("prometheus does not listen")

    def ready(self, test):
        self.wait(test)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=5):
                    return
            except urllib.error.HTTPError:
                time.sleep(0.1)
        test.fail("prometheus does not become ready")

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=PATIENCE)


@unittest.skipUnless(shutil.which("prometheus") and shutil.which("promtool"), "no Prometheus here")
class Metrics(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = pathlib.Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.root, ignore_errors=True)
        (cls.root / "history.txt").write_text(history())
        subprocess.run(["promtool", "tsdb", "create-blocks-from", "openmetrics", cls.root / "history.txt", cls.root / "blocks"], check=True,
                       capture_output=True, timeout=PATIENCE)
        names = ("new", "old", "idle", "unmeasured")
        (cls.root / "cluster.yaml").write_text("---\n".join(CLUSTER.format(name=name) for name in names))

    def scan(self, *flags):
        command = [BINARY, "scan", "--from", self.root / "cluster.yaml", "--at", AT, "--now", "2026-06-01", "-o", "json", *flags]
        run = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False,
                             env={key: value for key, value in os.environ.items() if not key.startswith("RIGHTSLICE_")})
        return run.returncode, json.loads(run.stdout or "null"), run.stderr

    def values(self, scan, name):
        (result,) = [each for each in scan["results"] if each["name"] == name]
        return {key: value for measured in result["measured"] for key, value in measured["values"].items()}

    def test_values_of_both_spellings_with_where_they_come_from(self):
        server = Prometheus(self, self.root, self.root / "blocks")
        server.ready(self)
        url = f"http://127.0.0.1:{server.port}"
        status, scan, errors = self.scan("--prometheus", url)
        self.assertEqual(status, 0, errors)
        for name in ("new", "old"):
            values = self.values(scan, name)
            self.assertEqual((values["kvUsage"]["value"], values["kvUsage"]["unit"]), (45.2, "%"))
            self.assertEqual(values["kvUsage"]["source"], url)
            self.assertEqual((values["kvUsage"]["windowSeconds"], values["kvUsage"]["steps"], values["kvUsage"]["stepsSeen"]), (3600, 30, 30))
            self.assertEqual(values["kvUsage"]["at"], AT)
            self.assertEqual(values["kvUsage"]["confidence"], "high")
            self.assertEqual(values["waiting"]["value"], 2)
            # A restart loses what was counted since the sample before it, and nothing is ever negative.
            self.assertAlmostEqual(values["generatedTokens"]["perSecond"], 20, delta=1)
        self.assertEqual(self.values(scan, "new")["framebufferUsed"]["value"], 37000 * 2**20)
        self.assertEqual(self.values(scan, "new")["framebufferUsed"]["capacity"], 40448 * 2**20)
        self.assertNotIn("framebufferUsed", self.values(scan, "old"))
        self.assertEqual(self.values(scan, "unmeasured"), {})
        idle = {each["name"] for each in scan["results"] if any(finding["code"] == "Idle" for finding in each["observed"])}
        self.assertEqual(idle, {"idle"})

        # Longer than there is history: most of the window was not seen, so nothing is said of idleness.
        status, scan, errors = self.scan("--prometheus", url, "--window", "7d")
        self.assertEqual(status, 0, errors)
        self.assertEqual(self.values(scan, "new")["kvUsage"]["confidence"], "low")
        self.assertFalse([finding for each in scan["results"] for finding in each["observed"] if finding["code"] == "Idle"])

        status, scan, errors = self.scan("--prometheus", url + "/nowhere")
        self.assertEqual(status, 2)
        self.assertIn("no Prometheus at this address", errors)
        (entry,) = [each for each in scan["coverage"] if each["resource"] == "metrics"]
        self.assertEqual(entry["state"], "failed")

    def test_tls_client_certificates_and_a_password(self):
        folder = self.root / "tls"
        folder.mkdir()
        certificate(folder, "server", ("-addext", "subjectAltName=IP:127.0.0.1"))
        certificate(folder, "client")
        certificate(folder, "stranger")
        web = f"""\
tls_server_config: {{cert_file: {folder}/server.pem, key_file: {folder}/server.key, client_auth_type: RequireAndVerifyClientCert, client_ca_file: {folder}/client.pem}}
basic_auth_users: {{ops: "{PASSWORD}"}}
"""
        server = Prometheus(self, folder, self.root / "blocks", web)
        server.wait(self)
        url = f"https://127.0.0.1:{server.port}"
        (folder / "password.txt").write_text("open sesame\n")
        (folder / "wrong.txt").write_text("open sesam\n")
        trust = ("--prometheus", url, "--prometheus-ca", folder / "server.pem")
        identity = ("--prometheus-cert", folder / "client.pem", "--prometheus-key", folder / "client.key")
        user = ("--prometheus-user", "ops", "--prometheus-password-file")
        mutual = (*trust, *identity, *user, folder / "password.txt")
        end = time.monotonic() + PATIENCE
        status, scan, errors = self.scan(*mutual)
        while status != 0 and "503" in errors and time.monotonic() < end:   # it listens before it is ready
            time.sleep(0.2)
            status, scan, errors = self.scan(*mutual)
        self.assertEqual(status, 0, errors)
        self.assertEqual(self.values(scan, "new")["kvUsage"]["value"], 45.2)
        # Each of the three is needed, and the server is one that somebody vouches for.
        self.assertEqual(self.scan(*trust, *user, folder / "password.txt")[0], 2)
        self.assertEqual(self.scan(*trust, "--prometheus-cert", folder / "stranger.pem", "--prometheus-key", folder / "stranger.key", *user, folder / "password.txt")[0], 2)
        self.assertEqual(self.scan("--prometheus", url, *identity, *user, folder / "password.txt")[0], 2)
        status, _, errors = self.scan(*trust, *identity, *user, folder / "wrong.txt")
        self.assertEqual(status, 2)
        self.assertIn("status 401", errors)

    def test_a_token_and_answers_that_are_none(self):
        """A stand-in for a server behind a proxy that asks for a token."""
        asked = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                asked.append((self.path, self.headers.get("Authorization")))
                good = self.headers.get("Authorization") == "Bearer letmein"
                body = b'{"status":"success","data":{"resultType":"matrix","result":[]}}' if good else b"<html>who are you?</html>"
                if good and "num_requests_waiting" in self.path:
                    body = b'{"status":"error","errorType":"execution","error":"too many samples"}'
                self.send_response(422 if b"error" in body else 200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        self.addCleanup(thread.join, PATIENCE)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        url = f"http://127.0.0.1:{server.server_port}/prefix"
        token = self.root / "token"
        token.write_text("letmein\n")
        status, scan, errors = self.scan("--prometheus", url, "--prometheus-token-file", token)
        self.assertEqual(status, 2)   # one metric could not be asked for
        self.assertIn("vllm:num_requests_waiting: status 422, execution: too many samples", errors)
        self.assertIn("plain HTTP", errors)
        self.assertNotIn("letmein", errors)
        self.assertTrue(all(path.startswith("/prefix/api/v1/query_range?query=") and given == "Bearer letmein" for path, given in asked))
        # A query for each row of the table of metrics, and none for one pod or one node: as many, whatever the cluster holds.
        self.assertEqual(len(asked), len(set(asked)))
        self.assertEqual(len(asked), 62)
        self.assertTrue(any(each["resource"] == "metrics" and each["state"] == "failed" for each in scan["coverage"]))
        status, _, errors = self.scan("--prometheus", url)
        self.assertEqual(status, 2)
        self.assertIn("the answer is no JSON", errors)


if __name__ == "__main__":
    unittest.main()
