"""The webhook is down, hangs, comes back, is restarted one by one, or changes its certificate."""
import contextlib
import http.client
import signal
import ssl
import time

import runbook
from checkout import section
from cluster import INSTANCES
from scenario import MEDIUM, VALIDATE, Scenario, deployment
from server_process import PATIENCE
from stream import Stream

FAILED_OPEN = "failed-open.validating.webhook.admission.k8s.io"


class Outage(Scenario):
    namespace = "inference-outage"

    @contextlib.contextmanager
    def outage(self):
        """Both instances are gone, as with a node that dies."""
        self.cluster.node.kill_all()
        try:
            yield
        finally:
            for _ in range(INSTANCES):
                self.cluster.node.start_pod()

    def test_failing_closed_only_gpu_workloads_wait(self):
        self.kubectl.apply(deployment("before", "1g.10gb"))
        plain = deployment("plain", "1g.10gb")
        del plain["spec"]["template"]["spec"]["containers"][0]["resources"]
        port = self.cluster.service.port
        with self.outage():
            refused = self.apply_file("chat", deployment("chat", "1g.10gb"))
            self.assertEqual((refused.status, refused.out), (1, ""))
            self.assertEqual(
                refused.err, 'Error from server (InternalError): error when creating "chat.yaml": Internal error occurred: failed calling webhook '
                f'"{VALIDATE}": failed to call webhook: Post "https://rightslice.rightslice.svc:{port}/validate?timeout=3s": dial tcp '
                f"127.0.0.1:{port}: connect: connection refused\n")
            self.assertIn("connect: connection refused", section("deploy/README.md", "When something is wrong"))
            # Everything else goes on: other workloads, scaling, deleting.
            self.assertEqual(self.apply_file("plain", plain).err, "")
            self.kubectl.run("scale", "deployment", "before", "--replicas=0")
            self.kubectl.run("delete", "deployment", "before")
        self.assertEqual(self.apply_file("chat", deployment("chat", "1g.10gb")).err, "")
        self.assertIn("denied the request", self.apply_file("other", deployment("other", "1g.10gb", MEDIUM)).err)

    def test_failing_open_everything_passes_and_the_audit_log_tells(self):
        self.addCleanup(self.cluster.enforce)
        self.cluster.checkout.run(runbook.AUDIT)
        with self.outage():
            passed = self.apply_file("open", deployment("open", "1g.10gb", MEDIUM))
            self.assertEqual((passed.status, passed.out, passed.err), (0, "deployment.apps/open created\n", ""))
            [event] = self.cluster.control_plane.audit_events(namespace=self.namespace, name="open", verb="create")
            self.assertEqual([value for key, value in event["annotations"].items() if key.startswith(FAILED_OPEN)], [VALIDATE])

    def test_one_that_hangs_holds_nobody_longer_than_its_timeouts(self):
        pods = list(self.cluster.node.pods)
        try:
            for pod in pods:
                pod.process.send_signal(signal.SIGSTOP)
            began = time.monotonic()
            refused = self.apply_file("hung", deployment("hung", "1g.10gb"))
            took = time.monotonic() - began
        finally:
            for pod in pods:
                pod.process.send_signal(signal.SIGCONT)
        self.assertEqual(refused.status, 1)
        self.assertIn("context deadline exceeded", refused.err)
        self.assertLess(took, 2 * 3 + 6)   # 3 s of each webhook, and kubectl on a busy machine
        self.eventually(lambda: all(pod.ready() for pod in pods), "both are ready again")
        self.assertEqual(self.apply_file("hung", deployment("hung", "1g.10gb")).err, "")


class Certificates(Scenario):
    """Certificates that do not fit, as the runbook's table of troubles names them; and mutual TLS."""
    namespace = "inference-certificates"

    def serve_with(self, folder):
        """The pods show the certificate of this folder until the test ends."""
        self.addCleanup(self.show, "old")
        self.show(folder)

    def show(self, folder):
        self.cluster.checkout.run(runbook.REPLACE_SECRET.replace("new/", f"{folder}/"))
        self.cluster.node.sync()

    def patch_ca(self, file):
        self.cluster.checkout.run(f"base64 -w0 <{file} >ca-bundle\n{runbook.PATCH_CA}")

    def trouble(self, text):
        self.assertIn(text, section("deploy/README.md", "When something is wrong"))
        return text

    def test_a_bundle_of_another_ca(self):
        self.cluster.checkout.run("rightslice certs --force --out other --dns-name rightslice.rightslice.svc")
        self.addCleanup(self.patch_ca, "old/ca.crt")
        self.patch_ca("other/ca.crt")
        refused = lambda: self.apply_file("chat", deployment("chat", "1g.10gb"), "--dry-run=server").err
        text = self.trouble("x509: certificate signed by unknown authority")
        self.eventually(lambda: text in refused(), text)
        self.assertIn(f'failed calling webhook "{VALIDATE}"', refused())

    def test_a_certificate_for_another_name(self):
        self.cluster.checkout.run("rightslice certs --force --out other --dns-name rightslice.elsewhere.svc")
        self.addCleanup(self.patch_ca, "old/ca.crt")
        self.serve_with("other")
        self.patch_ca("other/ca.crt")
        self.trouble("x509: certificate is valid for ..., not rightslice.rightslice.svc")
        refused = self.apply_file("chat", deployment("chat", "1g.10gb"), "--dry-run=server").err
        self.assertRegex(refused, "x509: certificate is valid for rightslice.elsewhere.svc.*, not rightslice.rightslice.svc")

    def test_mutual_tls_lets_the_api_server_in_and_nobody_else(self):
        node = self.cluster.node
        node.also = ["--client-ca", str(self.cluster.clients / "ca.crt")]
        try:
            node.replace_all()
            self.assertIn("denied the request", self.apply_file("wrong", deployment("wrong", "1g.10gb", MEDIUM)).err)
            context = ssl.create_default_context(cafile=str(self.cluster.checkout.folder / "old/ca.crt"))
            stranger = http.client.HTTPSConnection("127.0.0.1", node.pods[0].port, context=context, timeout=PATIENCE)
            with self.assertRaises((ssl.SSLError, ConnectionError)):
                stranger.request("GET", "/validate")
                stranger.getresponse()
            stranger.close()
        finally:
            node.also = []
            node.replace_all()


class Rolling(Scenario):
    namespace = "inference-rolling"

    def unharmed(self, stream, at_least):
        self.assertEqual(stream.failures, [])
        self.assertGreater(stream.created, at_least)
        failed_open = self.cluster.api.metric("apiserver_admission_webhook_fail_open_count") - self.failed_open
        self.assertEqual(failed_open, 0)
        print(f"{stream.created} created, the slowest in {stream.slowest * 1000:.0f} ms", end=" ... ")

    def setUp(self):
        self.failed_open = self.cluster.api.metric("apiserver_admission_webhook_fail_open_count")

    def until(self, stream, more):
        """So many more have been created since."""
        target = stream.created + more
        self.eventually(lambda: stream.created >= target or stream.failures, f"{more} more are created")

    def test_a_rolling_restart_of_all_instances_fails_no_request(self):
        node = self.cluster.node
        with Stream(self.cluster, self.namespace, "restart") as stream:
            self.until(stream, 20)
            for old in list(node.pods):
                node.start_pod()
                self.until(stream, 10)
                self.assertEqual(node.stop_pod(old), 0)
                self.until(stream, 10)
        self.unharmed(stream, at_least=60)
        self.assertEqual(len(node.pods), INSTANCES)

    def test_a_rotation_of_certificate_and_ca_fails_no_request(self):
        checkout, node = self.cluster.checkout, self.cluster.node
        checkout.run("rightslice certs --out new --dns-name rightslice.rightslice.svc --days 364")
        kept = (checkout.folder / "old/ca.crt").read_text()
        checkout.run(f"rm old/ca.crt\n{runbook.CA_OF_BUNDLE}")
        self.assertEqual((checkout.folder / "old/ca.crt").read_text(), kept)
        expiry = lambda: {pod.metric("rightslice_certificate_expiry_timestamp_seconds") for pod in node.pods}
        before = expiry()
        with Stream(self.cluster, self.namespace, "rotate") as stream:
            self.until(stream, 20)
            checkout.run(f"{runbook.BOTH_CAS} >ca-bundle\n{runbook.PATCH_CA}")
            self.until(stream, 20)
            checkout.run(runbook.REPLACE_SECRET)
            self.assertTrue(node.sync())
            self.assertTrue(expiry().isdisjoint(before), "every pod serves the new certificate")
            self.until(stream, 20)
            checkout.run(f"base64 -w0 <new/ca.crt >ca-bundle\n{runbook.PATCH_CA}")
            self.until(stream, 20)
        self.unharmed(stream, at_least=80)
        checkout.run("rm -rf old && mv new old")
